"""Adam against Keras, and against its definition where a token occurs twice."""

import inspect
import io
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from common.encoding import batching
from common.errors import UserError
from common.runs import run as runs
from common.training import fitting, optimizers
from tests import small


def trained(optimizer, gradients):
    """What a variable of ten ones becomes."""
    variable = keras.Variable(np.ones((5, 2), np.float32))
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([gradient], [variable])
    optimizer.finalize_variable_values([variable])
    return np.asarray(variable)


OPTIONS = [
    {"beta_1": 0.5},
    {"beta_2": 0.5},
    {"epsilon": 0.1},
    {"amsgrad": True},
    {"weight_decay": 0.1},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.5},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 4},
    {"gradient_accumulation_steps": 2},
]


def shrinking_gradients():
    random = np.random.default_rng(0)
    return [tf.constant(random.normal(size=(5, 2)) * 0.8**step, tf.float32) for step in range(20)]


@pytest.mark.parametrize("options", [{}, *OPTIONS], ids=lambda options: " ".join(options) or "defaults")
def test_same_weights_as_keras(options):
    """Every option of Keras's Adam changes the weights as it does there, and does change them."""
    gradients, schedule = shrinking_gradients(), keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    defaults = {"learning_rate": schedule, "beta_2": 0.9}  # with 0.999, 20 steps would not show amsgrad
    plain = trained(optimizers.Adam(**defaults), gradients)
    ours = trained(optimizers.Adam(**defaults | options), gradients)
    theirs = trained(keras.optimizers.Adam(**defaults | options), gradients)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(plain - 1).max() > 0.1
    assert not options or np.abs(ours - plain).max() > 1e-3


def test_a_scaled_loss_gives_the_same_weights():
    gradients = shrinking_gradients()
    scaled = trained(optimizers.Adam(0.1, loss_scale_factor=8.0), [8 * gradient for gradient in gradients])
    np.testing.assert_allclose(scaled, trained(optimizers.Adam(0.1), gradients), atol=1e-6)


def test_every_option_of_keras_is_tested():
    known = {name for options in OPTIONS for name in options} | {"loss_scale_factor", "learning_rate", "name"}
    accepted = inspect.signature(keras.optimizers.Adam).parameters
    assert {name for name in accepted if name != "kwargs"} == known


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_a_variable_without_a_gradient_stays_as_it_is():
    used, unused = (keras.Variable(np.ones(2, np.float32)) for _ in range(2))
    optimizers.Adam(0.1).apply([tf.ones(2), None], [used, unused])
    np.testing.assert_allclose(used, [0.9, 0.9], atol=1e-5)
    np.testing.assert_array_equal(unused, [1, 1])


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
    train, validation = (encoder.batches(batching.encode(encoder, part), 16, 0) for part in (few.train, few.validation))
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
    assert rates == pytest.approx(config.learning_rate * (1 + np.cos(np.pi * np.arange(steps + 1) / steps)) / 2)


def test_a_task_may_use_another_optimizer(own_folders):
    model, config = small.model("translation", epochs=1)
    model.compile(keras.optimizers.SGD(0.1), model.loss)
    assert int(model.optimizer.iterations) == 0
    assert len(fitted(model, config)) == int(model.optimizer.iterations)


def test_the_advice_after_a_divergence_is_not_about_the_decayed_rate(own_folders, monkeypatch):
    """Only the validation loss of the last epoch is no number, when the rate has fallen to 0."""
    model, config = small.model("translation", epochs=1)
    measure = fitting.MeanMetrics.__call__
    monkeypatch.setattr(fitting.MeanMetrics, "__call__", lambda self: {**measure(self), "loss": float("nan")})
    advice = f"SET=learning_rate={config.learning_rate / 3:.2g}"
    with pytest.raises(UserError, match=rf"^The validation loss is nan in epoch 1: .* {advice}$"):
        fitted(model, config)
