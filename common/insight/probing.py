"""Training of a recurrent layer on a memory probe of one length, and its scores there and on longer sequences."""

from __future__ import annotations

import dataclasses
import time

import keras
import numpy as np
from scipy.special import log_softmax

from common import layers
from common.insight.probes import Probe
from common.training.optimizers import Adam, CosineDecay

UNITS, BATCH = 64, 64
TESTED = 2000  # test sequences of each length
LONGER = (1, 2, 4)  # lengths of the test sequences, as multiples of the training length


@dataclasses.dataclass(frozen=True)
class Trial:
    """The result of training one network.

    Attributes:
        scores: length -> score on new sequences of that length, the training length first.
        seconds: of training.
        parameters: of the network.
    """

    scores: dict[int, float]
    seconds: float
    parameters: int


def train(probe: Probe, cell: str, length: int, seed: int) -> Trial:
    """Train one network; each batch consists of new sequences, except for the digits, of which there are few.

    Args:
        cell: of `layers.CELLS`.
    """
    keras.utils.set_random_seed(seed)
    model = build(probe, cell)
    random, started = np.random.default_rng(seed), time.perf_counter()
    for _ in range(probe.steps):
        model.train_on_batch(*probe.make(random, BATCH, length, held_out=False))
    seconds = time.perf_counter() - started
    lengths = [length] if probe.length else [times * length for times in LONGER]
    return Trial({steps: score(probe, model, steps, seed) for steps in lengths}, seconds, model.count_params())


def build(probe: Probe, cell: str) -> keras.Model:
    """A recurrent layer and a dense one, applied to the last step or to each."""
    inputs = keras.Input((None, probe.features))
    x = layers.recurrent(cell, UNITS, return_sequences=probe.every_step)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(probe.outputs)(x))
    schedule = CosineDecay(probe.learning_rate)
    schedule.steps = probe.steps
    loss = "mse" if probe.outputs == 1 else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=Adam(schedule, global_clipnorm=1.0), loss=loss)
    return model


def score(probe: Probe, model: keras.Model, length: int, seed: int) -> float:
    """The metric of the probe on held-out sequences of this length."""
    random = np.random.default_rng([seed, length])  # other sequences than in training
    inputs, targets = probe.make(random, TESTED, length, held_out=True)
    return measure(probe, model.predict(inputs, batch_size=BATCH, verbose=0).astype(float), targets)


def measure(probe: Probe, answers: np.ndarray, targets: np.ndarray) -> float:
    """The metric of the probe.

    Args:
        answers: outputs of the network, `(rows, [steps,] outputs)`.
        targets: `(rows, [steps])`.
    """
    if probe.metric == "rmse_error":
        return float(np.sqrt(np.mean((answers[..., 0] - targets) ** 2)))
    if probe.metric == "accuracy":
        return float(np.mean(answers.argmax(axis=-1) == targets))
    return float(-np.mean(np.take_along_axis(log_softmax(answers, axis=-1), targets[..., None], axis=-1)))
