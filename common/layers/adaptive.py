"""A tied output layer for large vocabularies, with which training need not compute every logit."""

from __future__ import annotations

from itertools import pairwise

import keras
import tensorflow as tf

from common.layers import checks


class AdaptiveOutput(keras.layers.Layer):
    """Logits over the vocabulary in two levels: frequent tokens, and clusters of rarer ones (Grave et al. 2017).

    The first level is a softmax over the frequent tokens and the clusters, the second over the tokens within a cluster.
    Their product is a distribution over all tokens. A call returns the exact logits of that distribution over the whole
    vocabulary. `nats` returns the same loss with much less work: it evaluates a cluster only for the targets in it.

    The weights are those of the embedding, as in `TiedOutput`, a bias per token, and a kernel per cluster, whose bias
    is the log-sum-exp of its tokens' biases.

    Args:
        embedding: the `keras.layers.Embedding` whose `(vocab_size, features)` weights are shared; token ids must be in
            the order of frequency.
        frequent: int, number of tokens in the first level.
        growth: int, 2 or more; the first cluster begins at id `frequent`, each further one at an id `growth` times as
            large.

    Raises:
        ValueError: for `frequent` or `growth` out of range.
    """

    def __init__(self, embedding, frequent, growth=8, name=None):
        super().__init__(name=name)
        vocab_size = embedding.input_dim
        if not 0 < frequent < vocab_size:
            raise ValueError(
                f"frequent must be between 0 and the {vocab_size} tokens of the vocabulary, not {frequent}"
            )
        if checks.positive_int("growth", growth) < 2:
            raise ValueError(f"growth must be 2 or more, not {growth}")
        starts = [frequent]
        while starts[-1] * growth < vocab_size:
            starts.append(starts[-1] * growth)
        self.embedding, self.frequent = embedding, frequent
        self.supports_masking = True  # timesteps are independent, so a mask of the inputs is valid for the logits
        self.clusters = list(pairwise([*starts, vocab_size]))

    def build(self, inputs_shape):
        if not self.embedding.built:
            self.embedding.build()
        self.bias = self.add_weight((self.embedding.input_dim,), initializer="zeros", name="bias")
        shape = (len(self.clusters), inputs_shape[-1])
        self.cluster_kernel = self.add_weight(shape, initializer="zeros", name="cluster_kernel")

    def call(self, inputs):
        rows = tf.reshape(inputs, (-1, inputs.shape[-1]))
        head, *levels = self._levels()
        first = _logits(rows, head)
        logits = [first[:, : self.frequent]]
        for number, level in enumerate(levels):
            within = _logits(rows, level)
            share = first[:, self.frequent + number, None] - tf.reduce_logsumexp(within, axis=1, keepdims=True)
            logits.append(within + share)
        return tf.reshape(tf.concat(logits, axis=1), (*tf.unstack(tf.shape(inputs)[:-1]), self.embedding.input_dim))

    def nats(self, inputs, targets):
        """Negative log-probability of each target.

        Args:
            inputs: float array `(..., features)`.
            targets: int array `(...)`.

        Returns:
            float array `(...)`.
        """
        rows, ids = tf.reshape(inputs, (-1, inputs.shape[-1])), tf.reshape(tf.cast(targets, tf.int32), (-1,))
        numbers = tf.searchsorted([start for start, _ in self.clusters], ids, side="right")  # 0 for a frequent token
        head, *levels = self._levels()
        first = tf.where(numbers > 0, self.frequent - 1 + numbers, ids)
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(first, _logits(rows, head))
        for number, ((start, _), level) in enumerate(zip(self.clusters, levels, strict=True), 1):
            members = tf.where(numbers == number)
            within = _logits(tf.gather_nd(rows, members), level)
            more = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather_nd(ids, members) - start, within)
            nats = tf.tensor_scatter_nd_add(nats, members, more)
        return tf.reshape(nats, tf.shape(targets))

    def compute_output_shape(self, inputs_shape):
        return (*inputs_shape[:-1], self.embedding.input_dim)

    def _levels(self):
        """Kernel `(tokens, features)` and bias of the first level, then of each cluster.

        The weights are split in one operation: the gradient of a split takes one pass over them, that of slices one
        pass per slice, which would be a quarter of a training step.
        """
        sizes = [self.frequent, *(stop - start for start, stop in self.clusters)]
        kernels = tf.split(tf.convert_to_tensor(self.embedding.embeddings), sizes)
        biases = tf.split(tf.convert_to_tensor(self.bias), sizes)
        sums = [tf.reduce_logsumexp(bias, keepdims=True) for bias in biases[1:]]
        head = tf.concat([kernels[0], tf.convert_to_tensor(self.cluster_kernel)], axis=0)
        return [(head, tf.concat([biases[0], *sums], axis=0)), *zip(kernels[1:], biases[1:], strict=True)]


def _logits(rows, level):
    kernel, bias = level
    return tf.nn.bias_add(tf.matmul(rows, kernel, transpose_b=True), bias)
