"""Adam against Keras, and against its definition where a token occurs twice."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import optimizers


def trained(optimizer, gradients):
    """What a variable of ten ones becomes."""
    variable = keras.Variable(np.ones((5, 2), np.float32))
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([gradient], [variable])
    return np.asarray(variable)


@pytest.mark.parametrize("clip", [None, 0.5])
def test_same_weights_as_keras(clip):
    random = np.random.default_rng(0)
    gradients = [tf.constant(random.normal(size=(5, 2)), tf.float32) for _ in range(20)]
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    both = [kind(schedule, global_clipnorm=clip) for kind in (optimizers.Adam, keras.optimizers.Adam)]
    ours, theirs = (trained(optimizer, gradients) for optimizer in both)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(ours - 1).max() > 0.1


def test_gradients_of_a_token_that_occurs_twice_are_added_up():
    slices = tf.IndexedSlices(tf.constant([[1.0, 2], [3, 4], [5, 6]]), tf.constant([4, 1, 4]), (5, 2))
    summed = np.zeros((5, 2), np.float32)
    summed[1], summed[4] = (3, 4), (6, 8)
    ours = trained(optimizers.Adam(0.1), [slices, -0.5 * tf.convert_to_tensor(slices)])
    by_hand, m, v = np.ones((5, 2)), 0, 0
    for step, gradient in enumerate((summed, -0.5 * summed), 1):
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        by_hand -= 0.1 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-7)
    np.testing.assert_allclose(ours, by_hand, atol=1e-5)
