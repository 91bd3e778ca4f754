"""Series of measurements at regular times, read from tables: dates, steps, gaps, categories.

Read with pandas, which is imported only where a series is read.
"""

from __future__ import annotations

import calendar
import dataclasses
import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import dates, labels, numbers, reading
from common.datasets.delimited import even_rows
from common.datasets.lines import Text, at_line
from common.errors import UserError, one_line

if TYPE_CHECKING:
    import pandas as pd

KNOWN = "known:"  # prefix of a column whose values are known ahead: holidays, an announced price
TIME_NAMES = (
    *("time", "date", "datetime", "date time", "date/time", "timestamp", "valid time"),
    *("month", "week", "day", "year", "ds", "unix"),
)
DAY_PARTS = ("year", "month", "day")  # columns that together give a date
MOST_CATEGORIES = 18  # different words in a column, as the 16 winds, calm and variable; each becomes one of 0 and 1
UNMEASURED = "M"  # a missing number in weather reports; in a column of words, a word
FEW = 10  # different values
STAND_INS = (-999, -9999, -99, -99.9, -99.99, -999.9, 999, 9999, 99999)  # values that some files use for missing ones
DAY = 86_400  # seconds
MONTHS = ((1, 28, 31), (3, 89, 92), (12, 365, 366))  # a step of so many months: its least and most days


