"""The recurrent layers against Keras's own, and what only ours promise."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import layers
from common.errors import UserError

PEERS = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
COMPILED_UNITS = 64  # here, so that compiled loops are tested at a size a test can afford
FEATURES, UNITS = 5, 6


@pytest.fixture(autouse=True)
def compiled_from_few_units(monkeypatch):
    monkeypatch.setattr(sys.modules["common.layers.recurrent"], "COMPILED_UNITS", COMPILED_UNITS)


def pair(cell, timesteps, bidirectional=False, units=UNITS):
    """Our layer and Keras's with the same random weights, returning sequences and states."""
    ours = layers.recurrent(cell, units, return_sequences=True, return_state=True, bidirectional=bidirectional)
    peer = PEERS[cell](units, return_sequences=True, return_state=True)
    peer = keras.layers.Bidirectional(peer) if bidirectional else peer
    for layer in (ours, peer):
        layer.build((None, timesteps, FEATURES))
    random = np.random.default_rng(0)
    weights = [
        random.normal(0, 0.5 / np.sqrt(units / UNITS), weight.shape).astype("float32") for weight in peer.get_weights()
    ]
    peer.set_weights(weights)
    ours.set_weights(peer.get_weights())
    return ours, peer


def draw(cell, batch, timesteps, width, seed=0):
    """Random inputs, mask (one row whole, one row empty if there are three) and initial states."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(batch, timesteps, FEATURES)).astype("float32")
    lengths = random.integers(1, timesteps + 1, batch)
    lengths[0] = timesteps
    if batch > 2:
        lengths[1] = 0
    mask = np.arange(timesteps) < lengths[:, None]
    count = 2 if cell == "lstm" else 1
    states = [random.normal(size=(batch, width)).astype("float32") for _ in range(count)]
    return inputs, mask, states


def run(layer, inputs, mask, states, bidirectional, training=False):
    """Outputs, concatenated states, and gradients of a loss that looks at all of them, of ours or of Keras's layer."""
    inputs, mask = tf.constant(inputs), None if mask is None else tf.constant(mask)
    states = None if states is None else [tf.constant(state) for state in states]
    is_ours = isinstance(layer, layers.Recurrent)
    with tf.GradientTape() as tape:
        tape.watch([inputs, *(states or [])])
        if is_ours:
            given = states[0] if states and len(states) == 1 else states
            output, *finals = layer(inputs, padding_mask=mask, initial_state=given, training=training)
        else:
            given = states
            if bidirectional and states:
                halves = [tf.split(state, 2, axis=-1) for state in states]
                given = [half[0] for half in halves] + [half[1] for half in halves]
            output, *finals = layer(inputs, mask=mask, initial_state=given)
            if bidirectional:
                count = len(finals) // 2
                finals = [tf.concat([finals[i], finals[i + count]], -1) for i in range(count)]
        if mask is not None:
            output = tf.where(mask[:, :, None], output, 0.0)
        looks = [tf.random.stateless_normal(value.shape, (i, 7)) for i, value in enumerate([output, *finals])]
        loss = sum(tf.reduce_sum(look * value) for look, value in zip(looks, [output, *finals], strict=True))
    sources = [inputs, *(states or []), *[weight.value for weight in layer.trainable_weights]]
    return [output, *finals], tape.gradient(loss, sources)


@pytest.mark.parametrize("given", [False, True], ids=["zeros", "initial_state"])
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("batch, timesteps", [(1, 1), (4, 7)])
@pytest.mark.parametrize("cell", layers.CELLS)
def test_equals_keras(cell, batch, timesteps, bidirectional, masked, given):
    ours, peer = pair(cell, timesteps, bidirectional)
    inputs, mask, states = draw(cell, batch, timesteps, UNITS * (1 + bidirectional))
    mask, states = mask if masked else None, states if given else None
    values, gradients = run(ours, inputs, mask, states, bidirectional)
    expected_values, expected_gradients = run(peer, inputs, mask, states, bidirectional)
    for value, expected in zip(values + gradients, expected_values + expected_gradients, strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("batch, timesteps, bidirectional", [(1, 1, False), (5, 33, False), (4, 32, True)])
@pytest.mark.parametrize("cell", layers.CELLS)
def test_compiled_equals_keras(cell, batch, timesteps, bidirectional):
    units = COMPILED_UNITS
    ours, peer = pair(cell, timesteps, bidirectional, units)
    inputs, mask, states = draw(cell, batch, timesteps, units * (1 + bidirectional))
    values, gradients = run(ours, inputs, mask, states, bidirectional, training=True)
    expected_values, expected_gradients = run(peer, inputs, mask, states, bidirectional)
    for value, expected in zip(values + gradients, expected_values + expected_gradients, strict=True):
        scale = max(1, np.abs(expected).max())  # a weight's gradient is a sum over hundreds of terms
        np.testing.assert_allclose(value / scale, expected / scale, atol=1e-5, rtol=1e-5)


def test_unknown_cell():
    with pytest.raises(UserError, match="simple_rnn, gru, lstm"):
        layers.recurrent("rnn", 3)


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("cell", layers.CELLS)
def test_weights_go_to_keras_and_back(cell, bidirectional):
    ours = layers.recurrent(cell, UNITS, bidirectional=bidirectional)
    peer = keras.layers.Bidirectional(PEERS[cell](UNITS)) if bidirectional else PEERS[cell](UNITS)
    inputs = np.random.default_rng(0).normal(size=(2, 5, FEATURES)).astype("float32")
    ours(inputs), peer(inputs)
    peer.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(inputs), peer(inputs), atol=1e-6)
    ours.set_weights([weight + 0.1 for weight in ours.get_weights()])
    peer.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(inputs), peer(inputs), atol=1e-6)


