"""Connectionist temporal classification: a sequence of labels without the times at which they stand."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

BLANK = 0  # class that means: no label here
IMPOSSIBLE = -1e4  # logit of a label at padding


def blank_at_padding(logits, padding_mask):
    """Logits that are certain of the blank where a timestep is padding.

    A path through padding then has one way to go and costs nothing, so that the loss over a padded batch is exactly
    that over the real timesteps.

    Args:
        logits: float array `(batch, timesteps, classes)`; class 0 is the blank.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real.
    """
    certain = np.full((1, 1, logits.shape[-1]), IMPOSSIBLE, np.float32)
    certain[..., BLANK] = 0
    return keras.ops.where(padding_mask[:, :, None], logits, certain)


class CTCLoss(keras.losses.Loss):
    """Negative log-probability, in nats, of all paths that spell the labels (Graves and others 2006).

    A path names a class at every timestep; it spells what is left when repeats are merged and blanks dropped.

    Args:
        reduction, name: as in `keras.losses.Loss`.

    Call arguments:
        y_true: int array `(batch, labels)`, classes from 1; 0 is padding.
        y_pred: logits, float array `(batch, timesteps, classes)`, as `blank_at_padding` gives them. There must be a
            timestep for every label and one more between two equal ones.
    """

    def __init__(self, reduction="mean_with_sample_weight", name="ctc"):
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true, y_pred):
        y_true = tf.cast(y_true, tf.int32)
        silent = tf.reduce_all(y_true == 0, axis=1)  # the kernel wants a label in every row: these get one
        labels = tf.where(silent[:, None] & (tf.range(tf.shape(y_true)[1]) == 0), 1, y_true)
        places = tf.where(labels > 0)
        logits = tf.transpose(
            y_pred, (1, 0, 2)
        )  # (timesteps, batch, classes), as the kernel reads them, its blank last
        logits = tf.concat([logits[:, :, BLANK + 1 :], logits[:, :, : BLANK + 1]], axis=2)
        losses, _ = tf.raw_ops.CTCLoss(
            inputs=logits,
            labels_indices=places,
            labels_values=tf.gather_nd(labels, places) - 1,
            sequence_length=tf.fill((tf.shape(y_pred)[0],), tf.shape(y_pred)[1]),
            ignore_longer_outputs_than_inputs=True,
        )
        blanks = -tf.reduce_sum(tf.nn.log_softmax(y_pred)[:, :, BLANK], axis=1)  # the only path without a label
        return tf.where(silent, blanks, losses)
