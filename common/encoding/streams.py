"""One long text as batches: parallel streams, cut into windows that continue each other."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator

import numpy as np

from common.encoding.batching import Batches, Column, Encoded

_KEPT = 256  # windows after which pages of a text mapped from disk are given back


def following(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[Encoded]:
    """Texts as encoded examples for a `Stream`: the targets are the tokens, the inputs those before them.

    Args:
        parts: ids of some texts, int32 `(tokens,)`, and where each begins, `(texts + 1,)`. Every text that is not empty
            ends in the same id, which so comes before the first token as well.
    """
    for ids, offsets in parts:
        token_ids, targets = (Column(values, offsets, True) for values in (np.roll(ids, 1), ids))
        yield Encoded({"token_ids": token_ids}, targets)


class Stream(Batches):
    """The encoded examples end to end, as `rows` streams that are read side by side, `timesteps` at a time.

    Row r of every batch continues row r of the batch before it, so a model can carry its state over. All the text
    comes once an epoch and in order, so there is nothing to shuffle. Rows differ by less than a row of timesteps in
    length; what they lack at their end is padding with weight 0.

    A batch holds, beside the model's inputs, `carried`: float32 `(rows,)`, 0 in the first batch of a pass, where the
    state must be fresh, and 1 in all others.

    Args:
        encoded: examples whose inputs and targets are sequences of equal length.
        rows: int, streams side by side.
        timesteps: int, at most this many in a window; windows are made equally long.
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
        """Inputs by name, targets and weights of that window, all `(rows, timesteps)`."""
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
        """Tell the system that what was read of a mapped file need not stay in memory: it would count as ours."""
        for column in self.encoded.columns:
            mapped = getattr(column.values, "_mmap", None)
            if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)
