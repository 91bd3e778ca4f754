"""Intervals of Student-t distributions against SciPy's own distributions."""

import numpy as np
import pytest
from scipy import stats

from common.prediction import student_t


def test_the_interval_has_the_probability_asked_for():
    found = student_t.reach(np.array([1.0, 2.0, 3.0]), np.array([2.5, 30.0, np.inf]), 0.9)
    assert found[0] == pytest.approx(stats.t(2.5).interval(0.9)[1])
    assert found[1] == pytest.approx(stats.t(30.0, scale=2.0).interval(0.9)[1])
    assert found[2] == pytest.approx(stats.norm(scale=3.0).interval(0.9)[1])
