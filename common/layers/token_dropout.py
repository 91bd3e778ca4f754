"""Dropout of whole tokens in training."""

from __future__ import annotations

import keras
from keras import ops

from common.layers import checks


class TokenDropout(keras.layers.Layer):
    """Replaces random token ids by the unknown id in training, so the model learns to handle unknown words.

    Args:
        rate: share of the real tokens to replace.
        unknown, padding: the ids of the unknown token and of padding.

    Call arguments:
        token_ids: int array `(batch, timesteps)`.

    Returns:
        int array `(batch, timesteps)`.
    """

    def __init__(self, rate, unknown=1, padding=0, name=None):
        super().__init__(name=name)
        self.rate, self.unknown, self.padding = checks.fraction("rate", rate), unknown, padding
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, token_ids, training=None):
        if not training or not self.rate:
            return token_ids
        hidden = keras.random.uniform(ops.shape(token_ids), seed=self.seed_generator) < self.rate
        return ops.where(ops.logical_and(hidden, ops.not_equal(token_ids, self.padding)), self.unknown, token_ids)

    def compute_output_shape(self, token_ids_shape):
        return token_ids_shape
