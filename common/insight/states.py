"""Which quantities the units of a recurrent network encode, with a permutation control; and similar states."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

MOST_KINDS = 50  # maximum number of labels; the examples are too few to distinguish more
SHUFFLES = 40
MARGIN = 4.0  # threshold: mean of the shuffled maxima plus this many standard deviations
LEAST = 0.02  # lowest threshold: over thousands of steps even less is beyond chance, but means nothing
OPENING, CLOSING, QUOTE = "([{«“", ")]}»”", '"'


@dataclasses.dataclass(frozen=True)
class Encoded:
    """How much of the units' variance a quantity explains.

    Attributes:
        quantity: its name.
        share: `(units,)`, fraction of each unit's variance explained: r2, or eta2 for categories.
        threshold: above what any unit reaches when the quantity is shuffled, and at least `LEAST`.
        shuffled: the largest fraction for one more shuffle: the control, expected below the threshold.
    """

    quantity: str
    share: np.ndarray
    threshold: float
    shuffled: float

    @property
    def units(self) -> list[int]:
        """The units above the threshold, in descending order of the variance explained."""
        order = np.argsort(-self.share)
        return [int(unit) for unit in order if self.share[unit] > self.threshold]


def explained(states: np.ndarray, quantity: np.ndarray) -> np.ndarray:
    """The fraction of each unit's variance that a quantity explains, `(units,)`.

    Args:
        states: `(n, units)`.
        quantity: `(n,)`; integers are categories (eta2), floats enter a linear regression (r2).
    """
    centred = states - states.mean(axis=0)
    total = (centred**2).sum(axis=0)
    if quantity.dtype.kind == "f":
        line = quantity - quantity.mean()
        squares = (line @ centred) ** 2 / max((line**2).sum(), 1e-300)
    else:
        kinds = np.eye(quantity.max() + 1)[quantity]  # (n, categories)
        squares = ((kinds.T @ centred) ** 2 / np.maximum(kinds.sum(axis=0), 1)[:, None]).sum(axis=0)
    return np.where(total > 1e-12, squares / np.maximum(total, 1e-300), 0.0)


def encoded(name: str, states: Sequence[np.ndarray], quantity: Sequence[np.ndarray], seed: int = 0) -> Encoded:
    """How much of the units' variance is explained by a quantity with a value for each step, or one for each example.

    The control preserves autocorrelation: the values of steps are rotated within their example by a random number of
    steps. The values of examples are permuted.

    Args:
        states: of each example `(timesteps, units)`.
        quantity: of each example `(timesteps,)`; or `()`, which is compared with the mean of the states.
    """
    by_example = np.ndim(quantity[0]) == 0
    table = np.stack([rows.mean(axis=0) for rows in states]) if by_example else np.concatenate(list(states))
    random = np.random.default_rng(seed)

    def shuffled() -> np.ndarray:
        if by_example:
            return random.permutation(np.array(quantity))
        return np.concatenate([np.roll(values, random.integers(len(values))) for values in quantity])

    maxima = [explained(table, shuffled()).max() for _ in range(SHUFFLES)]
    threshold = max(LEAST, float(np.mean(maxima) + MARGIN * np.std(maxima)))
    values = np.array(quantity) if by_example else np.concatenate(list(quantity))
    return Encoded(name, explained(table, values), threshold, float(explained(table, shuffled()).max()))


def quantities(names: Sequence[Sequence[str]], targets: Sequence[np.ndarray | None]) -> dict[str, list[np.ndarray]]:
    """What units might encode: the label, the position, an open bracket or quote, the position in the line.

    Args:
        names: names of the steps of each example.
        targets: of each example, from the encoder.

    Returns:
        Name of a quantity -> its values for each example; without quantities that do not vary.
    """
    values_of = {
        "position": [np.arange(len(steps), dtype=float) for steps in names],
        "open bracket or quote": [np.array(inside(steps), int) for steps in names],
        "position in the line": [position_in_line(steps) for steps in names],
    }
    if all(target is not None for target in targets):
        fits = all(np.ndim(target) == 0 or len(target) == len(steps) for target, steps in zip(targets, names))
        flat = np.concatenate([np.ravel(target) for target in targets])
        few = flat.dtype.kind == "f" or len(np.unique(flat)) <= MOST_KINDS
        if fits and few and all(np.ndim(target) <= 1 for target in targets):
            kinds = float if flat.dtype.kind == "f" else int
            values_of["label"] = [np.asarray(target, kinds) for target in targets]
    return {name: values for name, values in values_of.items() if np.ptp(np.concatenate([*map(np.ravel, values)])) > 0}


def inside(steps: Sequence[str]) -> list[bool]:
    """For each step, whether a bracket or quote is open after it."""
    depth, quoted, is_inside = 0, False, []
    for step in steps:
        for character in step:
            depth = max(0, depth + (character in OPENING) - (character in CLOSING))
            quoted ^= character == QUOTE
        is_inside.append(bool(depth) or quoted)
    return is_inside


def position_in_line(steps: Sequence[str]) -> np.ndarray:
    """For each step, the number of steps since the last line break; zeros if there is none."""
    positions, since = np.zeros(len(steps)), 0.0
    for number, step in enumerate(steps):
        since = 0.0 if step == "\n" else since + 1
        positions[number] = since
    return positions if "\n" in steps else np.zeros(len(steps))


def nearest(
    query: np.ndarray, pool: np.ndarray, texts: Sequence[str], allowed: Iterable[np.ndarray], count: int
) -> list[list[tuple[str, float]]]:
    """The nearest neighbours of some states by cosine similarity.

    Args:
        query: states `(n, units)`.
        pool: candidates `(m, units)`.
        texts: of the candidates; of several with one text, the nearest is kept.
        allowed: for each state of `query` bool `(m,)`, False for candidates that do not count.
        count: maximum number of neighbours of a state.

    Returns:
        For each state of `query` the texts of its neighbours and their cosine similarities, the most similar first.
    """
    one, other = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (query, pool))
    neighbours = []
    for state, counts in zip(one, allowed):
        cosines, found = other @ state, {}
        for i in np.argsort(-cosines):
            if len(found) == count:
                break
            if counts[i]:
                found.setdefault(texts[i], float(cosines[i]))
        neighbours.append(list(found.items()))
    return neighbours
