"""Correlation, sensitivity and specificity worked out by hand and against scikit-learn, and their pictures."""

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef

from common.metrics.detection import detection, matthews
from common.plots import style
from common.plots.detection import figures


def answers(labels, names=("no", "yes")):
    return [{"label": label, "probabilities": {name: float(name == label) for name in names}} for label in labels]


def test_two_labels_by_hand():
    truth = ["yes"] * 4 + ["no"] * 6
    scores = detection(truth, answers(["yes"] * 3 + ["no"] + ["yes"] * 2 + ["no"] * 4), [9] * 10)
    assert scores["sensitivity"] == 3 / 4
    assert scores["specificity"] == 4 / 6
    assert scores["matthews"] == pytest.approx((3 * 4 - 2 * 1) / (4 * 6 * 5 * 5) ** 0.5)
    assert scores["accuracy"] == 0.7
    assert scores.signatures == {"sensitivity": "of yes", "specificity": "of no"}  # only an alphabet puts yes second
    assert scores.over(np.arange(4))["sensitivity"] == 3 / 4
    assert np.isnan(scores.over(np.arange(4))["specificity"])


def test_three_labels_as_scikit_learn_has_it(draw):
    names = ("a", "b", "c")
    truth, answer = (draw.choice(names, 300).tolist() for _ in range(2))
    answer[:150] = truth[:150]
    scores = detection(truth, answers(answer, names), [9] * 300)
    assert scores["matthews"] == pytest.approx(matthews_corrcoef(truth, answer))
    assert not scores.signatures
    right = [t == a for t, a in zip(truth, answer) if t == "b"]
    assert scores["b sensitivity"] == pytest.approx(np.mean(right))


def test_there_is_no_correlation_by_class():
    assert list(detection(["yes", "no"], answers(["yes", "no"]), [9] * 2).breakdowns) == ["by length in timesteps"]


def test_always_one_label_correlates_with_nothing():
    assert matthews(np.array([[7, 0], [3, 0]])) == 0


def test_examples_of_one_gene_are_resampled_together_and_others_alone():
    scores = detection(["yes", "no", "yes", "no"], answers(["yes"] * 4), [9] * 4, groups=["g", "", "g", ""])
    assert scores.groups[0] == scores.groups[2]
    assert len(set(scores.groups.tolist())) == 3
    assert detection(["yes", "no"], answers(["yes"] * 2), [9] * 2, groups=["", ""]).groups is None


@pytest.mark.parametrize("aligned", [True, False])
def test_pictures(tmp_path, draw, aligned):
    truth = ["yes", "no"] * 6
    predictions = answers(truth)
    for number, one in enumerate(predictions):
        bases = draw.choice(list("ACGTN"), 100 if aligned else 90 + number)
        one["attention"] = [[base, float(weight)] for base, weight in zip(bases, draw.random(len(bases)))]
    found = figures(detection(truth, predictions, [100] * 12), [], predictions, tmp_path)
    names = {"confusion.png", "reliability.png", "attention.png"} | ({"logo.png"} if aligned else set())
    assert {name for name, _ in found} == names == {path.name for path in tmp_path.iterdir()}
    assert all(path.stat().st_size > 5000 for path in tmp_path.iterdir())


def test_logos_of_all_labels_share_the_axis_of_the_highest(tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(style, "save", lambda figure, path: drawn.update({path.name: figure}))
    truth = ["no", "yes"]
    predictions = answers(truth)
    predictions[0]["attention"] = [["A", 1.0], ["C", 0.0], ["G", 0.0]]
    predictions[1]["attention"] = [["A", 0.3], ["C", 0.3], ["G", 0.4]]
    figures(detection(truth, predictions, [3] * 2), [], predictions, tmp_path)
    assert [axes.get_ylim() for axes in drawn["logo.png"].axes] == [(0, 1.05)] * 2
