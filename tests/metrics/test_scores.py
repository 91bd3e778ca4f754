"""Scores over parts of the examples, intervals and paired differences."""

import numpy as np
import pytest
from scipy.stats import norm

from common.metrics.scores import Scores, best, blocks, difference, expanded_interval, limits, lower_is_better, ranking


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


def test_scores_of_further_columns_join_the_others_over_any_part():
    scores = accuracy([1, 1, 0, 0])
    scores.extend(np.array([[1, 2], [3, 4], [5, 6], [7, 8]]), lambda rows, scores: {"sum": rows.sum(), **scores})
    scores.extend(np.array([[0], [2], [0], [0]]), lambda rows, scores: {**scores, "mean": rows.mean()})
    assert dict(scores) == {"sum": 36, "accuracy": 0.5, "mean": 0.5}
    assert scores.over(np.array([1, 1])) == {"sum": 14, "accuracy": 1, "mean": 2}


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


def test_examples_of_a_single_group_are_drawn_one_by_one():
    """Drawn as a whole, the only document gave an interval of width 0 and a sure verdict."""
    one = accuracy([1] * 24 + [0] * 6, groups=np.zeros(30, int))
    assert one.intervals() == accuracy([1] * 24 + [0] * 6).intervals() and one.units == 30
    found = difference(one, accuracy([1] * 21 + [0] * 9), "accuracy")
    assert found["low"] < 0.1 < found["high"] and found["better"] < 1


def test_a_single_example_has_no_interval():
    found = difference(accuracy([1]), accuracy([0]), "accuracy")
    assert found["difference"] == 1 and np.isnan([found["low"], found["high"]]).all()
    assert np.isnan(accuracy([1]).intervals()["accuracy"]).all()


def test_the_expanded_interval_of_a_mean_is_that_of_student():
    """The bootstrap of a mean of 5 values with standard error 1 has a deviation of sqrt(4 / 5); t(4) gives 2.776."""
    grid = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    assert expanded_interval(grid * 0.8**0.5, 5) == pytest.approx([-2.776, 2.776], rel=2e-3)
    assert expanded_interval(grid, 1000) == pytest.approx([-1.96, 1.96], rel=3e-3)
    assert max(expanded_interval([1.0, 2.0, np.nan, 4.0], 2)) <= 4  # within the range of the score


def test_the_interval_from_five_groups_covers_the_truth():
    random, covered = np.random.default_rng(0), {"expanded": 0, "plain": 0}
    for _ in range(1000):
        means = random.choice(random.normal(size=5), size=(1000, 5)).mean(axis=1)
        ends = {"expanded": expanded_interval(means, 5), "plain": np.quantile(means, [0.025, 0.975])}
        for name, (low, high) in ends.items():
            covered[name] += low <= 0 <= high
    assert covered["plain"] < 850 and covered["expanded"] > 890


def test_blocks_are_shorter_where_there_would_be_too_few():
    assert blocks(np.arange(40, 140), 10).tolist() == np.repeat(np.arange(10), 10).tolist()
    assert blocks(np.array([0, 7, 21, 22]), 10).tolist() == [0, 1, 5, 5]  # 23 places, of which a fifth is 4
    assert blocks(np.arange(3), 4).tolist() == [0, 1, 2]


def test_paired_difference_is_sharper_than_the_intervals():
    model, baseline = accuracy([1] * 720 + [0] * 280), accuracy([1] * 700 + [0] * 300)
    found = difference(model, baseline, "accuracy")
    assert found["difference"] == pytest.approx(0.02)
    assert 0.005 < found["low"] < 0.02 < found["high"] < 0.035
    assert found["better"] > 0.99


def test_the_interval_of_a_paired_difference_counts_groups_not_examples():
    groups = np.repeat(np.arange(5), 100)
    model, baseline = accuracy(np.repeat([0.1, 0.2, 0.3, 0.4, 0.5], 100), groups), accuracy(np.zeros(500), groups)
    found = difference(model, baseline, "accuracy")
    means = [model.over(drawn)["accuracy"] for drawn in model.resamples()]
    assert [found["low"], found["high"]] == expanded_interval(means, 5) != expanded_interval(means, 500)


def test_nothing_is_compared_with_a_score_that_is_no_number():
    nothing = accuracy([np.nan] * 4)
    assert all(np.isnan(value) for value in difference(nothing, accuracy([1] * 4), "accuracy").values())


def test_nothing_to_score_is_refused():
    with pytest.raises(ValueError, match="empty"):
        accuracy([])


def test_a_value_that_is_no_number_is_never_the_best():
    values = {"nothing": np.nan, "missing": None, "low": 0.1, "high": 0.9, "high too": 0.9}
    assert ranking(values, "accuracy") == ["high", "high too", "low", "nothing", "missing"]
    assert (best(values, "accuracy"), best(values, "mae_error")) == ("high", "low")


def test_names_tell_the_direction():
    assert lower_is_better("perplexity") and lower_is_better("mae_error") and lower_is_better("nll_loss")
    assert not lower_is_better("accuracy") and not lower_is_better("bleu")
    assert not lower_is_better("f1_typing_error") and not lower_is_better("accuracy_perplexity")


@pytest.mark.parametrize(
    "name, ends",
    [
        *((name, (0, 1)) for name in ("accuracy", "f1", "f1_NOUN", "coverage", "exact_match_longer", "no sensitivity")),
        *((name, (0, 1)) for name in ("f1_typing_error", "f1_heat_loss", "accuracy_loss", "bleu_like sensitivity")),
        *((name, (0, 100)) for name in ("bleu", "bleu_4", "chrf", "chrf_longer")),
        *((name, (0, np.inf)) for name in ("word_error", "perplexity", "bits_per_char", "longest_copy at 0.5")),
        *((name, (-np.inf, np.inf)) for name in ("nll_loss", "picture_gain")),
        ("cider", (0, 10)),
        ("matthews", (-1, 1)),
        ("r2", (-np.inf, 1)),
    ],
)
def test_limits(name, ends):
    assert limits(name) == ends
