"""The three numbers of a Student-t distribution, for each step of a forecast."""

import numpy as np
import pytest

from common import layers


def test_three_numbers_for_each_step_in_their_order():
    found = layers.student_t(np.float32([[0, 0, 0, -3, np.log(2), -3]])).numpy()
    assert found.shape == (1, 2, 3)
    assert found[0, 0] == pytest.approx([0, 1, 2 + np.log1p(np.exp(3))])
    assert found[0, 1] == pytest.approx([-3, 2, 2 + np.log(2)])


def test_the_scale_stays_positive_and_the_variance_finite():
    found = layers.student_t(np.random.default_rng(0).normal(0, 5, (100, 12)).astype(np.float32)).numpy()
    assert (found[..., 1] > 0).all() and (found[..., 2] > 2).all()
