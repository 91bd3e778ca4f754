"""Translate the activations, and the functions of `keras.ops` used between layers, to ONNX."""

from __future__ import annotations

import math

import keras
import numpy as np

from common.runs.onnx_graph import Graph, UnknownLayerError, Value

_SMALL = ("bool", "uint8", "int8", "uint16", "int16", "uint32")  # types that few ONNX Runtime operators support


def _floats(graph: Graph, value) -> str:
    return graph.cast(value, "float32") if isinstance(value, Value) else graph.constant(value)


def _dtype(*values) -> str:
    """The type in which Keras computes with these arrays of the graph, NumPy arrays and Python numbers."""
    values = (np.asarray(value) if isinstance(value, (list, tuple)) else value for value in values)
    return keras.backend.result_type(*(getattr(value, "dtype", type(value)) for value in values))


def _as(graph: Graph, value, dtype: str) -> str:
    return graph.cast(value, dtype) if isinstance(value, Value) else graph.constant(value, dtype)


def elementwise(kind: str):
    """A function of one array of floats."""
    return lambda graph, operation, x: graph.node(kind, _floats(graph, x))


def arithmetic(kind: str, dtype: str | None = None):
    """A function of two arrays, or of an array and a number, in their common type or in `dtype`."""

    def handler(graph: Graph, operation, x1, x2):
        common = dtype or _dtype(x1, x2)
        if common in _SMALL:
            raise UnknownLayerError(f"operation {operation.name} in {common}")
        return graph.node(kind, _as(graph, x1, common), _as(graph, x2, common))

    return handler


def comparison(kind: str, negated: bool = False):
    """A comparison of two arrays, or of an array and a number."""

    def handler(graph: Graph, operation, x1, x2):
        common = _dtype(x1, x2)
        common = "int64" if common in _SMALL else common
        found = graph.node(kind, _as(graph, x1, common), _as(graph, x2, common))
        return graph.node("Not", found) if negated else found

    return handler


def not_equal(graph: Graph, operation, x1, x2):
    """For integers compared with 0, as in a padding mask, a cast to bool is enough: one node instead of two."""
    if isinstance(x1, Value) and "int" in x1.dtype and not isinstance(x2, Value) and np.ndim(x2) == 0 and x2 == 0:
        return graph.cast(x1, "bool")
    return comparison("Equal", negated=True)(graph, operation, x1, x2)


def logic(kind: str):
    return lambda graph, operation, *values: graph.node(kind, *(_as(graph, value, "bool") for value in values))


def _axes(operation, x: Value) -> list[int]:
    axes = range(len(x.shape)) if operation.axis is None else np.atleast_1d(operation.axis).tolist()
    return [axis % len(x.shape) for axis in axes]


def reduction(kind: str):
    """The sum, mean, maximum or minimum over some axes."""

    def handler(graph: Graph, operation, x):
        if getattr(operation, "initial", None) is not None:
            raise UnknownLayerError(f"operation {operation.name} with an initial value")
        return _reduced(graph, kind, _as(graph, x, _computed(x)), _axes(operation, x), operation.keepdims)

    def _computed(x: Value) -> str:
        if kind == "ReduceMean":
            return "float32"
        return "int32" if x.dtype in _SMALL else x.dtype

    return handler


def _reduced(graph: Graph, kind: str, x: str, axes: list[int], keepdims: bool) -> str:
    if kind == "ReduceSum":  # the only one that takes its axes as an input in this opset
        return graph.node(kind, x, graph.integers(*axes), keepdims=int(keepdims))
    return graph.node(kind, x, axes=axes, keepdims=int(keepdims))


def truth(kind: str):
    """Whether any or all of the values along some axes are true."""

    def handler(graph: Graph, operation, x):
        numbers = graph.cast(graph.cast(x, "bool"), "int32")
        return graph.cast(_reduced(graph, kind, numbers, _axes(operation, x), operation.keepdims), "bool")

    return handler


def variance(graph: Graph, operation, x):
    x, axes = _floats(graph, x), _axes(operation, x)
    deviations = graph.node("Sub", x, _reduced(graph, "ReduceMean", x, axes, True))
    return _reduced(graph, "ReduceMean", graph.node("Mul", deviations, deviations), axes, operation.keepdims)


def deviation(graph: Graph, operation, x):
    return graph.node("Sqrt", variance(graph, operation, x))


def log_sum_exp(graph: Graph, operation, x):
    axes = _axes(operation, x)
    largest = _reduced(graph, "ReduceMax", x, axes, True)
    total = _reduced(graph, "ReduceSum", graph.node("Exp", graph.node("Sub", x, largest)), axes, True)
    found = graph.node("Add", largest, graph.node("Log", total))
    return found if operation.keepdims else graph.node("Squeeze", found, graph.integers(*axes))


