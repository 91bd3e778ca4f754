"""One long text as batches for truncated back-propagation: parallel streams, cut into successive windows."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator

import numpy as np

from common.encoding.batching import Batches, Column, Encoded

_KEPT = 256  # windows after which the memory of a text mapped from disk is released


def following(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[Encoded]:
    """Encoded examples for a `Stream`: the targets are the tokens, the inputs are the tokens before them.

    Args:
        parts: ids of some texts, int32 `(tokens,)`, and their offsets, `(texts + 1,)`. Every text that is not empty
            ends in the same id, which therefore also precedes the first token.
    """
    for ids, offsets in parts:
        token_ids, targets = (Column(values, offsets, True) for values in (np.roll(ids, 1), ids))
        yield Encoded({"token_ids": token_ids}, targets)


class Stream(Batches):
    """The concatenated examples as `rows` streams that are read in parallel, `timesteps` at a time.

    Row r of every batch continues row r of the batch before it, so a model can carry its state over. The whole text
    occurs once per epoch, in order, so there is nothing to shuffle. All rows but the last ones are equally long;
    together the rows lack fewer than `rows` timesteps, which are padding of weight 0.

    In addition to the model's inputs, a batch contains `carried`: float32 `(rows,)`, 0 in the first batch of a pass,
    where the state must be reset, and 1 in all others.

    Args:
        encoded: examples whose inputs and targets are sequences of equal length.
        rows: int, number of parallel streams.
        timesteps: int, maximum length of a window; windows are made equally long.
    """

    def __init__(self, encoded: Encoded, rows: int, timesteps: int):
        self.encoded, self.rows = encoded, rows
        self.total = len(encoded.targets.values)
        self.row_length = -(-self.total // rows)
        self.windows = -(-self.total // (rows * timesteps))
        self.timesteps = -(-self.row_length // self.windows)

    def __len__(self) -> int:
        return self.windows

    def __iter__(self) -> Iterator[tuple]:
        for window in range(self.windows):
            yield self.assemble(window)
            if window % _KEPT == _KEPT - 1:
                self._give_back()

    def assemble(self, window: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Inputs by name, targets and weights of one window, all `(rows, timesteps)`."""
        steps = np.arange(window * self.timesteps, (window + 1) * self.timesteps)
        places = np.arange(self.rows)[:, None] * self.row_length + steps  # (rows, timesteps)
        real = (steps < self.row_length) & (places < self.total)

        def cut(values):
            return np.where(real, values[np.where(real, places, 0)], 0).astype(np.int32)

        inputs = {name: cut(column.values) for name, column in self.encoded.inputs.items()}
        inputs["carried"] = np.full(self.rows, window > 0, np.float32)
        return inputs, cut(self.encoded.targets.values), real.astype(np.float32)

    def padding(self) -> float:
        """Share of the timesteps of an epoch that are padding."""
        return 1 - self.total / (self.rows * self.windows * self.timesteps)

    def _give_back(self):
        """Let the system drop the pages of a mapped file that were read, which would count as this process's memory."""
        for column in self.encoded.columns:
            mapped = getattr(column.values, "_mmap", None)
            if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)
