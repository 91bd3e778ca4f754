"""Adam against Keras, and against its definition where a token occurs twice."""

import io
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from common.encoding import batching
from common.runs import run as runs
from common.training import fitting, optimizers
from tests import small


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


def fitted(model, config):
    """Train a small translation model; gives its batches."""
    _, _, few, encoder = small.setting("translation")
    train, validation = (encoder.batches(batching.encode(encoder, side), 16, 0) for side in (few.train, few.validation))
    folder = runs.create("translation", config.cell, config.seed, {})
    fitting.fit(model, train, validation, config, folder, Console(file=io.StringIO()))
    return train


def test_the_learning_rate_of_a_training_falls_to_0_like_half_a_cosine(own_folders):
    model, config = small.model("translation", epochs=2)
    schedule = model.optimizer.schedule
    assert float(schedule(100)) == pytest.approx(config.learning_rate)  # how long it will be is not known yet

    train = fitted(model, config)
    steps = 2 * len(train)
    assert int(model.optimizer.iterations) == steps and float(model.optimizer.learning_rate) == 0
    rates = [float(schedule(step)) for step in range(steps + 1)]
    assert all(before > after for before, after in itertools.pairwise(rates))
    assert rates[0] == pytest.approx(config.learning_rate) and rates[steps // 2] == pytest.approx(
        config.learning_rate / 2
    )


def test_a_task_may_use_another_optimizer(own_folders):
    model, config = small.model("translation", epochs=1)
    model.compile(keras.optimizers.SGD(0.1), model.loss)
    assert int(model.optimizer.iterations) == 0
    assert len(fitted(model, config)) == int(model.optimizer.iterations)
