"""Attention, pooling and the tied output: worked by hand, and blind to padding."""

import keras
import numpy as np
import pytest

from common import layers

MASK = np.array([[True, True, False], [True, True, True], [False, False, False]])


def draw(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_average_counts_real_timesteps_alone():
    sequence = np.array([[[1.0], [3.0], [100.0]], [[1.0], [2.0], [6.0]], [[7.0], [8.0], [9.0]]], "float32")
    pooled = layers.MaskedAveragePooling()(sequence, MASK)
    np.testing.assert_allclose(pooled, [[2.0], [3.0], [0.0]], rtol=1e-6)  # the last row is padding alone
    np.testing.assert_allclose(layers.MaskedAveragePooling()(sequence), [[104 / 3], [3.0], [8.0]], rtol=1e-6)


def test_attention_by_hand():
    layer = layers.Attention()
    query = np.ones((1, 1, 1), "float32")
    memory = np.array([[[2**0.5 * np.log(3), 5.0], [0.0, 1.0], [50.0, 9.0]]], "float32")  # scores / sqrt(2)
    layer(query, memory)
    layer.set_weights([np.array([[1.0, 0.0]])])  # maps the query to (1, 0)
    context, weights = layer(query, memory, padding_mask=MASK[:1])
    np.testing.assert_allclose(weights, [[[0.75, 0.25, 0.0]]], rtol=1e-6)
    np.testing.assert_allclose(context, [[[0.75 * 2**0.5 * np.log(3), 4.0]]], rtol=1e-6)


def test_weights_of_attention_sum_to_1_over_the_real_memory():
    context, weights = layers.Attention()(draw(3, 2, 4), draw(3, 3, 5), padding_mask=MASK)
    assert context.shape == (3, 2, 5) and weights.shape == (3, 2, 3)
    sums = np.sum(weights, axis=-1)
    np.testing.assert_allclose(sums, [[1, 1], [1, 1], [0, 0]], atol=1e-6)


def test_attention_ignores_padding():
    layer, pooling = layers.Attention(), layers.AttentionPooling(6)
    queries, memory = draw(3, 2, 4), draw(3, 3, 4)
    changed = np.where(MASK[:, :, None], memory, 77.0).astype("float32")
    for first, second in zip(layer(queries, memory, MASK), layer(queries, changed, MASK), strict=True):
        np.testing.assert_array_equal(first, second)
    for first, second in zip(pooling(memory, MASK), pooling(changed, MASK), strict=True):
        np.testing.assert_array_equal(first, second)


def test_attention_pooling_is_a_weighted_mean():
    sequence = draw(3, 3, 4)
    pooled, weights = layers.AttentionPooling(6)(sequence, MASK)
    np.testing.assert_allclose(np.sum(weights, axis=1), [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(pooled, np.einsum("bt,btf->bf", weights, sequence), atol=1e-6)


def test_tied_output_shares_the_embedding(tmp_path):
    def build():
        inputs = keras.Input((None,), dtype="int32")
        embedding = keras.layers.Embedding(7, 4)
        return keras.Model(inputs, layers.TiedOutput(embedding)(embedding(inputs)))

    network, other = build(), build()
    ids = np.array([[1, 2, 3]])
    table, bias = network.get_weights()
    np.testing.assert_allclose(network(ids), table[ids] @ table.T + bias, atol=1e-6)
    assert network.count_params() == 7 * 4 + 7
    network.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(network(ids), other(ids))


def test_tied_output_refuses_another_size():
    embedding = keras.layers.Embedding(7, 4)
    with pytest.raises(ValueError, match="4 features of the embedding, not 5"):
        layers.TiedOutput(embedding)(draw(1, 2, 5))
