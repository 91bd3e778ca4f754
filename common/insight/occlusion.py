"""How much of an answer hangs on each step of the input: what becomes of the answer when the step is hidden."""

from __future__ import annotations

import dataclasses

import numpy as np

from common.insight.composition import Answer, Composition

ROUNDING = 1e-6  # of a number near 1, in float32 and whatever the place of a row in its batch: a smaller effect is none


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What the steps of an input do to the answer.

    Attributes:
        names: of the steps.
        effect: float64 `(answers, steps)`: by how much the number of each answer falls when the step is hidden. Above
            0 the step speaks for the answer.
    """

    names: list[str]
    effect: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """The effect on all answers together, `(steps,)`."""
        return self.effect.sum(axis=0)

    @property
    def share(self) -> np.ndarray:
        """Of each step in the answer: its effect beside that of all steps, signs kept; the sizes sum to 1."""
        size = np.abs(self.total).sum()
        return self.total / size if size else np.zeros(len(self.total))

    def to_json(self) -> dict[str, list]:
        """The steps, the share of each in the answer, and its effect on the answer's number."""
        effect, share = self.total.round(6).tolist(), self.share.round(4).tolist()
        return {"steps": self.names, "share": share, "effect": effect}


def explain(composition: Composition, example) -> Explanation:
    """What each step of an example does to the answer, by hiding one after the other."""
    inputs = composition.complete(composition.encoder.encode(example)[0])
    answer = answer_of(composition, inputs, example)
    return Explanation(composition.names(example, inputs), occlude(composition, inputs, answer))


def answer_of(composition: Composition, inputs, example) -> Answer:
    """What the model answers to an example in a batch of one row."""
    readout = composition.readout(composition(inputs))
    return Answer.of(readout, composition.encoder.answers, getattr(example, "is_prompt", False))


def occlude(composition: Composition, inputs, answer: Answer) -> np.ndarray:
    """By how much each answer falls when a step is hidden, float64 `(answers, steps)`."""
    timesteps = composition.timesteps(inputs)
    if not timesteps:
        return np.zeros((len(answer.decided), 0))
    where = np.concatenate([np.zeros((1, timesteps), bool), np.eye(timesteps, dtype=bool)])
    values = answer.values(composition.in_batches(composition.hidden(inputs, where)))
    effect = values[0] - values[1:]  # (steps, answers)
    return np.where(np.abs(effect) > ROUNDING * (1 + np.abs(values[0])), effect, 0).T
