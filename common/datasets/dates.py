"""Parse times by the format that fits all rows of a table."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common.datasets.lines import Text, at_line
from common.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

# In addition to ISO 8601; a time of day may follow each.
DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d"),
    *("%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d.%m.%y", "%y.%m.%d"),
    *("%d-%b-%Y", "%d-%B-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b-%d-%Y", "%a %b %d %Y", "%a, %d %b %Y"),
    "%Y-%m-%d",  # with AM and PM
)
OF_MONTHS = ("%b-%Y", "%b %Y", "%B %Y", "%Y-%b")  # each is its first day
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
LOOKED_AT = 100  # rows at the top by which the formats for all rows are chosen
# Times since 1970, from the year 2001 on.
UNIX = {r"\d{10}": "s", r"\d{13}": "ms", r"\d{16}": "us", r"[1-8]\d{18}": "ns"}
COMPACT = r"((?:19|20)\d\d)([01]\d)([0-3]\d)([0-2]\d)([0-5]\d)?([0-5]\d)?"  # 2017090113; as Unix time far in the future
QUARTER = r"(?P<year>\d{4})[- ]?Q(?P<quarter>[1-4])|Q(?P<first>[1-4])[- ](?P<after>\d{4})"  # 2020Q1, 2020-Q1, Q1 2020
WEEK = r"(\d{4})-?W([0-5]\d)"  # of ISO 8601
CLOCKS = ("time", "hour", "hr", "hh", "hhmm")  # columns of the time of day beside one of dates
CLOCK = r"\d{1,2}:\d\d.*|\d{1,2}\.\d\d(?:\.\d\d)?|\d{4}|\d{6}"
MIDNIGHT = r"[ T]00:00(?::00(?:\.0+)?)?$"
END_OF_DAY = r"(?<=[ T])24(?=:00(?::00)?$)"
OFFSET = r"(?<=:\d\d)(?:\.\d+)?\s*(?:Z|UTC|[+-]\d\d:?\d\d)$"  # after a time of day
UTC = r"(?<=:\d\d) ?UTC$"  # as ThingSpeak and BigQuery write it
SPAN = r":\d\d\s*-\s*(?:.* )?(\d?\d:\d\d)(?::\d\d)?$"
MOST_OFFSETS = 4  # from UTC in a file; more are ends of spans
ZONE = r"(?<=:\d\d) ?(?!(?:AM|PM)$)([A-Z]{2,5})$"  # the name of a time zone after a time of day
WRITE = "write it as 2017-09-01 or 2017-09-01 13:00"


def read(path: Path | Text, texts: pd.Series, local: bool = False) -> pd.Series:
    """The time of each row, without a time zone.

    Where day, month and year could be swapped, the order under which the rows are sorted is taken, and of several such
    the one under which they follow a single step: `21/03/04 23:00`, `21/03/05 00:00` are an hour apart in one order.

    Args:
        texts: the cells, by line number.
        local: whether a time with a zone stays local time, so that a trading day keeps its date; otherwise it becomes
            UTC.

    Raises:
        UserError: naming the line that fits no format, or the first line with two readings if two formats fit.
    """
    import pandas as pd

    offsets = texts.str.extract(SPAN, expand=False)
    if offsets.nunique() > MOST_OFFSETS:  # 08:00-09:00 is no time nine hours behind UTC
        number = int(offsets.first_valid_index())
        raise at_line(path, number, f"has the span of time {texts[number]!r:.60}: keep its beginning, and {WRITE}")
    written = texts.str.replace(OFFSET, "", regex=True) if local else texts.str.replace(UTC, "Z", regex=True)
    if (compact := written.str.fullmatch(COMPACT)).mean() > 0.5:
        written = written.mask(compact, written.str.replace(COMPACT, _spelt, regex=True))
    written = written.str.replace(f"^(?:{QUARTER})$", _first_of_quarter, regex=True)
    written = written.str.replace(f"^{WEEK}$", _monday, regex=True)
    later = pd.to_timedelta(written.str.contains(END_OF_DAY).astype(int), unit="D")
    written = written.str.replace(END_OF_DAY, "00", regex=True)
    if (times := _in_calendar(_iso(written) + later)).notna().all():  # no other format fits ISO 8601
        return times
    readings = [times, *(_in_calendar(times + later) for times in _readings(written))]
    whole = [reading for reading in readings if reading.notna().all()]
    if not whole:
        best = max(readings, key=lambda reading: reading.notna().sum())
        _all_read(path, best, texts)
    ordered = [times for times in whole if _is_sorted(times)] or whole
    even = [times for times in ordered if _is_even(times)] or ordered
    for times in even[1:]:
        if (differ := times != even[0]).any():
            number = int(differ.idxmax())
            problem = f"is that {even[0][number].date()} or {times[number].date()}? Write 2017-09-01"
            raise at_line(path, number, f"has the time {texts[number]!r:.40}: {problem}")
    return even[0]


def clock(table: pd.DataFrame, names: Mapping[str, str], days: pd.Series) -> str | None:
    """The column with the time of day that belongs to dates; None if there is none.

    `time` is one if it is written as such; `hour` and the like, or `time` with numbers, where dates recur: elsewhere
    they are measurements.

    Args:
        names: the columns of the table by their names in lower case.
        days: the texts of the dates.
    """
    if days.str.replace(MIDNIGHT, "", regex=True).str.contains(":").any():
        return None
    if "time" in names and table[names["time"]].str.fullmatch(CLOCK).mean() > 0.5:
        return "time"
    return next((name for name in CLOCKS if name in names and days.duplicated().any()), None)


def are_of_day(texts: pd.Series) -> bool:
    """Whether most cells may be times of day and no dates: `18:00`, `18.00`, `18`, `1800`."""
    return texts.str.fullmatch(rf"{CLOCK}|\d{{1,6}}(?:\.0)?").mean() > 0.5


def joined(days: pd.Series, clock: pd.Series) -> pd.Series:
    """Texts of dates and times of day in one: `18`, `18.00`, `1800`, `180000` and `18:00` are the same time."""
    clock = clock.str.removesuffix(".0").str.replace(r"^(\d{1,2})\.(\d\d)(?:\.(\d\d))?$", _colons, regex=True)
    if clock.str.fullmatch(r"\d{1,6}").all():
        digits = clock.str.len().max()
        clock = clock.str.zfill(digits + digits % 2).str.ljust(4, "0")
        clock = clock.str.replace(r"(?<=\d)(?=(?:\d\d)+$)", ":", regex=True)
    return days.str.replace(MIDNIGHT, "", regex=True) + " " + clock


def _all_read(path: Path | Text, times: pd.Series, texts: pd.Series) -> pd.Series:
    """The times, if every row has one; messages show the text of a row that has none."""
    if (unread := times.isna()).any():
        number = int(unread.idxmax())
        if zone := re.search(ZONE, texts[number].strip()):
            problem = f"leave {zone[1]} out and give times in UTC"
            raise at_line(path, number, f"has the time {one_line(repr(texts[number]), 40)}: {problem}")
        read = times.first_valid_index()
        other = "" if read is None else f", unlike {one_line(repr(texts[read]), 40)} in line {read}"
        raise at_line(path, number, f"has the time {one_line(repr(texts[number]), 40)}{other}: {WRITE}")
    return times


def _in_calendar(times: pd.Series) -> pd.Series:
    """The times to the second, as loggers are late by less, and NaT outside the years 1 to 9999 of Python's dates."""
    times = times.dt.round("s")
    return times.where(times.dt.year.between(1, 9999))


