"""Pooling over the real timesteps of a sequence."""

from __future__ import annotations

from keras import ops

from common.layers import checks

LARGE = 1e9  # larger than any feature value


class MaskedAveragePooling(checks.ExplicitMask):
    """The mean of a sequence over its real timesteps.

    Call arguments:
        sequence: float array `(batch, timesteps, features)`.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real. None: all are.

    Returns:
        `(batch, features)`; zeros for a row that is all padding or has no timesteps.
    """

    def call(self, sequence, padding_mask=None):
        if padding_mask is None:
            return ops.sum(sequence, axis=1) / ops.cast(ops.maximum(ops.shape(sequence)[1], 1), sequence.dtype)
        real = ops.cast(padding_mask, sequence.dtype)  # (batch, timesteps)
        total = ops.squeeze(ops.matmul(real[:, None, :], sequence), axis=1)  # (batch, features)
        return total / ops.maximum(ops.sum(real, axis=1, keepdims=True), 1)

    def compute_output_shape(self, sequence_shape, padding_mask_shape=None):
        return (sequence_shape[0], sequence_shape[2])


class MaskedMaxPooling(checks.ExplicitMask):
    """The largest value of each feature over the real timesteps of a sequence.

    Call arguments:
        sequence: float array `(batch, timesteps, features)`.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real. None: all are.

    Returns:
        `(batch, features)`; zeros for a row that is all padding.
    """

    def call(self, sequence, padding_mask=None):
        if padding_mask is None:
            return ops.max(sequence, axis=1)
        real = ops.cast(padding_mask, sequence.dtype)[:, :, None]  # (batch, timesteps, 1)
        largest = ops.max(sequence * real - LARGE * (1 - real), axis=1)
        return largest * ops.max(real, axis=1)

    def compute_output_shape(self, sequence_shape, padding_mask_shape=None):
        return (sequence_shape[0], sequence_shape[2])
