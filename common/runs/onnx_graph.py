"""Build an ONNX graph node by node while walking through a Keras model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

import keras
import numpy as np
import onnx
from onnx import helper, numpy_helper

from common.prediction.networks import ALONE
from common.prediction.onnx_networks import NEXT
from common.runs.onnx_check import IR_VERSION, OPSET


class UnknownLayerError(Exception):
    """A layer or operation that has no entry in the tables; the message gives its name and class."""


class Value(str):
    """The name of an array in the graph, with its shape (None for an axis of any size) and its Keras dtype."""

    def __new__(cls, name: str, shape: Iterable[int | None], dtype: str):
        value = super().__new__(cls, name)
        value.shape, value.dtype = tuple(shape), dtype
        return value


class Graph:
    """Nodes, constants, inputs and outputs.

    Args:
        layers: class of a layer -> function `(graph, layer, *call arguments) -> names of its outputs`.
        operations: name of a class of `keras.ops` -> the same.
    """

    def __init__(self, layers: Mapping[type, Callable], operations: Mapping[str, Callable]):
        self._layers, self._operations = layers, operations
        self._nodes, self._constants, self._known = [], {}, {}
        self._scope, self._count = "", 0

    def node(self, kind: str, *inputs: str, outputs: int | Iterable[bool] = 1, **attributes) -> str | list[str]:
        """Add a node.

        Args:
            inputs: names; "" for one that is left out.
            outputs: the number of outputs, or for each output whether it is needed.

        Returns:
            The name of the output; a list of names if `outputs` is given, "" for one that is not needed.
        """
        wanted = [True] * outputs if isinstance(outputs, int) else list(outputs)
        names = [self._name(kind) if one else "" for one in wanted]
        self._nodes.append(helper.make_node(kind, inputs, names, name=names[wanted.index(True)], **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value, dtype: str = "float32") -> str:
        """The name of a constant array; equal ones are stored once."""
        array = np.ascontiguousarray(np.asarray(value), dtype=np.dtype(dtype))
        array = array.reshape(np.shape(value))  # ascontiguousarray adds an axis to a scalar
        key = hashlib.sha256(array.tobytes()).digest(), array.shape, array.dtype.str
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, self._name("constant"))
        return self._constants[key].name

    def integers(self, *values: int) -> str:
        """A constant int64 array `(len(values),)`, such as axes or a shape."""
        return self.constant(values, "int64")

    def once(self, key: tuple, make: Callable[[], str]) -> str:
        """The result of `make()`, computed once per key."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def cast(self, value: str, dtype: str) -> str:
        """The array cast to another type; unchanged if it is a `Value` of that type."""
        if getattr(value, "dtype", None) == dtype:
            return value
        return self.node("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def reshape(self, value: str, *sizes: int | str) -> str:
        """The array in another shape.

        Args:
            sizes: of the new axes, in order; a name refers to a one-dimensional int64 array of sizes.
        """
        if all(isinstance(size, int) for size in sizes):
            return self.node("Reshape", value, self.integers(*sizes))
        parts = [self.integers(size) if isinstance(size, int) else size for size in sizes]
        return self.node("Reshape", value, self.node("Concat", *parts, axis=0))

    def sizes(self, value: str, start: int, stop: int) -> str:
        """The sizes of the axes from `start` to before `stop`, an int64 array."""
        return self.node("Shape", value, start=start, end=stop)

    def apply(self, operation, *args, **kwargs):
        """Add the nodes of a layer, a model or an operation of `keras.ops`.

        Args:
            args, kwargs: arguments of its call, with a `Value` for each array.

        Raises:
            UnknownLayerError: if the tables have no entry for it.
        """
        if any(mask is not None for mask in keras.tree.flatten(kwargs.pop("mask", None))):
            raise UnknownLayerError(
                f"layer {operation.name} with an implicit Keras mask: pass padding_mask to the layers"
            )
        kwargs.pop("training", None)
        if isinstance(operation, keras.Sequential):
            operation = operation._functional
        handler = self._handler(operation)
        if handler is None:
            raise UnknownLayerError(f"layer {operation.name} of class {type(operation).__name__}")
        outer, self._scope = self._scope, f"{self._scope}{operation.name}/"
        try:
            return handler(self, operation, *args, **kwargs)
        except (
            AttributeError,
            TypeError,
            ValueError,
        ) as error:  # called or configured in a way that the table does not support
            raise UnknownLayerError(f"layer {operation.name} of class {type(operation).__name__}: {error}") from error
        finally:
            self._scope = outer

    def _handler(self, operation) -> Callable | None:
        if isinstance(operation, keras.Model):
            return Graph._walk if hasattr(operation, "_nodes_by_depth") else None  # a model in functional form
        if type(operation).__module__.startswith("keras.src.ops."):
            return self._operations.get(type(operation).__name__)
        if operation.compute_dtype != "float32":
            raise UnknownLayerError(f"layer {operation.name} in {operation.compute_dtype}")
        return self._layers.get(type(operation))

    def _walk(self, model: keras.Model, inputs):
        """Add a functional model; returns a `Value` for each of its outputs, in their structure."""
        found = dict(zip(map(id, model.inputs), _in_order(model, inputs), strict=True))
        by_depth = model._nodes_by_depth  # Keras itself runs models in this order
        for depth in sorted(by_depth, reverse=True):
            for node in by_depth[depth]:
                if node.operation is None or node.is_input:
                    continue
                args, kwargs = node.arguments.fill_in(found)
                results = keras.tree.flatten(self.apply(node.operation, *args, **kwargs))
                for tensor, result in zip(node.outputs, results, strict=True):
                    # Keras assumes that our layers return floats.
                    found[id(tensor)] = Value(result, tensor.shape, getattr(result, "dtype", tensor.dtype))
        return keras.tree.map_structure(lambda tensor: found[id(tensor)], model._outputs_struct)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{self._scope}{kind.lower()}_{self._count}"

    def model(self, network: keras.Model) -> onnx.ModelProto:
        """A complete file that computes what the network computes at inference.

        Raises:
            UnknownLayerError: if the tables lack an entry, or the network returns neither an array nor arrays by name.
        """
        inputs = [Value(tensor.name, tensor.shape, tensor.dtype) for tensor in network.inputs]
        found = self.apply(network, {str(value): value for value in inputs})
        found = {ALONE: found} if isinstance(found, Value) else found
        if not isinstance(found, dict) or not all(isinstance(value, Value) for value in found.values()):
            raise UnknownLayerError(f"model {network.name}, which gives neither an array nor arrays by name")
        outputs = {f"{NEXT}{name}" if name in inputs else name: value for name, value in found.items()}
        for name, value in outputs.items():
            self._nodes.append(helper.make_node("Identity", [value], [name], name=f"output {name}"))
        graph = helper.make_graph(
            self._nodes,
            network.name,
            [_described(value, value) for value in inputs],
            [_described(name, value) for name, value in outputs.items()],
            list(self._constants.values()),
        )
        opset = helper.make_opsetid("", OPSET)
        proto = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="rnn task zoo")
        onnx.checker.check_model(proto)
        return proto


def _in_order(model: keras.Model, inputs) -> list[Value]:
    """The inputs of a call in the order of `model.inputs`, matched by name if they are a dict."""
    if isinstance(inputs, dict):
        return [inputs[tensor.name] for tensor in model.inputs]
    return keras.tree.flatten(inputs)


def _described(name: str, value: Value):
    """Name, type and axes of an input or output. Axes of any size have names; the first is the batch."""
    axes = [size or ("batch" if axis == 0 else f"{name}_{axis}") for axis, size in enumerate(value.shape)]
    return helper.make_tensor_value_info(str(name), helper.np_dtype_to_tensor_dtype(np.dtype(value.dtype)), axes)
