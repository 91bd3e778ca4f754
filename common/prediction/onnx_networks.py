"""The networks of an exported model, computed by ONNX Runtime; neither TensorFlow nor Keras is needed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
    RuntimeException,
)

from common import backend
from common.errors import UserError, one_line
from common.prediction.networks import ALONE, Input, Outputs

NEXT = "next_"  # prefix of an output that has the name of an input: the state after the step
CORES = backend.cores()
ERRORS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException)
PART = 16  # smallest number of rows for which a separate thread pays off


class OnnxNetwork:
    """An ONNX file as a `Network`.

    A session uses one thread, since the loop over the timesteps gains nothing from more; instead a large batch is cut
    into parts that are computed in parallel.

    Args:
        model: the file, or its content.
        name: of the network, for messages.

    Raises:
        UserError: if an input or output is no tensor of numbers with a batch axis.

    Attributes:
        sizes: `(name, size)` of the last axis of each output whose size is fixed; a single output has the name of the
            network.
    """

    def __init__(self, model: Path | bytes, name: str = "model"):
        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised, so they need not be logged
        source = str(model) if isinstance(model, Path) else model
        self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if not inputs:
            raise UserError(f"Network {name} has no inputs: train again.")
        for one in (*inputs, *outputs):
            if one.type not in _TYPES or not one.shape:
                found = one_line(f"{one.name} is {one.type} {one.shape}", 100)
                raise UserError(f"Network {name}: {found}, not a batch of arrays of numbers: train again.")
        self.inputs = {
            one.name: Input(tuple(size if isinstance(size, int) else None for size in one.shape), _TYPES[one.type])
            for one in inputs
        }
        self._dtypes = {name: kind.dtype for name, kind in self.inputs.items()}
        self._outputs = [one.name for one in outputs]
        self._names = [_plain(one.name, self.inputs) for one in outputs]
        names = [name] if self._names == [ALONE] else self._names
        last = [(output, one.shape[-1]) for output, one in zip(names, outputs)]
        self.sizes = [(output, size) for output, size in last if isinstance(size, int)]
        self._by_row = [not isinstance(one.shape[0], int) for one in outputs]  # other outputs are equal for all rows

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        try:
            arrays = {name: np.asarray(inputs[name], dtype) for name, dtype in self._dtypes.items()}
        except KeyError as missing:
            raise UserError(f"Network {self.name} lacks its input {missing}: train again.") from None
        rows = len(next(iter(arrays.values())))
        if rows == 0:
            raise ValueError("a batch must have at least one row: ONNX Runtime ends the process on an empty one")
        parts = min(CORES, rows // PART)
        outputs = self._run(arrays) if parts < 2 else self._in_parts(arrays, rows, parts)
        return outputs[0] if self._names == [ALONE] else dict(zip(self._names, outputs, strict=True))

    def _run(self, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        try:
            return self._session.run(self._outputs, arrays)
        except ERRORS as error:
            raise UserError(f"Network {self.name} cannot read this ({one_line(error)}): train again.") from None

    def _in_parts(self, arrays: Mapping[str, np.ndarray], rows: int, parts: int) -> list[np.ndarray]:
        bounds = [rows * part // parts for part in range(parts + 1)]
        cut = [{name: array[start:stop] for name, array in arrays.items()} for start, stop in pairwise(bounds)]
        found = list(_threads().map(self._run, cut))
        return [
            np.concatenate(pieces) if by_row else pieces[0]
            for pieces, by_row in zip(zip(*found, strict=True), self._by_row, strict=True)
        ]


_TYPES = {
    f"tensor({name})": np.dtype(kind)
    for name, kind in {
        "float": "float32",
        "double": "float64",
        **{name: name for name in ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")},
    }.items()
}


def _plain(name: str, inputs: Mapping[str, Input]) -> str:
    """The name of an output in the model."""
    plain = name.removeprefix(NEXT)
    return plain if plain in inputs else name


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CORES)
