"""What the units of a recurrent network follow, with a control, and states that are like each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

MOST_KINDS = 50  # of labels; more are not told apart by the examples that are looked at
SHUFFLES = 40
MARGIN = 4.0  # standard deviations that the threshold lies above the mean of what shuffled quantities reach
OPENING, CLOSING, QUOTE = "([{«“", ")]}»”", '"'


@dataclasses.dataclass(frozen=True)
class Followed:
    """How closely units follow a quantity.

    Attributes:
        quantity: its name.
        share: `(units,)`, the share of each unit's variance that the quantity explains: r2, or eta2 for kinds.
        threshold: what no unit reaches when the quantity is shuffled.
        shuffled: the largest share that one more shuffle gives: the control, below the threshold.
    """

    quantity: str
    share: np.ndarray
    threshold: float
    shuffled: float

    @property
    def units(self) -> list[int]:
        """Those above the threshold, the closest first."""
        order = np.argsort(-self.share)
        return [int(unit) for unit in order if self.share[unit] > self.threshold]


def explained(states: np.ndarray, quantity: np.ndarray) -> np.ndarray:
    """The share of each unit's variance that a quantity explains, `(units,)`.

    Args:
        states: `(n, units)`.
        quantity: `(n,)`; of whole numbers the kinds count (eta2), of real numbers the straight line (r2).
    """
    centred = states - states.mean(axis=0)
    total = (centred**2).sum(axis=0)
    if quantity.dtype.kind == "f":
        line = quantity - quantity.mean()
        found = (line @ centred) ** 2 / max((line**2).sum(), 1e-300)
    else:
        kinds = np.eye(quantity.max() + 1)[quantity]  # (n, kinds)
        found = ((kinds.T @ centred) ** 2 / np.maximum(kinds.sum(axis=0), 1)[:, None]).sum(axis=0)
    return np.where(total > 1e-12, found / np.maximum(total, 1e-300), 0.0)


def followed(name: str, states: Sequence[np.ndarray], quantity: Sequence[np.ndarray], seed: int = 0) -> Followed:
    """How closely units follow a quantity that has a value at each step of each example, or one for each example.

    The control keeps what is alike for another reason. A quantity of steps is turned around within its example by a
    random number of steps, since neighbouring steps are alike; one of examples is dealt out anew.

    Args:
        states: of each example `(timesteps, units)`.
        quantity: of each example `(timesteps,)`, or `()`: it is compared with the mean of the states then.
    """
    by_example = np.ndim(quantity[0]) == 0
    table = np.stack([rows.mean(axis=0) for rows in states]) if by_example else np.concatenate(list(states))
    random = np.random.default_rng(seed)

    def shuffled() -> np.ndarray:
        if by_example:
            return random.permutation(np.array(quantity))
        return np.concatenate([np.roll(values, random.integers(len(values))) for values in quantity])

    found = [explained(table, shuffled()).max() for _ in range(SHUFFLES)]
    threshold = float(np.mean(found) + MARGIN * np.std(found))
    right = np.array(quantity) if by_example else np.concatenate(list(quantity))
    return Followed(name, explained(table, right), threshold, float(explained(table, shuffled()).max()))


def quantities(names: Sequence[Sequence[str]], targets: Sequence[np.ndarray | None]) -> dict[str, list[np.ndarray]]:
    """What units might follow: the label, the place in the sequence, an open bracket or quote, the place in a line.

    Args:
        names: of each example the names of its steps.
        targets: of each example, as the encoder gives them.

    Returns:
        name to its values in each example; what does not vary is left out.
    """
    found = {
        "position": [np.arange(len(steps), dtype=float) for steps in names],
        "open bracket or quote": [np.array(inside(steps), int) for steps in names],
        "place in the line": [place_in_line(steps) for steps in names],
    }
    if all(target is not None for target in targets):
        fits = all(np.ndim(target) == 0 or len(target) == len(steps) for target, steps in zip(targets, names))
        flat = np.concatenate([np.ravel(target) for target in targets])
        few = flat.dtype.kind == "f" or len(np.unique(flat)) <= MOST_KINDS
        if fits and few and all(np.ndim(target) <= 1 for target in targets):
            kinds = float if flat.dtype.kind == "f" else int
            found["label"] = [np.asarray(target, kinds) for target in targets]
    return {name: values for name, values in found.items() if np.ptp(np.concatenate([*map(np.ravel, values)])) > 0}


def inside(steps: Sequence[str]) -> list[bool]:
    """At each step, whether a bracket or quote is open after it."""
    depth, quoted, found = 0, False, []
    for step in steps:
        for character in step:
            depth = max(0, depth + (character in OPENING) - (character in CLOSING))
            quoted ^= character == QUOTE
        found.append(bool(depth) or quoted)
    return found


def place_in_line(steps: Sequence[str]) -> np.ndarray:
    """At each step, how many steps ago the line began; zeros where there are no lines."""
    found, since = np.zeros(len(steps)), 0.0
    for number, step in enumerate(steps):
        since = 0.0 if step == "\n" else since + 1
        found[number] = since
    return found if "\n" in steps else np.zeros(len(steps))


def nearest(query: np.ndarray, pool: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The states of a pool that are most like each of some states.

    Args:
        query: `(n, units)`.
        pool: `(m, units)`.

    Returns:
        numbers of the states, int `(n, count)`, the likest first, and the cosines of the angles between them.
    """
    one, other = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (query, pool))
    cosines = one @ other.T
    order = np.argsort(-cosines, axis=1)[:, :count]
    return order, np.take_along_axis(cosines, order, axis=1)
