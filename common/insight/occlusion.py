"""Occlusion: the effect of each step of the input on the answer, measured by occluding the step."""

from __future__ import annotations

import dataclasses

import numpy as np

from common.insight.composition import Answer, Composition

ROUNDING = 1e-6  # relative error of float32 outputs, which also depend on the batch; smaller effects are set to 0


@dataclasses.dataclass(frozen=True)
class Explanation:
    """The effect of each step of the input on the answers.

    Attributes:
        names: of the steps.
        effect: float64 `(answers, steps)`: the decrease of each answer's value when the step is occluded. Above 0 the
            step supports the answer.
    """

    names: list[str]
    effect: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """The effect on the sum of all answers' values, `(steps,)`."""
        return self.effect.sum(axis=0)

    @property
    def share(self) -> np.ndarray:
        """The effect of each step, scaled so that the absolute values sum to 1."""
        size = np.abs(self.total).sum()
        return self.total / size if size else np.zeros(len(self.total))

    def to_json(self) -> dict[str, list]:
        """The steps, the share of each in the answer, and its effect on the answer's value."""
        effect, share = self.total.round(6).tolist(), self.share.round(4).tolist()
        return {"steps": self.names, "share": share, "effect": effect}


def explain(composition: Composition, example) -> Explanation:
    """The effect of each step of an example on the answer, by occluding one step at a time."""
    inputs = composition.complete(composition.encoder.encode(example)[0])
    answer = answer_of(composition, inputs, example)
    return Explanation(composition.names(example, inputs), occlude(composition, inputs, answer))


def answer_of(composition: Composition, inputs, example) -> Answer:
    """The model's answer to an example, given as a batch of one row."""
    readout = composition.readout(composition(inputs))
    return Answer.of(readout, composition.encoder.answers, getattr(example, "is_prompt", False))


def occlude(composition: Composition, inputs, answer: Answer) -> np.ndarray:
    """The decrease of each answer's value when a step is occluded, float64 `(answers, steps)`."""
    timesteps = composition.timesteps(inputs)
    if not timesteps:
        return np.zeros((len(answer.decided), 0))
    where = np.concatenate([np.zeros((1, timesteps), bool), np.eye(timesteps, dtype=bool)])
    values = answer.values(composition.in_batches(composition.occluded(inputs, where)))
    effect = values[0] - values[1:]  # (steps, answers)
    return np.where(np.abs(effect) > ROUNDING * (1 + np.abs(values[0])), effect, 0).T
