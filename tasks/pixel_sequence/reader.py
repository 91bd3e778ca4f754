"""Users' pictures: tables with one pixel per column, lines of numbers, picture files and folders of them."""

from __future__ import annotations

import functools
import math
import re
from pathlib import Path
from typing import NamedTuple

from common.datasets import delimited, manifest, pictures, readers, reading
from common.datasets.lines import Text, at_line, lines
from common.errors import UserError, one_line

MOST_PIXELS = 1024  # 32 x 32; each is a timestep
WANTED = "label, and one with a number for each pixel, such as pixel1, pixel2; or file and label for picture files"


class Raw(NamedTuple):
    """A picture as read: brightness row by row, 0 to 255, and the number of pixels per row."""

    pixels: tuple[int, ...]
    width: int
    label: str | None = None
    group: str = ""


def raw_pictures(path: Path | Text, labelled: bool) -> list[Raw]:
    """All pictures in a file or folder.

    Raises:
        UserError: if one cannot be read, or lacks a label that `labelled` requires; names the file and the line.
    """
    if not isinstance(path, Text):
        kind = delimited.suffix_of(path)
        if path.is_file() and kind in delimited.TABLES and (pixels := _pixel_columns(path, labelled)):
            return _table(path, pixels, labelled)
        if path.is_dir() or kind in (*pictures.SUFFIXES, *delimited.TABULAR):
            return _files(path, labelled)
    if labelled:
        raise UserError(
            f"{path} is no table: labels come from a CSV with a column label and one column for each pixel."
        )
    rows = (line.replace(",", " ").split() for line in lines(path))
    return [_numbers(path, number, cells) for number, cells in enumerate(rows, 1) if cells]


def _files(path: Path, labelled: bool) -> list[Raw]:
    """The pictures that a table names; for prediction also those of a folder without one, or a single picture."""
    found: list[Raw] = []
    for entry in manifest.once(manifest.entries(path, pictures.SUFFIXES, ("label",), ("group",), labelled)):
        read = _picture(entry.path)
        if found and (read.width, len(read.pixels)) != (found[0].width, len(found[0].pixels)):
            place = f"{entry.place}, names {entry.path.name}, of" if entry.place else f"{entry.path} has"
            raise UserError(f"{place} {_size(read)} pixels; the first has {_size(found[0])}: make all of one size.")
        found.append(read._replace(label=entry.row.get("label"), group=entry.row.get("group", "")))
    pictures.warn_if_dark(path, (max(picture.pixels) for picture in found))
    return found


def _size(picture: Raw) -> str:
    return f"{picture.width} x {len(picture.pixels) // picture.width}"


def _picture(file: Path) -> Raw:
    picture = pictures.read(file)
    if picture.size > MOST_PIXELS:
        height, width = picture.shape
        raise UserError(
            f"{file} has {width} x {height} pixels: read one by one, at most {MOST_PIXELS:,} make sense. Shrink it."
        )
    return Raw(tuple(picture.ravel().tolist()), picture.shape[1])


def _pixel_columns(path: Path, labelled: bool) -> list[str]:
    """The columns of a table whose names hold a number, as `pixel0` or `1x1`, and that are no index of pandas.

    They are in the order of these numbers, whatever the order in the table. Empty if the table names files instead.

    Raises:
        UserError: if line 1 is no header, or names another number of pixels than a square has.
    """
    number, header = next(delimited.rows(path, ("label",)))
    plain = [cell for cell in header if re.fullmatch(r"-?\d+(\.\d*)?", cell)]
    if len(plain) == len(header) or len(set(plain)) < len(plain):
        raise at_line(path, number, f"must name the columns: {WANTED}")
    found = [name for name in header if re.search(r"\d", name) and not name.lower().startswith("unnamed:")]
    others = [name for name in header if name not in found]
    if not found:
        if not reading.columns() and "file" not in map(str.lower, header):
            raise at_line(path, number, f"names no pixels and no files: {WANTED}")
        return []
    if labelled and not reading.columns() and "label" not in map(str.lower, others):
        has = f"has {len(found)} columns for pixels, {found[0]:.20} to {found[-1]:.20}, and no column 'label'"
        example = next(filter(None, others), None)
        which = f", or say which it is: COLUMNS=label={one_line(example, 20)}" if example else ""
        raise UserError(f"{path} {has}: add it{which}.")
    if not _is_square(len(found)):
        problem = (
            f"names {len(found)} columns with a number, {found[0]:.20} to {found[-1]:.20}, as those of pixels:"
            f" a square of at most {MOST_PIXELS:,} is read"
        )
        raise at_line(path, number, problem)
    if over := [name or "one without a name" for name in others if name.lower() not in ("label", "group")]:
        reading.note(path, "columns passed over", one_line(", ".join(over)))
    return _sorted(path, found)


def _sorted(path: Path, names: list[str]) -> list[str]:
    """Names that differ only in one number, or in those of row and column, by these; other names as they are."""
    numbers = {name: [int(number) for number in re.findall(r"\d+", name)] for name in names}
    (alike, *others) = {re.sub(r"\d+", "0", name.lower()) for name in names}
    if others or len(numbers[names[0]]) > 2:
        return names
    column_first = re.search("x_?0_?y_?0", alike)  # x3y0 is in row 0
    found = sorted(names, key=lambda name: numbers[name][::-1] if column_first else numbers[name])
    if found != names:
        reading.note(path, "pixels", f"in the order of their numbers, {found[0]:.20}, {found[1]:.20}, ...")
    return found


def _table(path: Path, pixels: list[str], labelled: bool) -> list[Raw]:
    """The rows of a CSV with one column for each pixel."""
    found = []
    for number, row in readers.numbered_labelled(path, ("label",) if labelled else (), ("group", *pixels)):
        label, group = row.pop("label", None), row.pop("group", "")
        found.append(_numbers(path, number, list(row.values()))._replace(label=label, group=group))
    pictures.warn_if_dark(path, (max(picture.pixels) for picture in found))
    return found


def _numbers(path: Path | Text, number: int, cells: list[str]) -> Raw:
    pixels = [_brightness(cell) for cell in cells]
    if None in pixels:
        wrong = cells[pixels.index(None)]
        problem = f"has the pixel {wrong!r:.20}: brightness is a whole number from 0 to 255"
        hint = "; multiply those from 0 to 1 by 255" if re.fullmatch(r"0?\.\d+(e-\d+)?", wrong) else ""
        raise at_line(path, number, problem + hint)
    if not _is_square(len(cells)):
        raise at_line(path, number, f"has {len(cells)} pixels: a square of at most {MOST_PIXELS:,} is read")
    return Raw(tuple(pixels), math.isqrt(len(cells)))


@functools.lru_cache(1024)  # a table has many cells and few different ones
def _brightness(cell: str) -> int | None:
    """The whole number from 0 to 255 in a cell such as `15` or `15.0`; None if it holds anything else."""
    number = re.fullmatch(r"(\d{1,3})(\.0*)?", cell)
    return int(number[1]) if number and int(number[1]) <= 255 else None


def _is_square(pixels: int) -> bool:
    return 0 < pixels <= MOST_PIXELS and math.isqrt(pixels) ** 2 == pixels