@dataclasses.dataclass(frozen=True)
class Step:
    """The time from one row to the next: a number of seconds, months or business days."""

    count: int
    unit: str  # "second", "month" or "business day"

    @property
    def season(self) -> int:
        """Rows per season: a day if rows are less than a day apart, otherwise a week or a year."""
        if self.unit == "business day":
            return 5
        if self.unit == "month":
            return max(12 // self.count, 1)
        if self.count < DAY:
            return max(DAY // self.count, 1)
        return 7 if self.count == DAY else max(round(365.25 * DAY / self.count), 1)

    def offset(self):
        """The step as a pandas offset."""
        import pandas as pd

        if self.unit == "second":
            return pd.Timedelta(seconds=self.count)
        return pd.DateOffset(months=self.count) if self.unit == "month" else pd.offsets.BDay(self.count)

    def __str__(self) -> str:
        for unit, seconds in (("day", DAY), ("hour", 3600), ("minute", 60)):
            if self.unit == "second" and self.count % seconds == 0:
                return _plural(self.count // seconds, unit)
        return _plural(self.count, self.unit)


@dataclasses.dataclass(frozen=True)
class TimeSeries:
    """Measurements at regular times, oldest first.

    Attributes:
        name: of the file, without its ending.
        step: from one row to the next.
        columns: their names; those that begin with `known:` are known ahead.
        times: datetime64[s] array `(rows,)`.
        values: float32 array `(rows, columns)`, NaN where nothing was measured.
        filled: the values with each NaN replaced by the last value before it; NaN where there is none.
    """

    name: str
    step: Step
    columns: tuple[str, ...]
    times: np.ndarray
    values: np.ndarray
    filled: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, part: slice) -> TimeSeries:
        """A slice of the rows; `filled` keeps the values it was given."""
        return TimeSeries(self.name, self.step, self.columns, self.times[part], self.values[part], self.filled[part])

    def __repr__(self) -> str:
        """Name and a checksum of the times and values: two series with the same representation are equal."""
        content = hashlib.sha256(self.times.tobytes() + self.values.tobytes()).hexdigest()[:16]
        return f"TimeSeries({self.name!r}, {len(self)} rows of {self.step}, {self.columns}, {content})"

    def __str__(self) -> str:
        return f"{self.name}, {len(self)} rows of {self.step}, {', '.join(self.columns)}"

    def column(self, name: str) -> int:
        """Number of the column with this name; case is ignored, and spaces match underscores.

        Raises:
            UserError: if there is none; lists the columns.
        """
        plain = [_plain(column) for column in self.columns]
        if _plain(name) not in plain:
            raise UserError(f"{self.name} has no column {name!r} of numbers. It has: {', '.join(self.columns)}")
        return plain.index(_plain(name))

    def extended(self, count: int) -> TimeSeries:
        """The series with `count` more rows, of which only the time is known."""
        import pandas as pd

        later = pd.date_range(self.times[-1], periods=count + 1, freq=self.step.offset())[1:]
        nothing = np.full((count, len(self.columns)), np.nan, np.float32)
        return dataclasses.replace(
            self,
            times=np.concatenate([self.times, later.to_numpy().astype("datetime64[s]")]),
            values=np.concatenate([self.values, nothing]),
            filled=np.concatenate([self.filled, nothing]),
        )


def in_months(seconds: int) -> tuple[int, int, int] | None:
    """The row of MONTHS for a step of that many seconds; None if it is not a number of months."""
    return next((row for row in MONTHS if row[1] * DAY <= seconds <= row[2] * DAY), None)


def time_text(time: np.datetime64, step: Step) -> str:
    """The time as text, no finer than the step."""
    text = str(np.datetime64(time, "s")).replace("T", " ")
    if step.unit == "month":
        return text[:7]
    return text[:10] if step.unit == "business day" or step.count % DAY == 0 else text[:16]


def at_one_hour(times: pd.Series) -> pd.Series:
    """Times in order, with those an hour off the hour of the first moved to it if rows are days apart.

    A daily row in UTC is at 21:00 in winter and at 20:00 in summer where the clocks change in between.
    """
    import pandas as pd

    day, hour = pd.Timedelta(days=1), pd.Timedelta(hours=1)
    off = (times - times.iloc[0] + day / 2) % day - day / 2
    daily = (times.diff().iloc[1:] >= day - hour).all() and off.abs().isin([0 * hour, hour]).all()
    return times - off if daily else times


def read_series(path: Path | Text) -> TimeSeries:
    """Read a .csv or .tsv file with a header, a column of times (or columns year, month, day, hour) and numbers.

    Times are ISO 8601 or in a common format; rows with the newest first are reversed. Missing rows become rows of NaN.
    A column of at most 18 different words becomes as many columns of 0 and 1; a column that counts the rows is left
    out.

    Raises:
        UserError: in one line, naming file and line, if the table is not a regular series of numbers.
    """
    import pandas as pd

    header, numbered = even_rows(path)
    if len(numbered) < 3:
        raise UserError(f"{path} has {len(numbered)} rows below its header: a series needs more.")
    if len({_plain(name) for name in header}) < len(header):
        raise UserError(f"{path} has two columns of one name. It has: {', '.join(header)}. Rename one in line 1.")
    table = pd.DataFrame([cells for _, cells in numbered], columns=header, index=[number for number, _ in numbered])
    if {month.lower() for month in calendar.month_abbr if month} <= {_plain(name)[:3] for name in header}:
        raise UserError(f"{path} has a column for each month: a series has one row per time, such as 2017-09,12.5.")
    times, time_columns = _times(path, table)
    if times.iloc[0] > times.iloc[-1]:
        times, table = times[::-1], table[::-1]
    _check_one_series(path, times, table.drop(columns=time_columns))
    values = _numbers(path, table.drop(columns=time_columns))
    step, times = _step(path, at_one_hour(times))
    values.index = times
    lasting = (times[-1] - times[0]).total_seconds()
    wanted = lasting // (step.count if step.unit == "second" else DAY * {"month": 31 * step.count}.get(step.unit, 1.4))
    if wanted > 2 * len(times):  # checked before the missing rows are created
        raise UserError(
            f"{path} has {len(times):,} of about {wanted:,.0f} rows, one every {step}, between its first and last: "
            "cut off the part that is full of gaps, or take means over longer steps."
        )
    grid = pd.date_range(times[0], times[-1], freq=step.offset())
    reading.note(path, "step between rows", str(step))
    if len(grid) > len(times):
        reading.warn(
            f"{path}: {len(grid) - len(times):,} of {len(grid):,} rows, one every {step}, are missing between others."
        )
    _warn_of_columns(path, values)
    values = values.reindex(grid)
    return series(str(getattr(path, "stem", path)).removesuffix(".csv"), step, values)


def _warn_of_columns(path: Path | Text, values: pd.DataFrame) -> None:
    """Warn of columns that are mostly empty or constant, or that may hold a placeholder for missing values."""
    for name in values.columns:
        column = values[name].dropna()
        if len(column) * 2 < len(values):
            reading.warn(f"{path}: {name} is empty in {len(values) - len(column):,} of {len(values):,} rows.")
        if column.nunique() == 1:
            reading.warn(f"{path}: {name} never changes.")
        for value in sorted({*STAND_INS, *column.agg(["min", "max"])}):
            if times := _far_from_others(column, value):
                reading.warn(
                    f"{path}: {name} is {value:g} in {times:,} rows: where that means nothing, leave the cell empty."
                )


def _far_from_others(column: pd.Series, value: float) -> int:
    """How often a value occurs that may stand for missing ones, as it is far from the others: 0 where it is not."""
    others = column[column != value]
    times = len(column) - len(others)
    if value in STAND_INS:
        far = others.std()
    elif times > 1 and value != 0 and others.nunique() > FEW:
        far = others.max() - others.min()
    else:
        return 0
    return 0 if others.empty or others.min() - far < value < others.max() + far else times


def series(name: str, step: Step, table: pd.DataFrame) -> TimeSeries:
    """The series of a table of numbers whose index holds regular times."""
    values = table.to_numpy(np.float32)
    times = table.index.to_numpy().astype("datetime64[s]")
    return TimeSeries(name, step, tuple(map(str, table.columns)), times, values, table.ffill().to_numpy(np.float32))


def _times(path: Path | Text, table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """The time of each row, without a time zone (UTC where the file has zones), and the columns it was read from."""
    names = {_plain(name): name for name in table.columns}
    used = [part for part in DAY_PARTS if part in names]
    if "year" in used and len(used) > 1:
        year, month, day = (table[names[part]].str.removesuffix(".0") if part in used else "1" for part in DAY_PARTS)
        texts = year + "-" + month + "-" + day
        clock = "hour" if "hour" in names else dates.clock(table, names, texts)
    else:
        used = [_main(path, table, names)]
        texts = table[names[used[0]]]
        clock = dates.clock(table, names, texts)
    if clock not in (None, *used):
        hours = table[names[clock]]
        used.append(clock)
        if clock == "hour" and "minute" in names:
            hours = hours.str.removesuffix(".0") + ":" + table[names["minute"]].str.removesuffix(".0").str.zfill(2)
            used.append("minute")
        texts = dates.joined(texts, hours)
    elif used == ["time"] and "date" in names:
        used.append("date")
    return dates.read(path, texts), [names[name] for name in used]


def _check_one_series(path: Path | Text, times: pd.Series, cells: pd.DataFrame) -> None:
    """Refuse the rows of several series, such as weather stations, if a column tells those of one time apart."""
    rows = times.value_counts()
    if (rows > 1).mean() < 0.5:
        return
    for name, texts in cells.items():
        names = sorted(set(texts))
        is_name = len(names) == rows.max() or not numbers.is_number(texts).any()
        if is_name and not cells.assign(time=times).duplicated(["time", name]).any():
            shown = labels.named([f"{word:.40}" for word in names])
            raise UserError(f"{path}: column {name} holds {len(names):,} series ({shown}): give one series a file.")


def _main(path: Path | Text, table: pd.DataFrame, names: dict[str, str]) -> str:
    """The column of dates, in lower case; one named `time` only if it holds more than times of day."""
    found = [name for name in TIME_NAMES if name in names]
    if not found:
        for number, cells in table.head(20).iterrows():
            if _plain(cells.iloc[0]) in TIME_NAMES and not numbers.is_number(cells).any():
                raise at_line(path, int(number), "looks like the header: take out what is above it")
        raise UserError(
            f"{path} has no column of times. It has: {', '.join(table.columns)}. Name one of them 'time' in line 1, "
            "or give the columns year, month, day and perhaps hour."
        )
    return found[1] if found[0] == "time" and len(found) > 1 and dates.are_of_day(table[names["time"]]) else found[0]


def _numbers(path: Path | Text, cells: pd.DataFrame) -> pd.DataFrame:
    """The columns as numbers, NaN for missing values; a column of words as several."""
    import pandas as pd

    cells = cells.loc[:, [not texts.str.lower().isin(numbers.MISSING).all() for _, texts in cells.items()]]
    words = {name: _words(path, name, texts) for name, texts in cells.items()}
    measured = cells.drop(columns=[name for name in words if words[name]]).replace(UNMEASURED, "")
    for name in measured:
        measured[name] = numbers.without_unit(path, name, measured[name])
    decimals = numbers.decimal_marks(measured)
    columns = {}
    for name, texts in cells.items():
        for word in words[name]:
            columns[f"{name}={word}"] = (texts == word).astype(float).where(texts.isin(words[name]))
        if name in measured:
            found = numbers.read(path, name, measured[name], decimals)
            if not _counts_rows(found):
                columns[name] = found
            if unmeasured := int((texts == UNMEASURED).sum()):
                reading.warn(f"{path}: {name} is {UNMEASURED} in {unmeasured:,} rows, which are taken as missing.")
    if not columns:
        raise UserError(f"{path} has no column of numbers beside its times.")
    return pd.DataFrame(columns, index=cells.index)


def _words(path: Path | Text, name: str, texts: pd.Series) -> list[str]:
    """The different words of a column, sorted; empty for a column in which a cell is a number."""
    given = texts[~texts.str.lower().isin(numbers.MISSING)]
    if numbers.is_number(given).any() or given.str.match(numbers.BEGIN).mean() > 0.5:
        return []
    words = sorted(set(given))
    if len(words) > MOST_CATEGORIES:
        raise UserError(
            f"{path}: column {name} holds {len(words):,} different words, such as {one_line(repr(words[0]), 40)}: "
            f"at most {MOST_CATEGORIES} can be categories. Take out the column."
        )
    return words


def _counts_rows(values: pd.Series) -> bool:
    return values.iloc[0] in (0, 1) and (values.diff().iloc[1:] == 1).all()


def _step(path: Path | Text, times: pd.Series) -> tuple[Step, pd.DatetimeIndex]:
    """The step between rows, and the times on its grid; a month is dated by its first day."""
    import pandas as pd

    seconds = times.astype("datetime64[s]").astype("int64")
    gaps = seconds.diff().iloc[1:]
    if (gaps <= 0).any():
        number = int((gaps <= 0).idxmax())
        raise at_line(
            path,
            number,
            f"has the time {times[number]}, which "
            f"{'occurs twice' if gaps[number] == 0 else 'is out of order'}: there must be one row per time, sorted, "
            "of one series (times in UTC where clocks change)",
        )
    common = int(Counter(gaps.tolist()).most_common(1)[0][0])
    if counted := in_months(common):
        months = times.dt.to_period("M")
        step = Step(counted[0], "month")
        off = (months.astype("int64").diff().iloc[1:] % step.count != 0) | (months.astype("int64").diff().iloc[1:] < 1)
        times = months.dt.to_timestamp()
    else:
        step = Step(common, "second")
        off = gaps % common != 0
        if common == DAY and (times.dt.day_of_week < 5).all() and (gaps != DAY).any():
            step = Step(1, "business day")
    if off.any():
        number = int(off.idxmax())
        raise at_line(
            path,
            number,
            f"has the time {times[number]}, off the step of {step} that most rows keep: round the times to it, "
            "or take the mean of each step",
        )
    return step, pd.DatetimeIndex(times)


def _plain(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name).strip(" <>").lower()


def _plural(count: int, unit: str) -> str:
    return unit if count == 1 else f"{count} {unit}s"
