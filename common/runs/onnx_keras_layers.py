"""Translate Keras's own layers to ONNX. Keras has features last, ONNX convolutions and poolings have them first."""

from __future__ import annotations

import keras
import numpy as np

from common.runs.onnx_graph import Graph, UnknownLayerError, Value
from common.runs.onnx_operations import ACTIVATIONS


def activated(graph: Graph, layer, value: str) -> str:
    """The value through the layer's activation.

    Raises:
        UnknownLayerError: if it is not in the table; names it.
    """
    function = layer.activation
    name = getattr(function, "__name__", type(function).__name__)
    if function is not getattr(keras.activations, name, None) or name not in ACTIVATIONS:
        raise UnknownLayerError(f"layer {layer.name} with the activation {name}")
    return ACTIVATIONS[name](graph, value)


def same(graph: Graph, layer, inputs):
    return inputs


def embedding(graph: Graph, layer, inputs):
    if layer.mask_zero:
        raise UnknownLayerError(f"layer {layer.name} with mask_zero: pass padding_mask to the layers")
    ids = inputs if inputs.dtype in ("int32", "int64") else graph.cast(inputs, "int32")
    return graph.node("Gather", graph.constant(layer.embeddings), ids, axis=0)


def dense(graph: Graph, layer, inputs):
    kernel = graph.constant(layer.kernel)
    if len(inputs.shape) == 2 and layer.use_bias:
        return activated(graph, layer, graph.node("Gemm", _floats(graph, inputs), kernel, graph.constant(layer.bias)))
    product = graph.node("MatMul", _floats(graph, inputs), kernel)
    return activated(graph, layer, _with_bias(graph, layer, product))


def _with_bias(graph: Graph, layer, value: str) -> str:
    return graph.node("Add", value, graph.constant(layer.bias)) if layer.use_bias else value


def _floats(graph: Graph, value: str) -> str:
    return graph.cast(value, "float32")


def activation(graph: Graph, layer, inputs):
    return activated(graph, layer, _floats(graph, inputs))


def relu(graph: Graph, layer, inputs):
    if layer.negative_slope or layer.threshold:
        raise UnknownLayerError(f"layer {layer.name}: a ReLU with a slope or a threshold")
    if layer.max_value is not None:
        return graph.node("Clip", inputs, graph.constant(0), graph.constant(layer.max_value))
    return graph.node("Relu", inputs)


def softmax(graph: Graph, layer, inputs):
    if not isinstance(layer.axis, int):
        raise UnknownLayerError(f"layer {layer.name}: a softmax over several axes")
    return graph.node("Softmax", inputs, axis=layer.axis)


def rescaling(graph: Graph, layer, inputs):
    scaled = graph.node("Mul", _floats(graph, inputs), graph.constant(layer.scale))
    return graph.node("Add", scaled, graph.constant(layer.offset)) if np.any(layer.offset) else scaled


def merged(kind: str):
    """A layer that merges two or more arrays by successive binary operations."""

    def handler(graph: Graph, layer, inputs):
        _alike(layer, inputs)
        total = inputs[0]
        for value in inputs[1:]:
            total = graph.node(kind, total, value)
        return total

    return handler


def average(graph: Graph, layer, inputs):
    _alike(layer, inputs)
    return graph.node("Mean", *inputs)


def _alike(layer, inputs) -> None:
    if len({(len(value.shape), value.dtype) for value in inputs}) > 1:
        raise UnknownLayerError(f"layer {layer.name} with arrays of different axes or types")


def concatenate(graph: Graph, layer, inputs):
    dtype = keras.backend.result_type(*(value.dtype for value in inputs))
    return graph.node("Concat", *(graph.cast(value, dtype) for value in inputs), axis=layer.axis)


def reshape(graph: Graph, layer, inputs):
    return graph.reshape(inputs, graph.sizes(inputs, 0, 1), *layer.target_shape)


