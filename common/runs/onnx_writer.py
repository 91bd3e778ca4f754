"""The networks of a Keras model as ONNX files."""

from __future__ import annotations

import keras

from common.prediction import keras_networks
from common.runs import onnx_keras_layers, onnx_operations, onnx_own_layers
from common.runs.onnx_graph import Graph

LAYERS = {**onnx_keras_layers.LAYERS, **onnx_own_layers.LAYERS}


def files_of(model: keras.Model) -> dict[str, bytes]:
    """Name of each network of a model -> the content of its ONNX file.

    Raises:
        UnknownLayerError: for a layer or operation that is not in the tables; names it.
    """
    return {name: file_of(part) for name, part in keras_networks.parts(model).items()}


def file_of(network: keras.Model) -> bytes:
    """The content of an ONNX file that computes what one network computes at inference."""
    return Graph(LAYERS, onnx_operations.OPERATIONS).model(network).SerializeToString(deterministic=True)
