"""Answers before the end of a sequence: scores by hand, groups, pictures."""

import dataclasses

import numpy as np
import pytest

from common.metrics.running import RunningClassification, running_classification
from common.plots.running import figures
from common.prediction.classes import probabilities
from common.prediction.running import answers

SHARES = (0.25, 0.5, 1.0)


@dataclasses.dataclass(frozen=True)
class Shown:
    def picture(self, share):
        return np.full((4, 6), round(255 * share), np.uint8)


def four():
    """Right from the first, from half and at the end only; and wrong at the end, though right before."""
    so_far = [[0.6, 0.7, 0.9], [0.4, 0.7, 0.8], [0.4, 0.3, 0.6], [0.6, 0.6, 0.2]]
    return answers(["no", "yes"], SHARES, np.array([[[1 - p, p] for p in row] for row in so_far]))


def scored(predictions, groups=None):
    return running_classification(["yes"] * 4, predictions, [8] * 4, groups)


def test_answers_name_the_likeliest_label_at_every_point():
    first, *_, last = four()
    assert first["label"] == "yes" and first["probabilities"] == pytest.approx({"no": 0.1, "yes": 0.9})
    assert [point["label"] for point in last["running"]] == ["yes", "yes", "no"]
    assert last["running"][2] == {"seen": 1.0, "label": "no", "probability": 0.8}
    np.testing.assert_allclose(probabilities([[0.0, np.log(3)], [1000.0, 0.0]]), [[0.25, 0.75], [1, 0]])


def test_scores_by_hand():
    scores = scored(four())
    assert isinstance(scores, RunningClassification)
    assert scores["accuracy"] == 0.75 and scores["half_seen_accuracy"] == 0.75
    assert scores.right.mean(axis=0).tolist() == [0.5, 0.75, 0.75]
    assert scores.over(np.array([2]))["half_seen_accuracy"] == 0 and scores.over(np.array([2]))["accuracy"] == 1
    assert scores.intervals().keys() == dict(scores).keys()


def test_baselines_that_answer_at_the_end_alone_have_the_other_scores():
    scores = scored([{key: one[key] for key in ("label", "probabilities")} for one in four()])
    assert scores["accuracy"] == 0.75 and "half_seen_accuracy" not in scores


def test_examples_of_a_group_are_resampled_together():
    scores = scored(four(), ["ann", "ann", "bob", "bob"])
    assert {name: list(part) for name, part in scores.breakdowns["by group"].items()} == {"ann": [0, 1], "bob": [2, 3]}
    assert all(set(drawn) in ({0, 1}, {2, 3}, {0, 1, 2, 3}) for drawn in scores.resamples(20))


def test_pictures(tmp_path):
    found = figures(scored(four()), [Shown()] * 4, four(), tmp_path)
    assert {name for name, _ in found} == {path.name for path in tmp_path.iterdir()}
    assert {"strips.png", "seen.png"} < {name for name, _ in found}
