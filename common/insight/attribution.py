"""The effect of each step of the input on the answer, by the gradient and by integrated gradients.

A token id has no gradient, its features have one. The gradient is taken where the input becomes real: at the output of
an embedding or of a rescaling of integers, or at the input itself if it is real.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from common.insight import walk
from common.insight.composition import Answer

POINTS = 50  # of the integration path from the occluded input to the real one
_ROWS = 10  # points in one batch: the logits of a language model are large


@dataclasses.dataclass(frozen=True)
class Integrated:
    """Integrated gradients (Sundararajan, Taly and Yan 2017).

    Attributes:
        effect: float64 `(steps,)`, above 0 if the step supports the answer.
        change: the answer's value for the input minus that for the input with all steps occluded; by the completeness
            axiom the effects sum to it.
    """

    effect: np.ndarray
    change: float

    @property
    def error(self) -> float:
        """The completeness error: the difference between the two, as a fraction of the sum of absolute effects."""
        size = np.abs(self.effect).sum()
        return float(abs(self.effect.sum() - self.change) / size) if size else 0.0


class Attribution:
    """The gradient of an answer with respect to the features of an example.

    Args:
        model: a keras.Model of a task.
        encoder: of the run.
        batch: the example, from `Composition.complete`.
        answer: of the model.
    """

    def __init__(self, model: keras.Model, encoder, batch: Mapping[str, np.ndarray], answer: Answer):
        self.batch, self.answer = dict(batch), answer
        self.composition = walk.composition(model, encoder, self._seen)
        self.steps, self.timesteps = self.composition.steps(batch), self.composition.timesteps(batch)

    def gradient(self) -> np.ndarray:
        """The norm of d answer / d features of each step, `(steps,)`."""
        return np.sqrt(sum((slope**2).sum(axis=(0, 2)) for slope in self._slopes(self.batch)))

    def integrated(self) -> Integrated:
        """Integrated gradients from the input with all steps occluded, by the midpoint rule."""
        occluded = self.composition.occluded(self.batch, np.ones((1, self.timesteps), bool))
        (_, start), (_, end) = self._run(occluded), self._run(self.batch)
        effect, shares = np.zeros(self.timesteps), (np.arange(POINTS) + 0.5) / POINTS
        for part in np.array_split(shares, POINTS // _ROWS):
            rows = {name: np.repeat(array, len(part), axis=0) for name, array in self.batch.items()}
            slopes = self._slopes(rows, [_between(*pair, part) for pair in zip(start, end)])
            for slope, *ends in zip(slopes, start, end):
                low, high = (np.reshape(features, (self.timesteps, -1)) for features in ends)
                effect += (slope.sum(axis=0) * (high - low)).sum(axis=1) / POINTS
        low, high = (self._value(features) for features in (start, end))
        return Integrated(effect, high - low)

    def _value(self, features: list) -> float:
        """The sum of all answers' values, for these features of the example."""
        return float(self.answer.values(self._run(self.batch, features)[0].numpy()).sum())

    def _slopes(self, batch, features: list | None = None) -> list[np.ndarray]:
        """The gradient of the answer for each array of features, `(rows, timesteps, features)`."""
        with tf.GradientTape() as tape:
            readout, used = self._run(batch, features, tape)
        upstream = tf.constant(self.answer.slope(readout.numpy()), readout.dtype)
        slopes = tape.gradient(readout, used, upstream, unconnected_gradients="zero")
        rows = readout.shape[0]
        return [slope.numpy().astype(float).reshape(rows, self.timesteps, -1) for slope in slopes]

    def _run(self, batch, features: list | None = None, tape: tf.GradientTape | None = None) -> tuple:
        """The readout and the features of a batch; if `features` are given, they replace its own."""
        waiting, used = None if features is None else list(features), []

        def take(own):
            value = tf.convert_to_tensor(own) if waiting is None else tf.constant(waiting.pop(0), own.dtype)
            used.append(value)
            if tape:
                tape.watch(value)
            return value

        self._take = take
        real = [name for name in self.steps if batch[name].dtype.kind == "f"]
        outputs_of = self.composition({**batch, **{name: take(batch[name]) for name in real}})
        return self.composition.readout(outputs_of), used

    def _seen(self, call: walk.Call) -> list:
        becomes_real = isinstance(call.layer, (keras.layers.Embedding, keras.layers.Rescaling))
        reads_example = any(name in self.composition.networks[call.network].inputs for name in self.steps)
        if becomes_real and reads_example and next(iter(call.arguments.values())).dtype.is_integer:
            return [self._take(call.outputs[0])]
        return call.outputs


def _between(start, end, shares: np.ndarray) -> np.ndarray:
    """The points at these fractions of the path between two arrays of features, concatenated along the batch."""
    parts = [np.asarray(start) + share * (np.asarray(end) - np.asarray(start)) for share in shares]
    return np.concatenate(parts).astype(np.float32)


def agreement(effects: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Spearman's rank correlation of the absolute values for each pair of effects, by their names."""
    from scipy.stats import rankdata

    ranks = {name: rankdata(np.abs(effect)) for name, effect in effects.items()}
    names, correlations = list(ranks), {}
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            varies = len(ranks[one]) > 1 and np.ptp(ranks[one]) and np.ptp(ranks[other])
            value = float(np.corrcoef(ranks[one], ranks[other])[0, 1]) if varies else float("nan")
            correlations[f"{one} and {other}"] = value
    return correlations
