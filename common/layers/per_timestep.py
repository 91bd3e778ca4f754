"""A layer for sequences within a sequence, such as the characters of each word."""

from __future__ import annotations

import keras
import tensorflow as tf

from common.layers import checks


class PerTimestep(checks.ExplicitMask, keras.layers.Wrapper):
    """A layer applied to the inner sequence of every timestep, with all of them as one batch.

    Args:
        layer: returns one vector per sequence, as `recurrent` does.

    Call arguments:
        sequences: float array `(batch, timesteps, inner timesteps, features)`.
        padding_mask: bool array `(batch, timesteps, inner timesteps)`, true where an inner timestep is real.

    Returns:
        `(batch, timesteps, units)`.
    """

    def build(self, sequences_shape, padding_mask_shape=None):
        self.layer.build((None, *sequences_shape[2:]))

    def call(self, sequences, padding_mask=None, training=None):
        outer = tf.shape(sequences)[:2]
        rows = tf.reduce_prod(outer, keepdims=True)  # not -1, which is ambiguous without inner timesteps
        if padding_mask is not None:
            padding_mask = tf.reshape(padding_mask, tf.concat([rows, tf.shape(padding_mask)[2:]], axis=0))
        inner = tf.reshape(sequences, tf.concat([rows, tf.shape(sequences)[2:]], axis=0))
        inner.set_shape((None, *sequences.shape[2:]))
        outputs = self.layer(inner, padding_mask=padding_mask, training=training)
        return tf.reshape(outputs, tf.concat([outer, [outputs.shape[-1]]], axis=0))

    def compute_output_shape(self, sequences_shape, padding_mask_shape=None):
        units = self.layer.compute_output_shape((None, *sequences_shape[2:]))[-1]
        return (*sequences_shape[:2], units)
