"""Convolutional networks that turn a picture into a grid of features."""

from __future__ import annotations

import keras

from common.errors import UserError

PLACES = 8  # maximum number of rows and columns in the grid of features
BACKBONES = ("small", "mobilenet_v2")


def backbone(name: str, filters: int):
    """A function from a picture, uint8 `(batch, height, width, 3)`, to features `(batch, rows, columns, features)`.

    Args:
        name: `"small"`: convolutions trained from scratch, each of which halves the rows and columns;
            `"mobilenet_v2"`: Keras's network trained on ImageNet (Sandler and others 2018), with frozen weights.
        filters: of the first convolution of the small network.

    Raises:
        UserError: for an unknown name, or if the trained weights cannot be downloaded.
    """
    if name not in BACKBONES:
        raise UserError(f"There is no backbone {name!r}. Known: {', '.join(BACKBONES)}")
    return _mobilenet if name == "mobilenet_v2" else lambda picture: _small(picture, filters)


def _small(picture, filters: int):
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(picture)
    while x.shape[1] > PLACES:
        x = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
        filters *= 2
    return keras.layers.Conv2D(filters // 2, 3, padding="same", activation="relu")(x)


def _mobilenet(picture):
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(picture)
    try:
        trained = keras.applications.MobileNetV2(input_shape=tuple(picture.shape[1:]), include_top=False)
    except Exception as error:  # any failure of the download
        raise UserError(
            f"The weights of mobilenet_v2 cannot be downloaded ({error}): check the network, or use SET=backbone=small."
        ) from error
    trained.trainable = False
    return trained(x, training=False)
