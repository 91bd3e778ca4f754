"""Losses against Keras's own of the same meaning. That of forecasts is tested with their metrics."""

import keras
import numpy as np
import pytest

from common.training.losses import SmoothedCrossentropy


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothed_crossentropy_is_that_of_smoothed_one_hot_targets(smoothing):
    random = np.random.default_rng(0)
    targets = random.integers(0, 7, (2, 3))
    logits = random.normal(size=(2, 3, 7)).astype("float32") * 5
    weights = np.array([[1, 1, 0], [1, 0, 0]], "float32")  # the rest is padding
    keras_loss = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, reduction="mean_with_sample_weight"
    )
    expected = float(keras_loss(keras.ops.one_hot(targets, 7), logits, weights))
    assert float(SmoothedCrossentropy(smoothing)(targets, logits, weights)) == pytest.approx(expected, rel=1e-5)
