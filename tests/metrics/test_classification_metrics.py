"""Scores of labels: worked out by hand on five examples, and equal to scikit-learn's on random ones."""

import numpy as np
import pytest
from sklearn import metrics

from common.metrics.classification import MOST_RANKED, SMALLEST, classification, reliability
from common.metrics.scores import by_length
from common.plots import classification as plots
from common.plots import curves

# truth, answer, probability of "positive"
FIVE = [
    ("positive", "positive", 0.9),
    ("positive", "positive", 0.6),
    ("positive", "negative", 0.3),
    ("negative", "negative", 0.2),
    ("negative", "positive", 0.6),
]


def predicted(label, **probabilities):
    return {"label": label, "probabilities": probabilities}


def five():
    predictions = [predicted(answer, negative=1 - p, positive=p) for _, answer, p in FIVE]
    return classification([truth for truth, *_ in FIVE], predictions, [3, 9, 4, 8, 20])


def drawn(classes, count=300, seed=0):
    """Labels, truth drawn from stated probabilities with many draws among them, and the scores."""
    random = np.random.default_rng(seed)
    labels = [f"label {i}" for i in range(classes)]
    probabilities = random.dirichlet(np.ones(classes), count).round(1) + 0.01
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    truth = np.array([random.choice(classes, p=row) for row in probabilities])
    predictions = [{"label": labels[row.argmax()], "probabilities": dict(zip(labels, row))} for row in probabilities]
    scores = classification([labels[i] for i in truth], predictions, random.integers(1, 30, count))
    return probabilities, truth, scores


def test_scores_by_hand():
    scores = five()
    assert scores["accuracy"] == pytest.approx(3 / 5)
    # positive: 2 right of 3 true and 3 answered; negative: 1 right of 2 and 2
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # six pairs: 0.9 beats both, 0.6 beats 0.2 and draws with 0.6, 0.3 beats 0.2 alone
    assert scores["auc"] == pytest.approx((2 + 1.5 + 1) / 6)
    assert scores["log_loss"] == pytest.approx(-np.log([0.9, 0.6, 0.3, 0.8, 0.4]).mean())
    # stated 0.9 (right), 0.6 (one of two right), 0.7 (wrong), 0.8 (right), each of them in a bin of its own
    assert scores["calibration_error"] == pytest.approx((0.1 + 2 * 0.1 + 0.7 + 0.2) / 5)
    assert scores.confusion.tolist() == [[1, 1], [1, 2]]
    assert scores.truths[2] == "positive" and scores.answers[2] == "negative"
    assert np.argmax(scores.losses) == 2


def test_a_calibration_error_has_no_interval():
    intervals = drawn(3)[2].intervals()
    assert np.isnan(intervals["calibration_error"]).all()
    assert not np.isnan([ends for name, ends in intervals.items() if name != "calibration_error"]).any()


def test_parts_by_class_and_length():
    parts = five().breakdowns
    assert {label: list(numbers) for label, numbers in parts["by class"].items()} == {
        "negative": [3, 4],
        "positive": [0, 1, 2],
    }
    assert sorted(np.concatenate(list(parts["by length in timesteps"].values()))) == [0, 1, 2, 3, 4]


def test_examples_of_one_length_stay_together():
    parts = by_length([5, 1, 2, 2, 2, 2, 9, 7])
    assert {label: list(numbers) for label, numbers in parts.items()} == {
        "1 to 2": [1, 2, 3, 4, 5],
        "5 to 7": [0, 7],
        "9": [6],
    }
    assert list(by_length([4, 4])) == ["4"]


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_scores_are_those_of_scikit_learn(classes):
    probabilities, truth, scores = drawn(classes)
    answer = probabilities.argmax(axis=1)
    likelihood = probabilities[:, 1] if classes == 2 else probabilities
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(truth, answer))
    assert scores["macro_f1"] == pytest.approx(metrics.f1_score(truth, answer, average="macro"))
    assert scores["auc"] == pytest.approx(metrics.roc_auc_score(truth, likelihood, multi_class="ovr"))
    assert scores["log_loss"] == pytest.approx(metrics.log_loss(truth, probabilities))


