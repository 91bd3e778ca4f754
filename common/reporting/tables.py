"""Scores as text, and tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_NUMERIC = re.compile(r"$|-$|\**[-+]?[\d]")


def markdown(rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table: the first row is the header; columns of numbers are right-aligned."""
    clean = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    rule = ["---:" if all(map(_NUMERIC.match, column[1:])) else "---" for column in zip(*clean, strict=True)]
    return [f"| {' | '.join(row)} |" for row in (clean[0], rule, *clean[1:])]


def number(value: float | None) -> str:
    """A score as text: four significant digits or three decimals, whichever is shorter; a dash for None and NaN."""
    if value is None or np.isnan(value):
        return "-"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"


def bounds(interval: Sequence[float | None]) -> str:
    """An interval `[low, high]` as text; a dash if a score has none."""
    low, high = map(number, interval)
    return "-" if low == high == "-" else f"{low} to {high}"
