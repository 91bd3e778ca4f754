"""Losses that Keras lacks. None is registered: a run's model is rebuilt by its task, not read from a file."""

from __future__ import annotations

import math

import keras
import tensorflow as tf


class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy in nats with label smoothing: a share of the target's probability is spread over all classes.

    It keeps a model from becoming overconfident, and so delays overfitting (Szegedy and others 2016, section 7,
    https://arxiv.org/abs/1512.00567). Keras has it for one-hot targets only.

    Args:
        smoothing: share of the probability, at least 0 and below 1.
        reduction, name: as in `keras.losses.Loss`.

    Call arguments:
        y_true: int array `(batch, ...)`, such as `(batch, timesteps)`.
        y_pred: logits, float array `(batch, ..., classes)`.
    """

    def __init__(self, smoothing, reduction="mean_with_sample_weight", name="smoothed_crossentropy"):
        super().__init__(name=name, reduction=reduction)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        classes = y_pred.shape[-1]
        others = self.smoothing / classes
        target = tf.one_hot(tf.cast(y_true, tf.int32), classes, 1 - self.smoothing + others, others)
        return tf.nn.softmax_cross_entropy_with_logits(target, y_pred)


class StudentT(keras.losses.Loss):
    """Negative log-likelihood in nats of real numbers under a Student t-distribution with a location and a scale.

    Args:
        reduction, name: as in `keras.losses.Loss`.

    Call arguments:
        y_true: float array `(batch, horizon)`; `horizon` may be smaller than that of `y_pred`, whose last steps are
            then left out.
        y_pred: float array `(batch, horizon, 3)`: location, scale (above 0), degrees of freedom (above 0).
    """

    def __init__(self, reduction="mean_with_sample_weight", name="student_t"):
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true, y_pred):
        location, scale, df = tf.unstack(y_pred[:, : tf.shape(y_true)[1]], axis=-1)  # each (batch, horizon)
        distance = (y_true - location) / scale
        return (
            tf.math.log(scale)
            + 0.5 * tf.math.log(math.pi * df)
            + tf.math.lgamma(df / 2)
            - tf.math.lgamma((df + 1) / 2)
            + (df + 1) / 2 * tf.math.log1p(distance**2 / df)
        )


class MultiHot(keras.losses.Loss):
    """Negative log-likelihood in nats of independent binary targets, such as the keys of a piano.

    Keras's binary cross-entropy is the mean over the targets; this is their sum, the nats of a whole timestep.

    Args:
        reduction, name: as in `keras.losses.Loss`.

    Call arguments:
        y_true: array `(batch, timesteps, targets)` of 0 and 1.
        y_pred: logits, float array of the same shape.
    """

    def __init__(self, reduction="mean_with_sample_weight", name="multi_hot"):
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true, y_pred):
        each = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(y_true, y_pred.dtype), y_pred)
        return tf.reduce_sum(each, axis=-1)
