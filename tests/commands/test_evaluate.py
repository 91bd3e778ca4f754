"""Evaluation uses the run's own test split, no example of train, and keeps its scores separate from others."""

import json
import shutil

import pytest

from common import folders
from common.commands import evaluate, record, train
from common.errors import UserError
from common.runs import examples
from common.runs import run as runs
from common.runs.examples import Request
from common.task import load_task
from tests import short_runs, small

with_the_file = pytest.mark.xdist_group("evaluate")  # tests of one run, which is trained once

SMALL = {"epochs": "1", "units": "4", "embedding_size": "4"}
ROWS = [
    f"{word} film number {number},{label}" for number in range(40) for word, label in (("good", "up"), ("bad", "no"))
]


def table(path, rows):
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder in which a run was trained on a file of the user's, and a copy of that folder to begin from again."""
    folder, copy = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("kept") / "copy"
    with pytest.MonkeyPatch.context() as patch:
        _work_in(folder, patch)
        table(folder / "mine.csv", ROWS)
        train.run("sentiment", Request("mine.csv"), SMALL)
    shutil.copytree(folder, copy, symlinks=True)
    return folder, copy


@pytest.fixture
def own(kept, monkeypatch):
    """A run on a file of the user's in the current folder, and that file; what other tests wrote is gone."""
    folder, copy = kept
    shutil.rmtree(folder)
    shutil.copytree(copy, folder, symlinks=True)
    _work_in(folder, monkeypatch)
    return runs.find("sentiment"), folder / "mine.csv"


def _work_in(folder, patch):
    patch.setattr(folders, "RUNS_FOLDER", folder / "runs")
    patch.setattr(folders, "CACHE_FOLDER", folder / "cache")
    patch.chdir(folder)


def scored(**arguments):
    """The texts that an evaluation scores, and what it measured."""
    task, seen = load_task("sentiment"), []
    score = task.score
    object.__setattr__(
        task, "score", lambda tests, answers: seen.append([t.text for t in tests]) or score(tests, answers)
    )
    try:
        measured = evaluate.run("sentiment", None, **{"data": None, "settings": {}, **arguments})
    finally:
        object.__setattr__(task, "score", score)
    return seen[0], measured


@with_the_file
@pytest.mark.parametrize("typed", [None, "mine.csv", "./mine.csv", "{folder}/mine.csv", "copy.csv"])
def test_the_file_of_the_training_means_its_test_split(own, typed):
    """However the path is typed; a copy of the file is no new data."""
    run, file = own
    (file.parent / "copy.csv").write_bytes(file.read_bytes())
    expected = [example.text for example in examples.load(load_task("sentiment"), Request(str(file)), 0).splits.test]
    texts, measured = scored(data=typed and typed.format(folder=file.parent))
    assert sorted(texts) == sorted(expected) and len(expected) == 8
    assert measured["test_scored"] == 2 and json.loads(run.metrics_file.read_text()) == measured


@with_the_file
def test_a_file_that_has_grown_is_measured_on_what_is_new(own):
    run, file = own
    other = table(file.parent / "more.csv", [*ROWS, "a new film,up", "A NEW  film,up", "another new film,no"])
    before = run.metrics_file.read_text()
    texts, _ = scored(data="more.csv")
    split = examples.load(load_task("sentiment"), Request(str(file)), 0).splits
    assert len(texts) == len(split.test) + 3
    assert not {e.text for part in (split.train, split.validation) for e in part} & set(texts)
    assert run.metrics_file.read_text() == before
    table(other, [f"{e.text},{e.label}" for e in split.train])
    with pytest.raises(UserError, match="seen in training"):
        evaluate.run("sentiment", None, "more.csv", {})


@with_the_file
def test_files_of_one_name_do_not_share_a_folder(own):
    run, file = own
    for name in ("a", "b"):
        (file.parent / name).mkdir()
        table(file.parent / name / "new.csv", [f"{name} new film,up"])
        evaluate.run("sentiment", None, f"{name}/new.csv", {})
    assert len(list(run.path.glob("evaluations/new-*/metrics.json"))) == 2


