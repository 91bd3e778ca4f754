"""Scores of forecasts on cases worked out by hand, their pictures, and the Student-t loss."""

import numpy as np
import pytest

from common.metrics.forecast import ForecastScores, terciles

DATES = np.arange("2020-12-20", "2021-01-29", dtype="datetime64[D]")  # 40 days


def scored(truths, forecasts, **changes):
    truths, forecasts = np.array(truths, float), np.array(forecasts, float)
    arguments = dict(
        errors=forecasts[..., 0] - truths,
        naive_errors=truths,
        dates=np.resize(DATES, len(truths)),
        series=["A"] * len(truths),
        unit="percent",
    )
    return ForecastScores(truths, forecasts, **{**arguments, **changes})


def test_scores_of_four_days():
    # Normal with deviation 2 around 1: the 90 % interval is 1 +- 3.2897.
    scores = scored([[1.0], [4.0], [-3.0], [0.0]], [[[1.0, 2.0, np.inf]]] * 4)
    log_two_pi = np.log(2 * np.pi)
    assert scores["nll_loss"] == pytest.approx(0.5 * log_two_pi + np.log(2) + (0 + 2.25 + 4 + 0.25) / 8)
    assert scores["coverage"] == 0.75  # -3 lies outside
    assert scores["mae_percent_error"] == (0 + 3 + 4 + 1) / 4
    assert scores["scaled_error"] == 8 / 8
    assert scores["direction_accuracy"] == pytest.approx(2 / 3)  # the day without a move does not count
    assert scores.levels[0] == 0.5
    assert scores.losses.argmax() == 2


def test_student_t_likelihood():
    scores = scored([[1.0]], [[[0.0, 1.0, 1.0]]])  # Cauchy: density 1 / (pi (1 + x^2))
    assert scores["nll_loss"] == pytest.approx(np.log(2 * np.pi))


def test_location_of_zero_is_half_right():
    assert scored([[1.0], [-1.0]], [[[0.0, 1.0, 5.0]]] * 2)["direction_accuracy"] == 0.5


def test_days_beyond_the_end_do_not_count():
    scores = scored([[1.0, 2.0], [1.0, np.nan]], np.tile([0.0, 1.0, np.inf], (2, 2, 1)))
    assert scores["mae_percent_error"] == 4 / 3
    assert scores["nll_loss"] == pytest.approx(0.5 * np.log(2 * np.pi) + (1 + 4 + 1) / 6)


def test_days_stand_together_in_the_bootstrap_over_all_series():
    truths = np.random.default_rng(0).normal(size=(80, 1))
    forecasts = np.tile([0.0, 1.0, 5.0], (80, 1, 1))
    scores = scored(truths, forecasts, dates=np.tile(DATES, 2), series=["A"] * 40 + ["B"] * 40)
    assert scores.groups.tolist() == [day // 8 for day in range(40)] * 2  # at least five blocks
    assert {label: len(part) for label, part in scores.breakdowns["by year"].items()} == {"2020": 24, "2021": 56}
    assert list(scores.breakdowns["by series"]) == ["A", "B"]


def test_blocks_cover_two_horizons_and_are_several():
    days = np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]")
    truths, forecasts = np.zeros((366, 20)), np.tile([0.0, 1.0, np.inf], (366, 20, 1))
    assert scored(truths, forecasts, dates=days).groups.tolist() == [day // 40 for day in range(366)]
    assert scored(truths[:15, :1], forecasts[:15, :1]).groups.tolist() == [day // 3 for day in range(15)]


def test_terciles():
    labels = terciles(np.array([3.0, 1.0, 2.0, 9.0, 8.0, 7.0]))
    assert labels.tolist() == ["middle", "calm", "calm", "stormy", "stormy", "middle"]


def test_pictures(tmp_path):
    from common.plots.forecast import figures

    truths = np.random.default_rng(0).normal(size=(80, 1))
    forecasts = np.tile([0.0, 1.0, 5.0], (80, 1, 1))
    scores = scored(truths, forecasts, dates=np.tile(DATES, 2), series=["A"] * 40 + ["B"] * 40)
    found = figures(scores, [], [], tmp_path)
    assert sorted(name for name, _ in found) == sorted(path.name for path in tmp_path.iterdir())
    assert all(path.stat().st_size > 5000 for path in tmp_path.iterdir())


def test_loss_is_the_negative_log_likelihood():
    """Against scipy, with weights and with targets of fewer days than forecasts."""
    from scipy import stats

    from common.training.losses import StudentT

    random = np.random.default_rng(0)
    truths = random.normal(size=(4, 2)).astype(np.float32)
    forecasts = np.stack(
        [random.normal(size=(4, 3)), random.uniform(0.5, 2, (4, 3)), random.uniform(2, 30, (4, 3))], axis=-1
    ).astype(np.float32)
    location, scale, df = np.moveaxis(forecasts[:, :2], -1, 0)
    expected = -stats.t.logpdf(truths, df, location, scale)
    assert StudentT(reduction=None)(truths, forecasts).numpy() == pytest.approx(expected, rel=1e-5)
    weights = np.array([[1, 1], [1, 0], [0, 0], [1, 1]], np.float32)
    assert float(StudentT()(truths, forecasts, weights)) == pytest.approx((expected * weights).sum() / 5, rel=1e-5)
