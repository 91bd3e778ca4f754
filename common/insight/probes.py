"""The tests of memory with which the field compares recurrent cells, as generators of batches.

Each sequence holds what decides far from where the answer is due. Beside each probe stands its memoryless answer: the
best score of a model that knows the task and remembers nothing of the sequence.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import numpy as np

SYMBOLS, COPIED = 8, 10  # of the copy probe: how many there are, and how many are to be repeated
DIGIT_STEPS, DIGIT_CLASSES = 64, 10  # scikit-learn's digits: 8 x 8 pixels
DIGITS_TRAINED = 1437  # of 1,797; the rest, by other writers, is held out


@dataclasses.dataclass(frozen=True)
class Probe:
    """One test of memory.

    Attributes:
        title: what has to be remembered.
        metric: "rmse_error", "nats_loss" (each step counts) or "accuracy".
        features: of a step.
        outputs: 1 for a number, else the number of classes.
        make: `(random, rows, length, held_out) -> inputs, targets`: float32 `(rows, steps, features)`, and targets
            `(rows,)`, or `(rows, steps)` where an answer is due at each step.
        memoryless: length to the score of the memoryless answer.
        steps: of training.
        learning_rate: of the first step; it falls to 0 like half a cosine.
        length: where it is fixed; None: any.
    """

    title: str
    metric: str
    features: int
    outputs: int
    make: Callable
    memoryless: Callable[[int], float]
    steps: int
    learning_rate: float = 4e-3
    length: int | None = None

    @property
    def every_step(self) -> bool:
        """Whether an answer is due at each step."""
        return self.metric == "nats_loss"


def adding(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """Numbers between 0 and 1, of which two are marked, one in each half; the target is the sum of these two.

    Hochreiter and Schmidhuber (1997), in the form of Le, Jaitly and Hinton (2015). Two features: number and mark.
    """
    inputs = np.zeros((rows, length, 2), np.float32)
    inputs[..., 0] = random.random((rows, length))
    row, half = np.arange(rows), length // 2
    marked = random.integers(0, half, rows), random.integers(half, length, rows)
    for place in marked:
        inputs[row, place, 1] = 1
    return inputs, sum(inputs[row, place, 0] for place in marked)


def copy(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """Ten symbols, `length` - 1 blanks, a marker and ten blanks; after the marker the ten are to be repeated.

    In the form of Arjovsky, Shah and Bengio (2016): `length` + 20 steps, one-hot over 8 symbols, blank and marker;
    until the marker has been read the target is blank.
    """
    symbols = random.integers(0, SYMBOLS, (rows, COPIED))
    read, wanted = (np.full((rows, length + 2 * COPIED), SYMBOLS) for _ in range(2))
    read[:, :COPIED] = symbols
    read[:, -COPIED - 1] = SYMBOLS + 1
    wanted[:, -COPIED:] = symbols
    return np.eye(SYMBOLS + 2, dtype=np.float32)[read], wanted


def order(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """Noise over four symbols, and two places that hold X or Y; the class is which of the four pairs it was.

    Hochreiter and Schmidhuber (1997), experiment 6a: the places lie in the second tenth and in the sixth tenth. One-hot
    over six symbols, X and Y the last two.
    """
    read, row = random.integers(0, 4, (rows, length)), np.arange(rows)
    pair = random.integers(0, 2, (rows, 2))
    for number, tenth in enumerate((1, 5)):
        first = tenth * length // 10
        places = random.integers(first, max(first + 1, (tenth + 1) * length // 10), rows)
        read[row, places] = 4 + pair[:, number]
    return np.eye(6, dtype=np.float32)[read], 2 * pair[:, 0] + pair[:, 1]


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits: float32 `(1797, 64)` between 0 and 1, and labels."""
    from sklearn.datasets import load_digits

    pictures, labels = load_digits(return_X_y=True)
    return np.float32(pictures / 16), labels


def pixels(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """A digit, one pixel a step, row by row (Le, Jaitly and Hinton 2015).

    Held out, all 360 of them come, whatever `rows`.
    """
    pictures, labels = digits()
    chosen = np.arange(DIGITS_TRAINED, len(labels)) if held_out else random.integers(0, DIGITS_TRAINED, rows)
    return pictures[chosen][..., None], labels[chosen]


def permuted(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """A digit, one pixel a step, in one shuffled order."""
    inputs, labels = pixels(random, rows, length, held_out)
    return inputs[:, np.random.default_rng(0).permutation(DIGIT_STEPS)], labels


def _copied_by_chance(length: int) -> float:
    """Blanks are certain; each of ten symbols costs ln 8, spread over all steps."""
    return COPIED * math.log(SYMBOLS) / (length + 2 * COPIED)


def _by_chance(classes: int) -> Callable[[int], float]:
    return lambda length: 1 / classes


PROBES = {
    "adding": Probe(
        "the sum of two marked numbers", "rmse_error", 2, 1, adding, lambda length: math.sqrt(1 / 6), steps=3000
    ),
    "copy": Probe("ten symbols to repeat", "nats_loss", SYMBOLS + 2, SYMBOLS + 2, copy, _copied_by_chance, steps=3000),
    "order": Probe("which of X and Y came first", "accuracy", 6, 4, order, _by_chance(4), steps=1500),
    "pixels": Probe(
        "a digit, pixel by pixel", "accuracy", 1, DIGIT_CLASSES, pixels, _by_chance(10), steps=1500, length=DIGIT_STEPS
    ),
    "permuted": Probe(
        "a digit, its pixels in a shuffled order",
        "accuracy",
        1,
        DIGIT_CLASSES,
        permuted,
        _by_chance(10),
        steps=1500,
        length=DIGIT_STEPS,
    ),
}
