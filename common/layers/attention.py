"""Attention over a memory, and pooling over time by attention."""

from __future__ import annotations

from keras import ops

from common.layers import checks


def masked_softmax(scores, padding_mask):
    """Softmax over the last axis that gives padding the weight 0 (a row that is all padding becomes zeros).

    Args:
        scores: float array `(batch, ..., timesteps)`.
        padding_mask: bool array `(batch, timesteps)` or None.
    """
    if padding_mask is None:
        return ops.softmax(scores, axis=-1)
    shape = (-1,) + (1,) * (len(scores.shape) - 2) + (ops.shape(scores)[-1],)
    real = ops.reshape(padding_mask, shape)
    lowest = -1e30 if scores.dtype != "float16" else -6e4
    return ops.softmax(ops.where(real, scores, lowest), axis=-1) * ops.cast(real, scores.dtype)


class Attention(checks.ExplicitMask):
    """Multiplicative attention of queries over a memory (Luong, Pham and Manning 2015).

    A learned matrix first maps the queries to the size of the memory: the score "general" of the paper.

    It reads the outputs of a decoder and is not fed back into it, so the decoder can run over its whole sequence first.
    Scores are divided by the square root of the memory's features (Vaswani and others 2017): otherwise the products are
    large, and a softmax that is saturated from the start hardly learns where to attend.

    Call arguments:
        queries: float array `(batch, target_timesteps, units)`.
        memory: float array `(batch, source_timesteps, features)`.
        padding_mask: bool array `(batch, source_timesteps)`, true where the memory is real. None: all of it.

    Returns:
        context `(batch, target_timesteps, features)` and weights `(batch, target_timesteps, source_timesteps)`, which
        sum to 1 over the real part of the memory.
    """

    def build(self, queries_shape, memory_shape, padding_mask_shape=None):
        shape = (queries_shape[-1], memory_shape[-1])
        self.kernel = self.add_weight(shape, initializer="glorot_uniform", name="kernel")

    def call(self, queries, memory, padding_mask=None):
        queries = ops.matmul(queries, self.kernel)
        scores = ops.matmul(queries, ops.transpose(memory, (0, 2, 1))) / memory.shape[-1] ** 0.5
        weights = masked_softmax(scores, padding_mask)
        return ops.matmul(weights, memory), weights

    def compute_output_shape(self, queries_shape, memory_shape, padding_mask_shape=None):
        batch, target_timesteps = queries_shape[:2]
        return (batch, target_timesteps, memory_shape[-1]), (batch, target_timesteps, memory_shape[1])


class AttentionPooling(checks.ExplicitMask):
    """A weighted mean over time with learned weights (Yang and others 2016).

    Args:
        units: int, size of the hidden layer that scores a timestep.

    Call arguments:
        sequence: float array `(batch, timesteps, features)`.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real. None: all are.

    Returns:
        mean `(batch, features)` and weights `(batch, timesteps)`, which sum to 1 over the real timesteps.
    """

    def __init__(self, units, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.units = checks.positive_int("units", units)

    def build(self, sequence_shape, padding_mask_shape=None):
        self.kernel = self.add_weight((sequence_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.units,), initializer="zeros", name="bias")
        self.query = self.add_weight((self.units, 1), initializer="glorot_uniform", name="query")

    def call(self, sequence, padding_mask=None):
        hidden = ops.tanh(ops.matmul(sequence, self.kernel) + self.bias)
        scores = ops.squeeze(ops.matmul(hidden, self.query), axis=-1)
        weights = masked_softmax(scores, padding_mask)  # (batch, timesteps)
        return ops.squeeze(ops.matmul(weights[:, None, :], sequence), axis=1), weights

    def compute_output_shape(self, sequence_shape, padding_mask_shape=None):
        return (sequence_shape[0], sequence_shape[2]), tuple(sequence_shape[:2])

    def get_config(self):
        return {**super().get_config(), "units": self.units}
