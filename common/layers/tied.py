"""An output layer that shares its weights with the embedding."""

from __future__ import annotations

import keras
from keras import ops


class TiedOutput(keras.layers.Layer):
    """Logits over the vocabulary from the transposed weights of the embedding and a bias (Press and Wolf 2017).

    Args:
        embedding: the `keras.layers.Embedding` whose `(vocab_size, features)` weights are shared. Call it before this
            layer when building the model.

    Call arguments:
        inputs: float array `(..., features)`.

    Returns:
        logits `(..., vocab_size)`.
    """

    def __init__(self, embedding, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.embedding = embedding
        self.supports_masking = True  # timesteps are independent, so a mask of the inputs is valid for the logits

    def build(self, inputs_shape):
        if inputs_shape[-1] != self.embedding.output_dim:
            raise ValueError(
                f"inputs must have the {self.embedding.output_dim} features of the embedding, not {inputs_shape[-1]}"
            )
        if not self.embedding.built:
            self.embedding.build()
        self.bias = self.add_weight((self.embedding.input_dim,), initializer="zeros", name="bias")

    def call(self, inputs):
        return ops.matmul(inputs, ops.transpose(self.embedding.embeddings)) + self.bias

    def compute_output_shape(self, inputs_shape):
        return (*inputs_shape[:-1], self.embedding.input_dim)
