"""The recurrences over time-major arrays, with hand-written back-propagation through time.

The inputs are already projected, for all timesteps in one product per gate. In the forward pass, the loop computes only
what depends on the state, and stores the derivatives of every step (`slopes`). In the backward pass, it carries only
the error of the state, from which the slopes give the errors of the gates; the gradient of each recurrent kernel, a sum
over timesteps (Werbos 1990), is one product of two large arrays after the loop.

The gates are separate arrays: slicing them from one wide array took longer than their arithmetic.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Cell:
    """One timestep without its matrix products; every array is `(batch, units)`.

    Attributes:
        states: number of state arrays.
        slopes: number of derivatives that `forward` stores.
        recurrent: for each gate, the index of the error of its recurrent product in the result of `backward`. The first
            errors, one per gate, are those of the projected inputs.
        forward: `(projected, recurrent, states) -> (states, slopes)`: from the projected inputs and the recurrent
            products of each gate and the previous states to the states after the step.
        backward: `(h, slopes, errors) -> (gate errors, previous errors)`: from the output of the step and the errors
            (gradients of the loss) of its states to those of the gates, and to the part of those of the previous states
            that does not pass through a recurrent product (None: there is no such part).
    """

    states: int
    slopes: int
    recurrent: tuple[int, ...]
    forward: Callable
    backward: Callable

    @property
    def gates(self) -> int:
        return len(self.recurrent)


def _sigmoid(x):
    return 0.5 + 0.5 * tf.tanh(0.5 * x)  # when compiled, half the time of tf.sigmoid, which uses an exponential


def _simple_rnn_forward(projected, recurrent, states):
    return (tf.tanh(projected[0] + recurrent[0]),), ()


def _simple_rnn_backward(h, slopes, errors):
    return [tf.raw_ops.TanhGrad(y=h, dy=errors[0])], (None,)


def _gru_forward(projected, recurrent, states):
    (h,), (x_z, x_r, x_candidate), (h_z, h_r, h_candidate) = states, projected, recurrent
    z, r = _sigmoid(x_z + h_z), _sigmoid(x_r + h_r)
    candidate = tf.tanh(x_candidate + r * h_candidate)
    slope = (1 - z) * (1 - candidate * candidate)
    slopes = ((h - candidate) * z * (1 - z), slope * h_candidate * r * (1 - r), slope, slope * r, z)
    return (z * h + (1 - z) * candidate,), slopes


def _gru_backward(h, slopes, errors):
    *slopes, z = slopes
    return [errors[0] * slope for slope in slopes], (errors[0] * z,)


def _lstm_forward(projected, recurrent, states):
    i, f, g, o = (x + h for x, h in zip(projected, recurrent, strict=True))
    i, f, g, o = _sigmoid(i), _sigmoid(f), tf.tanh(g), _sigmoid(o)
    before = states[1]
    c = f * before + i * g
    squashed = tf.tanh(c)
    slopes = (g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o))
    return (o * squashed, c), (*slopes, o * (1 - squashed * squashed), f)


def _lstm_backward(h, slopes, errors):
    (d_h, d_c), (i, f, g, o, through_output, forget) = errors, slopes
    d_c += d_h * through_output
    return [d_c * i, d_c * f, d_c * g, d_h * o], (None, d_c * forget)


CELLS = {
    "simple_rnn": Cell(1, 0, (0,), _simple_rnn_forward, _simple_rnn_backward),
    "gru": Cell(1, 5, (0, 1, 3), _gru_forward, _gru_backward),  # the reset gate scales the candidate's product
    "lstm": Cell(2, 6, (0, 1, 2, 3), _lstm_forward, _lstm_backward),
}


@functools.partial(tf.function, autograph=False)
def scan(cell, projected, initial, kernels, biases, dropout, *, outputs, training, compiled):
    """The states after each timestep.

    Args:
        cell: name of a cell.
        projected: for each gate `(timesteps, batch, units)`, the inputs times their kernel plus bias.
        initial: the initial states, each `(batch, units)`.
        kernels: for each gate the recurrent kernel `(units, units)`.
        biases: for each gate `(units,)`, or an empty list; added to the recurrent product.
        dropout: a list with one array `(batch, units)`, by which the state is multiplied before its kernels, or empty.
        outputs: int, number of states to return: 1, or 2 to include the c of an LSTM.
        training: bool, whether a gradient is likely to be needed. If not, nothing is stored for it, and the recurrence
            is computed again if it is needed after all.
        compiled: bool, whether the loops run in XLA, which compiles them for each shape.

    Returns:
        a list of arrays `(timesteps, batch, units)`.
    """
    forward, backward = (_compiled_forward, _compiled_backward) if compiled else (_forward, _backward)
    counts = [len(projected), len(initial), len(kernels), len(biases), len(dropout)]

    @tf.custom_gradient
    def differentiable(*arrays):
        projected, initial, kernels, biases, dropout = _cut(arrays, counts)
        given = (cell, projected, initial, kernels, biases, dropout)
        sequences, slopes = forward(*given, outputs=outputs, keep=bool(training))

        def gradient(*d_sequences):
            kept = slopes if training else forward(*given, outputs=outputs, keep=True)[1]
            errors, d_initial = backward(cell, sequences[0], kept, d_sequences, kernels, dropout)
            d_recurrent = [errors[i] for i in CELLS[cell].recurrent]
            before, h = sequences[0][:-1], initial[0]
            for mask in dropout:
                before, h = before * mask, h * mask
            d_kernels = [
                tf.matmul(_flat(before), _flat(error[1:]), transpose_a=True) + tf.matmul(h, error[0], transpose_a=True)
                for error in d_recurrent
            ]
            d_biases = [tf.reduce_sum(error, (0, 1)) for error in d_recurrent[: len(biases)]]
            d_dropout = [tf.zeros_like(mask) for mask in dropout]  # random, not learned
            return [*errors[: len(projected)], *d_initial, *d_kernels, *d_biases, *d_dropout]

        return sequences, gradient

    return differentiable(*projected, *initial, *kernels, *biases, *dropout)


def _forward(cell, projected, initial, kernels, biases, dropout, *, outputs, keep):
    """The first `outputs` states after each timestep, and the slopes of each step if `keep`."""
    cell, timesteps = CELLS[cell], tf.shape(projected[0])[0]

    def body(t, states, arrays):
        recurrent = _products(states[0], kernels, biases, dropout)
        states, slopes = cell.forward([gate[t] for gate in projected], recurrent, states)
        values = [*states[:outputs], *(slopes if keep else ())]
        return t + 1, states, [array.write(t, value) for array, value in zip(arrays, values, strict=True)]

    arrays = _arrays(outputs + keep * cell.slopes, projected[0], initial[0])
    _, _, arrays = tf.while_loop(lambda t, *_: t < timesteps, body, (0, tuple(initial), arrays))
    stacks = [array.stack() for array in arrays]
    return stacks[:outputs], stacks[outputs:]


def _backward(cell, h, slopes, d_sequences, kernels, dropout):
    """The errors of the gates at each timestep, and of the initial states."""
    cell, timesteps = CELLS[cell], tf.shape(h)[0]
    transposed = [tf.transpose(kernel) for kernel in kernels]

    def body(steps, errors, arrays):
        t = timesteps - 1 - steps
        arriving = [sequence[t] for sequence in d_sequences]
        errors = [*(error + more for error, more in zip(errors, arriving, strict=False)), *errors[len(arriving) :]]
        gates, before = cell.backward(h[t], [slope[t] for slope in slopes], errors)
        d_h = tf.add_n([tf.matmul(gates[i], kernel) for i, kernel in zip(cell.recurrent, transposed, strict=True)])
        for mask in dropout:
            d_h *= mask
        errors = (d_h if before[0] is None else before[0] + d_h, *before[1:])
        return steps + 1, errors, [array.write(t, gate) for array, gate in zip(arrays, gates, strict=True)]

    none = tf.zeros_like(h[0])
    arrays = _arrays(max(cell.recurrent) + 1, h, none)
    loop = (0, (none,) * cell.states, arrays)
    _, errors, arrays = tf.while_loop(lambda steps, *_: steps < timesteps, body, loop)
    return [array.stack() for array in arrays], list(errors)


def _compiled(function):
    """The function compiled by XLA, with the gradient of the uncompiled function.

    XLA cannot differentiate its own loops. TensorFlow builds the gradient of a gradient whenever a tape is persistent
    or within another tape, even if it is never used.
    """
    compiled = tf.function(function, jit_compile=True, autograph=False)

    @functools.partial(tf.function, autograph=False)
    def run(cell, *arrays, **options):
        @tf.custom_gradient
        def differentiable(*flat):
            def gradient(*upstream):
                with tf.GradientTape() as tape:
                    tape.watch(flat)
                    outputs = tf.nest.flatten(function(cell, *tf.nest.pack_sequence_as(arrays, flat), **options))
                return tape.gradient(outputs, flat, upstream, unconnected_gradients="zero")

            return compiled(cell, *tf.nest.pack_sequence_as(arrays, flat), **options), gradient

        return differentiable(*tf.nest.flatten(arrays))

    return run


_compiled_forward, _compiled_backward = _compiled(_forward), _compiled(_backward)


def _products(h, kernels, biases, dropout):
    for mask in dropout:
        h = h * mask
    products = [tf.matmul(h, kernel) for kernel in kernels]
    return [product + bias for product, bias in zip(products, biases, strict=True)] if biases else products


def _arrays(count, like, state):
    rows = tf.shape(like)[0]
    return [tf.TensorArray(like.dtype, rows, element_shape=state.shape) for _ in range(count)]


def _cut(arrays, counts):
    """The flat sequence `arrays` as one list for each count."""
    arrays = iter(arrays)
    return [[next(arrays) for _ in range(count)] for count in counts]


def _flat(array):
    return tf.reshape(array, (-1, array.shape[-1]))
