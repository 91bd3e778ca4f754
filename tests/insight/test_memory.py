"""The memory curve, where theory gives the result."""

import numpy as np
import pytest

from common.insight import memory, reference
from common.insight.network import Network

UNITS = 8


def test_a_delay_line_remembers_one_input_per_unit():
    """A kernel that shifts the state by a unit per step, with inputs so small that tanh is linear."""
    weights = [1e-3 * np.eye(1, UNITS), np.eye(UNITS, k=1), np.zeros(UNITS)]
    found = memory.curve("simple_rnn", weights, np.ones(1))
    np.testing.assert_allclose(found[:UNITS], 1, atol=1e-3)
    assert found[UNITS:].max() < 0.02
    assert found.sum() == pytest.approx(UNITS, abs=0.1)


@pytest.mark.parametrize("cell", reference.CELLS)
@pytest.mark.parametrize("gain", [0.5, 0.95, 1.5])
def test_the_total_of_an_untrained_network_is_at_most_the_number_of_units(cell, gain):
    direction = np.random.default_rng(1).normal(size=3)
    found = memory.curve(cell, Network(cell, 3, UNITS, 1, gain=gain).recurrent, direction)
    assert found.shape == (memory.DELAYS,) and found.max() <= 1
    assert 0.5 < found.sum() <= UNITS
    assert found[0] > 0.5 > found[-1]
