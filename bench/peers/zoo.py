"""The zoo: its layers, batches by length, training through `fit`, prediction through a `KerasNetwork`."""

from __future__ import annotations

import time

import keras
import numpy as np

from bench.work import Accuracy, pairs, random_batch, sentences
from common import layers
from common.encoding import batching
from common.encoding.text import PADDING
from common.prediction.keras_networks import KerasNetwork
from common.training import fitting, optimizers


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
        steps_per_execution=fitting.STEPS_PER_CALL,
    )
    return model


class _Ready:
    """An encoder of what is encoded already."""

    def encode(self, example):
        return example


def _batches(examples, batch, seed=0):
    return batching.ByLength(batching.encode(_Ready(), examples), batch, seed)


def _labelled(data, side="train"):
    texts, labels, vocab_size = sentences(data, side)
    return [({"token_ids": text}, label) for text, label in zip(texts, labels)], texts, vocab_size


def _epochs(model, batches):
    def run(repeats):
        model.fit(batches.dataset(), epochs=repeats, verbose=0, shuffle=False)

    return run


def step(cell, batch, timesteps, vocab_size, embedding_size, units):
    """Training steps at one length."""
    import tensorflow as tf

    token_ids, labels = random_batch(batch, timesteps, vocab_size)
    model = _classifier(cell, vocab_size, embedding_size, units, masked=False)
    one = {"token_ids": token_ids}, labels, np.ones(batch, np.float32)

    def run(repeats):
        dataset = tf.data.Dataset.from_tensors(one).repeat(repeats)
        model.fit(dataset, epochs=1, verbose=0, shuffle=False)

    return run


def epoch(cell, data, batch, embedding_size, units):
    """One pass over real sentences."""
    examples, _, vocab_size = _labelled(data)
    model = _classifier(cell, vocab_size, embedding_size, units, masked=True)
    return _epochs(model, _batches(examples, batch))


def accuracy(cell, data, batch, embedding_size, units, dropout, learning_rate, target, most_epochs):
    """Training until the validation accuracy is reached."""
    examples, texts, vocab_size = _labelled(data)
    others, *_ = _labelled(data, "validation")

    def run(repeats):
        keras.utils.set_random_seed(repeats)
        model = _classifier(cell, vocab_size, embedding_size, units, masked=True, bidirectional=True, dropout=dropout)
        model.optimizer.learning_rate = learning_rate
        batches, validation = _batches(examples, batch, repeats), _batches(others, 256, None)
        goal, started = Accuracy(target, texts), time.perf_counter()
        for number in range(most_epochs):
            batches.epoch = number
            model.fit(batches.dataset(), epochs=1, verbose=0, shuffle=False)
            if goal.reached(fitting.mean_metrics(model, validation)["accuracy"]):
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
    """The answer for one sentence by the call inside `make predict`."""
    token_ids, _ = random_batch(1, timesteps, vocab_size)
    call = KerasNetwork(_classifier(cell, vocab_size, embedding_size, units, masked=True))

    def run(repeats):
        for _ in range(repeats):
            call({"token_ids": token_ids})

    return run
