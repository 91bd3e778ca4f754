"""The networks of a Keras model, computed by TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from common.prediction.networks import Input, Networks, Outputs

MODEL = "model"  # the name of the only network of a model without submodels


def of_model(model: keras.Model) -> Networks:
    """The networks of a model: its submodels by name, or, if it has none, the model itself as "model"."""
    return Networks({name: KerasNetwork(part) for name, part in parts(model).items()}, "Keras", model.count_params())


def parts(model: keras.Model) -> dict[str, keras.Model]:
    """The submodels of `model` by name, or the model itself if it has none."""
    found = {layer.name: layer for layer in model.layers if isinstance(layer, keras.Model)}
    return found or {MODEL: model}


class KerasNetwork:
    """A model at inference as a `Network`.

    It avoids `model.predict`, which builds an input pipeline at every call: a sentence costs one call of a function
    that is traced once for all lengths.
    """

    def __init__(self, model: keras.Model):
        signature = {tensor.name: tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs}
        self.inputs = {
            name: Input(tuple(spec.shape), np.dtype(spec.dtype.as_numpy_dtype)) for name, spec in signature.items()
        }
        self._function = tf.function(
            lambda inputs: model(inputs, training=False), input_signature=[signature], autograph=False
        )
        self._traced = None

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        if self._traced is None:
            self._traced = self._function.get_concrete_function()
        outputs = self._traced({name: tf.constant(inputs[name], kind.dtype) for name, kind in self.inputs.items()})
        return {name: o.numpy() for name, o in outputs.items()} if isinstance(outputs, dict) else outputs.numpy()
