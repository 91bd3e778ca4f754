"""Batches whose inputs are changed a little in training, so that no epoch shows the same example twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from common.encoding.batching import ByLength, Encoded

Inputs = dict[str, np.ndarray]


class Augmented(ByLength):
    """The batches of `ByLength`, changed by chance: mirrored pictures, warped time, noise.

    What is drawn depends on the seed and the number of the epoch alone, so that a training which was interrupted goes
    on as if it had not been.

    Args:
        encoded, batch_size, seed: as `ByLength` takes them.
        change: `(random, inputs, targets) -> (inputs, targets)` of one batch; shapes, types and padding must stay.
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
        random = np.random.default_rng([self.seed, self.epoch, 1])  # 1: not the numbers that drew the order
        for inputs, targets, weights in super().__iter__():
            yield (*self.change(random, inputs, targets), weights)