def permute(graph: Graph, layer, inputs):
    return graph.node("Transpose", inputs, perm=[0, *layer.dims])


def flatten(graph: Graph, layer, inputs):
    return graph.reshape(inputs, 0, -1)


def repeat_vector(graph: Graph, layer, inputs):
    rows = graph.node("Unsqueeze", inputs, graph.integers(1))
    return graph.node("Tile", rows, graph.integers(1, layer.n, 1))


def time_distributed(graph: Graph, layer, inputs):
    """Treats every timestep as an example of one large batch."""
    rows = graph.reshape(inputs, -1, graph.sizes(inputs, 2, len(inputs.shape)))
    outputs = graph.apply(layer.layer, Value(rows, (None, *inputs.shape[2:]), inputs.dtype))
    axes = len(layer.layer.compute_output_shape((None, *inputs.shape[2:])))
    return graph.reshape(outputs, graph.sizes(inputs, 0, 2), graph.sizes(outputs, 1, axes))


def layer_normalization(graph: Graph, layer, inputs):
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    first = len(inputs.shape) - len(axes)
    if sorted(axis % len(inputs.shape) for axis in axes) != list(range(first, len(inputs.shape))):
        raise UnknownLayerError(f"layer {layer.name}: a normalization of other axes than the last")
    shape = inputs.shape[first:]
    scale = np.ones(shape) if layer.gamma is None else layer.gamma
    shift = [] if layer.beta is None else [graph.constant(layer.beta)]
    return graph.node(
        "LayerNormalization", inputs, graph.constant(scale), *shift, axis=first, epsilon=float(layer.epsilon)
    )


def batch_normalization(graph: Graph, layer, inputs):
    """At inference: one product and one sum per feature."""
    scale = 1 / np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
    scale = scale * np.asarray(layer.gamma) if layer.scale else scale
    shift = -np.asarray(layer.moving_mean) * scale
    shift = shift + np.asarray(layer.beta) if layer.center else shift
    shape = np.ones(len(inputs.shape), int)
    shape[layer.axis] = -1
    product = graph.node("Mul", inputs, graph.constant(scale.reshape(shape)))
    return graph.node("Add", product, graph.constant(shift.reshape(shape)))


def convolution(graph: Graph, layer, inputs):
    _features_last(layer)
    kernel = np.moveaxis(np.asarray(layer.kernel), (-1, -2), (0, 1))  # (filters, features, *kernel_size)
    output = graph.node(
        "Conv",
        _features_first(graph, _floats(graph, inputs), layer.rank),
        graph.constant(kernel),
        *([graph.constant(layer.bias)] if layer.use_bias else []),
        strides=list(layer.strides),
        dilations=list(layer.dilation_rate),
        group=layer.groups,
        **_convolution_padding(layer),
    )
    return activated(graph, layer, _back(graph, output, layer.rank))


