"""The answer of a model after it has read only the first steps of a sequence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from common.insight.composition import Answer, Composition

MOST_POINTS = 48  # maximum number of prefixes of one example
SHARES = tuple(part / 8 for part in range(1, 9))  # fractions of an example that are read, for a test set


def beginning(composition: Composition, batch: Mapping[str, np.ndarray], steps: int) -> dict[str, np.ndarray]:
    """The first steps of an example; in an input of fixed length the other steps are occluded."""
    names = composition.steps(batch)
    if names[0] in composition.encoder.fixed:
        return composition.occluded(batch, np.arange(composition.timesteps(batch))[None] >= steps)
    return {name: array[:, :steps] if name in names else array for name, array in batch.items()}


@dataclasses.dataclass(frozen=True)
class Reading:
    """The answer to prefixes of one example.

    Attributes:
        read: int `(points,)`, number of steps read.
        value: float `(points,)`, value of the final answer: its log-odds, or the number in regression. If each step has
            an answer of its own, the value of the last step read.
        agreed: `(points,)`, fraction of the answers that equal the final ones.
        right: `(points,)`, fraction of the answers that equal the target; None if the target is unknown.
        final: `(points,)`, value of the same answers after all steps.
        by_step: whether each step has an answer of its own.
    """

    read: np.ndarray
    value: np.ndarray
    agreed: np.ndarray
    right: np.ndarray | None
    final: np.ndarray
    by_step: bool


def read(composition: Composition, batch, answer: Answer, target, points: Sequence[int]) -> Reading:
    """The model's answer after each number of steps in `points`.

    Args:
        answer: to the whole example.
        target: from the encoder, or None.
    """
    outputs_of = composition(batch)
    by_step = composition.answers_each_step(batch, outputs_of, answer)
    final = answer.values(composition.readout(outputs_of))[0]
    target = target if target is not None and np.shape(target) in ((), answer.decided.shape) else None
    rows = [_after(composition, batch, answer, target, steps, by_step) for steps in points]
    finals = [final[steps - 1] if by_step else final.mean() for steps in points]
    value, agreed, right = (np.array(column, float) for column in zip(*rows))
    known = target is not None and answer.kind == "class"
    return Reading(np.array(points), value, agreed, right if known else None, np.array(finals), by_step)


def _after(composition, batch, answer, target, steps, by_step) -> tuple[float, float, float]:
    readout = composition.readout(composition(beginning(composition, batch, steps)))
    now = Answer.of(readout, answer.kind, answer.last)
    place = slice(steps - 1, steps) if by_step else slice(None)
    expected = dataclasses.replace(answer, decided=answer.decided[place], last=answer.last or by_step)
    decided = now.decided[place] if by_step else now.decided
    agreed = float(np.mean(decided == expected.decided)) if decided.shape == expected.decided.shape else 0.0
    right = float("nan")
    if target is not None and answer.kind == "class":
        targets = np.atleast_1d(target)
        right = float(np.mean(decided == (targets[place] if by_step else targets)))
    return float(expected.values(readout).mean()), agreed, right


def points(timesteps: int) -> list[int]:
    """The lengths of the prefixes of an example, from 1 to `timesteps`."""
    return np.unique(np.linspace(1, timesteps, min(timesteps, MOST_POINTS)).round().astype(int)).tolist()


def over_examples(composition: Composition, examples: Sequence, answers) -> dict[float, dict[str, float]]:
    """Means over examples after each of SHARES: `{share: {"agreed", "distance", "right" if it is known}}`.

    The distance is the absolute difference between the answer's value and its final value.

    Args:
        answers: `(composition, batch, example) -> Answer`.
    """
    readings = list(_readings(composition, examples, answers))
    table = {}
    for number, share in enumerate(SHARES):
        table[share] = {"agreed": _mean(one.agreed[number] for one in readings)}
        table[share]["distance"] = _mean(abs(one.value[number] - one.final[number]) for one in readings)
        if readings and all(one.right is not None for one in readings):
            table[share]["right"] = _mean(one.right[number] for one in readings)
    return table


def _readings(composition: Composition, examples, answers) -> Iterator[Reading]:
    for example in examples:
        inputs, target = composition.encoder.encode(example)
        batch = composition.complete(inputs)
        timesteps = composition.timesteps(batch)
        if timesteps:
            after = [max(1, round(share * timesteps)) for share in SHARES]
            yield read(composition, batch, answers(composition, batch, example), target, after)


def _mean(values) -> float:
    values = list(values)
    return float(np.mean(values)) if values else float("nan")
