"""Several steps in one call give the same result as single steps, and an epoch takes no longer than its steps."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from common.encoding import batching
from common.runs import run as runs
from common.task import TrainConfig
from common.training import fitting, steps


class Ready:
    """An encoder of what is encoded already."""

    def encode(self, example):
        return example


class Watched(batching.ByLength):
    """Batches that note every epoch that is begun, and every batch."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.begun, self.made = [], 0

    def examples(self):
        self.begun.append(self.epoch)
        return super().examples()

    def assemble(self, examples):
        self.made += 1
        return super().assemble(examples)


def batches(count, size=4):
    """The last batch holds one example and padding."""
    random = np.random.default_rng(0)
    examples = [({"x": random.normal(size=3).astype(np.float32)}, np.int32(i % 2)) for i in range(size * count - 3)]

    class Fixed(Ready):
        fixed = ("x",)

    return Watched(batching.encode(Fixed(), examples), size, 0)


def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,), name="x")
    made = keras.Model({"x": inputs}, keras.layers.Dense(2)(keras.layers.Dropout(0.5)(inputs)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    made.compile(keras.optimizers.Adam(0.1), loss, weighted_metrics=["accuracy"])
    return made


def test_a_training_step_is_traced_once(monkeypatch, tmp_path):
    traced, made = [], model()
    step = made.train_step
    monkeypatch.setattr(made, "train_step", lambda data: traced.append(1) or step(data))
    few = batches(2)
    fitting.fit(made, few, few, TrainConfig(epochs=2), runs.Run(tmp_path), Console(file=io.StringIO()))
    assert len(traced) == 1


@pytest.mark.parametrize("count", [1, 8, 11])
def test_the_same_training_as_that_of_keras_step_by_step(count):
    ours, theirs, losses = model(), model(), []
    one_pass = steps.passes(ours, batches(count), range(2))
    for epoch in range(2):
        *_, (done, logs) = one_pass(epoch)
        assert done == count and int(ours.optimizer.iterations) == (epoch + 1) * count
        losses.append(logs["loss"])
    expected = [
        theirs.fit(batches(count).dataset(range(epoch, epoch + 1)), verbose=0, shuffle=False).history["loss"][0]
        for epoch in range(2)
    ]
    assert losses == pytest.approx(expected, rel=1e-6)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)


@pytest.mark.parametrize("count", [1, 8, 11])
def test_measures_every_target_once(count):
    measured, data = model(), batches(count)
    measured.train_on_batch(*next(iter(data)))  # what training leaves in the metrics does not count
    measure = fitting.MeanMetrics(measured, data, range(2))
    found = measure()
    sums = np.zeros(2)
    for inputs, labels, weights in data:
        logits = measured.predict_on_batch(inputs)
        losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(labels)), labels]
        sums += (losses * weights).sum(), ((logits.argmax(1) == labels) * weights).sum()
    expected = dict(zip(("loss", "accuracy"), sums / len(data.encoded)))
    assert found == pytest.approx(expected, rel=1e-5) and measure() == pytest.approx(expected, rel=1e-5)


def test_a_dataset_has_no_thread_that_is_waited_for():
    """Autotuning would round the time of each iterator up to 10, 30, 70, 150 ... ms."""
    data = batches(3)
    dataset = data.dataset()
    assert dataset.options().autotune.enabled is False and int(dataset.cardinality()) == 3
    assert dataset.element_spec[0]["x"] == tf.TensorSpec((None, 3), tf.float32)


def test_a_training_reads_every_epoch_once_through_one_iterator(own_folders, monkeypatch):
    """Keras makes two iterators an epoch and throws one away, with the batches that it has prepared."""
    made, dataset = [], batching.Batches.dataset
    monkeypatch.setattr(batching.Batches, "dataset", lambda *arguments: made.append(dataset(*arguments)) or made[-1])
    train, validation, config = batches(11), batches(2), TrainConfig(epochs=4, patience=9)
    folder = runs.create("spam", config.cell, config.seed, {})
    history = fitting.fit(model(), train, validation, config, folder, Console(file=io.StringIO()))
    assert [row["epoch"] for row in history] == [1, 2, 3, 4] and len(made) == 2
    assert not any(each.options().autotune.enabled for each in made)
    for each in (train, validation):
        assert each.begun[-4:] == [0, 1, 2, 3] and len(each.begun) == 5  # the first is a look at the shapes
        assert each.made == 4 * len(each) + 1