@with_the_file
@pytest.mark.parametrize("change", [lambda file: file.unlink(), lambda file: table(file, [*ROWS, "one more,up"])])
def test_without_the_file_of_the_training_other_data_are_measured(own, capsys, change):
    """On another machine, or when the file has grown: the model alone, without baselines."""
    run, file = own
    table(file.parent / "new.csv", ["a new film,up", "another new film,no"])
    change(file)
    measured = evaluate.run("sentiment", None, "new.csv", {})
    assert measured["examples"] == {"test": 2} and measured["test"]["accuracy"] >= 0
    assert measured["baselines"] == {} and "No baseline was fitted" in capsys.readouterr().out
    (report,) = run.path.glob("evaluations/new-*/report.md")
    assert "No baseline was fitted" in report.read_text() and "could not be drawn" not in report.read_text()
    with pytest.raises(UserError, match=r"no data set or file|has changed since"):
        evaluate.run("sentiment", None, None, {})
    with pytest.raises(UserError, match=r"no data set or file 'gone\.csv'"):
        evaluate.run("sentiment", None, "gone.csv", {})


@with_the_file
@pytest.mark.parametrize("setting", ["seed=1", "vocab_size=20", "units=8", "max_timesteps=3"])
def test_a_setting_that_shaped_the_run_is_refused(own, setting):
    name, value = setting.split("=")
    with pytest.raises(UserError, match=f"Setting {name} shaped this run.*train again with SET={name}="):
        evaluate.run("sentiment", None, None, {name: value})


@pytest.mark.xdist_group("ner_tagging")
def test_a_prediction_setting_writes_beside_the_metrics_of_the_run(own_folders, run_of):
    run = run_of("ner_tagging")
    before = run.metrics
    with short_runs.working_in(own_folders, "ner_tagging", small.sample("ner_tagging")):
        measured = evaluate.run("ner_tagging", None, None, {"threshold": "0.2"})
    (beside,) = run.path.glob("evaluations/*/metrics.json")
    assert json.loads(beside.read_text()) == measured and measured["settings"]["threshold"] == 0.2
    scored = before["test_scored"] + 1  # the same test examples once more, which is all that changes in the run
    assert measured["test_scored"] == scored and run.metrics == {**before, "test_scored": scored}
    run.config_file.write_text(json.dumps({**run.config, "quick": False}))  # so that it could be recorded
    settings = small.settings_as_text("ner_tagging")
    assert record._finished("ner_tagging", Request("sample"), settings) is not None
    assert record._finished("ner_tagging", Request("sample"), {**settings, "threshold": "0.2"}) is None


@pytest.mark.xdist_group("sentiment")
def test_a_training_that_was_stopped_can_be_evaluated_and_still_be_resumed(own_folders, run_of, trained):
    latest = run_of("sentiment")
    stopped = short_runs.stop_again("sentiment", trained("sentiment") / "stopped", own_folders)
    with short_runs.working_in(own_folders, "sentiment", small.sample("sentiment")):
        measured = evaluate.run("sentiment", stopped.path.name, None, {})
    assert json.loads((stopped.path / "evaluations" / "test" / "metrics.json").read_text()) == measured
    assert runs.unfinished("sentiment") == stopped and runs.find("sentiment") == latest


@pytest.mark.xdist_group("sentiment")
def test_an_older_run_that_is_evaluated_does_not_become_the_latest(own_folders, run_of):
    latest = run_of("sentiment")
    older = runs.Run(shutil.copytree(latest.path, latest.path.with_name("20000101-000000-gru-0")))
    with short_runs.working_in(own_folders, "sentiment", small.sample("sentiment")):
        evaluate.run("sentiment", older.path.name, None, {})
    assert older.metrics["test_scored"] == 2 and runs.find("sentiment") == latest


def test_a_split_of_the_users_own_stays_as_it_is(own_folders, capsys):
    files = [table(own_folders / f"{name}.csv", rows) for name, rows in zip("abc", (ROWS[:60], ROWS[58:70], ROWS[70:]))]
    run = train.run("sentiment", Request(*map(str, files)), SMALL)
    measured = json.loads(run.metrics_file.read_text())
    assert measured["examples"] == {"train": 60, "validation": 12, "test": 10}
    assert measured["shared"] == {"test in train": 0, "validation in train": 2, "test in validation": 0}
    assert "2 of validation also occur in train" in capsys.readouterr().out
    assert "2 of validation also occur in train" in run.report_file.read_text()
    assert evaluate.run("sentiment", None, str(files[2]), {})["examples"]["test"] == 10


