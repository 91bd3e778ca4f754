"""Backpropagated gradients over time, where theory gives the result."""

import numpy as np
import pytest

from common.insight import flow, gradients, reference
from common.insight.recurrences import Recurrence

UNITS, TIMESTEPS = 6, 50


def orthogonal(size, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]


def scaled(gain):
    """What each step keeps of a SimpleRNN with W = gain Q, and its weights, from zero inputs and states."""
    weights = [np.zeros((2, UNITS)), gain * orthogonal(UNITS), np.zeros(UNITS)]
    return reference.forward("simple_rnn", np.zeros((1, TIMESTEPS, 2)), weights)[1], weights


def random_weights(cell, gain=1.0, features=3, seed=0):
    random, gates = np.random.default_rng(seed), reference.CELLS[cell].gates
    bias = (2, gates * UNITS) if cell == "gru" else (gates * UNITS,)
    recurrent = np.concatenate([gain * orthogonal(UNITS, seed + i) for i in range(gates)], axis=1)
    return [random.normal(0, 0.5, (features, gates * UNITS)), recurrent, np.zeros(bias)]


def jacobian(cell, of_step, weights):
    """d(state after a step) / d(state before it) for one sequence, `(states * units, states * units)`."""
    kind, units = reference.CELLS[cell], weights[1].shape[0]
    errors = np.split(np.eye(kind.states * units), kind.states, axis=1)
    before, *_ = kind.back(tuple(errors), of_step, weights[1])
    return np.concatenate(before, axis=1)  # row i is the gradient of element i of the new state


def jacobian_product(cell, kept, weights):
    """d(last state) / d(initial state), `(states * units, states * units)`."""
    product = np.eye(reference.CELLS[cell].states * weights[1].shape[0])
    for of_step in reversed(kept):
        product = product @ jacobian(cell, of_step, weights)
    return product


@pytest.mark.parametrize(("gain", "after_50"), [(0.9, 0.005154), (1.0, 1.0), (1.1, 117.39)])
def test_a_scaled_orthogonal_kernel_scales_every_error(gain, after_50):
    kept, weights = scaled(gain)
    singular = np.linalg.svd(jacobian_product("simple_rnn", kept, weights), compute_uv=False)
    np.testing.assert_allclose(singular, after_50, rtol=1e-3)
    np.testing.assert_allclose(singular, gain**TIMESTEPS, rtol=1e-9)
    np.testing.assert_allclose(gradients.lyapunov_exponents("simple_rnn", kept, weights), np.log(gain), atol=1e-12)
    norms = gradients.norms_by_distance("simple_rnn", kept, weights)
    np.testing.assert_allclose(norms, np.tile(gain ** np.arange(TIMESTEPS + 1), (len(norms), 1)), rtol=1e-9)


def test_where_it_vanishes_and_explodes():
    small, large = 0.9 ** np.arange(60), 1.1 ** np.arange(60)
    assert gradients.vanished_at(small) == 44 and gradients.exploded_at(small) is None  # 0.9^44 = 0.0097
    assert gradients.exploded_at(large) == 49 and gradients.vanished_at(large) is None  # 1.1^49 = 106.7


@pytest.mark.parametrize("cell", reference.CELLS)
def test_jacobian_is_the_numerical_one(cell):
    weights, random = random_weights(cell), np.random.default_rng(1)
    kind = reference.CELLS[cell]
    state, x = tuple(random.normal(0, 0.5, (1, UNITS)) for _ in range(kind.states)), random.normal(size=(1, 3))
    _, kept = kind.step(x, state, weights)
    found, step = jacobian(cell, kept, weights), 1e-6
    for column in range(kind.states * UNITS):
        moved = np.concatenate(state, axis=1)
        moved[0, column] += step
        above = np.concatenate(kind.step(x, tuple(np.split(moved, kind.states, axis=1)), weights)[0], axis=1)
        moved[0, column] -= 2 * step
        below = np.concatenate(kind.step(x, tuple(np.split(moved, kind.states, axis=1)), weights)[0], axis=1)
        np.testing.assert_allclose(found[:, column], (above - below)[0] / (2 * step), rtol=1e-5, atol=1e-8)


def test_without_the_paths_over_h_an_lstm_keeps_what_its_forget_gates_keep():
    weights = random_weights("lstm")
    weights[1] = np.zeros_like(weights[1])
    inputs = np.random.default_rng(2).normal(size=(1, 20, 3))
    _, kept = reference.forward("lstm", inputs, weights)
    by_gates = np.prod([of_step[reference.CELLS["lstm"].gate_names["forget"]] for of_step in kept], axis=0)
    product = jacobian_product("lstm", kept, weights)[UNITS:, UNITS:]  # dc_T / dc_0
    np.testing.assert_allclose(product, np.diag(by_gates[0]), rtol=1e-10, atol=1e-15)


def test_product_of_jacobians_and_norms_agree():
    weights = random_weights("gru")
    _, kept = reference.forward("gru", np.random.default_rng(3).normal(size=(1, 15, 3)), weights)
    singular = np.linalg.svd(jacobian_product("gru", kept, weights), compute_uv=False)
    assert gradients.norms_by_distance("gru", kept, weights)[:, -1].max() <= singular[0] * (1 + 1e-9)
    exponents = gradients.lyapunov_exponents("gru", kept, weights, count=UNITS)
    assert exponents.sum() * 15 == pytest.approx(np.log(singular).sum(), rel=1e-6)  # the determinant, whatever the QR


@pytest.mark.parametrize("cell", reference.CELLS)
@pytest.mark.parametrize("scale", [0.01, 1.0])
def test_a_short_training_diverges_without_clipping_and_learns_with_it(cell, scale):
    """Whatever the cell, the number of features and their scale."""
    random = np.random.default_rng(0)
    for inputs in (np.sin(np.arange(30) / 3)[:, None] * np.ones(3), random.normal(size=(18, 40))):
        weights = random_weights(cell, features=inputs.shape[1])
        one = Recurrence("model", "recurrent", cell, "forward", weights, [scale * inputs])
        unclipped, clipped = flow.training(one).values()
        assert clipped.shape == (flow.TRAINING_STEPS,)
        assert clipped[-1] < 0.75 * clipped[0] and clipped[0] == unclipped[0] < 0.1 * unclipped[-1]


def test_nothing_is_clipped_if_the_limit_is_above_every_norm(monkeypatch):
    monkeypatch.setattr(flow, "TRAINING_CLIP", 1e12)
    inputs = np.sin(np.arange(30) / 3)[:, None] * np.ones(3)
    one = Recurrence("model", "recurrent", "gru", "forward", random_weights("gru"), [inputs])
    unclipped, clipped = flow.training(one).values()
    np.testing.assert_array_equal(unclipped, clipped)


def test_losses_are_infinite_once_numbers_overflow(monkeypatch):
    monkeypatch.setattr(flow, "CLIPPED_CHANGE", 1e9)
    one = Recurrence("model", "recurrent", "simple_rnn", "forward", random_weights("simple_rnn"), [np.ones((30, 3))])
    losses = flow.training(one)["without clipping"]
    finite = np.isfinite(losses)
    assert finite[0] and not finite[-1] and (losses[~finite] == np.inf).all()
    assert (np.diff(finite.astype(int)) <= 0).all()  # once infinite, always infinite


def test_training_of_an_empty_or_single_step_is_no_error():
    for steps in (0, 1):
        one = Recurrence("model", "recurrent", "gru", "forward", random_weights("gru"), [np.ones((steps, 3))])
        assert not any(losses.any() for losses in flow.training(one).values())
