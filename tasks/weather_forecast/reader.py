"""Times at which a forecast is made, cut from a series so that no split sees rows of another."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.datasets.lines import Text
from common.datasets.splits import Splits
from common.datasets.time_series import KNOWN, Step, TimeSeries, read_series, time_text
from common.errors import UserError

LONGEST_HORIZON = 168  # rows that an example's future reaches: a week of hours
FRACTIONS = (0.6, 0.8)  # of the rows: where validation and where test begin
MOST_ORIGINS = (6000, 3000, 3000)  # of train, validation and test: neighbouring ones are nearly the same


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """A time at which a forecast is made: the rows of its split up to then, and those that followed."""

    series: str
    time: str  # of the last row that is known
    past: TimeSeries = dataclasses.field(repr=False, compare=False)
    ahead: TimeSeries = dataclasses.field(repr=False, compare=False)  # the next rows: times and columns known ahead
    future: TimeSeries | None = dataclasses.field(default=None, compare=False)  # the next rows, to the end of its split

    def __len__(self) -> int:
        return len(self.past)

    def __str__(self) -> str:
        last = ", ".join(f"{value:.4g}" for value in self.past.filled[-1][:3])
        return f"{self.series} up to {self.time}: {last}"


def shortest_past(step: Step) -> int:
    """Rows that must be known before a forecast: a season, a day of 5 minutes at most."""
    return min(max(step.season, 3), 288)


def origins(whole: TimeSeries, start: int, stop: int, most: int) -> list[Origin]:
    """The origins within some rows of a series, whose past and future are the rows from `start` to `stop` alone.

    Args:
        most: of them; every k-th is taken, where k shares no divisor with the season, so that all hours occur.
    """
    first = start + shortest_past(whole.step)
    every = max(1, -(-(stop - first) // most))
    while math.gcd(every, whole.step.season) > 1:
        every += 1
    extended = whole.extended(LONGEST_HORIZON)
    return [origin(extended, start, row, stop) for row in range(first, stop, every)]


def origin(extended: TimeSeries, start: int, row: int, stop: int) -> Origin:
    """The origin that knows the rows from `start` up to, and without, `row`, on a side that ends before `stop`."""
    later = extended[row : row + LONGEST_HORIZON]
    known = np.array([name.startswith(KNOWN) for name in extended.columns])
    ahead = dataclasses.replace(
        later, values=np.where(known, later.values, np.float32(np.nan)), filled=later.filled[:0]
    )
    future = extended[row : min(row + LONGEST_HORIZON, stop)] if row < stop else None
    return Origin(extended.name, time_text(extended.times[row - 1], extended.step), extended[start:row], ahead, future)


def split_series(whole: TimeSeries) -> Splits:
    """The three sides of a series, one after the other. Chance has no part in it.

    An example reads and predicts rows of its own split only, so no window and no target reaches over a boundary, and
    all of validation lies between train and test.
    """
    bounds = [0, *(round(fraction * len(whole)) for fraction in FRACTIONS), len(whole)]
    sides = (origins(whole, *ends, most) for *ends, most in zip(bounds, bounds[1:], MOST_ORIGINS))
    return Splits(*sides)


def split(examples: Sequence[Origin], seed: int) -> Splits:
    """The sides of the series that these examples were cut from."""
    return split_series(rows_of(examples))


def rows_of(examples: Sequence[Origin]) -> TimeSeries:
    """All rows that these examples of one split read or predict, as one series."""
    last = examples[-1]
    if last.future is None:
        return last.past
    pairs = {name: (getattr(last.past, name), getattr(last.future, name)) for name in ("times", "values", "filled")}
    return dataclasses.replace(last.past, **{name: np.concatenate(pair) for name, pair in pairs.items()})


def read(path: Path | Text, labelled: bool) -> list[Origin]:
    """The origins of a user's table; without targets only the last one, from which to forecast.

    The columns known ahead may reach further than the others: the forecast begins after the last row of the others.

    Raises:
        UserError: if the table is no series, or too short.
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
