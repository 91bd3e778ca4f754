"""Translate the layers of `common.layers` to ONNX: native RNN, GRU and LSTM nodes, and arithmetic around them."""

from __future__ import annotations

import keras
import numpy as np

from common import layers
from common.runs.onnx_graph import Graph, Value

NODES = {"simple_rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
GATES = {"simple_rnn": (0,), "gru": (0, 1, 2), "lstm": (0, 3, 1, 2)}  # indices of our gates in ONNX's order


def recurrent(graph: Graph, layer, inputs, padding_mask=None, initial_state=None):
    """One native node, which expects the time axis first.

    Like our layer, it stops each row at its own length, starts the backward direction there, and outputs zeros at
    padding. But for a row without timesteps it returns states of 0 instead of the initial states.
    """
    kernels, recurrent_kernels, biases = zip(
        *(_weights(layer.cell, *weights) for weights in layer.kernels), strict=True
    )
    lengths = "" if padding_mask is None else _lengths(graph, padding_mask)
    directions = len(layer.kernels)
    initial = [] if initial_state is None else keras.tree.flatten(initial_state)
    wanted = [layer.return_sequences, layer.return_state or not layer.return_sequences]
    if layer.cell == "lstm":
        wanted.append(layer.return_state)
    sequence, *states = graph.node(
        NODES[layer.cell],
        graph.node("Transpose", inputs, perm=[1, 0, 2]),
        graph.constant(np.stack(kernels)),
        graph.constant(np.stack(recurrent_kernels)),
        graph.constant(np.stack(biases)),
        lengths,
        *(_directions_first(graph, state, directions, layer.units) for state in initial),
        outputs=wanted,
        hidden_size=layer.units,
        direction="bidirectional" if directions == 2 else "forward",
        **({"linear_before_reset": 1} if layer.cell == "gru" else {}),
    )
    states = [_batch_first(graph, state, directions, layer.units) if state else "" for state in states]
    if lengths and initial:
        real = graph.node("Greater", graph.node("Unsqueeze", lengths, graph.integers(1)), graph.constant([0], "int32"))
        states = [graph.node("Where", real, *pair) if pair[0] else "" for pair in zip(states, initial, strict=True)]
    output = states[0]
    if layer.return_sequences and directions == 2:
        output = graph.reshape(graph.node("Transpose", sequence, perm=[2, 0, 1, 3]), 0, 0, 2 * layer.units)
    elif layer.return_sequences:
        output = graph.node("Transpose", graph.node("Squeeze", sequence, graph.integers(1)), perm=[1, 0, 2])
    return (output, *states) if layer.return_state else output


def _weights(cell: str, kernel, recurrent_kernel, bias) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernel `(gates * units, features)`, recurrent kernel `(gates * units, units)` and bias `(2 * gates * units,)`."""

    def ordered(weight):
        parts = np.split(np.asarray(weight), len(GATES[cell]), axis=-1)
        return np.concatenate([parts[gate] for gate in GATES[cell]], axis=-1)

    bias = np.asarray(bias)
    both = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])  # input bias and recurrent bias
    return ordered(kernel).T, ordered(recurrent_kernel).T, ordered(both).reshape(-1)


def _lengths(graph: Graph, padding_mask: str) -> str:
    """Number of real timesteps in each row, int32 `(batch,)`."""
    return graph.once(
        ("lengths", padding_mask),
        lambda: graph.node("ReduceSum", graph.cast(padding_mask, "int32"), graph.integers(1), keepdims=0),
    )


def _directions_first(graph: Graph, state: str, directions: int, units: int) -> str:
    """Reshape `(batch, directions * units)` to `(directions, batch, units)`."""
    if directions == 1:
        return graph.node("Unsqueeze", state, graph.integers(0))
    return graph.node("Transpose", graph.reshape(state, 0, directions, units), perm=[1, 0, 2])


def _batch_first(graph: Graph, state: str, directions: int, units: int) -> str:
    """The inverse of `_directions_first`."""
    if directions == 1:
        return graph.node("Squeeze", state, graph.integers(0))
    return graph.reshape(graph.node("Transpose", state, perm=[1, 0, 2]), 0, directions * units)


def per_timestep(graph: Graph, layer, sequences, padding_mask=None):
    inner = Value(
        graph.reshape(sequences, -1, graph.sizes(sequences, 2, 4)), (None, *sequences.shape[2:]), sequences.dtype
    )
    if padding_mask is not None:
        padding_mask = graph.reshape(padding_mask, -1, graph.sizes(padding_mask, 2, 3))
    outputs = graph.apply(layer.layer, inner, padding_mask=padding_mask)
    return graph.reshape(outputs, graph.sizes(sequences, 0, 2), graph.sizes(outputs, 1, 2))


def average_pooling(graph: Graph, layer, sequence, padding_mask=None):
    if padding_mask is None:
        return graph.node("ReduceMean", sequence, axes=[1], keepdims=0)
    real = graph.cast(padding_mask, "float32")  # (batch, timesteps)
    axis = graph.integers(1)
    total = graph.node("Squeeze", graph.node("MatMul", graph.node("Unsqueeze", real, axis), sequence), axis)
    count = graph.node("Max", graph.node("ReduceSum", real, axis, keepdims=1), graph.constant(1))
    return graph.node("Div", total, count)


def max_pooling(graph: Graph, layer, sequence, padding_mask=None):
    if padding_mask is None:
        return graph.node("ReduceMax", sequence, axes=[1], keepdims=0)
    real = graph.node("Unsqueeze", padding_mask, graph.integers(2))  # (batch, timesteps, 1)
    largest = graph.node("ReduceMax", graph.node("Where", real, sequence, graph.constant(-1e9)), axes=[1], keepdims=0)
    some = graph.node("ReduceMax", graph.cast(real, "float32"), axes=[1], keepdims=0)  # 0 for a row of padding
    return graph.node("Mul", largest, some)


def fold_frames(graph: Graph, layer, frames):
    return Value(graph.reshape(frames, -1, *frames.shape[2:]), (None, *frames.shape[2:]), frames.dtype)


def unfold_frames(graph: Graph, layer, vectors, frames):
    return graph.reshape(vectors, graph.sizes(frames, 0, 2), vectors.shape[-1])


def masked_softmax(graph: Graph, scores: str, padding_mask: str | None, between: int) -> str:
    """As in `common.layers.attention`; `between` is the number of axes between batch and timesteps."""
    if padding_mask is None:
        return graph.node("Softmax", scores, axis=-1)
    if between:
        padding_mask = graph.node("Unsqueeze", padding_mask, graph.integers(*range(1, between + 1)))
    lowered = graph.node("Where", padding_mask, scores, graph.constant(-1e30))
    return graph.node("Mul", graph.node("Softmax", lowered, axis=-1), graph.cast(padding_mask, "float32"))


def attention(graph: Graph, layer, queries, memory, padding_mask=None):
    queries = graph.node("MatMul", queries, graph.constant(layer.kernel))
    products = graph.node("MatMul", queries, graph.node("Transpose", memory, perm=[0, 2, 1]))
    scores = graph.node("Div", products, graph.constant(memory.shape[-1] ** 0.5))
    weights = masked_softmax(graph, scores, padding_mask, between=1)
    return graph.node("MatMul", weights, memory), weights


def attention_pooling(graph: Graph, layer, sequence, padding_mask=None):
    projected = graph.node("MatMul", sequence, graph.constant(layer.kernel))
    hidden = graph.node("Tanh", graph.node("Add", projected, graph.constant(layer.bias)))
    scores = graph.node("Squeeze", graph.node("MatMul", hidden, graph.constant(layer.query)), graph.integers(2))
    weights = masked_softmax(graph, scores, padding_mask, between=0)
    axis = graph.integers(1)
    mean = graph.node("Squeeze", graph.node("MatMul", graph.node("Unsqueeze", weights, axis), sequence), axis)
    return mean, weights


def tied_output(graph: Graph, layer, inputs):
    rows = graph.reshape(inputs, -1, inputs.shape[-1])
    logits = _product(graph, rows, graph.constant(layer.embedding.embeddings), graph.constant(layer.bias))
    return _as_before(graph, logits, inputs, layer.embedding.input_dim)


def adaptive_output(graph: Graph, layer, inputs):
    """Adds the log-probability of a cluster, from the first level, to the log-softmax within the cluster."""
    rows = graph.reshape(inputs, -1, inputs.shape[-1])
    starts = [0, *(stop for _, stop in [(0, layer.frequent), *layer.clusters])]
    sizes = graph.integers(*np.diff(starts).tolist())
    count = len(starts) - 1
    kernels = graph.node("Split", graph.constant(layer.embedding.embeddings), sizes, axis=0, outputs=count)
    bias = np.asarray(layer.bias)
    sums = [_log_sum_exp(bias[start:stop]) for start, stop in layer.clusters]
    head = graph.node("Concat", kernels[0], graph.constant(layer.cluster_kernel), axis=0)
    head_bias = np.concatenate([bias[: layer.frequent], sums])
    first = _product(graph, rows, head, graph.constant(head_bias))
    shares = graph.integers(layer.frequent, *[1] * len(layer.clusters))
    frequent, *shares = graph.node("Split", first, shares, axis=1, outputs=count)
    logits = [frequent]
    for share, kernel, (start, stop) in zip(shares, kernels[1:], layer.clusters, strict=True):
        within = _product(graph, rows, kernel, graph.constant(bias[start:stop]))
        logits.append(graph.node("Add", graph.node("LogSoftmax", within, axis=1), share))
    return _as_before(graph, graph.node("Concat", *logits, axis=1), inputs, layer.embedding.input_dim)


def _product(graph: Graph, rows: str, kernel: str, bias: str) -> str:
    """Rows `(rows, features)` times a kernel `(tokens, features)`, stored once even if it is used several times."""
    return graph.node("Gemm", rows, kernel, bias, transB=1)


def _as_before(graph: Graph, rows: str, inputs: Value, size: int) -> str:
    """The rows reshaped to the leading axes of the inputs."""
    return graph.reshape(rows, graph.sizes(inputs, 0, len(inputs.shape) - 1), size)


def _log_sum_exp(values: np.ndarray) -> float:
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum()))


def transitions(graph: Graph, layer, scores):
    return graph.constant(np.asarray(layer.transitions) + layer.forbidden)


LAYERS = {
    layers.AdaptiveOutput: adaptive_output,
    layers.Attention: attention,
    layers.AttentionPooling: attention_pooling,
    layers.FoldFrames: fold_frames,
    layers.MaskedAveragePooling: average_pooling,
    layers.MaskedMaxPooling: max_pooling,
    layers.PerTimestep: per_timestep,
    layers.Recurrent: recurrent,
    layers.TiedOutput: tied_output,
    layers.TokenDropout: lambda graph, layer, token_ids: token_ids,
    layers.Transitions: transitions,
    layers.UnfoldFrames: unfold_frames,
}
