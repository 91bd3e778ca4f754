"""The recurrences in float64 against NumPy, and their gradients against differences of NumPy's values."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from common import layers

BATCH, TIMESTEPS, FEATURES, UNITS = 3, 5, 2, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(cell, x, states, kernel, recurrent_kernel, bias):
    """One timestep as the textbook writes it."""
    h = states[0]
    if cell == "simple_rnn":
        return [np.tanh(x @ kernel + h @ recurrent_kernel + bias)]
    if cell == "gru":
        x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3, axis=1)
        h_z, h_r, h_h = np.split(h @ recurrent_kernel + bias[1], 3, axis=1)
        z = sigmoid(x_z + h_z)
        return [z * h + (1 - z) * np.tanh(x_h + sigmoid(x_r + h_r) * h_h)]
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def reference(cell, lengths, inputs, *rest):
    """Outputs, zero at padding, and the last real states."""
    states, weights = list(rest[:-3]), rest[-3:]
    outputs = np.zeros((BATCH, TIMESTEPS, UNITS))
    for t in range(TIMESTEPS):
        real = (t < lengths)[:, None]
        after = step(cell, inputs[:, t], states, *weights)
        states = [np.where(real, new, old) for new, old in zip(after, states, strict=True)]
        outputs[:, t] = np.where(real, states[0], 0)
    return [outputs, *states]


@pytest.mark.parametrize("last_only", [False, True], ids=["sequences", "last"])
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("cell", layers.CELLS)
def test_values_and_gradients(cell, training, last_only):
    random = np.random.default_rng(2)
    layer = layers.Recurrent(cell, UNITS, return_sequences=True, return_state=True, dtype="float64")
    layer.build((BATCH, TIMESTEPS, FEATURES))
    layer.set_weights([random.normal(0, 0.7, weight.shape) for weight in layer.get_weights()])
    lengths = np.array([TIMESTEPS, 2, 0])
    states = [random.normal(size=(BATCH, UNITS)) for _ in range(2 if cell == "lstm" else 1)]
    sources = [random.normal(size=(BATCH, TIMESTEPS, FEATURES)), *states, *layer.get_weights()]
    values = reference(cell, lengths, *sources)
    looks = [random.normal(size=value.shape) for value in values]
    if last_only:
        looks = [looks[0] * 0, looks[1], *(look * 0 for look in looks[2:])]

    inputs, *states = [tf.constant(source) for source in sources[:-3]]
    with tf.GradientTape() as tape:
        tape.watch([inputs, *states])
        mask = tf.sequence_mask(lengths, TIMESTEPS)
        ours = layer(inputs, mask, initial_state=states if cell == "lstm" else states[0], training=training)
        loss = sum(tf.reduce_sum(look * value) for look, value in zip(looks, ours, strict=True))
    gradients = tape.gradient(loss, [inputs, *states, *[weight.value for weight in layer.trainable_weights]])
    for value, expected in zip(ours, values, strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-12)

    def loss_at(sources):
        return sum(np.sum(look * value) for look, value in zip(looks, reference(cell, lengths, *sources), strict=True))

    for i, gradient in enumerate(gradients):
        direction = random.normal(size=sources[i].shape)
        ahead, behind = ([*sources[:i], sources[i] + s * 1e-6 * direction, *sources[i + 1 :]] for s in (1, -1))
        slope = (loss_at(ahead) - loss_at(behind)) / 2e-6
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-6, atol=1e-7)


@pytest.fixture
def one_part(monkeypatch):
    """The batch is not cut into parts, each of which would be compiled."""
    monkeypatch.setattr(sys.modules["common.layers.recurrent"], "MOST_PARTS", 1)


@pytest.mark.parametrize(("cell", "units"), [("gru", 64), ("lstm", UNITS)], ids=["compiled", "graph"])
def test_gradients_of_gradients(cell, units, one_part):
    """A penalty on the gradient, whose own gradient is compared with a difference of two of its values.

    XLA cannot differentiate its loops. A layer that let TensorFlow try failed, and from then on in every training.
    """
    layer = layers.Recurrent(cell, units, return_sequences=True, dtype="float64")
    layer.build((BATCH, TIMESTEPS, FEATURES))
    random = np.random.default_rng(3)
    inputs, mask = tf.constant(random.normal(size=(BATCH, TIMESTEPS, FEATURES))), tf.sequence_mask([TIMESTEPS, 2, 0])

    def slope(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = tf.reduce_sum(layer(inputs, mask, training=True) ** 2)
        return tape.gradient(value, inputs)

    def penalty(inputs):
        return tf.reduce_sum(slope(inputs) ** 2)

    before = slope(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = penalty(inputs)
    gradient = tape.gradient(value, inputs)
    direction = random.normal(size=inputs.shape)
    expected = (penalty(inputs + 1e-6 * direction) - penalty(inputs - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(np.sum(gradient * direction), expected, rtol=1e-5)
    np.testing.assert_array_equal(slope(inputs), before)  # and an ordinary tape works as it did


def test_a_persistent_tape_gives_the_gradients_of_an_ordinary_one(one_part):
    layer, inputs = layers.Recurrent("gru", 64), tf.ones((BATCH, TIMESTEPS, FEATURES))
    layer.build(inputs.shape)
    weights = [weight.value for weight in layer.trainable_weights]
    found = []
    for persistent in (True, False):
        with tf.GradientTape(persistent=persistent) as tape:
            value = tf.reduce_sum(layer(inputs, training=True) ** 2)
        found.append(tape.gradient(value, weights))
        if persistent:
            found.append(tape.gradient(value, weights))
    for first, again, ordinary in zip(*found, strict=True):
        np.testing.assert_array_equal(first, again)
        np.testing.assert_allclose(first, ordinary, rtol=1e-6, atol=1e-7)