@pytest.mark.parametrize(("given", "sizes"), [("test", (64, 16, 10)), ("validation", (72, 10, 8))])
def test_either_file_of_a_split_may_be_left_out(own_folders, given, sizes):
    train_file = table(own_folders / "train.csv", ROWS)
    other = table(own_folders / "other.csv", [f"other film {number},up" for number in range(10)])
    source = examples.load(load_task("sentiment"), Request(str(train_file), **{given: str(other)}), 0)
    assert tuple(len(part) for _, part in source.splits) == sizes
    assert [e.text for e in getattr(source.splits, given)] == [f"other film {number}" for number in range(10)]


def test_what_running_text_shares_is_counted_for_train_and_validation_separately(tmp_path):
    task, file, other = load_task("next_word"), tmp_path / "text.txt", tmp_path / "other.txt"
    file.write_text("".join(f"this is line number {number}\n" for number in range(100)))
    source = examples.load(task, Request(str(file)), 0)
    part = [*source.splits.train[:2], *source.splits.validation[:3]]
    other.write_text("".join(f"{line.text}\n" for line in part) + "something else\n")
    _, given, shared = evaluate._other(task, task.config, str(other), source, None, None)
    assert len(given) == 6 and shared == {"test in train": 2, "test in validation": 3}


def test_a_split_belongs_to_files(own_folders):
    task = load_task("sentiment")
    with pytest.raises(UserError, match="its own split"):
        examples.load(task, Request("sst2", test="x.csv"), 0)
    with pytest.raises(UserError, match="leave FOLD out"):
        examples.load(task, Request("sample", fold=1), 0)


def test_a_group_stays_in_one_split(own_folders):
    file = own_folders / "mine.csv"
    file.write_text("text,label,group\n" + "".join(f"film {n},up,critic {n % 9}\n" for n in range(90)))
    splits = examples.load(load_task("sentiment"), Request(str(file)), 0).splits
    critics = [{example.group for example in part} for _, part in splits]
    assert all(critics) and sum(map(len, critics)) == 9


def test_text_with_blank_lines_is_measured(own_folders):
    """Paragraphs of one line with a blank line between: some parts of the test set hold nothing."""
    file = own_folders / "text.txt"
    file.write_text("".join(f"the cat number {n % 7} sat on the mat\n" + "\n" * (n % 2) for n in range(200)))
    run = train.run("next_word", Request(str(file)), {"epochs": "1", "units": "8"})
    assert json.loads(run.metrics_file.read_text())["test"]["perplexity"] > 1
    assert "could not be drawn" not in run.report_file.read_text()
    file.rename(own_folders / "other.txt")
    measured = evaluate.run("next_word", None, str(own_folders / "other.txt"), {})  # the model without baselines
    assert measured["test"]["perplexity"] > 1 and measured["mixtures"] == {}


@pytest.mark.xdist_group("sentiment")
def test_a_report_that_cannot_be_drawn_costs_no_measurement(own_folders, run_of, monkeypatch):
    from common.plots import classification

    run = run_of("sentiment")

    def fail(*given):
        raise ZeroDivisionError("nothing to draw")

    monkeypatch.setattr(classification, "figures", fail)
    with short_runs.working_in(own_folders, "sentiment", small.sample("sentiment")):
        evaluate.run("sentiment", run.path.name, None, {})
    assert run.metrics["test_scored"] == 2
    assert "could not be drawn: ZeroDivisionError: nothing to draw" in run.report_file.read_text()
    assert "](curves.png)" in run.report_file.read_text()


@pytest.mark.xdist_group("sentiment")
def test_a_score_that_is_no_number_is_kept_as_null(own_folders, run_of, monkeypatch):
    """Accuracy is not defined here: the run is kept, and nothing is compared."""
    from common.metrics import classification

    run = run_of("sentiment")
    made = classification.Classification.__init__

    def undefined(self, *given, **more):
        made(self, *given, **more)
        reduce = self.reduce
        self.reduce = lambda rows: {**reduce(rows), "accuracy": float("nan")}
        self._values["accuracy"] = float("nan")

    monkeypatch.setattr(classification.Classification, "__init__", undefined)
    with short_runs.working_in(own_folders, "sentiment", small.sample("sentiment")):
        evaluate.run("sentiment", run.path.name, None, {})
    assert json.loads(run.metrics_file.read_text())["test"]["accuracy"] is None
    assert "cannot be compared" in run.report_file.read_text() and runs.find("sentiment").path == run.path
