"""Recurrent networks and back-propagation through time in plain NumPy, in the symbols of the textbooks.

As in Elman (1990) and Goodfellow, Bengio and Courville, chapter 10, `U` multiplies the input x_t, `W` the previous
state h_(t-1), and `b` is the bias. Examples are rows, so a product is `x @ U`. `weights` is `(U, W, b)` in the layout
of `get_weights` of `keras.layers.SimpleRNN`, `GRU` and `LSTM`: the gates side by side, in the order z, r, candidate in
a GRU, whose `b` has a second row for the product with the state, and i, f, g, o in an LSTM.

A forward step returns the new state and the values that its derivative needs (`kept`). A backward step takes the
errors, the derivatives of the loss with respect to that state, and returns the errors of the previous state and the
derivatives with respect to the pre-activations: one array for x @ U, one for h @ W. They differ only in a GRU, whose
reset gate multiplies the second product.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

# --------------------------------------------------------------------------------------------------- The cells


def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))  # no exponential that can overflow


def simple_rnn_step(x, state, weights):
    """h_t = tanh(x_t U + h_(t-1) W + b)."""
    (h,), (U, W, b) = state, weights  # noqa: N806 - the textbooks' symbols
    h = np.tanh(x @ U + h @ W + b)
    return (h,), (h,)


def simple_rnn_back(errors, kept, W):  # noqa: N803
    (d_h,), (h,) = errors, kept
    d_a = d_h * (1 - h**2)  # the derivative of tanh
    return (d_a @ W.T,), d_a, d_a


def gru_step(x, state, weights):
    """h_t = z h_(t-1) + (1 - z) candidate; the reset gate r scales what the candidate sees of the state (Cho 2014)."""
    (before,), (U, W, b) = state, weights  # noqa: N806
    x_z, x_r, x_c = np.split(x @ U + b[0], 3, axis=-1)
    h_z, h_r, h_c = np.split(before @ W + b[1], 3, axis=-1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    candidate = np.tanh(x_c + r * h_c)
    h = z * before + (1 - z) * candidate
    return (h,), (before, z, r, candidate, h_c)


def gru_back(errors, kept, W):  # noqa: N803
    (d_h,), (before, z, r, candidate, h_c) = errors, kept
    d_c = d_h * (1 - z) * (1 - candidate**2)
    d_z = d_h * (before - candidate) * z * (1 - z)
    d_r = d_c * h_c * r * (1 - r)
    d_state = np.concatenate([d_z, d_r, d_c * r], axis=-1)
    return (d_h * z + d_state @ W.T,), np.concatenate([d_z, d_r, d_c], axis=-1), d_state


def lstm_step(x, state, weights):
    """c_t = f c_(t-1) + i g and h_t = o tanh(c_t) (Hochreiter and Schmidhuber 1997; f by Gers 2000)."""
    (h, before), (U, W, b) = state, weights  # noqa: N806
    i, f, g, o = np.split(x @ U + h @ W + b, 4, axis=-1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * before + i * g
    return (o * np.tanh(c), c), (before, i, f, g, o, np.tanh(c))


def lstm_back(errors, kept, W):  # noqa: N803
    (d_h, d_c), (before, i, f, g, o, squashed) = errors, kept
    d_c = d_c + d_h * o * (1 - squashed**2)
    gates = (
        d_c * g * i * (1 - i),
        d_c * before * f * (1 - f),
        d_c * i * (1 - g**2),
        d_h * squashed * o * (1 - o),
    )
    d_a = np.concatenate(gates, axis=-1)
    return (d_a @ W.T, d_c * f), d_a, d_a


@dataclasses.dataclass(frozen=True)
class Cell:
    """A recurrent cell.

    Attributes:
        states: number of arrays in the state; the first is the output h.
        gates: number of blocks of `units` columns in U and W, the candidate's included.
        gate_names: name of each gate with values between 0 and 1 -> its index in `kept`.
        step: `(x, state, weights) -> (state, kept)`.
        back: `(errors, kept, W) -> (errors of the previous state, dL/d(x @ U), dL/d(h @ W))`.
    """

    states: int
    gates: int
    gate_names: dict[str, int]
    step: Callable
    back: Callable

    def zeros(self, rows: int, weights) -> tuple[np.ndarray, ...]:
        """The initial state."""
        return (np.zeros((rows, len(weights[1])), weights[1].dtype),) * self.states


CELLS = {
    "simple_rnn": Cell(1, 1, {}, simple_rnn_step, simple_rnn_back),
    "gru": Cell(1, 3, {"update": 1, "reset": 2}, gru_step, gru_back),
    "lstm": Cell(2, 4, {"input": 1, "forget": 2, "output": 4}, lstm_step, lstm_back),
}

# ----------------------------------------------------------------------------------------- Forward and backward


def forward(cell: str, inputs: np.ndarray, weights: Sequence[np.ndarray], state=None) -> tuple[list, list]:
    """Run a cell over a batch of sequences.

    Args:
        inputs: `(batch, timesteps, features)`.
        state: initial state, a tuple of arrays `(batch, units)`; None: zeros.

    Returns:
        Two lists with an entry per step: the state after it, a tuple, and the values that the backward pass needs.
    """
    kind, states, kept = CELLS[cell], [], []
    state = kind.zeros(len(inputs), weights) if state is None else state
    for t in range(inputs.shape[1]):
        state, of_step = kind.step(inputs[:, t], state, weights)
        states.append(state)
        kept.append(of_step)
    return states, kept


def outputs(states: Sequence[tuple]) -> np.ndarray:
    """h at all steps, `(batch, timesteps, units)`."""
    return np.stack([state[0] for state in states], axis=1)


def back_propagate(cell: str, inputs: np.ndarray, weights, states, kept, d_outputs: np.ndarray) -> tuple:
    """Back-propagation through time (Werbos 1990), for sequences whose initial state was zeros.

    Args:
        inputs, weights, states, kept: of `forward`.
        d_outputs: dL/dh_t through the output of step t alone, not through later states: `(batch, timesteps, units)`.

    Returns:
        The contribution `(dU, dW, db)` of each step to the gradient, which is their sum (`total`); dL/dx
        `(batch, timesteps, features)`; and the errors dL/dh_t through all paths, `(batch, timesteps, units)`.
    """
    kind, (U, W, b) = CELLS[cell], weights  # noqa: N806
    by_step, d_inputs, errors_h = [], np.zeros_like(inputs), np.zeros_like(d_outputs)
    errors = kind.zeros(len(inputs), weights)
    for t in reversed(range(inputs.shape[1])):
        errors = (errors[0] + d_outputs[:, t], *errors[1:])
        errors_h[:, t] = errors[0]
        before = states[t - 1][0] if t else np.zeros_like(errors[0])
        errors, d_xU, d_hW = kind.back(errors, kept[t], W)  # noqa: N806
        d_inputs[:, t] = d_xU @ U.T
        d_b = d_xU.sum(axis=0)
        d_b = np.stack([d_b, d_hW.sum(axis=0)]) if b.ndim > 1 else d_b
        by_step.append((inputs[:, t].T @ d_xU, before.T @ d_hW, d_b))
    return by_step[::-1], d_inputs, errors_h


def total(by_step: Sequence[tuple]) -> list[np.ndarray]:
    """The gradient of U, W and b: the sum of the contributions of all steps, since all steps share the weights."""
    return [np.sum(arrays, axis=0) for arrays in zip(*by_step)]


# ---------------------------------------------------------------------------------------- Cross-entropy over time


def softmax(logits: np.ndarray) -> np.ndarray:
    unnormalised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return unnormalised / unnormalised.sum(axis=-1, keepdims=True)


def cross_entropy(logits: np.ndarray, targets: np.ndarray, real: np.ndarray | None = None) -> tuple:
    """-log softmax(o_t)[y_t], summed over all real steps of all examples.

    Args:
        logits: o `(..., classes)`.
        targets: int y `(...)`.
        real: `(...)`, 1 for real steps and 0 for padding; None: all are real.

    Returns:
        The loss in nats and its derivative dL/do, which is softmax(o) - 1 at the target: `(..., classes)`.
    """
    probabilities = softmax(logits)
    real = np.ones(targets.shape) if real is None else real
    own = np.take_along_axis(probabilities, targets[..., None], axis=-1)[..., 0]
    d_logits = (probabilities - (np.arange(logits.shape[-1]) == targets[..., None])) * real[..., None]
    return -(real * np.log(own)).sum(), d_logits
