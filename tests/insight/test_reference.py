"""The network by hand: equal to Keras's layers and to ours, its gradient equal to the numerical one."""

import inspect
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import folders, layers
from common.insight import classifier, reference
from common.task import load_task
from tests import small

PEERS = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
BATCH, TIMESTEPS, FEATURES, UNITS = 3, 7, 4, 5
every_cell = pytest.mark.parametrize("cell", reference.CELLS)


def setting(cell):
    """Random inputs, weights and dL/dh for each step."""
    random, gates = np.random.default_rng(0), reference.CELLS[cell].gates
    bias = (2, gates * UNITS) if cell == "gru" else (gates * UNITS,)
    weights = [random.normal(0, 0.5, shape) for shape in ((FEATURES, gates * UNITS), (UNITS, gates * UNITS), bias)]
    inputs = random.normal(size=(BATCH, TIMESTEPS, FEATURES))
    return inputs, weights, random.normal(size=(BATCH, TIMESTEPS, UNITS))


def through_keras(layer, inputs, weights, d_outputs):
    """Outputs, dL/dweights and dL/dinputs that a layer gives for the loss sum(outputs * d_outputs)."""
    inputs = tf.constant(inputs)
    layer.build(inputs.shape)
    layer.set_weights(weights)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        loss = tf.reduce_sum(outputs * d_outputs)
    gradients = tape.gradient(loss, [*(v.value for v in layer.trainable_variables), inputs])
    return outputs.numpy(), [np.asarray(gradient) for gradient in gradients]


@every_cell
@pytest.mark.parametrize("ours", [False, True])
def test_forward_and_gradient_are_those_of_the_layers(cell, ours):
    inputs, weights, d_outputs = setting(cell)
    states, kept = reference.forward(cell, inputs, weights)
    by_step, d_inputs, _ = reference.back_propagate(cell, inputs, weights, states, kept, d_outputs)
    if ours:
        layer = layers.Recurrent(cell, UNITS, return_sequences=True, dtype="float64")
    else:
        layer = PEERS[cell](UNITS, return_sequences=True, dtype="float64")
    outputs, gradients = through_keras(layer, inputs, weights, d_outputs)
    np.testing.assert_allclose(reference.outputs(states), outputs, rtol=0, atol=1e-10)
    for by_hand, gradient in zip([*reference.total(by_step), d_inputs], gradients, strict=True):
        np.testing.assert_allclose(by_hand, gradient, rtol=0, atol=1e-10)


@every_cell
def test_gradient_is_the_numerical_one(cell):
    inputs, weights, d_outputs = setting(cell)

    def loss():
        return (reference.outputs(reference.forward(cell, inputs, weights)[0]) * d_outputs).sum()

    states, kept = reference.forward(cell, inputs, weights)
    by_step, d_inputs, _ = reference.back_propagate(cell, inputs, weights, states, kept, d_outputs)
    for array, gradient in zip([*weights, inputs], [*reference.total(by_step), d_inputs], strict=True):
        for place in [(0,) * array.ndim, (-1,) * array.ndim]:
            before, step = array[place], 1e-6
            array[place] = before + step
            above = loss()
            array[place] = before - step
            below = loss()
            array[place] = before
            assert gradient[place] == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-8)


@every_cell
def test_contributions_of_the_steps_are_the_gradient_with_weights_of_their_own(cell):
    """Unrolled, each step has a copy of the weights: the contribution of a step is the gradient of its copy."""
    inputs, weights, d_outputs = setting(cell)
    states, kept = reference.forward(cell, inputs, weights)
    by_step, *_ = reference.back_propagate(cell, inputs, weights, states, kept, d_outputs)
    t, changed, step = 2, [array.copy() for array in weights], 1e-6
    changed[1][0, 0] += step
    state, loss = reference.CELLS[cell].zeros(BATCH, weights), 0.0
    for i in range(TIMESTEPS):
        state, _ = reference.CELLS[cell].step(inputs[:, i], state, changed if i == t else weights)
        loss += (state[0] * d_outputs[:, i]).sum()
    whole = (reference.outputs(states) * d_outputs).sum()
    assert by_step[t][1][0, 0] == pytest.approx((loss - whole) / step, rel=1e-4)


def test_errors_are_read_and_handed_on():
    """The error of a state that is read at the end alone arrives at every step before it."""
    inputs, weights, d_outputs = setting("simple_rnn")
    states, kept = reference.forward("simple_rnn", inputs, weights)
    d_outputs[:, :-1] = 0
    _, _, errors = reference.back_propagate("simple_rnn", inputs, weights, states, kept, d_outputs)
    by_hand = (d_outputs[:, -1] * (1 - states[-1][0] ** 2)) @ weights[1].T
    np.testing.assert_allclose(errors[:, -2], by_hand, rtol=0, atol=1e-12)


def test_cross_entropy_over_time_counts_no_padding():
    random = np.random.default_rng(0)
    logits, targets = random.normal(size=(2, 3, 4)), np.array([[1, 0, 3], [2, 0, 0]])
    real = np.array([[1.0, 1, 1], [1, 0, 0]])
    loss, d_logits = reference.cross_entropy(logits, targets, real)
    log_probabilities = np.log(reference.softmax(logits))
    rows = [(0, 0, 1), (0, 1, 0), (0, 2, 3), (1, 0, 2)]
    assert loss == pytest.approx(-sum(log_probabilities[row] for row in rows))
    assert not d_logits[1, 1:].any()
    step = 1e-6
    logits[0, 1, 2] += step
    above, _ = reference.cross_entropy(logits, targets, real)
    assert d_logits[0, 1, 2] == pytest.approx((above - loss) / step, rel=1e-4)


def test_the_loop_by_hand_learns_the_sentiment_sample():
    """Within two points of the network with the same cell in Keras; the loop has forty lines at the most."""
    assert len(inspect.getsource(classifier.train).splitlines()) <= 40
    task, splits = load_task("sentiment"), small.sample("sentiment")
    encoder = task.encoder.fit(task.config, splits.train)

    def arrays(examples):
        inputs, labels = zip(*map(encoder.encode, examples))
        return [one["token_ids"] for one in inputs], np.array(labels)

    one = classifier.Classifier("gru", len(encoder.vocabulary), len(encoder.labels))
    losses = list(classifier.train(one, *arrays(splits.train)))
    sequences, labels = arrays(splits.test)
    accuracy = (one.predict(sequences) == labels).mean()
    assert losses[-1] < losses[0]
    rows = json.loads((folders.TASKS_FOLDER / "sentiment" / "results.json").read_text())["rows"]
    (recorded,) = (row["mean"] for row in rows if (row["data"], row["cell"]) == ("sample", "gru"))
    assert accuracy >= recorded - 0.02
