"""Every entry of the writer's tables: ONNX Runtime computes what Keras computes, in batches of any size and length."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from common import layers
from common.prediction.onnx_networks import OnnxNetwork
from common.runs import onnx_operations, onnx_writer
from common.runs.onnx_graph import UnknownLayerError

K = keras.layers
TIMESTEPS, FEATURES = 9, 4


def drawn(model, rows, timesteps=TIMESTEPS, seed=0):
    """Random inputs whose rows have 0, 1 and all timesteps, and others; a mask says where they are real."""
    random = np.random.default_rng(seed)
    lengths = random.integers(0, timesteps + 1, rows)
    lengths[: min(rows, 3)] = [timesteps, 0, 1][: min(rows, 3)]
    real = np.arange(timesteps) < lengths[:, None]
    inputs = {}
    for tensor in model.inputs:
        shape = [timesteps if size is None else size for size in tensor.shape[1:]]
        if tensor.dtype == "bool":
            inputs[tensor.name] = real
        elif tensor.dtype == "float32":
            inputs[tensor.name] = random.normal(size=(rows, *shape)).astype("float32")
        else:
            inputs[tensor.name] = random.integers(1, 7, (rows, *shape)).astype(tensor.dtype)
        if tensor.name == "token_ids":
            inputs[tensor.name] *= real
    return inputs


def assert_same(model, inputs, tolerance=1e-5):
    found, expected = (
        OnnxNetwork(onnx_writer.file_of(model))(inputs),
        model(inputs if len(inputs) > 1 else next(iter(inputs.values())), training=False),
    )
    if not isinstance(expected, dict):
        found, expected = {"": found}, {"": expected}
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == np.asarray(value).dtype and found[name].shape == value.shape
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance)


def check(model, sizes=((1, TIMESTEPS), (3, TIMESTEPS), (64, 3))):
    """After random weights."""
    random = np.random.default_rng(0)
    model.set_weights([_weight(random, variable) for variable in model.weights])
    for rows, timesteps in sizes:
        assert_same(model, drawn(model, rows, timesteps))


def _weight(random, variable):
    drawn = random.normal(0, 0.5, variable.shape)
    if "variance" in variable.name:
        return np.abs(drawn) + 0.1
    return drawn if variable.dtype == "float32" else np.asarray(variable)


# ------------------------------------------------------------------------------------------------- Our layers

CELLS = ("simple_rnn", "gru", "lstm")


def sequence():
    return keras.Input((None, FEATURES), name="sequence"), keras.Input((None,), dtype="bool", name="mask")


@pytest.mark.parametrize("given", ["nothing", "mask", "state", "mask and state"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_layers(cell, bidirectional, given):
    x, mask = sequence()
    inputs, units = [x], 5
    arguments = {}
    if "mask" in given:
        inputs.append(mask)
        arguments["padding_mask"] = mask
    if "state" in given:
        count = 2 if cell == "lstm" else 1
        states = [keras.Input((units * (1 + bidirectional),), name=f"state_{i}") for i in range(count)]
        inputs += states
        arguments["initial_state"] = states if count > 1 else states[0]
    layer = layers.recurrent(cell, units, return_sequences=True, return_state=True, bidirectional=bidirectional)
    output, *finals = layer(x, **arguments)
    check(keras.Model(inputs, {"output_": output, **{f"state_{i}": final for i, final in enumerate(finals)}}))


@pytest.mark.parametrize("cell", CELLS)
def test_last_states_and_spelled_words(cell):
    x, mask = sequence()
    chars = keras.Input((None, 3, FEATURES), name="chars")
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    last = layers.recurrent(cell, 3)(x, mask)
    spelled = layers.PerTimestep(layers.recurrent(cell, 3, bidirectional=True))(
        chars, ops.not_equal(token_ids[..., None], [0] * 3)
    )
    model = keras.Model([x, mask, chars, token_ids], {"last": last, "spelled": spelled})
    check(model)


def test_attention_pooling_and_outputs():
    x, mask = sequence()
    queries = keras.Input((None, 6), name="queries")
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    embedding = K.Embedding(11, FEATURES)
    embedded = embedding(layers.TokenDropout(0.5)(token_ids))
    found = {"tied": layers.TiedOutput(embedding)(x), "adaptive": layers.AdaptiveOutput(embedding, 2, growth=2)(x)}
    found["context"], found["weights"] = layers.Attention()(queries, x, mask)
    found["whole context"], found["whole weights"] = layers.Attention()(embedded, x)
    found["pooled"], found["pooled weights"] = layers.AttentionPooling(5)(x, mask)
    found["all"], _ = layers.AttentionPooling(5)(x)
    found["max"], found["plain max"] = layers.MaskedMaxPooling()(x, mask), layers.MaskedMaxPooling()(x)
    found["mean"], found["plain mean"] = layers.MaskedAveragePooling()(x, mask), layers.MaskedAveragePooling()(x)
    found["largest"], found["plain largest"] = layers.MaskedMaxPooling()(x, mask), layers.MaskedMaxPooling()(x)
    allowed = np.arange(20).reshape(5, 4) % 3 > 0
    found["transitions"] = layers.Transitions(allowed)(x)
    check(keras.Model([x, mask, queries, token_ids], found))


@pytest.mark.parametrize("timesteps", [None, 5], ids=["any length", "fixed"])
def test_frames_of_bytes(timesteps):
    frames = keras.Input((timesteps, 6, 8, 1), dtype="uint8", name="frames")
    x = K.Rescaling(1 / 255)(layers.FoldFrames()(frames))
    x = K.Conv2D(3, 3, strides=2, padding="same", activation="relu")(x)
    model = keras.Model(frames, layers.UnfoldFrames()(K.Flatten()(x), frames))
    check(model, ((1, 1), (3, 7)))


# ---------------------------------------------------------------------------------------------- Keras's layers


@pytest.mark.parametrize(
    "layer",
    [
        *(K.Dense(3, activation=name) for name in onnx_operations.ACTIVATIONS),
        K.Dense(3, use_bias=False),
        K.Activation("relu"),
        K.Softmax(),
        K.ReLU(),
        K.Rescaling(1 / 255, offset=-0.5),
        K.BatchNormalization(),
        K.BatchNormalization(center=False, scale=False),
        K.LayerNormalization(),
        K.LayerNormalization(center=False, scale=False),
        K.Dropout(0.5),
        K.SpatialDropout1D(0.5),
        K.GaussianNoise(0.5),
        K.Permute((2, 1)),
        K.Conv1D(5, 3, padding="same", activation="relu"),
        K.Conv1D(5, 3, padding="valid", strides=2),
        K.Conv1D(5, 2, padding="same", strides=2),
        K.Conv1D(5, 3, padding="causal", dilation_rate=2, use_bias=False),
        K.Conv1D(6, 3, padding="same", groups=2),
        K.MaxPooling1D(2),
        K.MaxPooling1D(3, padding="same"),
        K.MaxPooling1D(3, strides=2),
        K.AveragePooling1D(2, padding="same"),
        K.GlobalAveragePooling1D(),
        K.GlobalMaxPooling1D(keepdims=True),
        K.TimeDistributed(K.Dense(3)),
        K.Identity(),
        K.ZeroPadding1D((2, 1)),
        keras.Sequential([K.Dense(3), K.Dropout(0.1), K.Dense(2, "tanh")]),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_over_time(layer):
    x = keras.Input((None, FEATURES), name="sequence")
    check(keras.Model(x, layer(x)))


@pytest.mark.parametrize(
    "layer",
    [
        K.Conv2D(5, 3, padding="same", strides=2, activation="relu"),
        K.Conv2D(5, (2, 3)),
        K.Conv2D(5, 3, padding="same", dilation_rate=2),
        K.MaxPooling2D(2),
        K.MaxPooling2D(3, strides=2, padding="same"),
        K.AveragePooling2D((2, 1)),
        K.GlobalAveragePooling2D(),
        K.GlobalMaxPooling2D(),
        K.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, activation="relu"),
        K.DepthwiseConv2D(2, use_bias=False),
        K.ZeroPadding2D(((0, 1), (2, 0))),
        K.ReLU(0.7),
        K.Flatten(),
        K.Reshape((-1, 6)),
        K.Reshape((15, 6)),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_over_pictures(layer):
    picture = keras.Input((6, 5, 3), dtype="uint8", name="picture")
    check(keras.Model(picture, layer(K.Rescaling(1 / 255)(picture))), sizes=((1, 1), (3, 1)))


def test_frames_of_a_film():
    """A network over each picture of a sequence of pictures, in the type in which they are stored."""
    picture = keras.Input((6, 5, 3))
    small = K.GlobalAveragePooling2D()(K.Conv2D(4, 3, padding="same", activation="relu")(picture))
    eye = keras.Model(picture, K.LayerNormalization()(small))
    film = keras.Input((None, 6, 5, 3), dtype="uint8", name="film")
    seen = K.TimeDistributed(eye)(K.Rescaling(1 / 255)(film))
    folded = layers.UnfoldFrames()(eye(K.Rescaling(1 / 255)(layers.FoldFrames()(film))), film)
    both = {"seen": layers.recurrent("gru", 3)(seen), "folded": layers.recurrent("gru", 3)(folded)}
    check(keras.Model(film, both), sizes=((1, 4), (3, 2)))


def test_layers_that_merge():
    one, other = (keras.Input((None, FEATURES), name=name) for name in ("one", "other"))
    kinds = (K.Add, K.Average, K.Maximum, K.Minimum, K.Multiply, K.Subtract, K.Concatenate)
    found = {kind.__name__: kind()([one, other]) for kind in kinds}
    vector = keras.Input((FEATURES,), name="vector")
    found["repeated"] = K.RepeatVector(3)(vector)
    check(keras.Model([one, other, vector], found))


def test_a_model_within_a_model_and_named_inputs():
    one, other = (keras.Input((None, FEATURES), name=name) for name in ("one", "other"))
    inner = keras.Model({"one": one, "other": other}, {"difference": one - other, "product": one * other})
    a, b = (keras.Input((None, FEATURES), name=name) for name in ("a", "b"))
    check(keras.Model({"b": b, "a": a}, inner({"other": a, "one": b})))


# --------------------------------------------------------------------------------------- Functions of keras.ops

EXPRESSIONS = {
    "arithmetic": lambda x, ids: (2 - x) * 3 + ops.divide(x / 2, 3) - ops.power(abs(x), 1.5),
    "extremes": lambda x, ids: ops.maximum(x, 0.1) * ops.minimum(1, x),
    "integers": lambda x, ids: (ids + 1) * ids - ops.max(ids, axis=1, keepdims=True),
    "types": lambda x, ids: ops.cast(ids, "float32")[..., None] * x + ids[..., None] / 2,
    "functions": lambda x, ids: ops.exp(-x) + ops.log(ops.square(x) + 1) + ops.sqrt(abs(x)) + ops.sin(x) * ops.cos(x),
    "activations": lambda x, ids: ops.relu(x) + ops.sigmoid(x) * ops.tanh(x) + ops.softplus(x) + ops.silu(x),
    "more activations": lambda x, ids: ops.gelu(x, False) + ops.elu(x, 0.5) + ops.selu(x) + ops.softsign(x),
    "another gelu": lambda x, ids: ops.gelu(x),
    "comparisons": lambda x, ids: ops.logical_or(
        ops.logical_and(x > 0, x <= 1), ops.logical_or(ops.less(x, -1), ops.logical_not(x >= -2))
    ),
    "equal": lambda x, ids: ops.where(ops.equal(ids, 3), ids, 0),
    "not equal": lambda x, ids: ops.any(ops.not_equal(x, 0), axis=-1),
    "ids": lambda x, ids: ops.any(ops.not_equal(ids, 0), axis=-1),
    "other ids": lambda x, ids: ops.not_equal(ids, 3),
    "all": lambda x, ids: ops.all(x > -1, axis=-1, keepdims=True),
    "where": lambda x, ids: ops.where(ops.not_equal(ids, 0)[..., None], x, -1e9),
    "means": lambda x, ids: ops.mean(x, axis=1) + ops.sum(x, axis=1) + ops.max(x, axis=1) + ops.min(x, axis=1),
    "deviations": lambda x, ids: ops.var(x, axis=-1) + ops.std(x, axis=-1) + ops.logsumexp(x, axis=-1),
    "softmaxes": lambda x, ids: ops.softmax(x, axis=1) + ops.log_softmax(x),
    "choices": lambda x, ids: ops.argmax(x, axis=-1) - ops.argmin(x, axis=-1),
    "clip": lambda x, ids: ops.clip(ops.stop_gradient(x), -0.5, 0.5),
    "unstack": lambda x, ids: ops.stack(ops.unstack(x, FEATURES, axis=-1)[::-1], axis=1),
    "split": lambda x, ids: ops.concatenate([*ops.split(x, [1], axis=-1)[::-1], *ops.split(x, 2, axis=-1)], axis=-1),
    "shapes": lambda x, ids: ops.squeeze(ops.expand_dims(ops.transpose(x, (0, 2, 1)), 1), 1),
    "reshape": lambda x, ids: ops.reshape(x, (-1, 2, 2)),
    "products": lambda x, ids: ops.matmul(x, ops.transpose(x, (0, 2, 1))) + ops.einsum("bif,bjf->bij", x, x),
    "take": lambda x, ids: ops.take(np.arange(14, dtype="float32").reshape(7, 2), ids, axis=0),
    "slices": lambda x, ids: x[:, ::-1, 1:3] * x[:, :, :1] + x[:, -1:, None, -1],
    "places": lambda x, ids: x[:, 0, ::2] + x[:, -1, 2:],
    "dots": lambda x, ids: x[..., 0] + x[:, :, -2],
    "round": lambda x, ids: ops.floor(x) + ops.ceil(x) + ops.sign(x) + ops.round(x) + ops.reciprocal(x) + ops.erf(x),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_functions_between_layers(name):
    x = keras.Input((None, FEATURES), name="sequence")
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    check(keras.Model([x, token_ids], EXPRESSIONS[name](x, token_ids)))


# --------------------------------------------------------------------------------------------------- Refusals


class Dense(K.Dense):
    """A layer that only looks like one of Keras's."""


