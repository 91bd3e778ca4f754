"""Layers for sequences of pictures: fold the time axis into the batch axis, and unfold it again."""

from __future__ import annotations

import keras
from keras import ops


class FoldFrames(keras.layers.Layer):
    """All frames of all sequences as one batch of pictures, for layers that process each frame separately.

    Call arguments:
        frames: array `(batch, timesteps, height, width, channels)`, of any type.

    Returns:
        `(batch * timesteps, height, width, channels)`.

    Example:
        >>> FoldFrames()(np.zeros((2, 5, 8, 8, 1), np.uint8)).shape
        TensorShape([10, 8, 8, 1])
    """

    def call(self, frames):
        return ops.reshape(frames, (-1, *frames.shape[2:]))

    def compute_output_shape(self, frames_shape):
        return (None, *frames_shape[2:])


class UnfoldFrames(keras.layers.Layer):
    """The inverse of `FoldFrames`: one vector per frame, in the sequences that the frames came from.

    Call arguments:
        vectors: float array `(batch * timesteps, features)`.
        frames: the array that was folded, `(batch, timesteps, ...)`; its values are not used.

    Returns:
        `(batch, timesteps, features)`.

    Example:
        >>> UnfoldFrames()(np.zeros((10, 3)), np.zeros((2, 5, 8, 8, 1), np.uint8)).shape
        TensorShape([2, 5, 3])
    """

    def call(self, vectors, frames):
        return ops.reshape(vectors, (-1, ops.shape(frames)[1], vectors.shape[-1]))

    def compute_output_shape(self, vectors_shape, frames_shape):
        return (*frames_shape[:2], vectors_shape[-1])
