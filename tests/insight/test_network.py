"""The network by hand: its gradient, clipping, and that it learns."""

import numpy as np
import pytest

from common.insight import network, probes, reference
from common.insight.network import Network


@pytest.mark.parametrize("cell", reference.CELLS)
@pytest.mark.parametrize("loss", [reference.cross_entropy, network.squared_error])
def test_gradient_is_the_numerical_one(cell, loss):
    random, one = np.random.default_rng(0), Network(cell, 3, 4, 2)
    inputs, targets = random.normal(size=(2, 5, 3)), random.integers(0, 2, (2, 5))
    if loss is network.squared_error:
        targets = random.normal(size=(2, 5, 2))
    weights = random.random((2, 5))
    outputs, states, kept = one.forward(inputs)
    found, d_inputs = one.backward(inputs, states, kept, loss(outputs, targets, weights)[1])
    for name, array in {**one.weights, "inputs": inputs}.items():
        place, step = (0,) * array.ndim, 1e-6
        array[place] += step
        above = loss(one.forward(inputs)[0], targets, weights)[0]
        array[place] -= 2 * step
        below = loss(one.forward(inputs)[0], targets, weights)[0]
        array[place] += step
        assert {**found, "inputs": d_inputs}[name][place] == pytest.approx(
            (above - below) / (2 * step), rel=1e-5, abs=1e-8
        ), name


def test_clipping_keeps_the_direction_and_bounds_the_norm():
    gradients = {"a": np.array([3.0, 0]), "b": np.array([[4.0]])}
    found, norm = network.clipped(gradients, norm=1.0)
    assert norm == pytest.approx(5)
    np.testing.assert_allclose(found["a"], [0.6, 0])
    np.testing.assert_allclose(found["b"], [[0.8]])
    assert network.clipped(gradients, norm=10)[0]["a"][0] == 3


def test_it_learns_a_short_order():
    one = Network("gru", 6, 12, 4)
    history = network.train(one, probes.batches(probes.PROBES["order"], 32, 10, 150), learning_rate=2e-2)
    assert history[0][0] == pytest.approx(np.log(4), abs=0.3)
    assert np.mean([loss for loss, _ in history[-10:]]) < 0.3


def test_plain_descent_moves_against_the_gradient_alone():
    one, batch = Network("simple_rnn", 6, 8, 4), next(probes.batches(probes.PROBES["order"], 4, 10, 1))
    before = {name: array.copy() for name, array in one.weights.items()}
    outputs, states, kept = one.forward(batch[0])
    _, d_outputs = reference.cross_entropy(outputs, *batch[1:])
    gradients, _ = one.backward(batch[0], states, kept, d_outputs / 4)
    network.train(one, [batch], 0.1, clip_norm=np.inf, optimizer=network.GradientDescent)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(one.weights[name], before[name] - 0.1 * gradient, rtol=0, atol=1e-12)