def test_what_the_tables_lack_is_named():
    x = keras.Input((None, FEATURES), name="sequence")
    ids = keras.Input((None,), dtype="int32", name="ids")
    for output, message in (
        (K.LSTM(3, name="mine")(x), "layer mine of class LSTM"),
        (Dense(3, name="like")(x), "layer like of class Dense"),
        (ops.cumsum(x, axis=1), "of class Cumsum"),
        (K.Dense(3, activation=lambda value: value, name="odd")(x), "layer odd with the activation <lambda>"),
        (K.Dense(3, dtype="float64", name="double")(x), "layer double in float64"),
        (K.LeakyReLU()(x), "of class LeakyReLU"),
    ):
        with pytest.raises(UnknownLayerError, match=message):
            onnx_writer.file_of(keras.Model(x, output))
    masked = K.Dense(2)(K.Embedding(5, 3, mask_zero=True, name="words")(ids))
    with pytest.raises(UnknownLayerError, match="layer words with mask_zero"):
        onnx_writer.file_of(keras.Model(ids, masked))


def test_files_say_nothing_about_where_they_were_made(monkeypatch):
    x = keras.Input((None, FEATURES), name="sequence")
    written = onnx_writer.file_of(keras.Model(x, K.Dense(2)(x)))
    assert b"/work" not in written and b"/home" not in written and b"/tmp" not in written
    assert onnx_writer.file_of(keras.Model(x, K.Dense(2, kernel_initializer="zeros", name="a")(x), name="m")) == (
        onnx_writer.file_of(keras.Model(x, K.Dense(2, kernel_initializer="zeros", name="a")(x), name="m"))
    )


