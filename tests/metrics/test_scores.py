"""Scores over parts of the examples, intervals and paired differences."""

import numpy as np
import pytest

from common.metrics.scores import Scores, difference, lower_is_better


def accuracy(correct, groups=None):
    correct = np.asarray(correct, float)
    return Scores(
        correct[:, None],
        lambda rows: {"accuracy": float(rows.mean())},
        losses=1 - correct,
        truths=["x"] * len(correct),
        answers=["x"] * len(correct),
        groups=groups,
    )


def test_scores_are_taken_again_over_a_part():
    scores = accuracy([1, 1, 0, 0])
    assert dict(scores) == {"accuracy": 0.5}
    assert scores.over(np.array([0, 1, 1])) == {"accuracy": 1.0}


def test_interval_is_that_of_the_binomial():
    """A share of 0.7 over 1000 examples: 0.7 -+ 1.96 sqrt(0.7 * 0.3 / 1000)."""
    low, high = accuracy([1] * 700 + [0] * 300).intervals()["accuracy"]
    assert low == pytest.approx(0.7 - 0.0284, abs=0.005)
    assert high == pytest.approx(0.7 + 0.0284, abs=0.005)


def test_examples_of_one_group_are_drawn_together():
    """Ten groups of a hundred equal examples hold ten facts, not a thousand."""
    correct = np.repeat([1] * 7 + [0] * 3, 100)
    low, high = accuracy(correct, groups=np.repeat(np.arange(10), 100)).intervals()["accuracy"]
    assert high - low > 0.4


def test_paired_difference_is_sharper_than_the_intervals():
    model, baseline = accuracy([1] * 720 + [0] * 280), accuracy([1] * 700 + [0] * 300)
    found = difference(model, baseline, "accuracy")
    assert found["difference"] == pytest.approx(0.02)
    assert 0.005 < found["low"] < 0.02 < found["high"] < 0.035
    assert found["better"] > 0.99


def test_nothing_is_compared_with_a_score_that_is_no_number():
    nothing = accuracy([np.nan] * 4)
    assert all(np.isnan(value) for value in difference(nothing, accuracy([1] * 4), "accuracy").values())


def test_nothing_to_score_is_refused():
    with pytest.raises(ValueError, match="empty"):
        accuracy([])


def test_names_tell_the_direction():
    assert lower_is_better("perplexity") and lower_is_better("mae_error") and lower_is_better("nll_loss")
    assert not lower_is_better("accuracy") and not lower_is_better("bleu")
