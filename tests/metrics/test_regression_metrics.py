"""Scores of predicted numbers on cases worked out by hand, against scikit-learn, and their pictures."""

import numpy as np
import pytest

from common.metrics.regression import Regression
from common.plots.regression import figures


def test_scores_of_three_examples():
    scores = Regression([1.0, 2.0, 6.0], [2.0, 2.0, 4.0], unit="metres", naive=[0.0, 1.0, 2.0])
    assert scores["mae_metres_error"] == 1.0
    assert scores["rmse_metres_error"] == pytest.approx((5 / 3) ** 0.5)
    assert scores["r2"] == pytest.approx(1 - 5 / 14)  # distances from the mean 3: 4 + 1 + 9
    assert scores["scaled_error"] == 3 / 6
    assert scores.losses.tolist() == [1, 0, 2]
    assert (scores.truths[2], scores.answers[2]) == ("6", "4")


def test_r2_is_that_of_scikit_learn_far_from_zero(draw):
    from sklearn.metrics import r2_score

    truths = 1e6 + draw.normal(size=500)
    predictions = truths + draw.normal(size=500) / 2
    assert Regression(truths, predictions)["r2"] == pytest.approx(r2_score(truths, predictions), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_r2_of_bootstrap_samples_whose_truths_are_equal_is_left_out(seed):
    """Five drives straight ahead and one with bends: a third of the samples hold straight drives alone."""
    random, groups = np.random.default_rng(seed), np.repeat(np.arange(6), 7)
    truths = np.where(groups < 5, 0.1, random.normal(size=42))
    scores = Regression(truths, truths + random.normal(size=42) / 10, groups=groups)
    assert np.isnan(scores.over(np.flatnonzero(groups < 5))["r2"])
    low, high = scores.intervals()["r2"]
    assert 0.8 < low < scores["r2"] < high <= 1


def test_steps_that_are_not_known_do_not_count():
    truths = [[1.0, 2.0, 3.0], [4.0, np.nan, np.nan]]
    scores = Regression(truths, [[2.0, 2.0, 6.0], [6.0, 9.0, 9.0]], naive=np.zeros((2, 3)))
    assert scores["mae_error"] == (1 + 0 + 3 + 2) / 4
    assert scores["mae_step_1_error"] == 1.5
    assert scores["mae_step_2_error"] == 0
    assert scores["mae_step_3_error"] == 3
    assert scores.by_step()["error"].tolist() == [1.5, 0, 3]
    assert scores.by_step()["naive"].tolist() == [2.5, 2, 3]


def test_coverage_counts_the_ends_of_the_interval():
    scores = Regression([1.0, 2.0, 3.0, 4.0], np.zeros(4), bounds=([1.0] * 4, [3.0] * 4))
    assert scores["coverage"] == 0.75


def test_examples_of_a_group_are_resampled_together_whatever_its_label(draw):
    errors = np.repeat(draw.normal(size=8), 50)
    together = Regression(np.zeros(400), errors, groups=np.repeat(list("abcdefgh"), 50))
    alone = Regression(np.zeros(400), errors)
    (low, high), (alone_low, alone_high) = (scores.intervals()["mae_error"] for scores in (together, alone))
    assert high - low > 4 * (alone_high - alone_low)
    assert "r2" not in together  # the truths do not vary


def test_parts_of_the_test_set():
    scores = Regression([0.0, 0.0, 0.0], [1.0, 3.0, 5.0], parts={"by season": ["winter", "summer", "winter"]})
    parts = scores.breakdowns["by season"]
    assert {label: scores.over(part)["mae_error"] for label, part in parts.items()} == {"summer": 3, "winter": 3}


@pytest.mark.parametrize("predictions", [[1.0], [[1.0], [2.0]], [1.0, np.nan]])
def test_a_truth_without_a_prediction_is_refused(predictions):
    with pytest.raises(ValueError, match="prediction"):
        Regression([[1.0, 2.0]] if np.ndim(predictions) == 2 else [1.0, 2.0], predictions)


@pytest.mark.parametrize("steps", [1, 6])
def test_pictures(tmp_path, draw, steps):
    truths = draw.normal(size=(300, steps)).cumsum(axis=0)
    predictions = truths + draw.normal(size=truths.shape)
    more = {}
    if steps > 1:
        times = np.datetime64("2020-01-01T00") + np.arange(300)[:, None] + np.arange(steps)
        more = {"naive": truths - 1, "bounds": (predictions - 2, predictions + 2), "times": times, "unit": "celsius"}
    found = figures(Regression(truths, predictions, **more), [], [], tmp_path)
    assert sorted(name for name, _ in found) == sorted(path.name for path in tmp_path.iterdir())
    assert len(found) == (3 if steps > 1 else 2)
    assert all(path.stat().st_size > 5000 for path in tmp_path.iterdir())