def test_a_tied_matrix_is_stored_once():
    ids = keras.Input((None,), dtype="int32", name="token_ids")
    embedding = K.Embedding(1000, 64)
    once = len(onnx_writer.file_of(keras.Model(ids, embedding(ids))))
    x = embedding(ids)
    both = keras.Model(ids, {"tied": layers.TiedOutput(embedding)(x), "more": layers.AdaptiveOutput(embedding, 10)(x)})
    assert len(onnx_writer.file_of(both)) < once + 20_000


def test_every_entry_of_the_tables_is_tested():
    """A new entry must be written somewhere above."""
    source = Path(__file__).read_text(encoding="utf-8")
    for kind in onnx_writer.LAYERS:
        called = {"Recurrent": "recurrent("}.get(kind.__name__, kind.__name__)
        assert re.search(rf"(K|layers)\.{re.escape(called)}", source), kind
    signs = {"Add": " + ", "GetItem": "x[", "Greater": " > ", "GreaterEqual": " >= ", "LessEqual": " <= "}
    signs |= {"Multiply": " * ", "Negative": "-x", "Subtract": " - ", "TrueDivide": " / ", "Absolute": "abs("}
    for name in onnx_operations.OPERATIONS:
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        assert signs.get(name, f"ops.{snake}(") in source, name
