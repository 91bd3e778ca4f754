"""The recurrences, over time-major arrays, after the inputs have been projected."""

from __future__ import annotations

import tensorflow as tf


def simple_rnn_step(projected, states, recurrent_kernel, recurrent_bias, dropout):
    (h,) = states
    return (tf.tanh(projected + tf.matmul(_drop(h, dropout), recurrent_kernel)),)


def gru_step(projected, states, recurrent_kernel, recurrent_bias, dropout):
    (h,) = states
    recurrent = tf.matmul(_drop(h, dropout), recurrent_kernel) + recurrent_bias
    x_z, x_r, x_h = tf.split(projected, 3, axis=-1)
    r_z, r_r, r_h = tf.split(recurrent, 3, axis=-1)
    z, r = tf.sigmoid(x_z + r_z), tf.sigmoid(x_r + r_r)
    candidate = tf.tanh(x_h + r * r_h)
    return (candidate + z * (h - candidate),)


def lstm_step(projected, states, recurrent_kernel, recurrent_bias, dropout):
    h, c = states
    i, f, g, o = tf.split(projected + tf.matmul(_drop(h, dropout), recurrent_kernel), 4, axis=-1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


STEPS = {"simple_rnn": simple_rnn_step, "gru": gru_step, "lstm": lstm_step}


def scan(cell, projected, states, recurrent_kernel, recurrent_bias, dropout):
    """All states of a recurrence.

    Args:
        cell: `"simple_rnn"`, `"gru"` or `"lstm"`.
        projected: `(timesteps, batch, gates * units)`, the inputs times their kernel plus bias.
        states: tuple of the initial states, each `(batch, units)`.
        recurrent_kernel: `(units, gates * units)`.
        recurrent_bias: `(gates * units,)`, of the GRU alone; else None.
        dropout: `(batch, units)` that the state is multiplied with before its kernel, or None.

    Returns:
        a tuple of arrays `(timesteps, batch, units)`, one for each state.
    """
    step = STEPS[cell]
    timesteps = tf.shape(projected)[0]
    arrays = tuple(tf.TensorArray(projected.dtype, timesteps, element_shape=state.shape) for state in states)

    def body(t, states, arrays):
        states = step(projected[t], states, recurrent_kernel, recurrent_bias, dropout)
        return t + 1, states, tuple(array.write(t, state) for array, state in zip(arrays, states, strict=True))

    _, _, arrays = tf.while_loop(lambda t, *_: t < timesteps, body, (0, states, arrays), maximum_iterations=timesteps)
    return tuple(array.stack() for array in arrays)


def _drop(h, dropout):
    return h if dropout is None else h * dropout
