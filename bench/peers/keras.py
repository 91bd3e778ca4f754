"""Stock Keras as its documentation writes it: all padded to the longest, masks from the embedding, `fit`."""

from __future__ import annotations

import time

import keras
import numpy as np

from bench.work import Accuracy, pairs, random_batch, sentences

CELLS = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def _classifier(cell, vocab_size, embedding_size, units, mask, classes=2):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(vocab_size, embedding_size, mask_zero=mask),
            CELLS[cell](units),
            keras.layers.Dense(classes),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def step(cell, batch, timesteps, vocab_size, embedding_size, units):
    """Training steps at one length."""
    token_ids, labels = random_batch(batch, timesteps, vocab_size)
    model = _classifier(cell, vocab_size, embedding_size, units, mask=False)

    def run(repeats):
        many = np.tile(token_ids, (repeats, 1)), np.tile(labels, repeats)
        model.fit(*many, batch_size=batch, epochs=1, verbose=0, shuffle=False)

    return run


def epoch(cell, data, batch, embedding_size, units):
    """One pass over real sentences."""
    texts, labels, vocab_size = sentences(data)
    padded = keras.utils.pad_sequences(texts, padding="post")
    model = _classifier(cell, vocab_size, embedding_size, units, mask=True)
    return lambda repeats: model.fit(padded, labels, batch_size=batch, epochs=repeats, verbose=0) and None


def accuracy(cell, data, batch, embedding_size, units, dropout, learning_rate, target, most_epochs):
    """Training until the validation accuracy is reached."""
    texts, labels, vocab_size = sentences(data)
    padded = keras.utils.pad_sequences(texts, padding="post")
    others, other_labels, _ = sentences(data, "validation")
    others = keras.utils.pad_sequences(others, padding="post")

    def run(repeats):
        keras.utils.set_random_seed(repeats)
        model = _mean_classifier(cell, vocab_size, embedding_size, units, dropout, learning_rate)
        goal, started = Accuracy(target, texts), time.perf_counter()
        for _ in range(most_epochs):
            model.fit(padded, labels, batch_size=batch, epochs=1, verbose=0)
            _, reached = model.evaluate(others, other_labels, batch_size=256, verbose=0)
            if goal.reached(reached):
                break
        return goal.answer(time.perf_counter() - started)

    return run


def _mean_classifier(cell, vocab_size, embedding_size, units, dropout, learning_rate):
    """In both directions, averaged over the real timesteps: the model of the sentiment task."""
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(vocab_size, embedding_size, mask_zero=True),
            keras.layers.Dropout(dropout),
            keras.layers.Bidirectional(CELLS[cell](units, return_sequences=True)),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(2),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def translation(cell, data, batch, embedding_size, units):
    """An epoch of translation with attention."""
    sources, targets, sizes = pairs(data)
    source_ids = keras.utils.pad_sequences(sources, padding="post")
    target_ids = keras.utils.pad_sequences(targets, padding="post")
    source = keras.Input((None,), dtype="int32")
    target = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(sizes[0], embedding_size, mask_zero=True)(source)
    memory, *states = keras.layers.Bidirectional(CELLS[cell](units, return_sequences=True, return_state=True))(x)
    per_direction = len(states) // 2
    states = [
        keras.layers.Dense(units, "tanh")(keras.layers.Concatenate()([states[i], states[per_direction + i]]))
        for i in range(per_direction)
    ]
    x = keras.layers.Embedding(sizes[1], embedding_size, mask_zero=True)(target)
    x = CELLS[cell](units, return_sequences=True)(x, initial_state=states)
    context = keras.layers.Attention()([keras.layers.Dense(2 * units)(x), memory])
    x = keras.layers.Dense(units, "tanh")(keras.layers.Concatenate()([x, context]))
    model = keras.Model([source, target], keras.layers.Dense(sizes[1])(x))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    inputs, outputs = [source_ids, target_ids[:, :-1]], target_ids[:, 1:]
    return lambda repeats: model.fit(inputs, outputs, batch_size=batch, epochs=repeats, verbose=0) and None


def predict(cell, timesteps, vocab_size, embedding_size, units):
    """The answer for one sentence by `model.predict`."""
    token_ids, _ = random_batch(1, timesteps, vocab_size)
    model = _classifier(cell, vocab_size, embedding_size, units, mask=True)

    def run(repeats):
        for _ in range(repeats):
            model.predict(token_ids, verbose=0)

    return run