def arg(kind: str):
    def handler(graph: Graph, operation, x):
        if operation.axis is None:
            raise UnknownLayerError(f"operation {operation.name} without an axis")
        return graph.cast(graph.node(kind, x, axis=operation.axis, keepdims=int(operation.keepdims)), "int32")

    return handler


def cast(graph: Graph, operation, x):
    return graph.cast(x, operation.dtype)


def where(graph: Graph, operation, condition, x1=None, x2=None):
    dtype = _dtype(x1, x2)
    return graph.node("Where", _as(graph, condition, "bool"), _as(graph, x1, dtype), _as(graph, x2, dtype))


def clip(graph: Graph, operation, x):
    bounds = (graph.constant(bound, x.dtype) for bound in (operation.x_min, operation.x_max))
    return graph.node("Clip", x, *bounds)


def softmax(kind: str):
    def handler(graph: Graph, operation, x):
        if not isinstance(operation.axis, int):
            raise UnknownLayerError(f"operation {operation.name} over several axes")
        return graph.node(kind, _floats(graph, x), axis=operation.axis)

    return handler


def reshape(graph: Graph, operation, x):
    sizes = operation.newshape
    sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    if not all(isinstance(size, int) for size in sizes):
        raise UnknownLayerError(f"operation {operation.name} to a shape that is not known")
    return graph.reshape(x, *sizes)


def transpose(graph: Graph, operation, x):
    axes = operation.axes or range(len(x.shape))[::-1]
    return graph.node("Transpose", x, perm=[axis % len(x.shape) for axis in axes])


def squeeze(graph: Graph, operation, x):
    axes = [axis for axis, size in enumerate(x.shape) if size == 1] if operation.axis is None else operation.axis
    return graph.node("Squeeze", x, graph.integers(*np.atleast_1d(axes).tolist()))


def expand_dims(graph: Graph, operation, x):
    return graph.node("Unsqueeze", x, graph.integers(*np.atleast_1d(operation.axis).tolist()))


def concatenate(graph: Graph, operation, xs):
    dtype = _dtype(*xs)
    return graph.node("Concat", *(_as(graph, x, dtype) for x in xs), axis=operation.axis)


def stack(graph: Graph, operation, xs):
    dtype, axis = _dtype(*xs), graph.integers(operation.axis)
    return graph.node("Concat", *(graph.node("Unsqueeze", _as(graph, x, dtype), axis) for x in xs), axis=operation.axis)


def unstack(graph: Graph, operation, x):
    count = operation.num or x.shape[operation.axis]
    parts = graph.node("Split", x, axis=operation.axis, outputs=[True] * count)
    return [graph.node("Squeeze", part, graph.integers(operation.axis)) for part in parts]


def split(graph: Graph, operation, x):
    where, size = operation.indices_or_sections, x.shape[operation.axis]
    if isinstance(where, int):
        return graph.node("Split", x, axis=operation.axis, outputs=[True] * where)
    sizes = np.diff([0, *where, size]).tolist()
    return graph.node("Split", x, graph.integers(*sizes), axis=operation.axis, outputs=[True] * len(sizes))


def take(graph: Graph, operation, x, indices):
    x = _as(graph, x, _dtype(x))
    x = x if operation.axis is not None else graph.reshape(x, -1)
    return graph.node("Gather", x, _as(graph, indices, "int32"), axis=operation.axis or 0)


def matmul(graph: Graph, operation, x1, x2):
    return graph.node("MatMul", _floats(graph, x1), _floats(graph, x2))


def einsum(graph: Graph, operation, *xs):
    return graph.node("Einsum", *(_floats(graph, x) for x in xs), equation=operation.subscripts)


def getitem(graph: Graph, operation, x, key):
    """`x[key]` for a key of slices, numbers, `None` and `...`."""
    key = list(key) if isinstance(key, (list, tuple)) else [key]
    if any(isinstance(one, Value) or np.ndim(one) for one in key):
        raise UnknownLayerError(f"operation {operation.name}: an index that is an array")
    if Ellipsis not in key:
        key.append(Ellipsis)
    place = key.index(Ellipsis)
    taken = sum(one is not None and one is not Ellipsis for one in key)
    key[place : place + 1] = [slice(None)] * (len(x.shape) - taken)
    slices = [one for one in key if one is not None]
    cut = [(axis, *_bounds(one)) for axis, one in enumerate(slices) if one != slice(None)]
    if cut:
        axes, starts, stops, steps = (graph.integers(*values) for values in zip(*cut, strict=True))
        x = graph.node("Slice", x, starts, stops, axes, steps)
    if gone := [axis for axis, one in enumerate(slices) if not isinstance(one, slice)]:
        x = graph.node("Squeeze", x, graph.integers(*gone))
    new = [axis for axis, one in enumerate(one for one in key if one is None or isinstance(one, slice)) if one is None]
    return graph.node("Unsqueeze", x, graph.integers(*new)) if new else x


