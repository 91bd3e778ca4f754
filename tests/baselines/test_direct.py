"""Direct forecasts: each finds what it can, settings are chosen without the examples to forecast."""

import numpy as np
import pytest

from common.baselines import direct


def test_ridge_finds_a_line_among_noise(draw):
    features = draw.normal(size=(400, 30))
    targets = np.stack([features[:, 0], 2 - features[:, 1]], axis=1) + draw.normal(size=(400, 2)) / 10
    found = direct.ridge(features[:300], features[300:], targets[:300])
    assert np.abs(found - targets[300:]).mean() < 0.12


def test_boosting_finds_what_depends_on_the_step(draw):
    features = draw.normal(size=(600, 3))
    targets = np.sign(features[:, :1]) * np.array([2, -1, 3])
    found = direct.boosting(features[:500], features[500:], targets[:500])
    assert np.abs(found - targets[500:]).mean() < 0.1


def test_windows_of_unequal_length_become_rows():
    inputs = [{"rows": np.ones((n, 2), np.float32) * n, "recent": np.float32([7])} for n in (1, 3)]
    (flat, _), (short, _) = direct.flat(inputs, inputs), direct.summed_up(inputs, inputs)
    assert flat.tolist() == [[0, 0, 0, 0, 1, 1, 7], [3, 3, 3, 3, 3, 3, 7]]
    assert short.tolist() == [[1] * 6 + [7], [3] * 6 + [7]]
    assert flat.shape == pytest.approx((2, 7))
