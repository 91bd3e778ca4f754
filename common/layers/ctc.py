"""Connectionist temporal classification: learn a sequence of labels whose times are unknown."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

BLANK = 0  # class for no label at a timestep
IMPOSSIBLE = -1e4  # logit of a label at padding


def blank_at_padding(logits, padding_mask):
    """Logits that give the blank probability 1 where a timestep is padding.

    There is then only one path through padding, which costs nothing, so that the loss of a padded batch is exactly that
    of the real timesteps.

    Args:
        logits: float array `(batch, timesteps, classes)`; class 0 is the blank.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real.
    """
    certain = np.full((1, 1, logits.shape[-1]), IMPOSSIBLE, np.float32)
    certain[..., BLANK] = 0
    return keras.ops.where(padding_mask[:, :, None], logits, certain)


class CTCLoss(keras.losses.Loss):
    """Negative log-probability, in nats, of all paths that spell the labels (Graves and others 2006).

    A path has a class at every timestep; it spells what remains after repeats are merged and blanks removed.

    Args:
        reduction, name: as in `keras.losses.Loss`.

    Call arguments:
        y_true: int array `(batch, labels)`, classes from 1; 0 is padding.
        y_pred: logits, float array `(batch, timesteps, classes)`, the output of `blank_at_padding`. There must be a
            timestep for every label and one more between two equal labels.
    """

    def __init__(self, reduction="mean_with_sample_weight", name="ctc"):
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true, y_pred):
        y_true = tf.cast(y_true, tf.int32)
        silent = tf.reduce_all(y_true == 0, axis=1)  # rows without labels; the kernel requires one, so they get one
        labels = tf.where(silent[:, None] & (tf.range(tf.shape(y_true)[1]) == 0), 1, y_true)
        places = tf.where(labels > 0)
        # The kernel's layout: (timesteps, batch, classes), with the blank last.
        logits = tf.transpose(y_pred, (1, 0, 2))
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