@pytest.mark.parametrize("classes", [2, 4])
def test_scores_over_a_bootstrap_sample(classes):
    probabilities, truth, scores = drawn(classes)
    for numbers in scores.resamples(5):
        values = scores.over(numbers)
        stated, true = probabilities[numbers], truth[numbers]
        likelihood = stated[:, 1] if classes == 2 else stated
        assert values["auc"] == pytest.approx(metrics.roc_auc_score(true, likelihood, multi_class="ovr"))
        assert values["macro_f1"] == pytest.approx(metrics.f1_score(true, stated.argmax(axis=1), average="macro"))


def test_labels_beyond_those_answered():
    """A label that is never true nor answered changes no mean; one that the model does not know costs a finite loss."""
    scores = classification(
        ["a", "b", "c"], [predicted("a", a=1.0), predicted("a", a=0.5, b=0.5), predicted("b", b=1.0)], [1, 2, 3], "abcd"
    )
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert scores["log_loss"] == pytest.approx((0 - np.log(0.5) - np.log(SMALLEST)) / 3)
    # a: 1.0 above 0.5 and 0; b: 0.5 above 0 (example 0), below 1.0; c: 0 everywhere, two draws; d is never true
    assert scores["auc"] == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_one_label_alone_has_no_auc():
    scores = classification(["a", "a"], [predicted("a", a=0.9, b=0.1), predicted("b", a=0.4, b=0.6)], [1, 1])
    assert "auc" not in scores and scores["accuracy"] == 0.5
    assert np.isnan(five().over(np.array([3, 4]))["auc"])


def test_bins_of_reliability():
    """The probability 1 belongs to the last bin, 0 to the first; an edge to the bin below it."""
    counts, confidence, share = reliability(np.array([1.0, 0.95, 0.0, 1 / 15]), np.array([True, False, False, True]))
    assert counts.tolist() == [2, 2]
    assert confidence == pytest.approx([1 / 30, 0.975])
    assert share == pytest.approx([0.5, 0.5])


def test_pictures(tmp_path):
    history = [{"epoch": 1, "loss": 0.7, "validation_loss": 0.6}]
    curves.curves(history, tmp_path / "curves.png")
    curves.lengths({"model": {"1 to 4": 0.9, "5 to 9": 0.8}}, "accuracy", "length in words", tmp_path / "lengths.png")
    names = {"curves.png", "lengths.png"}
    for classes in (2, 20):
        names |= {name for name, _ in plots.figures(drawn(classes)[2], [], [], tmp_path)}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())


def test_each_kind_has_an_accuracy_of_its_own():
    answers = [{"label": label, "probabilities": {label: 1.0}} for label in "aabb"]
    scores = classification(list("abbb"), answers, [1, 1, 1, 1], kinds=["word", "word", "sentence", ""])
    assert (scores["accuracy_word"], scores["accuracy_sentence"], scores["accuracy"]) == (0.5, 1, 0.75)
    assert {name: numbers.tolist() for name, numbers in scores.breakdowns["by kind"].items()} == {
        "sentence": [2],
        "word": [0, 1],
    }
    assert np.isnan(scores.over(np.array([2]))["accuracy_word"])
    assert scores["auc"] == classification(list("abbb"), answers, [1, 1, 1, 1])["auc"]


def test_of_many_labels_there_is_no_auc_but_a_picture_of_the_pairs_that_are_confused(tmp_path):
    labels = [f"label {i}" for i in range(MOST_RANKED + 1)]
    said = [labels[1], *labels[1:]]
    scores = classification(labels, [{"label": one, "probabilities": {one: 0.9}} for one in said], [1] * len(labels))
    assert "auc" not in scores and scores["accuracy"] == pytest.approx(1 - 1 / len(labels))
    names = [name for name, _ in plots.figures(scores, [], [], tmp_path)]
    assert names == ["confusion.png", "pairs.png", "reliability.png"]
