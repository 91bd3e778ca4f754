"""The adaptive output: one distribution, whichever way it is computed."""

import numpy as np
import pytest


@pytest.fixture
def output():
    import keras

    from common import layers

    keras.utils.set_random_seed(0)
    embedding = keras.layers.Embedding(50, 6, embeddings_initializer="normal")
    output = layers.AdaptiveOutput(embedding, 10, growth=3)
    assert output.clusters == [(10, 30), (30, 50)]
    output(np.zeros((1, 1, 6), np.float32))
    for weight in output.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    return output


def test_reduced_loss_equals_that_of_the_exact_logits(output):
    import tensorflow as tf

    random = np.random.default_rng(0)
    inputs = tf.constant(random.normal(size=(4, 9, 6)).astype(np.float32))
    for targets in (random.integers(0, 50, (4, 9)), random.integers(0, 10, (4, 9)), np.full((4, 9), 49)):
        found = []
        for loss in (
            lambda targets=targets: output.nats(inputs, targets),
            lambda targets=targets: tf.nn.sparse_softmax_cross_entropy_with_logits(targets, output(inputs)),
        ):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                nats = loss()
            gradients = tape.gradient(nats, [inputs, *[weight.value for weight in output.trainable_weights]])
            found.append([nats.numpy(), *[tf.convert_to_tensor(gradient).numpy() for gradient in gradients]])
        for reduced, exact in zip(*found, strict=True):
            np.testing.assert_allclose(reduced, exact, rtol=1e-4, atol=1e-5)


def test_it_starts_with_the_biases(output):
    """With no input, tokens are as probable as their biases say, in whatever cluster they are."""
    probabilities = np.random.default_rng(2).random(50)
    probabilities /= probabilities.sum()
    output.bias.assign(np.log(probabilities))
    logits = output(np.zeros((1, 6), np.float32)).numpy()[0]
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), probabilities, rtol=1e-4)


@pytest.mark.parametrize("frequent", [0, 50, 60])
def test_the_first_level_holds_a_part_of_the_vocabulary(frequent):
    import keras

    from common import layers

    with pytest.raises(ValueError, match="frequent"):
        layers.AdaptiveOutput(keras.layers.Embedding(50, 6), frequent)