@pytest.mark.parametrize("cell", layers.CELLS)
def test_initial_weights_are_those_of_keras(cell):
    keras.utils.set_random_seed(3)
    ours = layers.recurrent(cell, UNITS)
    ours.build((None, None, FEATURES))
    kernel, recurrent_kernel, bias = ours.get_weights()
    peer = PEERS[cell](UNITS)
    peer.build((None, None, FEATURES))
    np.testing.assert_array_equal(bias, peer.get_weights()[2])  # ones for the forget gate alone
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(UNITS), atol=1e-5)
    assert np.abs(kernel).max() <= np.sqrt(6 / (FEATURES + kernel.shape[1]))


@pytest.mark.parametrize("cell", layers.CELLS)
def test_padding_has_no_influence(cell):
    layer = layers.recurrent(cell, UNITS, return_sequences=True, return_state=True, bidirectional=True)
    inputs, mask, _ = draw(cell, 3, 6, UNITS)
    output, *states = layer(inputs, padding_mask=mask)
    assert np.all(output.numpy()[~mask] == 0)
    other, *other_states = layer(np.where(mask[:, :, None], inputs, 9.0), padding_mask=mask)
    np.testing.assert_array_equal(output, other)
    np.testing.assert_array_equal(states, other_states)
    length = mask[2].sum()
    alone, *alone_states = layer(inputs[2:, :length])
    np.testing.assert_allclose(output[2:, :length], alone, atol=1e-6)
    np.testing.assert_allclose([state[2:] for state in states], alone_states, atol=1e-6)


@pytest.mark.parametrize("cell", layers.CELLS)
def test_row_of_padding_keeps_its_initial_state(cell):
    layer = layers.recurrent(cell, UNITS, return_state=True)
    inputs, mask, states = draw(cell, 3, 4, UNITS)
    _, *finals = layer(inputs, padding_mask=mask, initial_state=states[0] if cell != "lstm" else states)
    for final, state in zip(finals, states, strict=True):
        np.testing.assert_array_equal(final[1], state[1])


@pytest.mark.parametrize("units", [UNITS, COMPILED_UNITS], ids=["graph", "compiled"])
def test_dropout(units):
    keras.utils.set_random_seed(0)
    layer = layers.recurrent("simple_rnn", units, return_sequences=True, dropout=0.5, recurrent_dropout=0.25)
    inputs = np.ones((400, 2, 1), "float32")
    layer.build(inputs.shape)
    layer.set_weights([np.full((1, units), 0.01), np.eye(units) * 0.01, np.zeros(units)])
    first, second = np.moveaxis(layer(inputs, training=True).numpy(), 1, 0)
    dropped_input = first[:, 0] == 0  # one feature: a row of zeros where it is dropped
    assert abs(dropped_input.mean() - 0.5) < 0.1
    np.testing.assert_allclose(first[~dropped_input], np.tanh(0.02), atol=1e-6)  # kept ones are scaled up
    state = second[~dropped_input] - np.tanh(0.02)  # what came from the state before, the input being dropped or kept
    assert abs((np.abs(state) < 1e-5).mean() - 0.25) < 0.05
    assert np.all(second[dropped_input] == 0)  # the same features are dropped at all timesteps
    np.testing.assert_array_equal(layer(inputs), layer(inputs, training=False))


