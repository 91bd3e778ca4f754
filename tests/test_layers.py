"""The recurrent layers against Keras's own, and what only ours promise."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import layers
from common.errors import UserError

PEERS = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
FEATURES, UNITS = 5, 6


def pair(cell, timesteps, bidirectional=False, **kwargs):
    """Our layer and Keras's with the same random weights, returning sequences and states."""
    ours = layers.recurrent(
        cell, UNITS, return_sequences=True, return_state=True, bidirectional=bidirectional, **kwargs
    )
    peer = PEERS[cell](UNITS, return_sequences=True, return_state=True, **kwargs)
    peer = keras.layers.Bidirectional(peer) if bidirectional else peer
    for layer in (ours, peer):
        layer.build((None, timesteps, FEATURES))
    random = np.random.default_rng(0)
    weights = [random.normal(0, 0.5, weight.shape).astype("float32") for weight in peer.get_weights()]
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


def run(layer, inputs, mask, states, bidirectional):
    """Outputs, concatenated states, and gradients of a loss that looks at all of them, of ours or of Keras's layer."""
    inputs, mask = tf.constant(inputs), None if mask is None else tf.constant(mask)
    states = None if states is None else [tf.constant(state) for state in states]
    is_ours = isinstance(layer, layers.Recurrent)
    with tf.GradientTape() as tape:
        tape.watch([inputs, *(states or [])])
        if is_ours:
            given = states[0] if states and len(states) == 1 else states
            output, *finals = layer(inputs, padding_mask=mask, initial_state=given)
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


def test_unknown_cell():
    with pytest.raises(UserError, match="simple_rnn, gru, lstm"):
        layers.recurrent("rnn", 3)
