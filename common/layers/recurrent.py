"""SimpleRNN, GRU and LSTM layers: the same results as Keras, faster on a few cores."""

from __future__ import annotations

import keras
import tensorflow as tf

from common import backend
from common.errors import UserError
from common.layers import checks, kernels

CELLS = tuple(kernels.CELLS)
CORES = backend.cores()

# With at least this many units, training runs its loops compiled by XLA, with the batch cut into parts that run in
# parallel. Milliseconds forward and backward on two cores, 64 sequences of 200 timesteps, 128 units, as a graph and
# compiled: SimpleRNN 24 and 13, GRU 66 and 39, LSTM 70 and 42. Each length of a batch is compiled once, in 0.1 to
# 0.5 s: training batches have few lengths (`batching.GROUPS`), predictions have many.
COMPILED_UNITS = 32
MOST_PARTS = 4


def recurrent(
    cell,
    units,
    *,
    return_sequences=False,
    return_state=False,
    bidirectional=False,
    dropout=0.0,
    recurrent_dropout=0.0,
    recurrent_gain=1.0,
    name=None,
):
    """The recurrent layer with this cell; see `Recurrent`.

    Raises:
        UserError: if there is no such cell; lists the known ones.
    """
    if cell not in CELLS:
        raise UserError(f"There is no cell {cell!r}. Known: {', '.join(CELLS)}")
    return Recurrent(
        cell,
        units,
        return_sequences=return_sequences,
        return_state=return_state,
        bidirectional=bidirectional,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        recurrent_gain=recurrent_gain,
        name=name,
    )