def _convolution_padding(layer) -> dict:
    """ONNX Runtime pads automatically, but not for causal padding and not for dilated kernels."""
    reach = [(size - 1) * step for size, step in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    if layer.padding == "causal":
        return {"pads": [*reach, 0]}
    if layer.padding == "same" and max(layer.dilation_rate) > 1:  # Keras then requires strides of 1
        before = [total // 2 for total in reach]
        return {"pads": [*before, *(total - half for total, half in zip(reach, before, strict=True))]}
    return _padding(layer)


def depthwise_convolution(graph: Graph, layer, inputs):
    """Convolves each feature separately: as many groups as features."""
    _features_last(layer)
    kernel = np.asarray(layer.kernel)  # (*kernel_size, features, multiplier)
    *size, features, multiplier = kernel.shape
    kernel = kernel.reshape(*size, 1, features * multiplier)
    output = graph.node(
        "Conv",
        _features_first(graph, _floats(graph, inputs), layer.rank),
        graph.constant(np.moveaxis(kernel, (-1, -2), (0, 1))),
        *([graph.constant(layer.bias)] if layer.use_bias else []),
        strides=list(layer.strides),
        dilations=list(layer.dilation_rate),
        group=features,
        **_convolution_padding(layer),
    )
    return activated(graph, layer, _back(graph, output, layer.rank))


def zero_padding(graph: Graph, layer, inputs):
    _features_last(layer)
    padding = np.zeros((2, len(inputs.shape)), int)
    padding[:, 1:-1] = np.reshape(layer.padding, (-1, 2)).T
    return graph.node("Pad", inputs, graph.integers(*padding.ravel().tolist()))


def pooling(kind: str):
    """A layer that pools over windows."""

    def handler(graph: Graph, layer, inputs):
        _features_last(layer)
        rank = len(layer.pool_size)
        output = graph.node(
            kind,
            _features_first(graph, inputs, rank),
            kernel_shape=list(layer.pool_size),
            strides=list(layer.strides),
            **_padding(layer),
        )
        return _back(graph, output, rank)

    return handler


def global_pooling(kind: str):
    """A layer that pools over all axes between batch and features."""

    def handler(graph: Graph, layer, inputs):
        _features_last(layer)
        axes = list(range(1, len(inputs.shape) - 1))
        return graph.node(kind, inputs, axes=axes, keepdims=int(layer.keepdims))

    return handler


def _padding(layer) -> dict:
    return {"auto_pad": {"same": "SAME_UPPER", "valid": "VALID"}[layer.padding]}


def _features_last(layer) -> None:
    if layer.data_format != "channels_last":
        raise UnknownLayerError(f"layer {layer.name} with data_format {layer.data_format}")


def _features_first(graph: Graph, value: str, rank: int) -> str:
    return graph.node("Transpose", value, perm=[0, rank + 1, *range(1, rank + 1)])


def _back(graph: Graph, value: str, rank: int) -> str:
    return graph.node("Transpose", value, perm=[0, *range(2, rank + 2), 1])


_KERAS = keras.layers
LAYERS = {
    **dict.fromkeys((_KERAS.Dropout, _KERAS.SpatialDropout1D, _KERAS.GaussianNoise, _KERAS.Identity), same),
    _KERAS.Activation: activation,
    _KERAS.Add: merged("Add"),
    _KERAS.Average: average,
    _KERAS.AveragePooling1D: pooling("AveragePool"),
    _KERAS.AveragePooling2D: pooling("AveragePool"),
    _KERAS.BatchNormalization: batch_normalization,
    _KERAS.Concatenate: concatenate,
    _KERAS.Conv1D: convolution,
    _KERAS.Conv2D: convolution,
    _KERAS.Dense: dense,
    _KERAS.DepthwiseConv2D: depthwise_convolution,
    _KERAS.Embedding: embedding,
    _KERAS.Flatten: flatten,
    _KERAS.GlobalAveragePooling1D: global_pooling("ReduceMean"),
    _KERAS.GlobalAveragePooling2D: global_pooling("ReduceMean"),
    _KERAS.GlobalMaxPooling1D: global_pooling("ReduceMax"),
    _KERAS.GlobalMaxPooling2D: global_pooling("ReduceMax"),
    _KERAS.LayerNormalization: layer_normalization,
    _KERAS.MaxPooling1D: pooling("MaxPool"),
    _KERAS.MaxPooling2D: pooling("MaxPool"),
    _KERAS.Maximum: merged("Max"),
    _KERAS.Minimum: merged("Min"),
    _KERAS.Multiply: merged("Mul"),
    _KERAS.Permute: permute,
    _KERAS.ReLU: relu,
    _KERAS.RepeatVector: repeat_vector,
    _KERAS.Rescaling: rescaling,
    _KERAS.Reshape: reshape,
    _KERAS.Softmax: softmax,
    _KERAS.Subtract: merged("Sub"),
    _KERAS.TimeDistributed: time_distributed,
    _KERAS.ZeroPadding1D: zero_padding,
    _KERAS.ZeroPadding2D: zero_padding,
}
