"""Frames as one batch and back, and the maximum over real timesteps."""

import keras
import numpy as np

from common import layers


def test_frames_go_into_the_batch_and_come_back_in_order():
    frames = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 6, 2)).astype(np.uint8)
    folded = np.asarray(layers.FoldFrames()(frames))
    assert folded.dtype == np.uint8 and folded.shape == (12, 5, 6, 2)
    vectors = folded.reshape(12, -1).astype(np.float32)
    unfolded = np.asarray(layers.UnfoldFrames()(vectors, frames))
    np.testing.assert_array_equal(unfolded, frames.reshape(3, 4, -1))


def test_folding_in_a_model_of_open_length():
    frames = keras.Input((None, 5, 6, 1), dtype="uint8")
    x = keras.layers.Flatten()(keras.layers.Rescaling(0.5)(layers.FoldFrames()(frames)))
    model = keras.Model(frames, layers.UnfoldFrames()(x, frames))
    assert model.output.shape == (None, None, 30)
    for batch, timesteps in ((1, 1), (2, 7)):
        given = np.random.default_rng(1).integers(0, 255, (batch, timesteps, 5, 6, 1)).astype(np.uint8)
        np.testing.assert_allclose(model(given), given.reshape(batch, timesteps, -1) / 2)


def test_largest_real_value():
    sequence = np.array([[[-3.0, 1.0], [-2.0, 5.0], [9.0, 9.0]], [[4.0, 4.0]] * 3], np.float32)
    mask = np.array([[True, True, False], [False, False, False]])
    np.testing.assert_array_equal(layers.MaskedMaxPooling()(sequence, mask), [[-2, 5], [0, 0]])
    np.testing.assert_array_equal(layers.MaskedMaxPooling()(sequence), [[9, 9], [4, 4]])


def test_a_recurrent_kernel_begins_as_large_as_asked():
    layer = layers.recurrent("gru", 6, recurrent_gain=0.6)
    layer(np.zeros((1, 2, 3), np.float32))
    square = np.asarray(layer.get_weights()[1]) @ np.asarray(layer.get_weights()[1]).T
    np.testing.assert_allclose(square, 0.36 * np.eye(6), atol=1e-5)
    assert layers.Recurrent.from_config(layer.get_config()).recurrent_gain == 0.6