def model(cell):
    inputs = keras.Input((None,), dtype="int32", name="token_ids")
    mask = keras.ops.not_equal(inputs, 0)
    x = keras.layers.Embedding(9, FEATURES)(inputs)
    x, *states = layers.recurrent(cell, UNITS, return_sequences=True, return_state=True, bidirectional=True)(x, mask)
    assert x.shape == (None, None, 2 * UNITS) and states[0].shape == (None, 2 * UNITS)
    given = states if cell == "lstm" else states[0]
    x = layers.recurrent(cell, 2 * UNITS, recurrent_dropout=0.1)(x, mask, initial_state=given)
    assert x.shape == (None, 2 * UNITS)
    return keras.Model({"token_ids": inputs}, keras.layers.Dense(1)(x))


@pytest.mark.parametrize("cell", layers.CELLS)
def test_model_trains_saves_and_loads(cell, tmp_path):
    ids = np.random.default_rng(0).integers(0, 9, (8, 5))
    ids = {"token_ids": np.sort(ids, axis=1)[:, ::-1]}  # zeros, which are padding, on the right
    trained = model(cell)
    trained.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=cell == "simple_rnn")  # compiling takes longest
    losses = [float(trained.train_on_batch(ids, np.arange(8) % 2)) for _ in range(25)]
    assert losses[-1] < losses[0] / 2
    trained.save_weights(tmp_path / "model.weights.h5")
    loaded = model(cell)
    loaded.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(trained(ids), loaded(ids))


@pytest.mark.parametrize("cell", layers.CELLS)
def test_eager_graph_and_xla_agree(cell):
    network = model(cell)
    ids = {"token_ids": tf.constant([[3, 4, 5], [6, 0, 0], [0, 0, 0]])}
    expected = network(ids)
    np.testing.assert_allclose(tf.function(network)(ids), expected, atol=1e-6)
    np.testing.assert_allclose(tf.function(network, jit_compile=True)(ids), expected, atol=1e-5)


@pytest.mark.parametrize("cell", layers.CELLS)
def test_mixed_precision(cell):
    inputs, mask, _ = draw(cell, 4, 6, UNITS)
    exact = layers.Recurrent(cell, UNITS)
    mixed = layers.Recurrent(cell, UNITS, dtype="mixed_bfloat16")
    exact.build(inputs.shape), mixed.build(inputs.shape)
    mixed.set_weights(exact.get_weights())
    with tf.GradientTape() as tape:
        output = mixed(inputs, padding_mask=mask, training=True)
        loss = tf.reduce_sum(tf.cast(output, "float32"))
    gradients = tape.gradient(loss, [weight.value for weight in mixed.trainable_weights])
    assert output.dtype == "bfloat16" and {gradient.dtype.name for gradient in gradients} == {"float32"}
    np.testing.assert_allclose(tf.cast(output, "float32"), exact(inputs, padding_mask=mask), atol=0.05)


def test_same_seed_same_weights():
    def train():
        keras.utils.set_random_seed(5)
        layer = layers.recurrent("gru", COMPILED_UNITS, dropout=0.2, recurrent_dropout=0.2)
        network = keras.Sequential([keras.Input((None,)), keras.layers.Embedding(9, 4), layer, keras.layers.Dense(1)])
        network.compile("adam", "mse")
        ids = np.random.default_rng(1).integers(1, 9, (16, 6))
        network.fit(ids, ids[:, 0], epochs=3, batch_size=4, verbose=0)
        return network.get_weights()

    for first, second in zip(train(), train(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("cell", layers.CELLS)
def test_compiled_trains_as_keras_does(cell):
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(6, 5, FEATURES)).astype("float32"), random.normal(size=6)
    ours, peer = layers.recurrent(cell, COMPILED_UNITS), PEERS[cell](COMPILED_UNITS)
    networks = [
        keras.Sequential([keras.Input((None, FEATURES)), layer, keras.layers.Dense(1)]) for layer in (ours, peer)
    ]
    networks[1].set_weights(networks[0].get_weights())
    for network in networks:
        network.compile(keras.optimizers.SGD(0.1), "mse")
        network.fit(inputs, targets, epochs=3, batch_size=6, shuffle=False, verbose=0)
    for trained, expected in zip(networks[0].get_weights(), networks[1].get_weights(), strict=True):
        np.testing.assert_allclose(trained, expected, atol=1e-5)


def test_config_rebuilds_the_layer():
    layer = layers.recurrent("gru", 7, return_sequences=True, bidirectional=True, dropout=0.1, name="reader")
    assert layers.Recurrent.from_config(layer.get_config()).get_config() == layer.get_config()


def test_wrong_number_of_states():
    with pytest.raises(ValueError, match="must hold 2 arrays, not 1"):
        layers.recurrent("lstm", 3)(np.zeros((1, 2, 3), "float32"), initial_state=np.zeros((1, 3), "float32"))
