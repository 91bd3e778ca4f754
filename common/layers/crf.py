"""A linear-chain conditional random field: the tags of a sequence are scored jointly."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from common.layers import checks

IMPOSSIBLE = -1e9  # score of a forbidden transition; its exponential is 0, and no gradient passes through


class Transitions(keras.layers.Layer):
    """Transition scores between tags, some of which are forbidden.

    Args:
        allowed: bool array `(num_tags + 1, num_tags)`, whether tag j may follow tag i; the last row is the start.

    Call arguments:
        scores: float array `(batch, timesteps, num_tags)`, of the tags; only its shape is used.

    Returns:
        float array `(num_tags + 1, num_tags)`, the same for all inputs.

    Raises:
        ValueError: if `allowed` has the wrong shape.
    """

    def __init__(self, allowed, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        shape = np.shape(allowed)
        if len(shape) != 2 or shape[0] != shape[1] + 1 or not shape[1]:
            raise ValueError(f"allowed must have the shape (num_tags + 1, num_tags), not {shape}")
        self.forbidden = np.where(np.asarray(allowed, bool), 0.0, IMPOSSIBLE).astype(np.float32)

    def build(self, scores_shape):
        if self.forbidden.shape != (scores_shape[-1] + 1, scores_shape[-1]):
            raise ValueError(f"allowed must fit {scores_shape[-1]} tags, not have the shape {self.forbidden.shape}")
        self.transitions = self.add_weight(self.forbidden.shape, initializer="zeros", name="transitions")

    def call(self, scores):
        return keras.ops.convert_to_tensor(self.transitions) + self.forbidden

    def compute_output_shape(self, scores_shape):
        return self.forbidden.shape


class CRF(checks.ExplicitMask):
    """The probability of each tag given the tag before it and the whole input, exactly (Lafferty and others 2001).

    The score of a tag sequence is the sum of its transitions and of the scores of its tags. Its probability, normalised
    over all sequences, factorises into one factor per timestep, `p(tag | previous tag, inputs)`. A recurrence from the
    last timestep to the first computes the factors, so that the loss is a mean over timesteps like any other, and
    padding has weight 0; see `TransitionLoss`. `common.prediction.crf` computes the same in NumPy.

    Call arguments:
        scores: float array `(batch, timesteps, num_tags)`.
        transitions: float array `(num_tags + 1, num_tags)`, the output of `Transitions`.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real; padding is on the right.

    Returns:
        log-probabilities `(batch, timesteps, num_tags + 1, num_tags)`, of tag j after tag i. The last row applies to
        the first timestep and is meaningless elsewhere, as are all values at padding.

    Raises:
        ValueError: if an input carries an implicit Keras mask, or the padding_mask is not right-padded.
    """

    def call(self, scores, transitions, padding_mask=None, training=None):
        given, lengths = scores, checks.lengths(padding_mask, scores, training)
        if lengths is None:
            lengths = tf.fill(tf.shape(scores)[:1], tf.shape(scores)[1])
        scores = checks.with_a_timestep(scores)
        ahead = log_ahead(transitions, scores, lengths)  # (batch, timesteps, num_tags + 1)
        after = tf.pad(ahead[:, 1:, :-1], ((0, 0), (0, 1), (0, 0)))
        return checks.cut_timesteps(transitions + (scores + after)[:, :, None, :] - ahead[:, :, :, None], given)

    def compute_output_shape(self, scores_shape, transitions_shape, padding_mask_shape=None):
        return (*scores_shape[:2], *transitions_shape)


@tf.custom_gradient
def log_ahead(transitions, scores, lengths):
    """Log of the summed weight of all paths to the end, for each timestep and previous tag; 0 at padding.

    The gradient is hand-written: the conditional probabilities of the tags propagate it from each timestep to the
    later ones, so the loop of the gradient is the forward algorithm, with one product per timestep.

    Args:
        transitions: float array `(num_tags + 1, num_tags)`.
        scores: float array `(batch, timesteps, num_tags)`, with at least one timestep.
        lengths: int32 array `(batch,)`, real timesteps of each row.

    Returns:
        float array `(batch, timesteps, num_tags + 1)`.
    """
    scores = tf.transpose(scores, (1, 0, 2))
    real = tf.cast(tf.range(tf.shape(scores)[0])[:, None, None] < lengths[:, None], scores.dtype)  # also time first

    def step(ahead, timestep):
        scores, real = timestep
        return real * tf.reduce_logsumexp(transitions + (scores + ahead[:, :-1])[:, None, :], axis=-1)

    nothing = tf.zeros_like(tf.pad(scores[0], ((0, 0), (0, 1))))
    ahead = tf.scan(step, (scores, real), nothing, reverse=True)  # (timesteps, batch, num_tags + 1)

    def gradient(upstream):
        after = tf.concat([ahead[1:], nothing[None]], axis=0)[:, :, :-1]
        conditional = real[..., None] * tf.exp(transitions + (scores + after)[:, :, None, :] - ahead[..., None])
        upstream = tf.transpose(upstream, (1, 0, 2))  # (timesteps, batch, num_tags + 1)

        def back(reached, timestep):
            upstream, conditional = timestep
            return upstream + tf.pad(tf.linalg.matvec(conditional, reached, transpose_a=True), ((0, 0), (0, 1)))

        before = tf.concat([tf.zeros_like(conditional[:1]), conditional[:-1]], axis=0)
        reached = tf.scan(back, (upstream, before), nothing)[..., None] * conditional
        return tf.reduce_sum(reached, axis=(0, 1)), tf.transpose(tf.reduce_sum(reached, axis=2), (1, 0, 2)), None

    return tf.transpose(ahead, (1, 0, 2)), gradient


class TransitionLoss(keras.losses.Loss):
    """Negative log-probability of each tag given the true previous tag, in nats; the sum over a sequence is the CRF's.

    Targets are tags `(batch, timesteps)`, outputs are those of `CRF`.
    """

    def call(self, targets, log_probabilities):
        targets = tf.cast(targets, tf.int32)
        start = tf.fill((tf.shape(targets)[0], 1), log_probabilities.shape[-1])
        before = tf.concat([start, targets[:, :-1]], axis=1)
        given = tf.gather(log_probabilities, before, axis=2, batch_dims=2)  # (batch, timesteps, num_tags)
        return -tf.gather(given, targets, axis=2, batch_dims=2)
