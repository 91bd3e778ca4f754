"""Prices of a stock over time, from the files of price providers.

Read with pandas, which is imported only where a series is read.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import dates, numbers, reading
from common.datasets.delimited import even_rows
from common.datasets.lines import at_line
from common.datasets.tables import not_once
from common.datasets.time_series import DAY, Step, at_one_hour, in_months, time_text
from common.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

# Names of the columns, reduced to lower-case letters; earlier names take precedence.
TIMES = (
    *("date", "datetime", "timestamp", "day", "tradedate", "tradingdate", "tradingday", "exchangedate"),
    *("time", "unix", ""),
)
ADJUSTED = ("adjclose", "adjustedclose", "closeadj", "closeadjusted", "adjcloseprice", "adjustedcloseprice")
CLOSE = ("close", "closelast", "closeprice", "closingprice", "price", "last", "lastprice")
VOLUME = ("volume", "vol", "sharevolume")
STOCKS = ("name", "symbol", "ticker", "tic", "stock", "code", "company", "security", "isin")
BUSINESS_DAY = Step(1, "business day")
LONGEST_GAP = 10  # days without a price that cause a warning
EXTREME = 0.35  # relative change that is rare in one step: perhaps a stock split
MOST_OFF = 0.5  # share of the rows that may have another step


@dataclasses.dataclass(frozen=True)
class PriceSeries:
    """Prices, oldest first.

    Attributes:
        name: of the stock: the file's name without its ending.
        dates: datetime64[D] array `(rows,)`, or datetime64[s] where rows are less than a day apart; ascending, unique.
        close: float array `(rows,)`, above 0, adjusted for splits and dividends if the file has adjusted prices.
        volume: float array `(rows,)`, 0 where the file has none for a row; None if it has no such column.
        market: float array `(rows,)`, how far the market moved in each row, in any unit: the mean absolute return of
            many stocks, or a volatility index; 0 where it is unknown; None if it is unknown for all rows.
        step: the time from one row to the next.
    """

    name: str
    dates: np.ndarray
    close: np.ndarray
    volume: np.ndarray | None = None
    market: np.ndarray | None = None
    step: Step = BUSINESS_DAY

    def __len__(self) -> int:
        return len(self.dates)

    def __str__(self) -> str:
        return f"{self.name}, {len(self)} rows, one every {self.step}, {self.dates[0]} to {self.dates[-1]}"

    def __getitem__(self, part: slice) -> PriceSeries:
        volume, market = (None if column is None else column[part] for column in (self.volume, self.market))
        return PriceSeries(self.name, self.dates[part], self.close[part], volume, market, self.step)

    @property
    def pace(self) -> str:
        """The step in words; business days and calendar days are both "day"."""
        return "day" if self.step == BUSINESS_DAY else str(self.step)

    def following(self, count: int) -> list[str]:
        """The `count` times after the last row, as text. Holidays are unknown, so one may be among them."""
        if self.step == BUSINESS_DAY:
            return [str(day) for day in np.busday_offset(self.dates[-1], np.arange(1, count + 1), roll="backward")]
        if self.step.unit == "second" and self.step.count < DAY:
            return [time_text(time, self.step) for time in _sessions(self.dates, self.step, count)]
        if self.step.unit == "second":
            return [str(self.dates[-1] + number * self.step.count // DAY) for number in range(1, count + 1)]
        return [str(day) for day in _months(self.dates, self.step.count, count)]


def read_prices(path: Path) -> PriceSeries:
    """The prices of a .csv or .tsv file with columns of dates and prices, and optionally of volume and of the market.

    An adjusted price is preferred, so that returns have no jump on the day of a dividend. Rows without a price (empty
    or "null") are dropped. Rows with the newest first are reversed. Decisions, and what may be wrong with the file, are
    reported through `reading`.

    Raises:
        UserError: in one line, naming file and line, if the file is not a series of prices of one stock.
    """
    table = _table(path)
    names = {_plain(column): column for column in reversed(table.columns)}  # the first of two that are alike
    if not names.keys() & set(TIMES):
        raise UserError(f"{path} has no column 'Date'. It has: {', '.join(table.columns)}. Rename one in line 1.")
    _check_one_stock(path, table, names)
    times = _times(path, table, names)
    texts = _prices(path, table, names)
    known = ~texts.str.lower().isin(numbers.MISSING)
    if not known.any():
        raise UserError(f"{path} holds nothing to read: no row has a price.")
    table, times = table[known], times[known]
    decimals = numbers.decimal_marks(
        table.drop(columns=[names[name] for name in {*TIMES, *dates.CLOCKS} if name in names])
    )
    close = numbers.read(path, "price", texts[known], decimals, smooth=True)
    if (below := close <= 0).any():
        number = int(below.idxmax())
        raise at_line(
            path,
            number,
            f"has the price {texts[number]}: prices must be above 0. To forecast a series of other numbers, use "
            "make train TASK=weather_forecast",
        )
    volume, market = (_amounts(path, table, names, wanted, decimals) for wanted in (VOLUME, ("market",)))
    if times.iloc[0] > times.iloc[-1]:
        times, close = times[::-1], close[::-1]
        volume, market = (None if column is None else column[::-1] for column in (volume, market))
    times = at_one_hour(times)
    step = _step(path, times)
    reading.note(path, "step between rows", str(step))
    _warn(path, times, close, step)
    moments = times.to_numpy().astype(
        "datetime64[s]" if step.unit == "second" and step.count < DAY else "datetime64[D]"
    )
    return PriceSeries(path.name.split(".csv")[0].split(".tsv")[0], moments, close.to_numpy(), volume, market, step)


def _table(path: Path) -> pd.DataFrame:
    """The cells as text, by line number, without the lines that yfinance writes below its header."""
    import pandas as pd

    header, numbered = even_rows(path)
    if not numbered:
        raise UserError(f"{path} has a header and no rows.")
    if header[0] == "Ticker" and numbered[0][1][0] == "Price":  # yfinance with group_by="ticker"
        header, numbered[0] = numbered[0][1], (numbered[0][0], header)
    if numbered[0][1][0].lower() == "ticker":
        _check_names(path, "Ticker", numbered.pop(0)[1][1:])
        if numbered and _plain(numbered[0][1][0]) in TIMES and not any(numbered[0][1][1:]):
            numbered.pop(0)
        header = ["Date", *header[1:]]
        reading.note(path, "header", "three lines, as yfinance writes them")
    if twice := [name for name in header if name and header.count(name) > 1]:
        raise not_once(path, header, twice[0])
    header = [name or ("" if number == 1 else f"column {number}") for number, name in enumerate(header, 1)]
    return pd.DataFrame([cells for _, cells in numbered], columns=header, index=[number for number, _ in numbered])


def _plain(column: str) -> str:
    return re.sub(r"[^a-z]", "", column.lower()) or column  # `+/- %` is not the nameless column


def _first(names: dict[str, str], wanted: Sequence[str]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)


def _check_one_stock(path: Path, table: pd.DataFrame, names: dict[str, str]) -> None:
    for name in STOCKS:
        if name in names:
            _check_names(path, names[name], table[names[name]])


def _check_names(path: Path, column: str, cells: Sequence[str]) -> None:
    found = sorted({cell for cell in cells if cell})
    if len(found) > 1:
        shown = ", ".join(found[:4]) + (", ..." if len(found) > 4 else "")
        raise UserError(f"{path}: column {column} holds {len(found)} stocks ({shown}): give one stock a file.")


def _times(path: Path, table: pd.DataFrame, names: dict[str, str]) -> pd.Series:
    """The time of each row, in the local time of the exchange."""
    column = _first(names, TIMES)
    texts = table[column]
    if (empty := texts == "").any():
        raise at_line(path, int(empty.idxmax()), f"has an empty {column or 'date'}: fill it or remove the row")
    if _plain(column) != "time" and (clock := dates.clock(table, names, texts)):
        texts = dates.joined(texts, table[names[clock]])
    return dates.read(path, texts, local=True)


def _prices(path: Path, table: pd.DataFrame, names: dict[str, str]) -> pd.Series:
    """The cells of the adjusted price, or of the plain price where there is no adjusted one."""
    adjusted, close = _first(names, ADJUSTED), _first(names, CLOSE)
    if adjusted is not None:
        empty = table[adjusted].str.lower().isin(numbers.MISSING)
        if close is None or not empty.all():
            half = empty & ~table[close].str.lower().isin(numbers.MISSING) if close else empty & False
            if half.any():
                raise at_line(
                    path,
                    int(half.idxmax()),
                    f"has a {close} and no {adjusted}: fill it, or take out the row or the column {adjusted}",
                )
            reading.note(path, "prices", f"column {adjusted}")
            return table[adjusted]
    if close is None:
        has = ", ".join(table.columns)
        raise UserError(
            f"{path} has no column 'Close' or 'Adj Close'. It has: {has}. Rename that of the prices in line 1."
        )
    reading.note(path, "prices", f"column {close}, as it was traded")
    return table[close]


def _amounts(
    path: Path, table: pd.DataFrame, names: dict[str, str], wanted: Sequence[str], decimals: str
) -> np.ndarray | None:
    """A column of amounts, 0 for missing cells; None without the column, or if it holds words instead of numbers."""
    column = _first(names, wanted)
    if column is None:
        return None
    if not table[column].str.contains(r"\d").any() and not table[column].str.lower().isin(numbers.MISSING).all():
        reading.note(path, column, "passed over: it holds words")
        return None
    found = numbers.read(path, wanted[0], table[column], decimals, units=True)
    if (below := found < 0).any():
        number = int(below.idxmax())
        raise at_line(path, number, f"has the {wanted[0]} {table[column][number]}: it must not be below 0")
    return found.fillna(0).to_numpy()


def _step(path: Path, times: pd.Series) -> Step:
    """The most common step between rows.

    Raises:
        UserError: if rows are not sorted, or most of them do not follow a common step.
    """
    gaps = times.diff().iloc[1:].dt.total_seconds().astype("int64")
    if (gaps <= 0).any():
        number = int((gaps <= 0).idxmax())
        time, before = times[number], times.iloc[times.index.get_loc(number) - 1]
        problem = "occurs twice" if time == before else f"is out of order beside {_shown(before)}"
        raise at_line(
            path,
            number,
            f"has the date {_shown(time)}, which {problem}: there must be one row per time, sorted, of one stock",
        )
    common = int(Counter(gaps.tolist()).most_common(1)[0][0]) if len(gaps) else DAY
    if counted := in_months(common):
        months, fewest, most = counted
        step, kept = Step(months, "month"), gaps.between(fewest * DAY, most * DAY)
    else:
        step, kept = Step(common, "second"), gaps == common
        days = times.to_numpy().astype("datetime64[D]")
        of_trade = np.busday_count(days[:-1], days[1:])
        if (times.dt.day_of_week < 5).all() and (of_trade == 1).mean() >= 0.5 and (gaps % DAY == 0).all():
            step, kept = BUSINESS_DAY, of_trade == 1
    if len(gaps) and (~kept).mean() > MOST_OFF:
        number = int(gaps.index[np.argmin(kept)])
        raise at_line(
            path,
            number,
            f"has the date {_shown(times[number])}: the most common step is {step}, but {int((~kept).sum())} of "
            f"{len(gaps)} rows have another one: take prices at regular times",
        )
    return step


def _shown(time: pd.Timestamp) -> str:
    return str(time.date() if time == time.normalize() else time)


def _warn(path: Path, times: pd.Series, close: pd.Series, step: Step) -> None:
    """Warn of gaps, of jumps that may be stock splits, of days that may be shifted, and of a price that never moves."""
    returns = close.pct_change().iloc[1:]
    for number, change in returns[returns.abs() > EXTREME].head(3).items():
        reading.warn(
            f"{path}, line {number:,}: the price changes by {change:+.0%} in one step, on {times[number].date()}: "
            "a split? Take adjusted prices."
        )
    gaps = times.diff().dt.days
    least = LONGEST_GAP if step.unit != "month" and step.count <= 7 * DAY else 3 * 31 * step.count
    for number, days in gaps[gaps > max(least, 3 * step.count / DAY if step.unit == "second" else 0)].head(3).items():
        reading.warn(
            f"{path}, line {number:,}: {days:.0f} days without a price end on {times[number].date()}; the return over "
            f"them counts as that of one step ({step})."
        )
    weekday = times.dt.day_of_week
    if (times.dt.hour > 0).all() and (weekday == 6).any() and not weekday.isin([4, 5]).any():
        reading.warn(
            f"{path}: the days of trade are Sunday to Thursday, at {times.iloc[0].time()}: if they are those of an "
            "exchange east of Greenwich in UTC, write local dates."
        )
    if len(close) > 1 and (close == close.iloc[0]).all():
        reading.warn(f"{path}: the price never moves: there is nothing to forecast.")


def _sessions(times: np.ndarray, step: Step, count: int) -> list[np.datetime64]:
    """The next times after the last row, within the hours of the day at which rows occur."""
    days = times.astype("datetime64[D]")
    hours = np.unique(times - days)
    weekends = not np.is_busday(days).all()
    found, time = [], times[-1]
    while len(found) < count:
        time = time + np.timedelta64(step.count, "s")
        day = time.astype("datetime64[D]")
        if time - day > hours[-1] or time - day < hours[0]:
            before = found[-1].astype("datetime64[D]") if found else days[-1]
            day = before + 1 if weekends else np.busday_offset(before, 1, roll="backward")
            time = day + hours[0]
        found.append(time)
    return found


def _months(days: np.ndarray, months: int, count: int) -> list[np.datetime64]:
    """The same day of the coming months, or their last day if the last row is at the end of its month."""
    month = days[-1].astype("datetime64[M]")
    day = int((days[-1] - month.astype("datetime64[D]")).astype(int))
    at_end = (days[-1] + 1).astype("datetime64[M]") != month
    found = []
    for number in range(1, count + 1):
        first = (month + number * months).astype("datetime64[D]")
        last = (month + number * months + 1).astype("datetime64[D]") - 1
        found.append(last if at_end else min(first + day, last))
    return found