class Recurrent(checks.ExplicitMask):
    """A recurrent layer over the real part of right-padded sequences.

    It computes the same as `keras.layers.SimpleRNN`, `GRU` (with `reset_after`) and `LSTM` with their default
    activations and initializers, also within `keras.layers.Bidirectional`, and `get_weights` and `set_weights` use the
    same arrays in the same order.

    Args:
        cell: `"simple_rnn"`, `"gru"` or `"lstm"`.
        units: int, size of the state of one direction.
        return_sequences: bool, whether the output is the state after each timestep; otherwise it is the last real one.
        return_state: bool, whether the final states are returned in addition to the output.
        bidirectional: bool, whether a second recurrence reads the real part from its end. Outputs and states of the two
            directions are concatenated, forward first.
        dropout: fraction of the input features dropped in training, the same ones at all timesteps.
        recurrent_dropout: fraction of the state dropped in training before it is multiplied by its kernel, the same
            units at all timesteps and for all gates (Gal and Ghahramani 2016).
        recurrent_gain: float, factor of the orthogonal matrix that initialises the recurrent kernel: below 1, an
            untrained network forgets sooner, and accumulates less of the noise in its inputs.
        name: str.

    Call arguments:
        inputs: float array `(batch, timesteps, features)`.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real; padding is on the right. None:
            all are real. `checks.lengths` documents when it is checked.
        initial_state: `(batch, units)`, for an LSTM a pair, `(state_h, state_c)`; if bidirectional
            `(batch, 2 * units)`. None: zeros.
        training: bool, whether to apply dropout.

    Returns:
        The output, `(batch, timesteps, units)` or `(batch, units)`, twice as wide if bidirectional. Outputs at padding
        are zeros, and a row that is all padding or has no timesteps ends in its initial state. With `return_state`, a
        tuple `(output, state_h)`, for an LSTM `(output, state_h, state_c)`, with states in the format of
        `initial_state`.

    Raises:
        ValueError: for an unknown cell, units below 1, a dropout below 0 or not below 1, inputs that carry an implicit
            Keras mask, or a padding_mask that is not right-padded.
    """

    def __init__(
        self,
        cell,
        units,
        *,
        return_sequences=False,
        return_state=False,
        bidirectional=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        recurrent_gain=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # The whole step is never compiled with XLA: on two cores an epoch of the sentiment sample took 4 to 10 s
        # compiled, after 43 s of compiling for its shapes, and 1.1 s uncompiled.
        self.supports_jit = False
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, not {cell!r}")
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self.cell, self.units = cell, checks.positive_int("units", units)
        self.return_sequences, self.return_state = return_sequences, return_state
        self.bidirectional = bidirectional
        self.dropout = checks.fraction("dropout", dropout)
        self.recurrent_dropout = checks.fraction("recurrent_dropout", recurrent_dropout)
        self.recurrent_gain = recurrent_gain
        self.seed_generator = keras.random.SeedGenerator() if dropout or recurrent_dropout else None
        self.directions = ("forward", "backward") if bidirectional else ("forward",)

    def build(self, inputs_shape, padding_mask_shape=None, initial_state_shape=None):
        self.kernels = []
        for direction in self.directions:
            prefix = f"{direction}_" if self.bidirectional else ""
            width = kernels.CELLS[self.cell].gates * self.units
            kernel = self.add_weight((inputs_shape[-1], width), initializer="glorot_uniform", name=f"{prefix}kernel")
            orthogonal = keras.initializers.Orthogonal(self.recurrent_gain)
            recurrent_kernel = self.add_weight(
                (self.units, width), initializer=orthogonal, name=f"{prefix}recurrent_kernel"
            )
            shape = (2, width) if self.cell == "gru" else (width,)
            bias = self.add_weight(shape, initializer=self._initial_bias, name=f"{prefix}bias")
            self.kernels.append((kernel, recurrent_kernel, bias))

    def _initial_bias(self, shape, dtype=None):
        """Zeros; ones for the forget gate (Jozefowicz and others 2015)."""
        bias = keras.ops.zeros(shape, dtype)
        if self.cell == "lstm":
            bias = keras.ops.slice_update(bias, (self.units,), keras.ops.ones((self.units,), dtype))
        return bias

    def call(self, inputs, padding_mask=None, initial_state=None, training=None):
        given, lengths = inputs, checks.lengths(padding_mask, inputs, training)
        inputs = checks.with_a_timestep(inputs)
        initial = self._initial_states(inputs, initial_state)
        if training and self.dropout:
            inputs *= self._dropout_mask(self.dropout, tf.shape(inputs)[0], 1, inputs.shape[2])
        outputs, finals = [], []
        for direction, weights, states in zip(self.directions, self.kernels, initial, strict=True):
            read = inputs if direction == "forward" else reverse(inputs, lengths)
            sequences, final = self._run(read, lengths, states, weights, bool(training))
            if self.return_sequences:
                outputs.append(sequences if direction == "forward" else reverse(sequences, lengths))
            finals.append(final if lengths is not None else checks.unless_empty(given, final, states))
        states = [tf.concat(state, axis=-1) for state in zip(*finals, strict=True)]
        output = states[0]
        if self.return_sequences:
            output = tf.concat(outputs, axis=-1)
            if lengths is not None:
                real = tf.sequence_mask(lengths, tf.shape(inputs)[1])
                output = tf.where(real[:, :, None], output, tf.zeros((), output.dtype))
            output = checks.cut_timesteps(output, given)
        return (output, *states) if self.return_state else output

    def _run(self, inputs, lengths, states, weights, training):
        """Outputs `(batch, timesteps, units)` and final states of one direction.

        A loop uses one core; if it is compiled, the batch is cut into parts that run in parallel.
        """
        batch = tf.shape(inputs)[0]
        dropout = []
        if training and self.recurrent_dropout:
            dropout = [self._dropout_mask(self.recurrent_dropout, batch, self.units)]
        compiled = training and self.units >= COMPILED_UNITS
        parts = max(1, min(CORES, MOST_PARTS) // len(self.directions)) if compiled else 1
        sizes = [(batch + part) // parts for part in range(parts)]
        cut = [tf.split(array, sizes) for array in (inputs, *states, *dropout)]
        lengths = [None] * parts if lengths is None else tf.split(lengths, sizes)
        ran = []
        for part, real in enumerate(lengths):
            inputs, *rest = (array[part] for array in cut)
            count = len(states)
            ran.append(self._scan(inputs, real, rest[:count], rest[count:], weights, training, compiled))
        sequences, finals = zip(*ran, strict=True)
        finals = [tf.concat(final, axis=0) for final in zip(*finals, strict=True)]
        return tf.concat(sequences, axis=0) if self.return_sequences else None, finals

    def _scan(self, inputs, lengths, states, dropout, weights, training, compiled):
        kernel, recurrent_kernel, bias = (tf.convert_to_tensor(weight) for weight in weights)
        gates = kernels.CELLS[self.cell].gates
        input_bias, *recurrent_bias = tf.unstack(bias) if self.cell == "gru" else [bias]
        timesteps = tf.shape(inputs)[1]
        sequence = tf.transpose(inputs, (1, 0, 2))  # (timesteps, batch, features)
        shape = (timesteps, tf.shape(sequence)[1], self.units)
        rows = tf.reshape(sequence, (-1, kernel.shape[0]))
        projected = [
            tf.reshape(tf.nn.bias_add(tf.matmul(rows, gate), gate_bias), shape)
            for gate, gate_bias in zip(tf.split(kernel, gates, 1), tf.split(input_bias, gates), strict=True)
        ]
        outputs = len(states) if self.return_state else 1
        sequences = kernels.scan(
            self.cell,
            projected,
            states,
            tf.split(recurrent_kernel, gates, 1),
            [part for whole in recurrent_bias for part in tf.split(whole, gates)],
            dropout,
            outputs=outputs,
            training=training,
            compiled=compiled,
        )
        final = [last(*pair, lengths) for pair in zip(sequences, states, strict=False)]
        return tf.transpose(sequences[0], (1, 0, 2)) if self.return_sequences else None, final

    def _initial_states(self, inputs, initial_state):
        """The initial states, one tuple per direction."""
        count = kernels.CELLS[self.cell].states
        if initial_state is None:
            zeros = tf.zeros((tf.shape(inputs)[0], self.units), inputs.dtype)
            return [(zeros,) * count] * len(self.directions)
        states = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        if len(states) != count:
            raise ValueError(f"initial_state of {self.cell} must hold {count} arrays, not {len(states)}")
        states = [tf.cast(state, inputs.dtype) for state in states]
        return list(zip(*(tf.split(state, len(self.directions), axis=-1) for state in states), strict=True))

    def _dropout_mask(self, rate, *shape):
        return keras.random.dropout(tf.ones(shape, self.compute_dtype), rate, seed=self.seed_generator)

    def compute_output_shape(self, inputs_shape, padding_mask_shape=None, initial_state_shape=None):
        batch, timesteps = inputs_shape[:2]
        width = self.units * len(self.directions)
        output = (batch, timesteps, width) if self.return_sequences else (batch, width)
        states = [(batch, width)] * (kernels.CELLS[self.cell].states)
        return (output, *states) if self.return_state else output

    def get_config(self):
        return {
            **super().get_config(),
            "cell": self.cell,
            "units": self.units,
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "bidirectional": self.bidirectional,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "recurrent_gain": self.recurrent_gain,
        }


def reverse(sequences, lengths):
    """`(batch, timesteps, ...)` with the real part of each row reversed and its padding left in place."""
    return tf.reverse(sequences, (1,)) if lengths is None else tf.reverse_sequence(sequences, lengths, seq_axis=1)


def last(sequence, initial, lengths):
    """The last real state of each row, `(batch, units)`; its initial state if there is none.

    Args:
        sequence: `(timesteps, batch, units)`.
        initial: `(batch, units)`.
        lengths: int32 `(batch,)`, real timesteps of each row, or None: all.
    """
    if lengths is None:
        return sequence[-1]
    where = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.shape(lengths)[0])], axis=1)
    return tf.where(lengths[:, None] > 0, tf.gather_nd(sequence, where), initial)
