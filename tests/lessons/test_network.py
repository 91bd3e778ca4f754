"""The network that the documents train: its gradient, clipping, and that it learns."""

import numpy as np
import pytest

from common.insight import lesson, reference
from common.insight.probes import PROBES
from common.lessons import network
from common.lessons.network import Network


@pytest.mark.parametrize("cell", reference.CELLS)
@pytest.mark.parametrize("loss", [reference.cross_entropy, network.squares])
def test_gradient_is_the_numerical_one(cell, loss):
    random, one = np.random.default_rng(0), Network(cell, 3, 4, 1 if loss is network.squares else 2)
    inputs, targets = random.normal(size=(2, 5, 3)), random.integers(0, 2, (2, 5))
    weights = random.random((2, 5))
    outputs, states, kept = one.read(inputs)
    found = one.gradient(inputs, states, kept, loss(outputs, targets, weights)[1])
    for name, array in one.weights.items():
        place, step = (0,) * array.ndim, 1e-6
        array[place] += step
        above = loss(one.read(inputs)[0], targets, weights)[0]
        array[place] -= 2 * step
        below = loss(one.read(inputs)[0], targets, weights)[0]
        array[place] += step
        assert found[name][place] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8), name


def test_clipping_keeps_the_direction_and_bounds_the_norm():
    gradients = {"a": np.array([3.0, 0]), "b": np.array([[4.0]])}
    found, norm = lesson.clipped(gradients, limit=1.0)
    assert norm == pytest.approx(5)
    np.testing.assert_allclose(found["a"], [0.6, 0])
    np.testing.assert_allclose(found["b"], [[0.8]])
    assert lesson.clipped(gradients, limit=10)[0]["a"][0] == 3


def test_it_learns_a_short_order():
    one = Network("gru", 6, 12, 4)
    history = network.train(one, network.of_probe(PROBES["order"], 32, 10, 150), rate=2e-2)
    assert history[0][0] == pytest.approx(np.log(4), abs=0.3)
    assert np.mean([loss for loss, _ in history[-10:]]) < 0.3
