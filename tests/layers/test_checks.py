"""What the layers refuse, and sequences without timesteps, which they do not refuse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import layers

BATCH, FEATURES, UNITS = 2, 3, 4

RIGHT = [[1, 1, 1, 0], [0, 0, 0, 0]]
WRONG = {
    "left": [[0, 1, 1, 1], [1, 1, 1, 1]],
    "hole": [[1, 1, 1, 1], [1, 0, 1, 0]],
    "last": [[1, 1, 0, 1], [0, 0, 0, 0]],
}


def field(scores, padding_mask=None, training=None):
    """A CRF over as many tags as there are features."""
    return layers.CRF()(scores, tf.zeros((FEATURES + 1, FEATURES)), padding_mask=padding_mask, training=training)


FOLLOW_THE_MASK = {
    "forward": lambda: layers.Recurrent("gru", UNITS, return_sequences=True),
    "both": lambda: layers.Recurrent("simple_rnn", UNITS, bidirectional=True),
    "compiled": lambda: layers.Recurrent("lstm", 64),
    "crf": lambda: field,
}
TAKE_A_MASK = {
    **FOLLOW_THE_MASK,
    "average": layers.MaskedAveragePooling,
    "attention pooling": lambda: layers.AttentionPooling(UNITS),
}


def draw(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def at_rest(layer, timesteps=None):
    """The layer as prediction traces it, for any number of timesteps."""
    signature = tf.TensorSpec((None, timesteps, FEATURES)), tf.TensorSpec((None, timesteps), tf.bool)
    return tf.function(lambda inputs, mask: layer(inputs, mask, training=False), input_signature=signature)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("layer", FOLLOW_THE_MASK)
def test_an_eager_call_refuses_a_mask_that_is_not_right_padded(layer, wrong, training):
    layer, inputs = FOLLOW_THE_MASK[layer](), draw(BATCH, 4, FEATURES)
    layer(inputs, padding_mask=np.array(RIGHT, bool), training=training)
    with pytest.raises(ValueError, match="right-padded"):
        layer(inputs, padding_mask=np.array(WRONG[wrong], bool), training=training)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("layer", FOLLOW_THE_MASK)
def test_prediction_refuses_a_mask_that_is_not_right_padded(layer, wrong):
    layer, inputs = at_rest(FOLLOW_THE_MASK[layer]()), draw(BATCH, 4, FEATURES)
    layer(inputs, np.array(RIGHT, bool))
    with pytest.raises(tf.errors.InvalidArgumentError, match="right-padded"):
        layer(inputs, np.array(WRONG[wrong], bool))


def test_validation_and_an_eager_training_refuse_it_too():
    """A training step does not look at the mask; the model at rest, and one compiled with `run_eagerly`, do."""
    token_ids = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, FEATURES)(token_ids)
    outputs = layers.Recurrent("gru", UNITS)(x, keras.ops.not_equal(token_ids, 0))
    model = keras.Model(token_ids, outputs)
    left, targets = np.array([[0, 0, 5], [1, 2, 3]]), draw(2, UNITS)
    model.compile("sgd", "mse")
    with pytest.raises(tf.errors.InvalidArgumentError, match="right-padded"):
        model.evaluate(left, targets, verbose=0)
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="right-padded"):
        model.fit(left, targets, verbose=0)


def test_the_inner_sequences_of_each_timestep_are_right_padded():
    layer = layers.PerTimestep(layers.Recurrent("gru", UNITS))
    mask = np.array([[[1, 1], [1, 0], [0, 1]]], bool)
    with pytest.raises(ValueError, match="right-padded"):
        layer(draw(1, 3, 2, FEATURES), padding_mask=mask)


@pytest.mark.parametrize("shape", [(BATCH, 3), (BATCH, 4, 1), (BATCH + 1, 4)])
@pytest.mark.parametrize("layer", FOLLOW_THE_MASK)
def test_a_mask_has_the_shape_of_its_sequence(layer, shape):
    with pytest.raises(ValueError, match="padding_mask must have the shape"):
        FOLLOW_THE_MASK[layer]()(draw(BATCH, 4, FEATURES), padding_mask=np.ones(shape, bool))


def test_a_mask_of_numbers_means_what_it_says():
    """Any number but 0 is a real timestep; two is not two of them."""
    layer, inputs = layers.Recurrent("gru", UNITS), draw(BATCH, 4, FEATURES)
    expected = layer(inputs, padding_mask=np.array(RIGHT, bool))
    for factor in (1, 2, 0.5):
        np.testing.assert_array_equal(layer(inputs, padding_mask=factor * np.array(RIGHT)), expected)


@pytest.mark.filterwarnings("ignore:.*destroy the mask information")
@pytest.mark.parametrize("attach", ["embedding", "masking"])
@pytest.mark.parametrize("layer", TAKE_A_MASK)
def test_an_implicit_mask_is_refused(layer, attach):
    """When the model is built, and when the layer is called by itself."""
    if attach == "embedding":
        masked, inputs = keras.layers.Embedding(9, FEATURES, mask_zero=True), np.array([[3, 4, 0, 0]])
    else:
        masked, inputs = keras.layers.Masking(), draw(1, 4, FEATURES)
    with pytest.raises(ValueError, match=r"implicit Keras mask.*padding_mask"):
        TAKE_A_MASK[layer]()(masked(keras.Input(inputs.shape[1:])))
    with pytest.raises(ValueError, match=r"implicit Keras mask.*padding_mask"):
        TAKE_A_MASK[layer]()(masked(inputs))
    x = masked(inputs)
    outputs = TAKE_A_MASK[layer]()(x, padding_mask=np.array([[True, True, False, False]]))  # an explicit one decides
    assert not any(np.isnan(output).any() for output in keras.tree.flatten(outputs))


def test_attention_refuses_an_implicit_mask_of_either_input():
    masked, plain = keras.layers.Embedding(9, FEATURES, mask_zero=True)(np.array([[3, 4, 0]])), draw(1, 2, FEATURES)
    with pytest.raises(ValueError, match="queries of Attention"):
        layers.Attention()(masked, plain)
    with pytest.raises(ValueError, match="memory of Attention"):
        layers.Attention()(plain, masked)


@pytest.mark.parametrize("output", [layers.TiedOutput, lambda embedding: layers.AdaptiveOutput(embedding, 3)])
def test_an_output_hands_an_implicit_mask_on(output):
    embedding = keras.layers.Embedding(9, FEATURES, mask_zero=True)
    logits = output(embedding)(embedding(np.array([[3, 4, 0]])))
    np.testing.assert_array_equal(logits._keras_mask, [[True, True, False]])


@pytest.mark.parametrize("units", [0, -1, 2.0, "4", None, True])
def test_units_are_a_positive_integer(units):
    """Zero units used to abort the process in training."""
    for make in (lambda: layers.Recurrent("gru", units), lambda: layers.AttentionPooling(units)):
        with pytest.raises(ValueError, match="units must be a positive integer"):
            make()


def test_units_may_be_an_integer_of_numpy():
    assert layers.Recurrent("gru", np.int64(3)).units == 3


@pytest.mark.parametrize("rate", [1, 1.0, -0.1, float("nan"), "0.5", True])
def test_dropout_leaves_something(rate):
    for name in ("dropout", "recurrent_dropout"):
        with pytest.raises(ValueError, match=f"^{name} must be at least 0 and below 1"):
            layers.Recurrent("gru", 3, **{name: rate})
    with pytest.raises(ValueError, match="rate must be at least 0 and below 1"):
        layers.TokenDropout(rate)


def test_other_arguments_that_make_no_layer():
    with pytest.raises(ValueError, match="cell must be one of simple_rnn, gru, lstm, not 'rnn'"):
        layers.Recurrent("rnn", 3)
    with pytest.raises(ValueError, match="growth must be 2 or more"):  # it used to count clusters for ever
        layers.AdaptiveOutput(keras.layers.Embedding(50, 6), 10, growth=1)
    for shape in ((3, 3), (4,), (1, 0)):
        with pytest.raises(ValueError, match=r"allowed must have the shape \(num_tags \+ 1, num_tags\)"):
            layers.Transitions(np.ones(shape))
    with pytest.raises(ValueError, match="ndim=3"):
        layers.Recurrent("gru", 3)(draw(2, 3))


# -------------------------------------------------------------------------------------------------- no timesteps


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize(
    ("units", "training", "masked"),
    [(UNITS, False, True), (UNITS, True, False), (64, True, False)],
    ids=["rest-padded", "training-whole", "compiled-training-whole"],
)
@pytest.mark.parametrize("cell", layers.CELLS)
def test_no_timesteps_end_in_the_initial_state(cell, units, training, masked, traced):
    """Outputs have no timesteps, and no weight learns anything."""
    layer = layers.Recurrent(cell, units, return_sequences=True, return_state=True, bidirectional=True)
    layer.build((None, None, FEATURES))
    states = [tf.constant(draw(BATCH, 2 * units)) for _ in range(2 if cell == "lstm" else 1)]

    def run(inputs, mask, *states):
        with tf.GradientTape() as tape:
            tape.watch(states)
            given = list(states) if cell == "lstm" else states[0]
            output, *finals = layer(inputs, mask if masked else None, initial_state=given, training=training)
            loss = tf.reduce_sum(output) + sum(tf.reduce_sum(3 * final) for final in finals)
        return output, finals, tape.gradient(loss, [*states, *[weight.value for weight in layer.trainable_weights]])

    if traced:
        signature = [tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, None), tf.bool)]
        run = tf.function(run, input_signature=[*signature, *[tf.TensorSpec((None, 2 * units))] * len(states)])
    output, finals, gradients = run(draw(BATCH, 0, FEATURES), np.ones((BATCH, 0), bool), *states)
    assert output.shape == (BATCH, 0, 2 * units)
    for final, state in zip(finals, states, strict=True):
        np.testing.assert_array_equal(final, state)
    for number, gradient in enumerate(gradients):
        np.testing.assert_array_equal(gradient, np.full_like(gradient, 3 if number < len(states) else 0))
    if traced:  # and some timesteps are what they were
        inputs, mask = draw(BATCH, 4, FEATURES), np.array(RIGHT, bool)
        given = states if cell == "lstm" else states[0]
        expected = layer(inputs, mask if masked else None, initial_state=given, training=training)
        found = run(inputs, mask, *states)
        for value, other in zip([found[0], *found[1]], expected, strict=True):
            np.testing.assert_allclose(value, other, atol=1e-6)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("layer", TAKE_A_MASK)
def test_no_timesteps_pool_to_zeros(layer, traced):
    layer = TAKE_A_MASK[layer]()
    inputs, mask = draw(BATCH, 0, FEATURES), np.ones((BATCH, 0), bool)
    run = at_rest(layer) if traced else layer
    outputs = keras.tree.flatten(run(inputs, mask)) + keras.tree.flatten(layer(inputs))
    for output in outputs:
        assert output.shape[0] == BATCH
        np.testing.assert_array_equal(output, np.zeros(output.shape))


@pytest.mark.parametrize("shape", [(2, 0, 5, FEATURES), (2, 3, 0, FEATURES), (0, 3, 2, FEATURES)])
def test_no_timesteps_within_timesteps(shape):
    outputs = layers.PerTimestep(layers.Recurrent("gru", UNITS))(draw(*shape), padding_mask=np.ones(shape[:3], bool))
    np.testing.assert_array_equal(outputs, np.zeros((*shape[:2], UNITS)))


def test_attention_over_nothing_finds_zeros():
    context, weights = layers.Attention()(draw(2, 3, 4), draw(2, 0, 4), padding_mask=np.ones((2, 0), bool))
    np.testing.assert_array_equal(context, np.zeros((2, 3, 4)))
    assert weights.shape == (2, 3, 0)
