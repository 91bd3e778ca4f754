"""Recording: the rows behind the READMEs' tables, from runs with small settings; and the report of such a run."""

import json

import pytest

from common import folders
from common.commands import record
from common.errors import UserError
from common.reporting import results

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
    assert set(row["difference"]) == {"0", "1"} and row["baseline_name"] == "TF-IDF logistic regression"


def test_tables_stand_between_the_markers(house):
    text = (house / "tasks/sentiment/README.md").read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| sample | SimpleRNN embedding_size=4 epochs=1 units=4 |" in text and "(baseline)" in text
    assert "old" not in (house / "README.md").read_text()


def test_finished_runs_are_not_trained_again(house, monkeypatch):
    trained = []
    monkeypatch.setattr(record.train, "run", lambda *given, **more: trained.append(given) or pytest.fail("trains"))
    record.run("sentiment", "sample", ["simple_rnn"], ["1", "0"], SMALL)
    assert not trained


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


def test_a_score_outside_its_interval_fails(house, monkeypatch):
    file = house / "tasks/sentiment/results.json"
    kept = file.read_text()
    content = json.loads(kept)
    content["rows"][0]["interval"] = [0.99, 1.0]
    file.write_text(json.dumps(content))
    measured = json.loads(next(house.glob("runs/sentiment/*-*-0/metrics.json")).read_text())
    monkeypatch.setattr(record, "_train", lambda *given: measured)
    with pytest.raises(UserError, match=r"sentiment sample simple_rnn: 0\.\d+ not in 0\.9900 to 1\.0000"):
        record.check(["sentiment"])
    file.write_text(kept)
    record.check(["sentiment"])


def test_report_shows_scores_parts_mistakes_and_pictures(house):
    folder = next(house.glob("runs/sentiment/*-*-0"))
    report = (folder / "report.md").read_text()
    for heading in ("## Scores by class", "## Scores by length", "## Worst mistakes", "## Pictures"):
        assert heading in report
    for picture in ("curves.png", "lengths.png", "confusion.png", "reliability.png"):
        assert f"]({picture})" in report and (folder / picture).stat().st_size > 5000
