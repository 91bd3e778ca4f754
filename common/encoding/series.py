"""Series of numbers over time: returns, market moves, padding, and a scaler fitted on train only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from common.errors import UserError


def log_returns(prices: np.ndarray) -> np.ndarray:
    """The log return from each day to the next, in percent: 100 times the difference of the logarithms.

    Args:
        prices: float array `(days,)`, above 0, oldest first.

    Returns:
        float array `(days - 1,)`; their sum is the return over the whole time.
    """
    return 100 * np.diff(np.log(prices))


def market_moves(stocks: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """How far the market of these stocks moved each day: the mean absolute return of all stocks with a return that day.

    Args:
        stocks: for each stock, its dates, datetime64[D] array `(days,)`, ascending, and prices `(days,)`.

    Returns:
        for each stock, float array `(days,)` in percent; 0 on a day on which no stock had a return.
    """
    days, numbers = np.unique(np.concatenate([dates[1:] for dates, _ in stocks]), return_inverse=True)
    sizes = np.abs(np.concatenate([log_returns(prices) for _, prices in stocks]))
    means = dict(zip(days.tolist(), np.bincount(numbers, sizes) / np.bincount(numbers)))
    return [np.array([means.get(day, 0.0) for day in dates.tolist()]) for dates, _ in stocks]


def beside_median(amounts: np.ndarray) -> np.ndarray:
    """Logarithms of amounts minus that of their median, clipped to -3 to 3; 0 where an amount is 0, meaning unknown."""
    known = amounts > 0
    logs = np.log(amounts, where=known, out=np.zeros(len(amounts)))
    middle = np.median(logs[known]) if known.any() else 0.0
    return np.where(known, np.clip(logs - middle, -3, 3), 0.0)


def padded(rows: Iterable[Sequence[float]], length: int) -> np.ndarray:
    """Rows of different lengths as one array: each cut to `length` numbers, or filled up with NaN.

    Args:
        rows: sequences or arrays `(numbers,)`, at least one.
        length: at least 0.

    Returns:
        float array `(rows, length)`.

    Example:
        >>> padded([[1, 2, 3], [4]], 2).tolist()
        [[1.0, 2.0], [4.0, nan]]
    """
    return np.array([[*row[:length], *[np.nan] * (length - len(row))] for row in rows], float)


@dataclasses.dataclass(frozen=True)
class Scaler:
    """Scales every feature to mean 0 and standard deviation 1 over the rows it was fitted on.

    Attributes:
        means, deviations: one per feature; a feature that never changes has deviation 1.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.means)

    @classmethod
    def fit(cls, rows: np.ndarray) -> Scaler:
        """A scaler fitted to `rows`, float array `(rows, features)`; pass rows of train only."""
        deviations = rows.std(axis=0)
        flat = deviations < 1e-6 * np.maximum(np.abs(rows).max(axis=0), 1)
        return cls(tuple(rows.mean(axis=0).tolist()), tuple(np.where(flat, 1.0, deviations).tolist()))

    def scale(self, rows: np.ndarray) -> np.ndarray:
        """Rows `(..., features)` minus the means, divided by the deviations."""
        return (rows - np.array(self.means)) / np.array(self.deviations)

    def to_json(self) -> dict:
        return {"means": list(self.means), "deviations": list(self.deviations)}

    @classmethod
    def from_json(cls, data: dict) -> Scaler:
        """The scaler that `to_json` wrote.

        Raises:
            UserError: if `data` is anything else.
        """
        match data:
            case {"means": list(means), "deviations": list(deviations)} if (
                len(data) == 2
                and len(means) == len(deviations)
                and all(isinstance(value, float) and np.isfinite(value) for value in (*means, *deviations))
                and all(value > 0 for value in deviations)
            ):
                return cls(tuple(means), tuple(deviations))
        raise UserError("The scaler of this run is damaged: train again.")
