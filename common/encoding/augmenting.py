"""Data augmentation: batches whose inputs are changed slightly in training, so that no two epochs are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from common.encoding.batching import ByLength, Encoded

Inputs = dict[str, np.ndarray]


class Augmented(ByLength):
    """The batches of `ByLength` with random changes: mirrored pictures, warped time, noise.

    The random numbers depend only on the seed and the epoch, so that an interrupted training resumes as if it had never
    stopped.

    Args:
        encoded, batch_size, seed: as for `ByLength`.
        change: `(random, inputs, targets) -> (inputs, targets)` of one batch; keeps shapes and types.
    """

    def __init__(
        self,
        encoded: Encoded,
        batch_size: int,
        seed: int,
        change: Callable[[np.random.Generator, Inputs, np.ndarray], tuple[Inputs, np.ndarray]],
    ):
        super().__init__(encoded, batch_size, seed)
        self.change = change

    def __iter__(self) -> Iterator[tuple]:
        random = np.random.default_rng([self.seed, self.epoch, 1])  # 1: independent of the numbers that drew the order
        for inputs, targets, weights in super().__iter__():
            yield (*self.change(random, inputs, targets), weights)
