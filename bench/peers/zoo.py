"""The zoo: its layers, batches by length, training as `fitting.fit` trains, prediction by ONNX Runtime."""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from bench.work import Accuracy, pairs, random_batch, ready, seconds, sentences
from common import backend, layers
from common.encoding import batching
from common.encoding.text import PADDING
from common.prediction.onnx_networks import OnnxNetwork
from common.runs import onnx_writer
from common.training import fitting, optimizers, steps

backend.load()  # as every command does: it sets the allocator


def _classifier(cell, vocab_size, embedding_size, units, masked, bidirectional=False, dropout=0.0):
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    padding_mask = keras.ops.not_equal(token_ids, PADDING) if masked else None
    x = keras.layers.Embedding(vocab_size, embedding_size)(token_ids)
    if bidirectional:  # the layers of the sentiment task
        x = keras.layers.Dropout(dropout)(x)
        x = layers.recurrent(cell, units, return_sequences=True, bidirectional=True)(x, padding_mask)
        x = keras.layers.Dropout(dropout)(layers.MaskedAveragePooling()(x, padding_mask))
    else:
        x = layers.recurrent(cell, units)(x, padding_mask)
    return _compiled(keras.Model({"token_ids": token_ids}, keras.layers.Dense(2)(x)), ["accuracy"])


def _compiled(model, metrics=None):
    model.compile(
        optimizer=optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=metrics,
    )
    return model


class _Ready:
    """An encoder for examples that are already encoded."""

    def encode(self, example):
        return example


def _batches(examples, batch, seed=0):
    return batching.ByLength(batching.encode(_Ready(), examples), batch, seed)


def _labelled(data, split="train"):
    texts, labels, vocab_size = sentences(data, split)
    return [({"token_ids": text}, label) for text, label in zip(texts, labels)], vocab_size


def _epochs(model, batches):
    numbers = itertools.count()
    one_pass = steps.passes(model, batches, range(1 << 20))

    def run(repeats):
        for _ in range(repeats):
            for _ in one_pass(next(numbers)):
                pass

    return run


def _steps(model, dataset):
    """Training steps on the first batch of a dataset."""
    several, iterator = steps.training(model), ready(dataset)

    def run(repeats):
        for _ in steps.calls(several, iterator, repeats):
            pass

    return run


def step(cell, batch, timesteps, vocab_size, embedding_size, units):
    """Training steps at one length."""
    token_ids, labels = random_batch(batch, timesteps, vocab_size)
    model = _classifier(cell, vocab_size, embedding_size, units, masked=False)
    return _steps(model, tf.data.Dataset.from_tensors(({"token_ids": token_ids}, labels, np.ones(batch, np.float32))))


def pipeline(cell, steps_per_epoch, batch, timesteps, vocab_size, embedding_size, units):
    """Epochs of `steps_per_epoch` steps, and the same steps on a prepared batch."""
    token_ids, labels = random_batch(steps_per_epoch * batch, timesteps, vocab_size)
    batches = _batches([({"token_ids": ids}, label) for ids, label in zip(token_ids, labels)], batch)
    model = _classifier(cell, vocab_size, embedding_size, units, masked=False)
    epochs, alone = _epochs(model, batches), _steps(model, batches.dataset())

    def run(repeats):  # in turn, so that a slow second slows both
        times = [(seconds(epochs, 1), seconds(alone, steps_per_epoch)) for _ in range(repeats)]
        whole, steps_alone = map(sum, zip(*times))
        return {"seconds": whole, "parts": {"alone": steps_alone}}

    return run


def epoch(cell, data, batch, embedding_size, units):
    """One pass over real sentences."""
    examples, vocab_size = _labelled(data)
    model = _classifier(cell, vocab_size, embedding_size, units, masked=True)
    return _epochs(model, _batches(examples, batch))


def accuracy(cell, data, batch, embedding_size, units, dropout, learning_rate, target, most_epochs):
    """Training until the validation accuracy is reached."""
    examples, vocab_size = _labelled(data)
    others, _ = _labelled(data, "validation")

    seeds = itertools.count(1)

    def run(repeats):
        seed = next(seeds)
        keras.utils.set_random_seed(seed)
        model = _classifier(cell, vocab_size, embedding_size, units, masked=True, bidirectional=True, dropout=dropout)
        model.optimizer.learning_rate = learning_rate
        goal, started, epochs = Accuracy(target), time.perf_counter(), range(most_epochs)
        one_pass = steps.passes(model, _batches(examples, batch, seed), epochs)
        measure = fitting.MeanMetrics(model, _batches(others, 256, None), epochs)
        for number in epochs:
            for _ in one_pass(number):
                pass
            if goal.reached(measure()["accuracy"]):
                break
        return goal.answer(time.perf_counter() - started)

    return run


def translation(cell, data, batch, embedding_size, units):
    """An epoch of translation with attention: the recurrent layers of the translation task."""
    sources, targets, sizes = pairs(data)
    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    padding_mask = keras.ops.not_equal(source_ids, PADDING)
    x = keras.layers.Embedding(sizes[0], embedding_size)(source_ids)
    memory, *states = layers.recurrent(cell, units, return_sequences=True, return_state=True, bidirectional=True)(
        x, padding_mask
    )
    states = [keras.layers.Dense(units, "tanh")(state) for state in states]
    x = keras.layers.Embedding(sizes[1], embedding_size)(target_ids)
    x = layers.recurrent(cell, units, return_sequences=True)(x, initial_state=states)
    context, _ = layers.Attention()(x, memory, padding_mask)
    x = keras.layers.Dense(units, "tanh")(keras.layers.Concatenate()([x, context]))
    model = _compiled(
        keras.Model({"source_ids": source_ids, "target_ids": target_ids}, keras.layers.Dense(sizes[1])(x))
    )
    examples = [
        ({"source_ids": source, "target_ids": target[:-1]}, target[1:]) for source, target in zip(sources, targets)
    ]
    return _epochs(model, _batches(examples, batch))


def predict(cell, timesteps, vocab_size, embedding_size, units):
    """The prediction of one sentence as in `make predict`: ONNX Runtime on one thread."""
    token_ids, _ = random_batch(1, timesteps, vocab_size)
    classifier = _classifier(cell, vocab_size, embedding_size, units, masked=True)
    network = OnnxNetwork(onnx_writer.file_of(classifier))

    def run(repeats):
        for _ in range(repeats):
            network({"token_ids": token_ids})

    return run


def corpus(data, tokens, megabytes):
    """A text of this size for next_word: its words are counted, then all are encoded to disk."""
    from common.datasets.lines import LineSequence
    from common.task import change_config, load_task
    from tasks.next_word.task import Line

    task = load_task("next_word")
    config, lines = change_config(task.config, {"tokens": tokens}), LineSequence(data, Line)

    def run(repeats):
        parts = {"counting": 0.0, "encoding": 0.0}
        for _ in range(repeats):
            started = time.perf_counter()
            encoder = task.encoder.fit(config, lines)
            parts["counting"] += time.perf_counter() - started
            with tempfile.TemporaryDirectory() as folder:
                parts["encoding"] += seconds(batching.encode, encoder, lines, Path(folder))
        return {"seconds": sum(parts.values()), "parts": parts}

    return run