def _bounds(one) -> tuple[int, int, int]:
    """Start, stop and step of a slice or number in ONNX's convention."""
    end = np.iinfo(np.int64).max
    if not isinstance(one, slice):
        return int(one), int(one) + 1 if one != -1 else end, 1
    step = one.step or 1
    start = one.start if one.start is not None else (0 if step > 0 else end)
    stop = one.stop if one.stop is not None else (end if step > 0 else -end)
    return start, stop, step


def silu(graph: Graph, x: str) -> str:
    return graph.node("Mul", x, graph.node("Sigmoid", x))


def gelu(graph: Graph, x: str, approximate: bool = False) -> str:
    if approximate:
        cube = graph.node("Mul", graph.node("Mul", graph.node("Mul", x, x), x), graph.constant(0.044715))
        scaled = graph.node("Mul", graph.node("Add", x, cube), graph.constant(math.sqrt(2 / math.pi)))
        share = graph.node("Tanh", scaled)
    else:
        share = graph.node("Erf", graph.node("Div", x, graph.constant(math.sqrt(2))))
    return graph.node("Mul", graph.node("Mul", x, graph.constant(0.5)), graph.node("Add", share, graph.constant(1)))


def _single(kind: str):
    return lambda graph, x: graph.node(kind, x)


def activation(name: str):
    """The function of `keras.ops` that is an activation."""
    return lambda graph, operation, x: ACTIVATIONS[name](graph, _floats(graph, x))


def square(graph: Graph, operation, x):
    return graph.node("Mul", x, x)


# Of keras.activations, by the name of the function.
ACTIVATIONS = {
    "linear": lambda graph, x: x,
    "gelu": gelu,
    "silu": silu,
    **{
        name: _single(kind)
        for name, kind in {
            "elu": "Elu",
            "exponential": "Exp",
            "log_softmax": "LogSoftmax",
            "relu": "Relu",
            "selu": "Selu",
            "sigmoid": "Sigmoid",
            "softmax": "Softmax",
            "softplus": "Softplus",
            "softsign": "Softsign",
            "tanh": "Tanh",
        }.items()
    },
}

_ARITHMETIC = {"Add": "Add", "Subtract": "Sub", "Multiply": "Mul", "Maximum": "Max", "Minimum": "Min", "Power": "Pow"}
_DIVISIONS = ("Divide", "TrueDivide")
_ELEMENTWISE = {
    name: name
    for name in (
        "Ceil",
        "Cos",
        "Erf",
        "Exp",
        "Floor",
        "Log",
        "Reciprocal",
        "Round",
        "Sign",
        "Sin",
        "Sqrt",
    )  # as in ONNX
}
_COMPARISONS = {
    "Equal": "Equal",
    "Greater": "Greater",
    "GreaterEqual": "GreaterOrEqual",
    "Less": "Less",
    "LessEqual": "LessOrEqual",
}
_REDUCTIONS = {"Max": "ReduceMax", "Mean": "ReduceMean", "Min": "ReduceMin", "Sum": "ReduceSum"}
_ACTIVATIONS = {
    "Relu": "relu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Silu": "silu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
OPERATIONS = {
    **{name: arithmetic(kind) for name, kind in _ARITHMETIC.items()},
    **{name: arithmetic("Div", "float32") for name in _DIVISIONS},
    **{name: elementwise(kind) for name, kind in _ELEMENTWISE.items()},
    **{name: comparison(kind) for name, kind in _COMPARISONS.items()},
    **{name: reduction(kind) for name, kind in _REDUCTIONS.items()},
    **{name: activation(function) for name, function in _ACTIVATIONS.items()},
    "Absolute": lambda graph, operation, x: graph.node("Abs", x),
    "All": truth("ReduceMin"),
    "Any": truth("ReduceMax"),
    "Argmax": arg("ArgMax"),
    "Argmin": arg("ArgMin"),
    "Cast": cast,
    "Clip": clip,
    "Concatenate": concatenate,
    "Einsum": einsum,
    "Elu": lambda graph, operation, x: graph.node("Elu", x, alpha=float(operation.alpha)),
    "ExpandDims": expand_dims,
    "Gelu": lambda graph, operation, x: gelu(graph, x, operation.approximate),
    "GetItem": getitem,
    "LogSoftmax": softmax("LogSoftmax"),
    "LogicalAnd": logic("And"),
    "LogicalNot": logic("Not"),
    "LogicalOr": logic("Or"),
    "Logsumexp": log_sum_exp,
    "Matmul": matmul,
    "Negative": lambda graph, operation, x: graph.node("Neg", x),
    "NotEqual": not_equal,
    "Reshape": reshape,
    "Softmax": softmax("Softmax"),
    "Split": split,
    "Square": square,
    "Squeeze": squeeze,
    "Stack": stack,
    "Std": deviation,
    "StopGradient": lambda graph, operation, x: x,
    "Take": take,
    "Transpose": transpose,
    "Unstack": unstack,
    "Var": variance,
    "Where": where,
}
