"""Parse times by the format that fits all rows of a table."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from common.datasets.lines import Text, at_line
from common.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

# In addition to ISO 8601; a time of day may follow each.
DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d"),
    *(
        "%d/%m/%y",
        "%m/%d/%y",
        "%y/%m/%d",
        "%d.%m.%y",
        "%y.%m.%d",
        "%d-%b-%Y",
        "%d-%B-%Y",
        "%d-%b-%y",
        "%d %b %Y",
        "%d %B %Y",
    ),
    *("%b %d, %Y", "%B %d, %Y", "%b-%d-%Y", "%a %b %d %Y", "%a, %d %b %Y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
LOOKED_AT = 100  # rows at the top by which the formats for all rows are chosen
SECONDS, MILLISECONDS = 10, 13  # digits of a Unix time in the years 2001 to 2286
OFFSET = r"(?<=:\d\d)(?:\.\d+)?\s*(?:Z|UTC|[+-]\d\d:?\d\d)$"  # after a time of day
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
    if local:
        texts = texts.str.replace(OFFSET, "", regex=True)
    if (times := _iso(texts)).notna().all():  # no other format fits ISO 8601
        return times
    readings = [times, *_readings(texts)]
    whole = [reading for reading in readings if reading.notna().all()]
    if not whole:
        best = max(readings, key=lambda reading: reading.notna().sum())
        all_read(path, best, texts)
    ordered = [times for times in whole if _is_sorted(times)] or whole
    even = [times for times in ordered if _is_even(times)] or ordered
    for times in even[1:]:
        if (differ := times != even[0]).any():
            number = int(differ.idxmax())
            problem = f"is that {even[0][number].date()} or {times[number].date()}? Write 2017-09-01"
            raise at_line(path, number, f"has the time {texts[number]!r:.40}: {problem}")
    return even[0]


def all_read(path: Path | Text, times: pd.Series, texts: pd.Series) -> pd.Series:
    """The times, if every row has one; messages show the text of a row that has none."""
    if (unread := times.isna()).any():
        number = int(unread.idxmax())
        read = times.first_valid_index()
        other = "" if read is None else f", unlike {one_line(repr(texts[read]), 40)} in line {read}"
        raise at_line(path, number, f"has the time {one_line(repr(texts[number]), 40)}{other}: {WRITE}")
    return times


def in_calendar(times: pd.Series) -> pd.Series:
    """The times with NaT outside the years 1 to 9999, which Python's dates do not have."""
    return times.where(times.dt.year.between(1, 9999))


def _iso(texts: pd.Series) -> pd.Series:
    import pandas as pd

    return in_calendar(pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None))


def _readings(texts: pd.Series):
    """The texts parsed by each other format, NaT where it does not fit; skips formats that fit no row at the top."""
    import pandas as pd

    for digits, unit in ((SECONDS, "s"), (MILLISECONDS, "ms")):
        if texts.str.fullmatch(rf"\d{{{digits}}}(?:\.0)?").all():
            yield pd.to_datetime(texts.astype(float), unit=unit)
    top = texts.iloc[:LOOKED_AT]
    shapes = set(map(_shape, top))
    for date in DATES:
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
    words = re.sub(r"%[abBp]|[^\W\d_]+", "a", re.sub(r"%[dmyYHMSI]|\d+", "0", text))
    return re.sub(r"\s+", "", words)


def _is_sorted(times: pd.Series) -> bool:
    return times.is_monotonic_increasing or times.is_monotonic_decreasing


def _is_even(times: pd.Series) -> bool:
    """Whether all rows are the same time, or the same number of months, apart."""
    months = (12 * times.dt.year + times.dt.month).diff().iloc[1:]
    return times.diff().iloc[1:].nunique() == 1 or (months.nunique() == 1 and bool(months.iloc[0]))
