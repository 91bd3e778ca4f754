"""The recurrent network and back-propagation through time in plain NumPy, in the symbols of the textbooks.

Elman (1990) and Goodfellow, Bengio and Courville, chapter 10: `U` multiplies the input x_t, `W` the state h_(t-1) of
the step before, `b` is added. Examples are rows, so a product is `x @ U`. `weights` is `(U, W, b)` as
`get_weights` of `keras.layers.SimpleRNN`, `GRU` and `LSTM` gives them: the gates side by side, those of a GRU in the
order z, r, candidate and with a second row of b that belongs to the state; those of an LSTM i, f, g, o.

A step gives the state after it and what its derivative needs. The way back takes the errors, the derivatives of the
loss with respect to that state, and gives the errors of the state before and those of the two sums that enter the
gates: the one over the inputs and the one over the state.
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
    """h_t = z h_(t-1) + (1 - z) candidate: z keeps, r decides what of the state the candidate sees (Cho 2014)."""
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
    over_state = np.concatenate([d_z, d_r, d_c * r], axis=-1)
    return (d_h * z + over_state @ W.T,), np.concatenate([d_z, d_r, d_c], axis=-1), over_state


def lstm_step(x, state, weights):
    """c_t = f c_(t-1) + i g and h_t = o tanh(c_t) (Hochreiter and Schmidhuber 1997; Gers 2000 added f)."""
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
        states: number of arrays of which the state consists; the first is the output h.
        gates: how many blocks of `units` columns U and W have.
        gate_names: what `kept` holds of a step that lies between 0 and 1, name to place.
        step: `(x, state, weights) -> (state, kept)`.
        back: `(errors, kept, W) -> (errors before, errors of the sum over inputs, errors of the sum over the state)`.
    """

    states: int
    gates: int
    gate_names: dict[str, int]
    step: Callable
    back: Callable

    def zeros(self, rows: int, weights) -> tuple[np.ndarray, ...]:
        """The state before the first step."""
        return (np.zeros((rows, len(weights[1])), weights[1].dtype),) * self.states


CELLS = {
    "simple_rnn": Cell(1, 1, {}, simple_rnn_step, simple_rnn_back),
    "gru": Cell(1, 3, {"update": 1, "reset": 2}, gru_step, gru_back),
    "lstm": Cell(2, 4, {"input": 1, "forget": 2, "output": 4}, lstm_step, lstm_back),
}

# ------------------------------------------------------------------------------------- Forward and back in time


def forward(cell: str, inputs: np.ndarray, weights: Sequence[np.ndarray], state=None) -> tuple[list, list]:
    """Read a sequence.

    Args:
        inputs: `(batch, timesteps, features)`.
        state: before the first step, a tuple of arrays `(batch, units)`; None: zeros.

    Returns:
        The states, one tuple a step, and what the way back needs of each step.
    """
    kind, states, kept = CELLS[cell], [], []
    state = kind.zeros(len(inputs), weights) if state is None else state
    for t in range(inputs.shape[1]):
        state, of_step = kind.step(inputs[:, t], state, weights)
        states.append(state)
        kept.append(of_step)
    return states, kept


def outputs(states: Sequence[tuple]) -> np.ndarray:
    """The h of all steps, `(batch, timesteps, units)`."""
    return np.stack([state[0] for state in states], axis=1)


def back_propagate(cell: str, inputs: np.ndarray, weights, states, kept, d_outputs: np.ndarray) -> tuple:
    """Back-propagation through time (Werbos 1990), from zeros before the first step.

    Args:
        inputs, weights, states, kept: of `forward`.
        d_outputs: dL/dh_t as far as h_t is read, not handed on: `(batch, timesteps, units)`.

    Returns:
        For each step its share `(dU, dW, db)` of the gradient, dL/dx `(batch, timesteps, features)`, and the errors
        dL/dh_t by all paths `(batch, timesteps, units)`. The gradient is the sum of the shares.
    """
    kind, (U, W, b) = CELLS[cell], weights  # noqa: N806
    shares, d_inputs, errors_h = [], np.zeros_like(inputs), np.zeros_like(d_outputs)
    errors = kind.zeros(len(inputs), weights)
    for t in reversed(range(inputs.shape[1])):
        errors = (errors[0] + d_outputs[:, t], *errors[1:])
        errors_h[:, t] = errors[0]
        before = states[t - 1][0] if t else np.zeros_like(errors[0])
        errors, over_inputs, over_state = kind.back(errors, kept[t], W)
        d_inputs[:, t] = over_inputs @ U.T
        d_b = over_inputs.sum(axis=0)
        d_b = np.stack([d_b, over_state.sum(axis=0)]) if b.ndim > 1 else d_b
        shares.append((inputs[:, t].T @ over_inputs, before.T @ over_state, d_b))
    return shares[::-1], d_inputs, errors_h


def total(shares: Sequence[tuple]) -> list[np.ndarray]:
    """The gradient of the weights: the sum of the shares of all steps, since all steps use the same weights."""
    return [np.sum(arrays, axis=0) for arrays in zip(*shares)]


# ---------------------------------------------------------------------------------------- Cross-entropy over time


def softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def cross_entropy(logits: np.ndarray, targets: np.ndarray, real: np.ndarray | None = None) -> tuple:
    """-log softmax(o_t)[y_t], summed over all real steps of all examples.

    Args:
        logits: o `(..., classes)`.
        targets: int y `(...)`.
        real: `(...)`, 1 where a target counts and 0 where it is padding; None: all count.

    Returns:
        The loss in nats and its derivative dL/do, which is softmax(o) - 1 at the target: `(..., classes)`.
    """
    probabilities = softmax(logits)
    real = np.ones(targets.shape) if real is None else real
    own = np.take_along_axis(probabilities, targets[..., None], axis=-1)[..., 0]
    d_logits = (probabilities - (np.arange(logits.shape[-1]) == targets[..., None])) * real[..., None]
    return -(real * np.log(own)).sum(), d_logits
