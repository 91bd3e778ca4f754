"""A model's outputs for raw examples, in their order: the way from `predict` to the network."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np

from common.encoding import batching

_compiled = weakref.WeakKeyDictionary()


def forward(model, encoder, examples: Sequence, batch_size: int = 64) -> list:
    """What the model gives for each example.

    Goes around `model.predict`, which builds an input pipeline at every call: one sentence costs a call of one
    traced function instead.

    Args:
        model: keras.Model over named inputs.
        encoder: has `encode(example) -> (inputs, targets)`.
        examples: raw examples, with or without targets.

    Returns:
        One item an example, in order: the row of the model's output (in the structure of that output), padded as its
        batch was; cut it by the example's own length.
    """
    if not examples:
        return []
    batches = batching.ByLength(batching.encode(encoder, examples), batch_size)
    rows = [None] * len(examples)
    for numbers in batches.examples():
        outputs = traced(model)(batches.assemble(numbers)[0])
        for row, number in enumerate(numbers):
            rows[number] = _row(outputs, row)
    return rows


def traced(model):
    """`inputs -> outputs` of the model at rest, as NumPy arrays, traced once whatever the lengths."""
    if model not in _compiled:
        import tensorflow as tf

        signature = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in _named_inputs(model).items()}
        reference = weakref.ref(model)  # the function must not keep the key of its own entry alive
        function = tf.function(lambda inputs: reference()(inputs, training=False), input_signature=[signature])
        concrete = function.get_concrete_function()
        _compiled[model] = lambda inputs: tf.nest.map_structure(
            lambda tensor: tensor.numpy(), concrete({name: tf.constant(inputs[name]) for name in signature})
        )
    return _compiled[model]


def _named_inputs(model) -> dict:
    return {tensor.name: tensor for tensor in model.inputs}


def _row(outputs, row: int):
    if isinstance(outputs, dict):
        return {name: _row(output, row) for name, output in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return tuple(_row(output, row) for output in outputs)
    return np.asarray(outputs[row])
