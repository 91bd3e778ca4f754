"""Convolutional networks that turn a picture into a grid of features."""

from __future__ import annotations

import keras

from common.errors import UserError

PLACES = 8  # maximum number of rows and columns in the grid of features
BACKBONES = ("small", "mobilenet_v2")
WEIGHTS = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
TRAINED = (96, 128, 160, 192, 224)  # sizes of pictures with weights of their own; others take those of the largest
SMALLEST = 32  # picture that MobileNetV2 accepts, in pixels


def backbone(name: str, filters: int):
    """A function from a picture, uint8 `(batch, height, width, 3)`, to features `(batch, rows, columns, features)`.

    Args:
        name: `"small"`: convolutions trained from scratch, each of which halves the rows and columns;
            `"mobilenet_v2"`: Keras's network trained on ImageNet (Sandler and others 2018), with frozen weights.
        filters: of the first convolution of the small network.

    Raises:
        UserError: for an unknown name; if the picture is too small for `mobilenet_v2`, or its weights cannot be
            downloaded.
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
    size = min(picture.shape[1:3])
    if size < SMALLEST:
        raise UserError(
            f"mobilenet_v2 needs picture_size={SMALLEST} or more, not {size}: change it, or use SET=backbone=small."
        )
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(picture)
    network = keras.applications.MobileNetV2(input_shape=tuple(picture.shape[1:]), include_top=False, weights=None)
    network.load_weights(_downloaded(size if size in TRAINED else max(TRAINED)))
    network.trainable = False
    return network(x, training=False)


def _downloaded(size: int) -> str:
    """The path of Keras's weights of MobileNetV2 trained on square pictures of this size."""
    name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{size}_no_top.h5"
    try:
        return keras.utils.get_file(name, WEIGHTS + name, cache_subdir="models")
    except Exception as error:  # Keras has no class of its own for a download that failed
        raise UserError(
            f"The weights of mobilenet_v2 cannot be downloaded ({error}): check the network, or use SET=backbone=small."
        ) from error
