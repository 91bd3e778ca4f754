"""The CTC loss is minus the log of the summed probability of all paths, and padding adds nothing to it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.layers.ctc import CTCLoss, blank_at_padding
from common.prediction import classes
from tests.prediction.test_ctc import sums

LABELS = np.array([[1, 2, 0], [1, 1, 0], [0, 0, 0], [2, 1, 2]])


def losses(logits, labels):
    return CTCLoss(reduction=None)(labels, tf.constant(logits, tf.float32)).numpy()


def test_the_loss_sums_over_all_paths():
    logits = np.random.default_rng(0).normal(0, 1.5, (4, 5, 3))
    every = [sums(classes.log_probabilities(row)) for row in logits]
    expected = [-np.log(one[tuple(label for label in row if label)]) for one, row in zip(every, LABELS, strict=True)]
    np.testing.assert_allclose(losses(logits, LABELS), expected, rtol=1e-5)


def test_padding_adds_nothing():
    logits = np.random.default_rng(1).normal(0, 1.5, (4, 5, 3)).astype("float32")
    longer = np.concatenate([logits, 7 * np.ones((4, 3, 3), "float32")], axis=1)
    real = np.arange(8) < np.full((4, 1), 5)
    padded = blank_at_padding(keras.ops.convert_to_tensor(longer), keras.ops.convert_to_tensor(real))
    np.testing.assert_allclose(losses(padded, LABELS), losses(logits, LABELS), rtol=1e-5)


def test_the_gradient_is_that_of_differences():
    random = np.random.default_rng(2)
    logits, direction = random.normal(size=(4, 5, 3)), random.normal(size=(4, 5, 3))
    variable = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        loss = tf.reduce_sum(CTCLoss(reduction=None)(LABELS, variable))
    ahead, behind = (losses(logits + sign * 1e-2 * direction, LABELS).sum() for sign in (1, -1))
    assert np.sum(tape.gradient(loss, variable) * direction) == pytest.approx((ahead - behind) / 2e-2, rel=1e-2)
