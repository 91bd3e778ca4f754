"""`make curve`: what it trains on, what it records, and what it refuses."""

import dataclasses
import itertools
import json

import pytest

from common import folders
from common.commands import curve
from common.datasets.splits import Splits
from common.errors import UserError
from common.reporting import results
from common.runs.examples import Request
from common.task import load_task
from tests import small

SMALL = {"epochs": "1", "units": "4", "embedding_size": "4"}


@pytest.fixture
def house(tmp_path, monkeypatch):
    (tmp_path / "tasks" / "sentiment").mkdir(parents=True)
    for readme in (tmp_path / "README.md", tmp_path / "tasks" / "sentiment" / "README.md"):
        readme.write_text(f"{results.START}\n{results.END}\n")
    (tmp_path / "tasks" / "sentiment" / "task.py").touch()
    monkeypatch.setattr(folders, "TASKS_FOLDER", tmp_path / "tasks")
    monkeypatch.setattr(results, "ROOT_README", tmp_path / "README.md")
    monkeypatch.setattr(folders, "RUNS_FOLDER", tmp_path / "runs")
    return tmp_path


@pytest.mark.parametrize("count", [64, 100, 427, 1000, 50_000])
def test_smaller_shares_are_parts_of_larger_ones_in_blocks_of_neighbours(count):
    examples = list(range(count))
    parts = [curve.drawn(examples, share) for share in curve.SHARES]
    assert parts[-1] == examples and all(part == sorted(part) for part in parts)
    for smaller, larger in itertools.pairwise(parts):
        assert set(smaller) < set(larger) and 0.4 < len(smaller) / len(larger) < 0.6
    gaps = sum(after - before > 1 for before, after in itertools.pairwise(parts[0]))
    assert gaps < len(parts[0]) / 8


def test_a_small_share_of_sorted_examples_has_every_label():
    labels = [number // 270 for number in range(2700)]
    assert set(curve.drawn(labels, 1 / 8)) == set(range(10))


def test_networks_and_baselines_learn_from_each_share_and_never_see_test(house, monkeypatch):
    task = load_task("sentiment")
    few = Splits(*(examples[:192] for _, examples in small.sample("sentiment")))
    monkeypatch.setitem(
        task.datasets, "sample", dataclasses.replace(task.datasets["sample"], load=lambda _: few, settings="")
    )
    seen = []
    baseline = task.baseline

    def watched(config, train, examples):
        seen.append((len(train), examples))
        return baseline(config, train, examples)

    monkeypatch.setattr(curve, "load_task", lambda name: dataclasses.replace(task, baseline=watched))
    monkeypatch.setattr(curve, "SHARES", (1 / 2, 1))
    picture = curve.run("sentiment", Request("sample"), {**SMALL, "cell": "gru"}, [0])
    assert [count for count, _ in seen] == [96, 192]
    assert all(list(examples) == list(few.validation) for _, examples in seen)
    assert picture.stat().st_size > 5000
    (recorded,) = results.curves("sentiment")
    assert (recorded["cell"], recorded["changed"]) == ("gru", "embedding_size=4 epochs=1 units=4")
    assert [point["examples"] for point in recorded["points"]] == [96, 192]
    assert all(len(point["scores"]) == 1 for point in recorded["points"])


def test_a_curve_and_the_rows_are_kept_beside_each_other_and_shown(house):
    points = [
        {"examples": count, "scores": [score, score + 0.02], "baseline_name": "naive Bayes", "baseline": 0.5}
        for count, score in ((20, 0.5), (40, 0.6), (80, 0.7), (160, 0.8))
    ]
    made = results.curve("sample", "gru", {"units": "4"}, [0, 1], points)
    rows = json.loads((folders.REPOSITORY / "tasks" / "sentiment" / "results.json").read_text())["rows"]
    results.add("sentiment", rows[0])
    results.add_curve("sentiment", made)
    results.add_curve("sentiment", made)
    results.add("sentiment", rows[0])
    assert (results.read("sentiment"), results.curves("sentiment")) == ([rows[0]], [made])
    results.write_tables()
    text = (house / "tasks" / "sentiment" / "README.md").read_text()
    assert "| sample | GRU units=4 | 0.510 (20) | 0.610 (40) | 0.710 (80) | 0.810 (160) |" in text


def test_the_curve_of_another_fold_is_a_curve_of_its_own(house, monkeypatch):
    task = load_task("sentiment")
    few = Splits(*(examples[:64] for _, examples in small.sample("sentiment")))
    folded = dataclasses.replace(task.datasets["sample"], load=lambda folder, fold: few, settings="", folds=4)
    monkeypatch.setitem(task.datasets, "sample", folded)
    monkeypatch.setattr(curve, "_score", lambda *given: 0.5)
    monkeypatch.setattr(curve, "_baseline", lambda *given: ("rule", 0.5))
    for fold in (None, 0, 3):
        curve.run("sentiment", Request("sample", fold=fold), SMALL, [0])
    assert sorted("fold=3" in one["changed"] for one in results.curves("sentiment")) == [False, True]


@pytest.mark.parametrize(
    ("task", "value", "message"),
    [("sentiment", "heavy", "no class_weight 'heavy'"), ("translation", "balanced", "for tasks that predict classes")],
)
def test_class_weight_is_refused_where_it_means_nothing(task, value, message):
    with pytest.raises(UserError, match=message):
        curve.run(task, Request(), {"class_weight": value}, [0])


def test_too_few_examples_are_refused_in_one_line(tmp_path, house):
    file = tmp_path / "few.csv"
    file.write_text("text,label\n" + "".join(f"film {number},{number % 2}\n" for number in range(50)))
    with pytest.raises(UserError, match="has 40 training examples: a curve needs at least 64"):
        curve.run("sentiment", Request(str(file)), SMALL, [0])
