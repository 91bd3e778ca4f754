"""Stock Keras as in its documentation: all sequences padded to the longest, masks from the embedding, `fit`.

Its data come from a `tf.data.Dataset` without autotuning, so that it waits for no thread; only `pipeline` measures
`fit` on arrays.
"""

from __future__ import annotations

import itertools
import time

import keras
import tensorflow as tf

from bench.work import Accuracy, pairs, random_batch, ready, seconds, sentences, untuned

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


def _dataset(*arrays, batch):
    """Batches of the rows, shuffled anew in each pass as `fit` shuffles arrays."""
    tensors = tf.nest.map_structure(tf.constant, arrays)
    numbers = tf.data.Dataset.range(len(arrays[-1])).shuffle(len(arrays[-1])).batch(batch)
    return untuned(numbers.map(lambda rows: tf.nest.map_structure(lambda t: tf.gather(t, rows), tensors)).prefetch(4))


def _steps(model, dataset):
    """Training steps on the first batch of a dataset: an epoch of `fit` without its preparations."""
    model.make_train_function()
    iterator = ready(dataset)

    def run(repeats):
        for _ in range(repeats):
            model.train_function(iterator)

    return run


def step(cell, batch, timesteps, vocab_size, embedding_size, units):
    """Training steps at one length."""
    model = _classifier(cell, vocab_size, embedding_size, units, mask=False)
    return _steps(model, tf.data.Dataset.from_tensors(random_batch(batch, timesteps, vocab_size)))


def pipeline(cell, steps_per_epoch, batch, timesteps, vocab_size, embedding_size, units):
    """Epochs of `steps_per_epoch` steps by `fit` on arrays, and the same steps on a prepared batch."""
    token_ids, labels = random_batch(steps_per_epoch * batch, timesteps, vocab_size)
    model = _classifier(cell, vocab_size, embedding_size, units, mask=False)
    alone = _steps(model, _dataset(token_ids, labels, batch=batch))

    def fit(epochs):
        model.fit(token_ids, labels, batch_size=batch, epochs=epochs, verbose=0)

    def run(repeats):
        return {"seconds": seconds(fit, repeats), "parts": {"alone": seconds(alone, repeats * steps_per_epoch)}}

    return run


def epoch(cell, data, batch, embedding_size, units):
    """One pass over real sentences."""
    texts, labels, vocab_size = sentences(data)
    dataset = _dataset(keras.utils.pad_sequences(texts, padding="post"), labels, batch=batch)
    model = _classifier(cell, vocab_size, embedding_size, units, mask=True)
    return lambda repeats: model.fit(dataset, epochs=repeats, verbose=0) and None


def accuracy(cell, data, batch, embedding_size, units, dropout, learning_rate, target, most_epochs):
    """Training until the validation accuracy is reached."""
    texts, labels, vocab_size = sentences(data)
    train = _dataset(keras.utils.pad_sequences(texts, padding="post"), labels, batch=batch)
    others, other_labels, _ = sentences(data, "validation")
    validation = _dataset(keras.utils.pad_sequences(others, padding="post"), other_labels, batch=256)
    seeds = itertools.count(1)

    def run(repeats):
        keras.utils.set_random_seed(next(seeds))
        model = _mean_classifier(cell, vocab_size, embedding_size, units, dropout, learning_rate)
        goal, started = Accuracy(target), time.perf_counter()
        for _ in range(most_epochs):
            model.fit(train, epochs=1, verbose=0)
            _, reached = model.evaluate(validation, verbose=0)
            if goal.reached(reached):
                break
        return goal.answer(time.perf_counter() - started)

    return run


def _mean_classifier(cell, vocab_size, embedding_size, units, dropout, learning_rate):
    """The model of the sentiment task: bidirectional, averaged over the unmasked timesteps."""
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
    dataset = _dataset((source_ids, target_ids[:, :-1]), target_ids[:, 1:], batch=batch)
    return lambda repeats: model.fit(dataset, epochs=repeats, verbose=0) and None


def predict(cell, timesteps, vocab_size, embedding_size, units):
    """The prediction of one sentence by `model.predict`."""
    token_ids, _ = random_batch(1, timesteps, vocab_size)
    model = _classifier(cell, vocab_size, embedding_size, units, mask=True)

    def run(repeats):
        for _ in range(repeats):
            model.predict(token_ids, verbose=0)

    return run