def _spelt(compact: re.Match) -> str:
    year, month, day, hour, minute, second = compact.groups(default="00")
    return f"{year}-{month}-{day} {hour}:{minute}:{second}"


def _first_of_quarter(found: re.Match) -> str:
    year, quarter = found["year"] or found["after"], int(found["quarter"] or found["first"])
    return f"{year}-{3 * quarter - 2:02}-01"


def _monday(found: re.Match) -> str:
    """The first day of a week, or the text where the year has no such week."""
    try:
        return datetime.date.fromisocalendar(int(found[1]), int(found[2]), 1).isoformat()
    except ValueError:
        return found[0]


def _colons(clock: re.Match) -> str:
    return ":".join(part for part in clock.groups() if part)


def _iso(texts: pd.Series) -> pd.Series:
    import pandas as pd

    return pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)


def _readings(texts: pd.Series):
    """The texts parsed by each other format, NaT where it does not fit; skips formats that fit no row at the top."""
    import pandas as pd

    for digits, unit in UNIX.items():
        if texts.str.fullmatch(rf"{digits}(?:\.0)?").all():
            yield pd.to_datetime(texts.str.removesuffix(".0").astype("int64"), unit=unit, errors="coerce")
    top = texts.iloc[:LOOKED_AT]
    shapes = set(map(_shape, top))
    for date in (*DATES, *OF_MONTHS):
        formats = [
            date + time
            for time in TIMES
            if _shape(date + time) in shapes and pd.to_datetime(top, format=date + time, errors="coerce").notna().any()
        ]
        if formats:
            found = pd.to_datetime(texts, format=formats[0], errors="coerce")
            for other in formats[1:]:
                found = found.fillna(pd.to_datetime(texts, format=other, errors="coerce"))
            yield found


@functools.lru_cache(maxsize=256)
def _shape(text: str) -> str:
    """What the texts of one format have in common, of a text or a format: `"31 Jan 2024"`, `"%d %b %Y" -> "0a0"`."""
    words = re.sub(r"%[abBp]|[^\W\d_]+", "a", re.sub(r"%[dmyYHMSIf]|\d+", "0", text))
    return re.sub(r"\s+", "", words)


def _is_sorted(times: pd.Series) -> bool:
    return times.is_monotonic_increasing or times.is_monotonic_decreasing


def _is_even(times: pd.Series) -> bool:
    """Whether all rows are the same time, or the same number of months, apart."""
    months = (12 * times.dt.year + times.dt.month).diff().iloc[1:]
    return times.diff().iloc[1:].nunique() == 1 or (months.nunique() == 1 and bool(months.iloc[0]))
