"""Parse columns of numbers as spreadsheets and price providers write them: `1,234.5`, `1.234,5`, `$98`, `12.5M`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.datasets.lines import Text, at_line
from common.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "—", "?")
CURRENCY = r"^\s*(?:US\$|[A-Z]{3}\s|[$€£¥₹])\s*|\s*(?:\s[A-Z]{3}|[$€£¥₹])\s*$"
GROUPS = r"(?<=\d)['’\s](?=\d{3}(?:\D|$))"  # an apostrophe or a space between thousands
PLAIN = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
POINT = rf"[-+]?\d{{1,3}}(?:,\d{{3}})+(?:\.\d*)?|{PLAIN}"  # commas between thousands
COMMA = r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?|[-+]?,\d+"  # points between thousands
FACTORS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
JUMP = 20  # factor between neighbours that reveals a misread separator


def read(path: Path | Text, what: str, texts: pd.Series, smooth: bool = False, units: bool = False) -> pd.Series:
    """The numbers of a column, NaN where a cell marks a missing value.

    Args:
        what: the column's name in messages, such as "price".
        texts: the cells, by line number.
        smooth: whether neighbours are of similar size, as prices are; a reading of the separators under which they are
            not is then dropped.
        units: whether K, M, B and T after a number mean thousands, millions and so on.

    Raises:
        UserError: naming the line of a cell that is not a number, or that can be read in two ways.
    """
    import numpy as np
    import pandas as pd

    given = texts[~texts.str.lower().isin(MISSING)]
    cells = given.str.replace(CURRENCY, "", regex=True).str.replace(GROUPS, "", regex=True)
    suffixes = cells.str.extract(r"(?i)(?<=[\d.])\s*([KMBT])$" if units else "(?!)()", expand=False).str.upper()
    cells = cells.where(suffixes.isna(), cells.str[:-1].str.strip())
    readings = []
    if cells.str.fullmatch(POINT).all():
        readings.append(cells.str.replace(",", "", regex=False))
    if cells.str.fullmatch(COMMA).all() and (cells.str.contains(",").any() or _are_thousands(cells)):
        readings.append(cells.str.replace(".", "", regex=False).str.replace(",", ".", regex=False))
    if not readings:
        wrong = cells[~cells.str.fullmatch(POINT if _points(cells) else COMMA)]
        raise _no_number(path, what, texts, int(wrong.index[0]))
    readings = [pd.to_numeric(reading) * suffixes.map(FACTORS).fillna(1) for reading in readings]
    found = _only(path, what, given, readings, smooth)
    if len(infinite := found[~np.isfinite(found)]):
        raise _no_number(path, what, texts, int(infinite.index[0]))
    return found.astype(float).reindex(texts.index)


def _points(cells: pd.Series) -> bool:
    """Whether more cells are numbers with a decimal point than with a decimal comma."""
    return cells.str.fullmatch(POINT).sum() >= cells.str.fullmatch(COMMA).sum()


def _are_thousands(cells: pd.Series) -> bool:
    """Whether points may separate thousands: three digits follow each, and some cells, below 1000, have none."""
    pointed = cells.str.contains(".", regex=False)
    return bool(pointed.any() and (~pointed).any()) or bool(cells.str.count(r"\.").max() > 1)


def _only(path, what: str, texts: pd.Series, readings: list[pd.Series], smooth: bool) -> pd.Series:
    """The reading that remains when those with jumps are dropped.

    Raises:
        UserError: if a point must separate thousands but a program would read a decimal; or if two readings remain.
    """
    steady = [reading for reading in readings if not smooth or _jump(reading) is None] or readings
    first = steady[0]
    if len(steady) > 1 and not (steady[0] == steady[1]).all():
        number = int((steady[0] != steady[1]).idxmax())
        pointed = "." in texts[number]
        if pointed and not smooth:
            return first
        raise at_line(
            path,
            number,
            f"has the {what} {texts[number]!r:.30}, in which the {'point' if pointed else 'comma'} may separate "
            "thousands or be a decimal: write numbers as 1234.5",
        )
    if smooth and len(readings) > 1 and first is readings[1] and not texts.str.contains(",").any():
        number = _jump(readings[0])
        place = texts.index.get_loc(number)
        raise at_line(
            path,
            int(number),
            f"has the {what} {texts[number]!r:.30} beside {texts.iloc[place - 1]!r:.30}: does the point separate "
            "thousands? Write numbers as 1234.5",
        )
    return first


def _jump(numbers: pd.Series):
    """The line of the first number that differs from the one before by more than a factor of JUMP; None without one."""
    above = numbers[numbers > 0]
    ratios = above / above.shift()
    far = ratios[(ratios > JUMP) | (ratios < 1 / JUMP)]
    return far.index[0] if len(far) else None


def _no_number(path, what: str, texts: pd.Series, number: int):
    return at_line(path, number, f"has the {what} {one_line(repr(texts[number]), 30)}: write numbers as 1234.5")
