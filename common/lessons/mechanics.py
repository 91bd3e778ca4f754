"""Numbers of the documents about the layers themselves; no training is needed."""

from __future__ import annotations

import collections
import functools

import keras
import numpy as np

from common import layers
from common.insight import counting, gradients, reference
from common.insight.network import Network
from common.lessons.documents import Measured, number
from common.prediction.networks import padded
from common.task import load_task, task_names

FEATURES, UNITS, TIMESTEPS = 16, 32, 7


def measure() -> dict[str, Measured]:
    """All of them by name."""
    return {**_shapes(), **_counts(), **_outputs(), **_padding(), **_tasks(), **_gradients(), **_scale()}


@functools.cache
def _sentiment() -> tuple:
    """The sentiment task, its embedded sample, and the encoder fitted on it."""
    task = load_task("sentiment")
    splits = task.datasets["sample"].load(None)
    return task, splits, task.encoder.fit(task.config, splits.train)


def _shapes() -> dict[str, Measured]:
    """The shapes of three reviews at the layers of the sentiment model, and the error for a wrong shape."""
    task, splits, encoder = _sentiment()
    model = task.build_model(task.config, encoder)
    batch = padded([encoder.encode(review)[0] for review in splits.test[:3]])
    measured, x = {"reviews": Measured(str(batch["token_ids"].shape))}, batch["token_ids"]
    mask = x != 0
    for layer in model.layers:
        if isinstance(layer, (keras.layers.Embedding, layers.Recurrent, layers.MaskedAveragePooling)):
            x = layer(x) if isinstance(layer, keras.layers.Embedding) else layer(x, mask)
            measured[f"after_{layer.name.split('_')[-1]}"] = Measured(str(tuple(x.shape)))
    measured["logits"] = Measured(str(tuple(model.predict_on_batch(batch).shape)))
    measured["review_words"] = Measured(", ".join(str(int(row.sum())) for row in mask))
    layer = layers.recurrent("gru", UNITS, name="recurrent")
    try:
        layer(np.zeros((TIMESTEPS, FEATURES), np.float32))
    except ValueError as error:
        measured["wrong_shape"] = Measured(str(error).splitlines()[0])
    return measured


def _counts() -> dict[str, Measured]:
    """The number of weights of a layer, by its formula, which is checked against its arrays."""
    measured = {}
    for cell in reference.CELLS:
        layer = layers.recurrent(cell, UNITS)
        layer.build((None, None, FEATURES))
        count = counting.weights(cell, FEATURES, UNITS)
        if layer.count_params() != count:
            raise ValueError(f"the formula gives {count} weights for {cell}, the layer has {layer.count_params()}")
        measured[f"weights_{cell}"] = number(count, 0)
    measured["perceptron_200"] = number(counting.perceptron(200, 10_000, 64), 0)
    measured["perceptron_400"] = number(counting.perceptron(400, 10_000, 64), 0)
    measured["recurrent_one_hot"] = number(counting.weights("simple_rnn", 10_000, 64), 0)
    return measured


def _outputs() -> dict[str, Measured]:
    """The outputs of a layer at each step and at the last one, compared with its states element by element."""
    keras.utils.set_random_seed(0)
    inputs = np.random.default_rng(0).normal(size=(1, TIMESTEPS, FEATURES)).astype(np.float32)
    layer = layers.recurrent("lstm", UNITS, return_sequences=True, return_state=True, bidirectional=True)
    output, state_h, state_c = map(np.asarray, layer(3 * inputs))
    sequences = layers.recurrent("gru", UNITS, return_sequences=True)
    all_steps = np.asarray(sequences(inputs))
    last = layers.recurrent("gru", UNITS)
    last.build(inputs.shape)
    last.set_weights(sequences.get_weights())
    return {
        "output_all": Measured(str(all_steps.shape)),
        "output_last": Measured(str(tuple(last(inputs).shape))),
        "last_difference": number(np.abs(all_steps[:, -1] - np.asarray(last(inputs))).max(), 6, 1e-5),
        "state_difference": number(np.abs(output[:, -1, :UNITS] - state_h[:, :UNITS]).max(), 6, 1e-5),
        "largest_h": number(np.abs(state_h).max(), 2, 0.02),
        "largest_c": number(np.abs(state_c).max(), 2, 0.02),
        "backward_first": number(np.abs(output[:, 0, UNITS:] - state_h[:, UNITS:]).max(), 6, 1e-5),
        "backward_last": number(np.abs(output[:, -1, UNITS:] - state_h[:, UNITS:]).max(), 2, 0.02),
    }


def _padding() -> dict[str, Measured]:
    """The logits of an untrained sentiment model after 0, 5 and 50 steps of padding; a metric that counts padding."""
    keras.utils.set_random_seed(0)
    task, splits, encoder = _sentiment()
    model = task.build_model(task.config, encoder)
    token_ids = encoder.encode(splits.test[0])[0]["token_ids"][None]
    answers = [model.predict_on_batch({"token_ids": np.pad(token_ids, ((0, 0), (0, n)))}) for n in (0, 5, 50)]
    tagged = load_task("ner_tagging").datasets["sample"].load(None).test
    lengths = np.array([len(sentence) for sentence in tagged])
    outside = sum(tag == "O" for sentence in tagged for tag in sentence.tags)
    steps = len(tagged) * lengths.max()
    return {
        "padded_difference": number(max(np.abs(one - answers[0]).max() for one in answers), 6, 2e-6),
        "o_real": number(100 * outside / lengths.sum(), 1),
        "o_padded": number(100 * (outside + steps - lengths.sum()) / steps, 1),
        "padding_share": number(100 * (1 - lengths.sum() / steps), 0),
    }


def _tasks() -> dict[str, Measured]:
    """How many tasks have each shape."""
    shapes = collections.Counter(load_task(name).shape for name in task_names())
    return {f"tasks_{shape.replace('-', '_')}": number(count, 0) for shape, count in shapes.items()}


def _gradients() -> dict[str, Measured]:
    """Gradients through untrained cells, and through a kernel that is g times an orthogonal matrix."""
    measured = {}
    for name, gain in (("small", 0.9), ("large", 1.1)):
        measured[f"gain_{name}_50"] = Measured(f"{gain**50:.4g}")
    for cell in reference.CELLS:
        median = np.median(untrained_norms(cell), axis=0)
        measured[f"untrained_{cell}_50"] = Measured(f"{median[50]:.2g}", tolerance=0.02 * median[50])
    return measured


def untrained_norms(cell: str, length: int = 100) -> np.ndarray:
    """Norms of the gradient by distance in an untrained cell that reads noise, `(directions, distances)`."""
    inputs = np.random.default_rng(1).normal(size=(1, length, FEATURES))
    network = Network(cell, FEATURES, UNITS, 1)
    return gradients.norms_by_distance(cell, network.forward(inputs)[2], network.recurrent)


def _scale() -> dict[str, Measured]:
    """A softmax over a single output, and the number of multiplications per step."""
    return {
        "one_softmax": number(float(reference.softmax(np.array([[-3.7]]))[0, 0]), 1),
        "step_products": number(64 * 64, 0),
        "step_products_batch": number(64 * 64 * 128, 0),
    }
