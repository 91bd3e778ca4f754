"""What a model answers while it has read only the beginning of a sequence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from common.insight.composition import Answer, Composition

MOST_POINTS = 48  # of one example
SHARES = tuple(part / 8 for part in range(1, 9))  # of the examples of a test set


def beginning(composition: Composition, batch: Mapping[str, np.ndarray], steps: int) -> dict[str, np.ndarray]:
    """The first steps of an example; an input of fixed length is hidden from there on."""
    names = composition.steps(batch)
    if names[0] in composition.encoder.fixed:
        return composition.hidden(batch, np.arange(composition.timesteps(batch))[None] >= steps)
    return {name: array[:, :steps] if name in names else array for name, array in batch.items()}


@dataclasses.dataclass(frozen=True)
class Reading:
    """The answer to one example after more and more steps.

    Attributes:
        read: int `(points,)`, steps that had been read.
        value: float `(points,)`, the number of the final answer: log-odds, or the number itself. Where each step has
            an answer of its own, it is that of the step read last.
        agreed: `(points,)`, the share of the answers that are the final ones already.
        right: `(points,)`, the share that is as the target says, or None where the target is not known.
        whole: `(points,)`, the value of the same answers once all has been read.
    """

    read: np.ndarray
    value: np.ndarray
    agreed: np.ndarray
    right: np.ndarray | None
    whole: np.ndarray


def read(composition: Composition, batch, answer: Answer, target, points: Sequence[int]) -> Reading:
    """What the model answers after so many steps.

    Args:
        answer: to the whole example.
        target: as the encoder gives it, or None.
    """
    timesteps = composition.timesteps(batch)
    aligned = len(answer.decided) == timesteps > 1 and not answer.last
    final = answer.values(composition.readout(composition(batch)))[0]
    target = target if target is not None and np.shape(target) in ((), answer.decided.shape) else None
    rows = [_after(composition, batch, answer, target, steps, aligned) for steps in points]
    whole = [final[steps - 1] if aligned else final.mean() for steps in points]
    value, agreed, right = (np.array(column, float) for column in zip(*rows))
    known = target is not None and answer.kind == "class"
    return Reading(np.array(points), value, agreed, right if known else None, np.array(whole))


def _after(composition, batch, answer, target, steps, aligned) -> tuple[float, float, float]:
    readout = composition.readout(composition(beginning(composition, batch, steps)))
    now = Answer.of(readout, answer.kind, answer.last)
    place = slice(steps - 1, steps) if aligned else slice(None)
    expected = dataclasses.replace(answer, decided=answer.decided[place], last=answer.last or aligned)
    decided = now.decided[place] if aligned else now.decided
    agreed = float(np.mean(decided == expected.decided)) if decided.shape == expected.decided.shape else 0.0
    right = float("nan")
    if target is not None and answer.kind == "class":
        wanted = np.atleast_1d(target)
        right = float(np.mean(decided == (wanted[place] if aligned else wanted)))
    return float(expected.values(readout).mean()), agreed, right


def points(timesteps: int) -> list[int]:
    """Numbers of steps after which to look, 1 to all."""
    return np.unique(np.linspace(1, timesteps, min(timesteps, MOST_POINTS)).round().astype(int)).tolist()


def over_examples(composition: Composition, examples: Sequence, answers) -> dict[float, dict[str, float]]:
    """Means over examples after each of SHARES: `{share: {"agreed", "distance", "right" where it is known}}`.

    The distance is that of the answer's number from what it is once all has been read.

    Args:
        answers: `(composition, batch, example) -> Answer`.
    """
    found = list(_readings(composition, examples, answers))
    table = {}
    for number, share in enumerate(SHARES):
        table[share] = {"agreed": _mean(one.agreed[number] for one in found)}
        table[share]["distance"] = _mean(abs(one.value[number] - one.whole[number]) for one in found)
        if found and all(one.right is not None for one in found):
            table[share]["right"] = _mean(one.right[number] for one in found)
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
