"""The recurrences over time-major arrays, with back-propagation through time written out.

The inputs have been projected before (all timesteps in one product). Forward, the loop does what depends on the state
alone. Backward, it carries only the error of the state; the gradient of the recurrent kernel, a sum over timesteps, is
one product of two large arrays after it (Werbos 1990).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Cell:
    """One timestep, forward and backward, without the products.

    Attributes:
        gates: blocks of `units` columns in the kernels.
        states: number of state arrays.
        saved: blocks of `units` columns that backward needs beside the states.
        forward: `(projected, recurrent, states) -> (states, saved)`; `recurrent` is the state times its kernel.
        backward: `(saved, before, after, errors) -> (projected, recurrent, before)`: given the states before and after
            the step and the errors (gradients of the loss) of the latter, the errors of `projected`, of `recurrent`
            and of the states before, as far as they do not pass through `recurrent`.
    """

    gates: int
    states: int
    saved: int
    forward: Callable
    backward: Callable


def _simple_rnn_forward(projected, recurrent, states):
    return (tf.tanh(projected + recurrent),), ()


def _simple_rnn_backward(saved, before, after, errors):
    (h,), (d_h,) = after, errors
    d_sum = d_h * (1 - h * h)
    return d_sum, d_sum, (None,)


def _gru_forward(projected, recurrent, states):
    (h,) = states
    x_zr, x_candidate = tf.split(projected, _parts(projected, 3, 2, 1), axis=-1)
    r_zr, r_candidate = tf.split(recurrent, _parts(recurrent, 3, 2, 1), axis=-1)
    zr = tf.sigmoid(x_zr + r_zr)
    z, r = tf.split(zr, 2, axis=-1)
    candidate = tf.tanh(x_candidate + r * r_candidate)
    return (candidate + z * (h - candidate),), (zr, candidate, r_candidate)


def _gru_backward(saved, before, after, errors):
    (h,), (d_h,) = before, errors
    z, r, candidate, r_candidate = tf.split(saved, 4, axis=-1)
    d_z = d_h * (h - candidate) * z * (1 - z)
    d_candidate = d_h * (1 - z) * (1 - candidate * candidate)
    d_r = d_candidate * r_candidate * r * (1 - r)
    projected = tf.concat([d_z, d_r, d_candidate], axis=-1)
    return projected, tf.concat([d_z, d_r, d_candidate * r], axis=-1), (d_h * z,)


def _lstm_forward(projected, recurrent, states):
    _, c = states
    before_if, before_g, before_o = tf.split(projected + recurrent, _parts(projected, 4, 2, 1, 1), axis=-1)
    input_forget, g, o = tf.sigmoid(before_if), tf.tanh(before_g), tf.sigmoid(before_o)
    i, f = tf.split(input_forget, 2, axis=-1)
    c = f * c + i * g
    return (o * tf.tanh(c), c), (input_forget, g, o)


def _lstm_backward(saved, before, after, errors):
    (_, c_before), (_, c), (d_h, d_c) = before, after, errors
    i, f, g, o = tf.split(saved, 4, axis=-1)
    squashed = tf.tanh(c)
    d_c += d_h * o * (1 - squashed * squashed)
    d_i, d_f, d_g = d_c * g * i * (1 - i), d_c * c_before * f * (1 - f), d_c * i * (1 - g * g)
    d_o = d_h * squashed * o * (1 - o)
    d_sum = tf.concat([d_i, d_f, d_g, d_o], axis=-1)
    return d_sum, d_sum, (None, d_c * f)


def _parts(array, blocks, *sizes):
    return [size * (array.shape[-1] // blocks) for size in sizes]


CELLS = {
    "simple_rnn": Cell(1, 1, 0, _simple_rnn_forward, _simple_rnn_backward),
    "gru": Cell(3, 1, 4, _gru_forward, _gru_backward),
    "lstm": Cell(4, 2, 4, _lstm_forward, _lstm_backward),
}


def scan(cell, projected, initial, recurrent_kernel, recurrent_bias=None, dropout=None):
    """All states of a recurrence.

    Args:
        cell: a `Cell`.
        projected: `(timesteps, batch, gates * units)`, the inputs times their kernel plus bias.
        initial: tuple of the initial states, each `(batch, units)`.
        recurrent_kernel: `(units, gates * units)`.
        recurrent_bias: `(gates * units,)`, of a GRU alone.
        dropout: `(batch, units)` that the state is multiplied with before its kernel.

    Returns:
        a tuple of arrays `(timesteps, batch, units)`, one for each state.
    """
    optional = [array for array in (recurrent_bias, dropout) if array is not None]

    @tf.custom_gradient
    def scan_arrays(projected, recurrent_kernel, *rest):
        initial = rest[: cell.states]
        sequences, saved = _forward(cell, projected, initial, recurrent_kernel, recurrent_bias, dropout)

        def gradient(*d_sequences):
            d_projected, d_recurrent, d_initial = _backward(
                cell, sequences, saved, initial, d_sequences, recurrent_kernel, dropout
            )
            before, h = sequences[0][:-1], initial[0]
            if dropout is not None:
                before, h = before * dropout, h * dropout
            d_kernel = _product(before, d_recurrent[1:]) + tf.matmul(h, d_recurrent[0], transpose_a=True)
            d_optional = [] if recurrent_bias is None else [tf.reduce_sum(d_recurrent, (0, 1))]
            d_optional += [] if dropout is None else [tf.zeros_like(dropout)]
            return d_projected, d_kernel, *d_initial, *d_optional

        return sequences, gradient

    return scan_arrays(projected, recurrent_kernel, *initial, *optional)


def _forward(cell, projected, initial, recurrent_kernel, recurrent_bias, dropout):
    timesteps = tf.shape(projected)[0]
    units = recurrent_kernel.shape[0]
    shapes = [initial[0].shape] * cell.states + [(initial[0].shape[0], cell.saved * units)] * bool(cell.saved)
    arrays = tuple(tf.TensorArray(projected.dtype, timesteps, element_shape=shape) for shape in shapes)

    def body(t, states, arrays):
        h = states[0] if dropout is None else states[0] * dropout
        recurrent = tf.matmul(h, recurrent_kernel)
        if recurrent_bias is not None:
            recurrent += recurrent_bias
        states, saved = cell.forward(projected[t], recurrent, states)
        values = [*states, tf.concat(saved, axis=-1)] if saved else states
        return t + 1, states, tuple(array.write(t, value) for array, value in zip(arrays, values, strict=True))

    _, _, arrays = tf.while_loop(lambda t, *_: t < timesteps, body, (0, initial, arrays), maximum_iterations=timesteps)
    stacks = tuple(array.stack() for array in arrays)
    return stacks[: cell.states], stacks[-1] if cell.saved else None


def _backward(cell, sequences, saved, initial, d_sequences, recurrent_kernel, dropout):
    timesteps = tf.shape(sequences[0])[0]
    width = recurrent_kernel.shape[1]
    shape = (initial[0].shape[0], width)
    # Errors of `projected` and `recurrent` are one array but in the GRU, whose reset gate stands between them.
    arrays = tuple(
        tf.TensorArray(recurrent_kernel.dtype, timesteps, element_shape=shape) for _ in range(1 + (cell.gates == 3))
    )

    def step(t, before, errors, arrays):
        after = tuple(sequence[t] for sequence in sequences)
        errors = tuple(error + d_sequence[t] for error, d_sequence in zip(errors, d_sequences, strict=True))
        d_projected, d_recurrent, errors = cell.backward(None if saved is None else saved[t], before, after, errors)
        d_h = tf.matmul(d_recurrent, recurrent_kernel, transpose_b=True)
        d_h = d_h if dropout is None else d_h * dropout
        errors = (d_h if errors[0] is None else errors[0] + d_h, *errors[1:])
        arrays = tuple(array.write(t, value) for array, value in zip(arrays, (d_projected, d_recurrent), strict=False))
        return errors, arrays

    def body(t, errors, arrays):
        return t - 1, *step(t, tuple(sequence[t - 1] for sequence in sequences), errors, arrays)

    errors = tuple(tf.zeros_like(state) for state in initial)
    loop = (timesteps - 1, errors, arrays)
    _, errors, arrays = tf.while_loop(lambda t, *_: t > 0, body, loop, maximum_iterations=timesteps)
    errors, arrays = step(0, initial, errors, arrays)
    stacks = [array.stack() for array in arrays]
    return stacks[0], stacks[-1], errors


def _product(before, errors):
    """Sum over timesteps and batch of the outer products: `(units, width)`."""
    return tf.matmul(_rows(before), _rows(errors), transpose_a=True)


def _rows(array):
    return tf.reshape(array, (-1, array.shape[-1]))
