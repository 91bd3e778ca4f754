"""The networks of a Keras model, computed by TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from common.prediction.networks import Input, Networks, Outputs

MODEL = "model"  # the name of the one network of a model that contains no others


def of_model(model: keras.Model) -> Networks:
    """The models that `model` contains, by name; if it contains none, the model itself as "model"."""
    return Networks({name: KerasNetwork(part) for name, part in parts(model).items()}, "Keras", model.count_params())


def parts(model: keras.Model) -> dict[str, keras.Model]:
    """The submodels of `model`, by name."""
    found = {layer.name: layer for layer in model.layers if isinstance(layer, keras.Model)}
    return found or {MODEL: model}


class KerasNetwork:
    """A model at rest as a `Network`.

    It goes around `model.predict`, which builds an input pipeline at every call: one sentence costs a call of one
    function, traced once whatever the lengths.
    """

    def __init__(self, model: keras.Model):
        signature = {tensor.name: tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs}
        self.inputs = {
            name: Input(tuple(spec.shape), np.dtype(spec.dtype.as_numpy_dtype)) for name, spec in signature.items()
        }
        self._function = tf.function(lambda inputs: model(inputs, training=False), input_signature=[signature])
        self._traced = None

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        if self._traced is None:
            self._traced = self._function.get_concrete_function()
        outputs = self._traced({name: tf.constant(inputs[name], kind.dtype) for name, kind in self.inputs.items()})
        return {name: o.numpy() for name, o in outputs.items()} if isinstance(outputs, dict) else outputs.numpy()
