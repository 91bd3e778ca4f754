"""Daily prices of a stock, from the files that providers of prices write."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common.datasets.lines import at_line
from common.datasets.readers import numbered_rows, some
from common.errors import UserError

if TYPE_CHECKING:
    import numpy as np

MISSING_NUMBERS = ("", "null", "nan", "na", "n/a")


@dataclasses.dataclass(frozen=True)
class PriceSeries:
    """Daily prices, oldest first.

    Attributes:
        name: of the stock: the file's name without its ending.
        dates: datetime64[D] array `(days,)`, ascending, each once.
        close: float array `(days,)`, above 0, adjusted for splits and dividends where the file says so.
        volume: float array `(days,)`, 0 where the file has none for a day; None if it has no such column.
        market: float array `(days,)`, how far the market moved on each day, in any unit: the mean size of many stocks'
            returns, or an index of volatility; 0 where it is not known; None if it is known of no day.
    """

    name: str
    dates: np.ndarray
    close: np.ndarray
    volume: np.ndarray | None = None
    market: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.dates)

    def __str__(self) -> str:
        return f"{self.name}, {len(self)} days, {self.dates[0]} to {self.dates[-1]}"

    def __getitem__(self, days: slice) -> PriceSeries:
        volume, market = (None if column is None else column[days] for column in (self.volume, self.market))
        return PriceSeries(self.name, self.dates[days], self.close[days], volume, market)


def read_prices(path: Path) -> PriceSeries:
    """The prices of a .csv or .tsv file with the columns Date and Close, and perhaps Adj Close, Volume and Market.

    Adj Close is taken where there is one: returns then hold no jump on the day of a dividend. Rows without a price
    (empty or "null") are dropped. Newest first is turned round.
    """
    import numpy as np

    rows = []  # (date, price, volume, market, line number)
    present = set()
    for number, row in numbered_rows(path, ("Date",), ("Close", "Adj Close", "Volume", "Market")):
        if "Close" not in row and "Adj Close" not in row:
            raise UserError(f"{path} has no column 'Close' or 'Adj Close'. Rename the column of the prices in line 1.")
        price, present = row.get("Adj Close", row.get("Close")), row.keys()
        if price.lower() in MISSING_NUMBERS:
            continue
        close = _number(path, number, "price", price)
        if close <= 0:
            raise at_line(path, number, f"has the price {price}: prices must be above 0")
        volume, market = (_amount(path, number, row, column) for column in ("Volume", "Market"))
        rows.append((_date(path, number, row["Date"]), close, volume, market, number))
    if len(some(path, rows)) > 1 and rows[0][0] > rows[-1][0]:
        rows.reverse()
    for (before, *_), (date, *_, number) in itertools.pairwise(rows):
        if date <= before:
            problem = "occurs twice" if date == before else f"is out of order beside {before}"
            raise at_line(
                path, number, f"has the date {date}, which {problem}: there must be one row a day, sorted by date"
            )
    dates, closes, volumes, markets, _ = zip(*rows, strict=True)
    return PriceSeries(
        name=path.name.split(".csv")[0].split(".tsv")[0],
        dates=np.array(dates, "datetime64[D]"),
        close=np.array(closes),
        volume=np.array(volumes) if "Volume" in present else None,
        market=np.array(markets) if "Market" in present else None,
    )


def _amount(path: Path, number: int, row: Mapping[str, str], column: str) -> float:
    """What a column says of a day, at least 0; 0 where it says nothing."""
    if (text := row.get(column, "")).lower() in MISSING_NUMBERS:
        return 0.0
    amount = _number(path, number, column.lower(), text)
    if amount < 0:
        raise at_line(path, number, f"has the {column.lower()} {text}: it must not be below 0")
    return amount


def _number(path: Path, number: int, what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise at_line(path, number, f"has the {what} {text!r:.30}: write numbers as 1234.5")
    return value


def _date(path: Path, number: int, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text[:10])  # a time of day after it is passed over
    except ValueError:
        raise at_line(path, number, f"has the date {text!r:.30}: write it as 2017-09-01") from None
