"""Forecast origins of a series, split so that no split reads rows of another."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from common.datasets.lines import Text
from common.datasets.splits import Splits
from common.datasets.time_series import KNOWN, Step, TimeSeries, read_series, time_text
from common.errors import UserError

LONGEST_HORIZON = 168  # maximum number of rows in an example's future: a week of hours
FRACTIONS = (0.6, 0.8)  # of the rows, where validation and where test begin
MOST_ORIGINS = (6000, 3000, 3000)  # in train, validation and test: neighbouring origins are nearly the same


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """A forecast origin: the rows of its split up to a time, and the rows that followed."""

    series: str
    time: str  # of the last known row
    past: TimeSeries = dataclasses.field(repr=False, compare=False)
    ahead: TimeSeries = dataclasses.field(repr=False, compare=False)  # the next rows: times and columns known ahead
    future: TimeSeries | None = dataclasses.field(default=None, compare=False)  # the next rows, to the end of its split

    def __len__(self) -> int:
        return len(self.past)

    def __str__(self) -> str:
        last = ", ".join(f"{value:.4g}" for value in self.past.filled[-1][:3])
        return f"{self.series} up to {self.time}: {last}"


def shortest_past(step: Step) -> int:
    """Minimum number of known rows before a forecast: a season, but at most a day of 5-minute rows."""
    return min(max(step.season, 3), 288)


def origins(whole: TimeSeries, start: int, stop: int, most: int) -> list[Origin]:
    """The forecast origins in part of a series, whose past and future are only the rows from `start` to `stop`.

    Args:
        most: maximum number of origins; every k-th is taken, with k coprime to the season, so that all hours occur.
    """
    first = start + shortest_past(whole.step)
    every = max(1, -(-(stop - first) // most))
    while math.gcd(every, whole.step.season) > 1:
        every += 1
    extended = whole.extended(LONGEST_HORIZON)
    return [origin(extended, start, row, stop) for row in range(first, stop, every)]


def origin(extended: TimeSeries, start: int, row: int, stop: int) -> Origin:
    """The origin whose past is the rows from `start` to before `row`, in a split that ends before `stop`."""
    later = extended[row : row + LONGEST_HORIZON]
    known = np.array([name.startswith(KNOWN) for name in extended.columns])
    ahead = dataclasses.replace(
        later, values=np.where(known, later.values, np.float32(np.nan)), filled=later.filled[:0]
    )
    future = extended[row : min(row + LONGEST_HORIZON, stop)] if row < stop else None
    return Origin(extended.name, time_text(extended.times[row - 1], extended.step), extended[start:row], ahead, future)


def split_series(whole: TimeSeries) -> Splits:
    """The three successive splits of a series; the seed is not used.

    An example reads and predicts only rows of its own split, so no window and no target crosses a boundary, and all of
    validation lies between train and test.
    """
    bounds = [0, *(round(fraction * len(whole)) for fraction in FRACTIONS), len(whole)]
    parts = (origins(whole, *ends, most) for *ends, most in zip(bounds, bounds[1:], MOST_ORIGINS))
    return Splits(*parts)


def split(examples: Sequence[Origin], seed: int) -> Splits:
    """The splits of the series from which these examples were cut."""
    return split_series(joined([examples[-1].past, examples[-1].future]))


def rows_of(examples: Iterable[Origin], window: int, horizon: int) -> TimeSeries:
    """The rows that an encoder reads or predicts of at least one of the examples; `filled` is that of the examples.

    Args:
        examples: with a future, in order of time; of one split, of several, or some of a split.
        window, horizon: maximum number of rows of an example that are read, and that are predicted.
    """
    return joined(part for example in examples for part in (example.past[-window:], example.future[:horizon]))


def joined(parts: Iterable[TimeSeries]) -> TimeSeries:
    """Parts of one series, in order of time, as one series. Rows that are in several parts occur once."""
    new = []
    for part in parts:
        known = np.searchsorted(part.times, new[-1].times[-1], side="right") if new else 0
        if known < len(part):
            new.append(part[known:])
    arrays = {name: np.concatenate([getattr(part, name) for part in new]) for name in ("times", "values", "filled")}
    return dataclasses.replace(new[0], **arrays)


def read(path: Path | Text, labelled: bool) -> list[Origin]:
    """The forecast origins of a user's table; for prediction only the last one.

    Columns known ahead may extend further than the others: the forecast begins after the last row of the others.

    Raises:
        UserError: if the table is not a series, or too short.
    """
    whole = read_series(path)
    measured = [not name.startswith(KNOWN) for name in whole.columns]
    if not any(measured):
        raise UserError(f"{path} has only columns that are known ahead: there is nothing to forecast.")
    rows = int(np.flatnonzero(np.isfinite(whole.values[:, measured]).any(axis=1))[-1]) + 1
    least = shortest_past(whole.step) * 6 if labelled else shortest_past(whole.step)
    if rows < least:
        raise UserError(f"{path} has {rows} rows, one every {whole.step}: at least {least} are needed.")
    if labelled:
        return origins(whole, 0, rows, rows)
    return [origin(whole.extended(LONGEST_HORIZON), 0, rows, rows)]
