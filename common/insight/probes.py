"""Memory probes: the synthetic tasks with which the literature compares how far back recurrent cells remember.

The answer depends on inputs far before the step at which it is due. Each probe has a memoryless baseline: the best
score of a model that knows the task and remembers nothing of the sequence.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator

import numpy as np

SYMBOLS, COPIED = 8, 10  # of the copy probe: size of the alphabet, and number of symbols to repeat
DIGIT_STEPS, DIGIT_CLASSES = 64, 10  # scikit-learn's digits: 8 x 8 pixels
DIGITS_TRAINED = 1437  # of 1,797 for training; the others are held out


@dataclasses.dataclass(frozen=True)
class Probe:
    """One memory probe.

    Attributes:
        title: what has to be remembered.
        metric: "rmse_error", "nats_loss" (mean over all steps) or "accuracy".
        features: of a step.
        outputs: 1 for regression, else the number of classes.
        make: `(random, rows, length, held_out) -> inputs, targets`: float32 `(rows, steps, features)`, and targets
            `(rows,)`, or `(rows, steps)` if there is one for each step.
        memoryless: length -> score of the memoryless baseline.
        steps: batches of training.
        learning_rate: initial value; cosine decay to 0.
        length: if it is fixed; None: any.
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
        """Whether there is a target for each step."""
        return self.metric == "nats_loss"


def adding(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """Numbers between 0 and 1; two of them are marked, one in each half, and their sum is the target.

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
    """Ten symbols, `length` - 1 blanks, a marker and ten blanks; the target repeats the symbols after the marker.

    In the form of Arjovsky, Shah and Bengio (2016): `length` + 20 steps, one-hot over 8 symbols, blank and marker;
    up to the marker the target is blank.
    """
    symbols = random.integers(0, SYMBOLS, (rows, COPIED))
    read, wanted = (np.full((rows, length + 2 * COPIED), SYMBOLS) for _ in range(2))
    read[:, :COPIED] = symbols
    read[:, -COPIED - 1] = SYMBOLS + 1
    wanted[:, -COPIED:] = symbols
    return np.eye(SYMBOLS + 2, dtype=np.float32)[read], wanted


def order(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """Random symbols of four kinds, and X or Y at two steps; the class is XX, XY, YX or YY.

    Hochreiter and Schmidhuber (1997), experiment 6a: the two steps lie in the second and in the sixth tenth of the
    sequence. One-hot over six symbols, X and Y the last two.
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
    """A digit, one pixel per step, row by row (Le, Jaitly and Hinton 2015).

    If `held_out`, all 360 held-out digits, whatever `rows`.
    """
    pictures, labels = digits()
    chosen = np.arange(DIGITS_TRAINED, len(labels)) if held_out else random.integers(0, DIGITS_TRAINED, rows)
    return pictures[chosen][..., None], labels[chosen]


def permuted(random: np.random.Generator, rows: int, length: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """A digit, one pixel per step, all digits in the same shuffled order."""
    inputs, labels = pixels(random, rows, length, held_out)
    return inputs[:, np.random.default_rng(0).permutation(DIGIT_STEPS)], labels


def _copied_by_chance(length: int) -> float:
    """Blanks cost nothing and each of the ten symbols ln 8; the mean over all steps."""
    return COPIED * math.log(SYMBOLS) / (length + 2 * COPIED)


def _by_chance(classes: int) -> Callable[[int], float]:
    return lambda length: 1 / classes


PROBES = {
    "adding": Probe(
        "the sum of two marked numbers", "rmse_error", 2, 1, adding, lambda length: math.sqrt(1 / 6), steps=3000
    ),
    "copy": Probe("ten symbols to repeat", "nats_loss", SYMBOLS + 2, SYMBOLS + 2, copy, _copied_by_chance, steps=3000),
    "order": Probe("two symbols and their order", "accuracy", 6, 4, order, _by_chance(4), steps=1500),
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


def batches(probe: Probe, rows: int, length: int, count: int, seed: int = 0) -> Iterator[tuple]:
    """Training batches for `network.train`, of a probe with one target per sequence, due after the last step.

    Yields:
        inputs float64 `(rows, length, features)`; targets `(rows, length)`, or `(rows, length, 1)` of numbers;
        weights `(rows, length)`, 1 at the last step and 0 before.
    """
    random = np.random.default_rng(seed)
    for _ in range(count):
        inputs, targets = probe.make(random, rows, length, held_out=False)
        weights = np.zeros((rows, length))
        weights[:, -1] = 1
        repeated = np.repeat(targets[:, None], length, axis=1)
        yield inputs.astype(float), repeated[..., None] if probe.outputs == 1 else repeated, weights
