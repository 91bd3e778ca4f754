"""A common interface to the networks of a trained model for all libraries, and their application to examples.

The networks of a model are its submodels: translation has an "encoder" and a "decoder". A model without submodels is
one network, "model". `keras_networks` computes them with TensorFlow, `onnx_networks` with ONNX Runtime; neither is
imported here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

import numpy as np

from common.datasets import labels
from common.errors import UserError

ALONE = "output"  # name of the output of a network with one output
BATCH_SIZE = 64  # examples that a network reads at once
CHUNK = 1024  # examples that are encoded, and whose outputs are kept, at a time

Outputs = np.ndarray | dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Input:
    """An input of a network: the sizes of its axes, None for any size, and its type."""

    shape: tuple[int | None, ...]
    dtype: np.dtype


class Network(Protocol):
    """A network at inference: maps arrays by name to one array, or to several by name; the first axis is the batch.

    Attributes:
        inputs: by name.
    """

    inputs: Mapping[str, Input]

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> Outputs: ...


class Networks(dict[str, Network]):
    """All networks of a trained model, by name.

    Args:
        networks: name -> network.
        engine: the library that computes them: "Keras" or "ONNX Runtime".
        parameters: number of weights of the whole model.
    """

    def __init__(self, networks: Mapping[str, Network], engine: str, parameters: int):
        super().__init__(networks)
        self.engine, self.parameters = engine, parameters

    def __missing__(self, name: str):
        raise UserError(f"The trained run has no network {name!r}, only {', '.join(self)}: train again.")


def forward(network: Callable[[dict[str, np.ndarray]], Outputs | Sequence], encoder, examples: Iterable) -> Iterator:
    """The outputs of a network for each example, in the order of the examples.

    Examples are encoded CHUNK at a time, so memory does not grow with their number, and those of similar length are
    batched, BATCH_SIZE at a time.

    Args:
        network: a network, or any function of a batch that returns a result for each row.
        encoder: has `encode(example) -> (inputs, targets)`.
        examples: raw examples, with or without targets. Labels and tags are ignored, so they may be unknown.

    Yields:
        one item per example: its row of the output, or a dict of its row of each output. A sequence is padded as in its
        batch: cut it to the example's own length.
    """
    examples = iter(examples)
    while chunk := list(islice(examples, CHUNK)):
        encoded = [encoder.encode(labels.without(example))[0] for example in chunk]
        order = sorted(range(len(chunk)), key=lambda number: [np.size(array) for array in encoded[number].values()])
        rows = [None] * len(chunk)
        for start in range(0, len(order), BATCH_SIZE):
            numbers = order[start : start + BATCH_SIZE]
            outputs = network(padded([encoded[number] for number in numbers]))
            for row, number in enumerate(numbers):
                rows[number] = _row(outputs, row)
        yield from rows


def padded(encoded: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The inputs of several examples as one batch.

    Args:
        encoded: the inputs of each example by name, from `Encoder.encode`. Sequences differ only in their first axis;
            arrays of the same shape, such as pictures, are stacked.

    Returns:
        name -> array `(examples, ...)`; sequences are padded on the right with zeros, to at least one timestep.
    """
    batch = {}
    for name in encoded[0]:
        arrays = [np.asarray(inputs[name]) for inputs in encoded]
        dtype = np.result_type(*arrays)
        if not arrays[0].ndim:
            batch[name] = np.array(arrays, dtype)
            continue
        longest = max(1, *map(len, arrays))
        batch[name] = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), dtype)
        for row, array in zip(batch[name], arrays, strict=True):
            row[: len(array)] = array
    return batch


def _row(outputs, row: int):
    return {name: output[row] for name, output in outputs.items()} if isinstance(outputs, dict) else outputs[row]
