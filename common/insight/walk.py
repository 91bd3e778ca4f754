"""A Keras model executed layer by layer, so that each call can be recorded and its outputs replaced."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from common.insight.composition import Composition
from common.prediction import keras_networks
from common.prediction.networks import Input


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of a layer.

    Attributes:
        network: name of the network that contains the layer.
        layer: the layer, or an operation of `keras.ops`.
        arguments: of the call, by the names of the layer's parameters.
        outputs: arrays.
    """

    network: str
    layer: keras.Operation
    arguments: dict
    outputs: list


class Walked:
    """A functional model as a `Network` that runs eagerly, layer by layer, at inference."""

    def __init__(self, name: str, model: keras.Model, seen: Callable[[Call], list]):
        self.name, self.model, self.seen = name, model, seen
        self.inputs = {t.name: Input(tuple(t.shape), np.dtype(t.dtype)) for t in model.inputs}

    def __call__(self, inputs: Mapping[str, object]):
        values = {id(t): tf.convert_to_tensor(inputs[t.name], t.dtype) for t in self.model.inputs}
        by_depth = self.model._nodes_by_depth  # the order in which Keras runs a model
        for depth in sorted(by_depth, reverse=True):
            for node in by_depth[depth]:
                if node.operation is None or node.is_input:
                    continue
                arguments, named = node.arguments.fill_in(values)
                outputs = keras.tree.flatten(node.operation(*arguments, **named))
                given = inspect.signature(node.operation.call).bind_partial(*arguments, **named).arguments
                outputs = self.seen(Call(self.name, node.operation, given, outputs))
                values |= {id(tensor): value for tensor, value in zip(node.outputs, outputs, strict=True)}
        return keras.tree.map_structure(lambda tensor: values[id(tensor)], self.model._outputs_struct)


def composition(model: keras.Model, encoder, seen: Callable[[Call], list]) -> Composition:
    """The networks of a model, each executed layer by layer.

    Args:
        seen: called with each call of a layer; returns the outputs with which to continue.
    """
    parts = keras_networks.parts(model)
    return Composition({name: Walked(name, part, seen) for name, part in parts.items()}, encoder)


def calls(model: keras.Model, encoder, batch: Mapping[str, np.ndarray]) -> list[Call]:
    """Every call of a layer for a batch, in order."""
    recorded = []

    def seen(call: Call) -> list:
        recorded.append(call)
        return call.outputs

    composition(model, encoder, seen)(batch)
    return recorded
