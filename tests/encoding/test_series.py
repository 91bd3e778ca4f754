"""Returns, dates to come, and the scaler."""

import json

import numpy as np
import pytest

from common.encoding.series import Scaler, beside_median, log_returns, market_moves, padded
from common.errors import UserError


def test_log_returns_are_percent_and_add_up():
    returns = log_returns(np.array([100.0, 110.0, 99.0]))
    assert returns == pytest.approx([9.53102, -10.53605], abs=1e-5)
    assert returns.sum() == pytest.approx(100 * np.log(99 / 100))


def test_rows_of_different_lengths_become_one_array():
    found = padded([np.float32([1, 2, 3]), (4.0,), ()], 2)
    np.testing.assert_array_equal(found, [[1, 2], [4, np.nan], [np.nan, np.nan]])
    assert found.dtype == float


def test_scaler_brings_rows_to_mean_0_and_deviation_1():
    rows = np.array([[1.0, 5.0, 0.1], [3.0, 5.0, 0.1], [5.0, 5.0, 0.1]])
    scaler = Scaler.fit(rows)
    scaled = scaler.scale(rows)
    assert scaled[:, 0] == pytest.approx([-1.224745, 0, 1.224745])
    assert np.abs(scaled[:, 1:]).max() < 1e-9  # a feature that never changes stays finite


def test_scaler_survives_json_and_refuses_what_is_none():
    scaler = Scaler.fit(np.random.default_rng(0).normal(size=(20, 3)))
    data = json.loads(json.dumps(scaler.to_json()))
    assert Scaler.from_json(data) == scaler
    for damaged in ({}, {**data, "means": [0.0]}, {**data, "deviations": [1.0, 0.0, 1.0]}, {**data, "more": 1}, None):
        with pytest.raises(UserError, match="train again"):
            Scaler.from_json(damaged)


def test_a_market_moves_by_the_mean_size_of_the_returns_of_a_day():
    days = np.arange("2020-01-01", "2020-01-06", dtype="datetime64[D]")
    early, late = (days[:4], np.exp([0, 0.01, 0.03, 0.0])), (days[[1, 2, 4]], np.exp([5, 4.96, 4.96]))
    first, second = market_moves([early, late])
    assert first == pytest.approx([0, 1, (2 + 4) / 2, 3])  # the second has no return on its first day
    assert second == pytest.approx([1, (2 + 4) / 2, 0])


def test_amounts_beside_their_median():
    assert beside_median(np.array([1.0, 0.0, np.e, np.e**9])) == pytest.approx([-1, 0, 0, 3])
    assert beside_median(np.zeros(3)) == pytest.approx([0, 0, 0])
