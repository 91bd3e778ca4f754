"""Recording: the rows behind the READMEs' tables, from runs with small settings; and the report of such a run."""

import dataclasses
import json

import pytest

from common import folders
from common.commands import record
from common.commands import results as results_command
from common.datasets.splits import Splits
from common.errors import UserError
from common.reporting import results
from common.runs.examples import Request
from common.task import load_task
from tests import small

pytestmark = pytest.mark.xdist_group("record")

SMALL = {"epochs": "1", "units": "4", "embedding_size": "4"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A folder with READMEs, and two recorded runs in it."""
    folder, patch = tmp_path_factory.mktemp("house"), pytest.MonkeyPatch()
    (folder / "tasks" / "sentiment").mkdir(parents=True)
    for readme in (folder / "README.md", folder / "tasks" / "sentiment" / "README.md"):
        readme.write_text(f"before\n{results.START}\nold\n{results.END}\nafter\n")
    (folder / "tasks" / "sentiment" / "task.py").touch()  # tasks are found by this file
    patch.setattr(folders, "TASKS_FOLDER", folder / "tasks")
    patch.setattr(results, "ROOT_README", folder / "README.md")
    patch.setattr(folders, "RUNS_FOLDER", folder / "runs")
    sample = load_task("sentiment").datasets["sample"]
    few = Splits(*(examples[:200] for _, examples in small.sample("sentiment")))
    declared = {
        "settings": "dropout=0.3 patience=7",
        "cell_settings": {"simple_rnn": "patience=8", "gru": "patience=9"},
    }
    replaced = dataclasses.replace(sample, load=lambda _: few, **declared)
    patch.setitem(load_task("sentiment").datasets, "sample", replaced)
    record.run("sentiment", None, ["simple_rnn"], ["0", "1"], SMALL)
    yield folder
    patch.undo()


def test_row_holds_seeds_mean_interval_and_command(house):
    (row,) = json.loads((house / "tasks/sentiment/results.json").read_text())["rows"]
    found = [json.loads(file.read_text()) for file in sorted(house.glob("runs/sentiment/*-*-*/metrics.json"))]
    assert row["seeds"] == {str(one["seed"]): one["test"]["accuracy"] for one in found} and len(found) == 2
    assert row["mean"] == pytest.approx(sum(row["seeds"].values()) / 2)
    assert row["interval"][0] < row["mean"] < row["interval"][1]
    assert row["command"].endswith('CELL=simple_rnn SET="embedding_size=4 epochs=1 units=4"')
    assert set(row["difference"]) == {"0", "1"} and row["baseline_name"] == found[0]["baseline_name"]


def test_the_data_set_and_its_cell_change_the_settings(house):
    (row,) = json.loads((house / "tasks/sentiment/results.json").read_text())["rows"]
    assert (row["settings"]["dropout"], row["settings"]["patience"]) == (0.3, 8)


def test_tables_are_between_the_markers(house):
    text = (house / "tasks/sentiment/README.md").read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| sample | SimpleRNN embedding_size=4 epochs=1 units=4 |" in text and "(baseline)" in text
    assert "old" not in (house / "README.md").read_text()


def test_finished_runs_are_not_trained_again(house, monkeypatch):
    trained = []
    monkeypatch.setattr(record.train, "run", lambda *given, **more: trained.append(given) or pytest.fail("trains"))
    record.run("sentiment", "sample", ["simple_rnn"], ["1", "0"], SMALL)
    assert not trained


@pytest.mark.parametrize("change", [{"cores": 0}, {"machine": "Abacus"}, {"workers": 2}, {"versions": {}}])
def test_a_run_that_was_trained_otherwise_is_trained_again(house, monkeypatch, change):
    path = next(house.glob("runs/sentiment/*-*-0/config.json"))
    kept = path.read_text()
    path.write_text(json.dumps({**json.loads(kept), **change}))
    settings = {**SMALL, "cell": "simple_rnn", "seed": "0"}
    assert record._finished("sentiment", Request("sample"), settings) is None
    path.write_text(kept)
    assert record._finished("sentiment", Request("sample"), settings)


@pytest.mark.parametrize("file, change", [("config.json", {"quick": "no"}), ("metrics.json", {"test": [0.9]})])
def test_a_damaged_run_is_named_before_anything_is_trained(house, monkeypatch, file, change):
    monkeypatch.setattr(record.train, "run", lambda *given, **more: pytest.fail("trains"))
    path = next(house.glob(f"runs/sentiment/*-*-0/{file}"))
    kept = path.read_text()
    path.write_text(json.dumps({**json.loads(kept), **change}))
    with pytest.raises(UserError, match=f"{file}: {next(iter(change))} must be .*Train again"):
        record.run("sentiment", "sample", ["simple_rnn"], ["0"], SMALL)
    path.write_text(kept)


def test_a_recording_that_is_stopped_shows_the_seeds_it_has(house, monkeypatch):
    def stop(*given, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(record.train, "run", stop)
    kept = (house / "tasks/sentiment/results.json").read_text()
    with pytest.raises(KeyboardInterrupt):
        record.run("sentiment", "sample", ["simple_rnn"], ["1", "7"], SMALL)
    (row,) = json.loads((house / "tasks/sentiment/results.json").read_text())["rows"]
    assert set(row["seeds"]) == {"1"}
    (house / "tasks/sentiment/results.json").write_text(kept)


@pytest.fixture
def repeated(house, monkeypatch):
    """Repeats the recorded results with a score in the place of the one that a new training would measure."""
    measured = json.loads(next(house.glob("runs/sentiment/*-*-0/metrics.json")).read_text())
    file = house / "tasks/sentiment/results.json"

    def repeat(score, **changes):
        kept = file.read_text()
        content = json.loads(kept)
        content["rows"][0].update(changes)
        file.write_text(json.dumps(content))
        results.write_tables()
        measured["test"]["accuracy"] = score
        monkeypatch.setattr(record, "_train", lambda *given: measured)
        try:
            results_command.run(["sentiment"])
        finally:
            file.write_text(kept)
            results.write_tables()

    return repeat


def test_a_score_that_seeds_explain_holds(repeated):
    repeated(0.85, mean=0.8, sd=0.01, baseline=0.5)  # two seeds say little about a third


def test_a_score_further_than_seeds_explain_fails(repeated):
    with pytest.raises(UserError, match=r"sample simple_rnn: 0\.9600 is further from 0\.8000 than seeds explain"):
        repeated(0.96, mean=0.8, sd=0.01, baseline=0.5)


def test_how_far_a_score_may_be_from_the_recorded_one():
    """t(2) sd sqrt(1 + 1/3) = 4.968 sd from the mean of three seeds; t(2) sd sqrt(2) = 6.085 sd from a single seed."""
    three = {"data": "a", "metric": "accuracy", "mean": 0.5, "sd": 0.01, "seeds": {"0": 0, "1": 0, "2": 0}}
    three |= {"baseline": 0.9, "interval": [0.47, 0.53]}
    one = {**three, "sd": 0.0, "seeds": {"0": 0.5}}
    for row, reach in ((three, 0.04968), (one, 0.06085)):
        for score, problems in ((0.5 + reach - 1e-4, 0), (0.5 + reach + 1e-4, 1)):
            assert len(results.departures(row, [three, one], {"test": {"accuracy": score}})) == problems


@pytest.mark.parametrize(
    ("interval", "score", "problems"),
    [
        ([0.47, 0.53], 0.47, []),
        ([0.47, 0.53], 0.46, ["0.4600 is outside the 95 % interval of 0.5000, 0.470 to 0.530"]),
        ([0.47, 0.53], 0.54, ["0.5400 is outside the 95 % interval of 0.5000, 0.470 to 0.530"]),
        ([0.5, 0.5], 0.4, []),
    ],
)
def test_without_a_spread_of_seeds_a_score_may_not_leave_the_interval_of_its_row(interval, score, problems):
    one = {"data": "a", "metric": "accuracy", "mean": 0.5, "sd": 0.0, "seeds": {"0": 0.5}, "baseline": 0.9}
    one["interval"] = interval
    elsewhere = {**one, "data": "b", "sd": 0.2, "seeds": {"0": 0.3, "1": 0.7}}
    assert results.departures(one, [one, elsewhere], {"test": {"accuracy": score}}) == problems


def test_a_score_that_no_longer_beats_its_baseline_fails(repeated, house):
    measured = json.loads(next(house.glob("runs/sentiment/*-*-0/metrics.json")).read_text())
    bar = measured["baseline"]["accuracy"]
    with pytest.raises(UserError, match=f"is no longer better than {measured['baseline_name']}"):
        repeated(bar, mean=bar + 0.01, sd=0.05, baseline=bar)
    repeated(bar, mean=bar - 0.01, sd=0.05, baseline=bar)  # it never was


def test_a_table_that_is_not_that_of_the_results_fails(repeated, house):
    readme = house / "tasks/sentiment/README.md"
    text = readme.read_text()
    assert not results.stale_tables()
    readme.write_text(text.replace("SimpleRNN", "SimplerRNN"))
    assert results.stale_tables() == [readme]
    readme.write_text(text)


def test_the_interval_of_several_seeds_counts_test_set_and_seeds():
    alone = results.interval([0.8], [[0.7, 0.9]], "accuracy")
    assert alone == [0.7, 0.9]
    equal = results.interval([0.8, 0.8], [[0.7, 0.9], [0.7, 0.9]], "accuracy")
    assert equal == pytest.approx([0.7, 0.9])  # seeds that agree add nothing
    apart = results.interval([46.0, 48.0, 50.0], [[48.0, 48.0]] * 3, "bleu")
    error = (4 / 3) ** 0.5  # variance of the three, over three
    assert apart == pytest.approx([48 - 4.3027 * error, 48 + 4.3027 * error], abs=1e-3)  # t(2)
    both = results.interval([46.0, 48.0, 50.0], [[48 - 1.96 * error, 48 + 1.96 * error]] * 3, "bleu")
    reach = 2.3060 * (2 * error**2) ** 0.5  # half of the variance has 2 degrees of freedom, all of it 2 * 2 ** 2 = 8
    assert both == pytest.approx([48 - reach, 48 + reach], abs=1e-3)
    assert results.interval([0.6, 1.0], [[0.8, 0.8], [0.8, 0.8]], "accuracy")[1] == 1
    errors = results.interval([0.01, 0.03], [[0.0, 0.04], [0.0, 0.06]], "word_error")
    assert errors[0] == 0 and errors[1] > 0.04  # no error is below 0


def fold(accuracy, size, reach, bar):
    """The measurements of one fold of a cross-validation."""
    return {
        "metric": "accuracy",
        "test": {"accuracy": accuracy},
        "interval": {"accuracy": [accuracy - reach, accuracy + reach]},
        "baselines": {"forest": {"accuracy": bar}, "bayes": {"accuracy": 0.1}},
        "difference": {"difference": 0.1, "low": -0.1, "high": 0.1},
        "examples": {"train": 10, "test": size},
        "test_scored": 1,
        "epochs": 3,
        "train_seconds": 2.0,
    }


def test_the_mean_of_folds_by_hand():
    found = results.mean_of_folds([fold(0.8, 30, 0.1, 0.7), fold(0.6, 10, 0.1, 0.9)])
    assert found["test"]["accuracy"] == pytest.approx(0.75) and found["folds"] == [0.8, 0.6]
    assert found["baseline_name"] == "forest" and found["baseline"]["accuracy"] == pytest.approx(0.75)
    assert found["train_seconds"] == 4

    three = [fold(0.5, 10, 0.01, 0.4), fold(0.6, 10, 0.01, 0.3), fold(0.7, 10, 0.01, 0.5)]
    found = results.mean_of_folds(three)
    assert found["interval"]["accuracy"] == pytest.approx(
        [0.6 - 4.3027 * 0.1 / 3**0.5, 0.6 + 4.3027 * 0.1 / 3**0.5], abs=1e-4
    )
    gap = found["difference"]  # of 0.1, 0.3 and 0.2
    assert (gap["low"], gap["high"]) == pytest.approx(
        (0.2 - 4.3027 * 0.1 / 3**0.5, 0.2 + 4.3027 * 0.1 / 3**0.5), abs=1e-4
    )


def test_a_baseline_without_a_score_in_a_fold_is_not_the_best():
    folds = [fold(0.8, 30, 0.1, None), fold(0.6, 10, 0.1, 0.9)]
    assert results.mean_of_folds(folds)["baseline_name"] == "bayes"


def test_a_mean_of_folds_that_differ_is_uncertain_however_certain_each_fold_is():
    apart = results.mean_of_folds([fold(0.95, 1000, 0.01, 0.7), fold(0.55, 1000, 0.01, 0.7)])
    low, high = apart["interval"]["accuracy"]
    assert low < 0.1 and high == 1  # two speakers say next to nothing about a third


def test_report_shows_scores_parts_mistakes_and_pictures(house):
    folder = next(house.glob("runs/sentiment/*-*-0"))
    report = (folder / "report.md").read_text()
    for heading in ("## Scores by class", "## Scores by length", "## Worst mistakes", "## Pictures"):
        assert heading in report
    for picture in ("curves.png", "lengths.png", "confusion.png", "reliability.png"):
        assert f"]({picture})" in report and (folder / picture).stat().st_size > 5000
