"""Parse columns of numbers as spreadsheets and price providers write them: `1,234.5`, `1.234,5`, `$98`, `12.5M`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from common.datasets import reading
from common.datasets.lines import Text, at_line
from common.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "—", "?")
CURRENCY = r"^\s*(?:US\$|[A-Z]{3}\s|[$€£¥₹])\s*|\s*(?:\s[A-Z]{3}|[$€£¥₹])\s*$"
GROUPS = r"(?<=\d)['’\s](?=\d{3}(?:\D|$))"  # an apostrophe or a space between thousands
BEGIN = r"(?i)\s*[<>≤≥~]?\s*[-+]?(?:[$€£¥]\s*)?[\d.,]*\d|[-+]?inf"  # how a cell with a number begins: `2 m`, `<0.1`
UNIT = r"(?<=[\d.])\s*(?![eE][-+]?\d)([^\d\s.,+-]\S*)$"  # `°C` after a number; no exponent
PLAIN = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
POINT = rf"[-+]?[1-9](?:\d{{0,2}}(?:,\d{{3}})+|\d?(?:,\d\d)+,\d{{3}})(?:\.\d*)?|{PLAIN}"  # also 58,46,379, as in India
# Points between thousands. `0050,1` is no decimal: in NOAA's files it is 50, with the quality 1.
COMMA = r"[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d*|0)(?:,\d+)?|[-+]?(?:\d+|,\d+)"
TIME = r"\d{4}([-/.])\d\d?\1\d|\d\d?([-/.])\d\d?\2\d\d|\d\d?:\d\d"  # how a cell with a time begins
THOUSANDTHS = r"[-+]?[1-9]\d{0,2}\.\d{3}"
FACTORS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
JUMP = 20  # factor between neighbours that reveals a misread separator


def decimal_marks(table: pd.DataFrame) -> str:
    """The marks that must be decimal in some column of a table, whose other columns are read accordingly.

    Returns:
        `"."`, `","`, `".,"` where columns contradict each other, or `""`: `99,52` has a decimal comma, `62.930` may
        have a decimal point or thousands.
    """
    found = set()
    for column in range(table.shape[1]):
        cells, _ = _without_signs(table.iloc[:, column], "KMBT%")
        marks = [mark for mark, form in ((".", POINT), (",", COMMA)) if cells.str.fullmatch(form).all()]
        if len(marks) == 1 and cells.str.contains("[.,]").any():
            found.update(marks)
    return "".join(sorted(found, reverse=True))


def is_number(texts: pd.Series) -> pd.Series:
    """Whether each cell is a number or a bound such as `<0.1`, and nothing else."""
    return texts.str.replace("−", "-").str.replace(r"^[<>≤≥~]\s*", "", regex=True).str.fullmatch(f"{POINT}|{COMMA}")


def read(
    path: Path | Text, what: str, texts: pd.Series, decimals: str = "", smooth: bool = False, units: bool = False
) -> pd.Series:
    """The numbers of a column, NaN where a cell marks a missing value.

    Args:
        what: the column's name in messages, such as "price".
        texts: the cells, by line number.
        decimals: the `decimal_marks` of the table.
        smooth: whether neighbours are of similar size, as prices are; a reading of the separators under which they are
            not is then dropped.
        units: whether K, M, B and T after a number mean thousands, millions and so on.

    Raises:
        UserError: naming the line of a cell that is not a number, or that can be read in two ways.
    """
    import numpy as np

    cells, suffixes = _without_signs(texts, "KMBT" if units else "")
    readings = []
    if cells.str.fullmatch(POINT).all():
        readings.append(cells.str.replace(",", "", regex=False))
    if cells.str.fullmatch(COMMA).all() and ("," in decimals or cells.str.contains(",").any() or _are_thousands(cells)):
        readings.append(cells.str.replace(".", "", regex=False).str.replace(",", ".", regex=False))
    if not readings:
        wrong = cells[~cells.str.fullmatch(POINT if _points(cells) else COMMA)]
        raise _no_number(path, what, texts, int(wrong.index[0]))
    if len(cells) and not decimals and len(readings) == 1 and cells.str.fullmatch(THOUSANDTHS).all():
        shown = cells.iloc[0]
        reading.warn(
            f"{path}: the {what} {shown} is read with a decimal point: if that separates thousands, write "
            f"{shown.replace('.', '')}."
        )
    readings = [column.astype(float) * suffixes.map(FACTORS).astype(float).fillna(1) for column in readings]
    found = _only(path, what, texts[cells.index], readings, decimals, smooth)
    if len(infinite := found[~np.isfinite(found)]):
        raise _no_number(path, what, texts, int(infinite.index[0]))
    return found.reindex(texts.index)


def without_unit(path: Path | Text, what: str, texts: pd.Series) -> pd.Series:
    """The cells of a column without the unit after their numbers, if it is the same in all: `10.2 °C -> 10.2`."""
    cells = texts[~texts.str.lower().isin(MISSING)]
    units = set(cells.str.extract(UNIT, expand=False))
    plain = cells.str.replace(UNIT, "", regex=True)
    if len(units) != 1 or not all(isinstance(unit, str) for unit in units) or not is_number(plain).all():
        return texts
    reading.note(path, f"unit of {what}", units.pop())
    return plain.reindex(texts.index, fill_value="")


def _without_signs(texts: pd.Series, suffixes: str) -> tuple[pd.Series, pd.Series]:
    """The cells that are not missing, without currencies, spaces between thousands and suffixes; and the suffixes."""
    cells = texts[~texts.str.lower().isin(MISSING)]
    cells = cells.str.replace("−", "-").str.replace(CURRENCY, "", regex=True).str.replace(GROUPS, "", regex=True)
    found = cells.str.extract(rf"(?i)(?<=[\d.])\s*([{suffixes}])$" if suffixes else "(?!)()", expand=False).str.upper()
    return cells.where(found.isna(), cells.str[:-1].str.strip()), found


def _points(cells: pd.Series) -> bool:
    """Whether more cells are numbers with a decimal point than with a decimal comma."""
    return cells.str.fullmatch(POINT).sum() >= cells.str.fullmatch(COMMA).sum()


def _are_thousands(cells: pd.Series) -> bool:
    """Whether points may separate thousands: three digits follow each, and some cells, below 1000, have none."""
    pointed = cells.str.contains(".", regex=False)
    return bool(pointed.any() and (~pointed).any()) or bool(cells.str.count(r"\.").max() > 1)


def _only(path, what: str, texts: pd.Series, readings: list[pd.Series], decimals: str, smooth: bool) -> pd.Series:
    """The reading that remains when those with jumps, and those that other columns contradict, are dropped.

    Raises:
        UserError: if a point must separate thousands but a program would read a decimal; or if two readings remain.
    """
    steady = [reading for reading in readings if not smooth or _jump(reading) is None] or readings
    if len(readings) > 1 and len(decimals) == 1:
        chosen = readings[".,".index(decimals)]
        if any(chosen is reading for reading in steady):
            return chosen
        steady = readings
    first = steady[0]
    if len(steady) > 1 and not (steady[0] == steady[1]).all():
        number = int((steady[0] != steady[1]).idxmax())
        pointed = "." in texts[number]
        if pointed and not smooth and not decimals:
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
    shown = one_line(repr(texts[number]), 30)
    if re.match(TIME, texts[number]):
        problem = f"has the {what} {shown}, a time beside that of the row: take out the column"
        return at_line(path, number, f"{problem}, or, if the two make one time, name them date and time")
    return at_line(path, number, f"has the {what} {shown}: write numbers as 1234.5, and leave missing ones empty")
