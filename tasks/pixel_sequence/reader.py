"""Users' pictures: tables with one pixel per column, lines of numbers, picture files and folders of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from common.datasets import manifest, pictures, readers, tables
from common.datasets.lines import Text, at_line, line_of, lines
from common.errors import UserError

MOST_PIXELS = 1024  # 32 x 32; each is a timestep
TABLE = "pictures.csv"  # in a folder of pictures
OTHERS = ("label", "group")  # columns other than pixels


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
        if path.is_dir():
            return _folder(path, labelled)
        if path.suffix.lower() in pictures.SUFFIXES:
            if labelled:
                raise UserError(f"{path} is one picture: to train, give a folder of them with a table {TABLE}.")
            return [_picture(path)]
        if tables.suffix_of(path) in tables.TABLES:
            return list(_table(path, labelled))
    if labelled:
        raise UserError(
            f"{path} is no table: labels come from a CSV with a column label and one column for each pixel."
        )
    rows = (line.replace(",", " ").split() for line in lines(path))
    return [_numbers(path, number, cells) for number, cells in enumerate(rows, 1) if cells]


def _folder(folder: Path, labelled: bool) -> list[Raw]:
    """The pictures that the folder's table names; for prediction, all pictures if there is no table."""
    table = folder / TABLE
    if not table.exists():
        if labelled:
            raise UserError(f"{folder} has no table {TABLE}: write one, file,label and a row for each picture.")
        return readers.some(folder, [_picture(file) for file in pictures.files_in(folder)])
    columns = ("file", "label") if labelled else ("file",)
    found, places = [], {}
    for number, row in readers.numbered_labelled(table, columns, ("group",)):
        if Path(row["file"]).name != row["file"]:
            raise at_line(table, number, f"must name a picture in the same folder, not {row['file']!r:.60}")
        manifest.check_new(line_of(table, number), folder / row["file"], places)
        read = _picture(folder / row["file"])
        if found and (read.width, len(read.pixels)) != (found[0].width, len(found[0].pixels)):
            raise at_line(
                table,
                number,
                f"names {row['file']}, of {_size(read)} pixels; the first has {_size(found[0])}: make all of one size",
            )
        found.append(read._replace(label=row["label"] if labelled else None, group=row.get("group", "")))
    manifest.warn_of_others(table, places, pictures.files_in(folder))
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


def _table(path: Path, labelled: bool) -> Iterator[Raw]:
    """A CSV whose first line names its columns: label, optionally group, and one column per pixel."""
    rows = tables.rows(path, ("label",))
    _, names = next(rows)
    header = [name.lower() for name in names]
    if labelled and "label" not in header:
        raise UserError(f"{path} has no column 'label'. Line 1 must name the columns: label, and one for each pixel.")
    if all(cell.lstrip("-").isdecimal() for cell in header):
        raise at_line(path, 1, "must name the columns: label, and one for each pixel")
    if twice := next((name for name in OTHERS if header.count(name) > 1), None):
        raise UserError(f"{path} has more than one column {twice!r}: rename one in line 1.")
    places = [i for i, name in enumerate(header) if name not in OTHERS]
    for number, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise at_line(path, number, f"has {len(cells)} cells, the header has {len(header)}")
        row = dict(zip(header, cells))
        if labelled and readers.is_missing("label", row["label"]):
            what = f"the label {row['label']!r}, which stands for a missing one" if row["label"] else "an empty label"
            raise at_line(path, number, f"has {what}: fill it or remove the row")
        raw = _numbers(path, number, [cells[i] for i in places])
        yield raw._replace(label=row["label"] if labelled else None, group=row.get("group", ""))


def _numbers(path: Path | Text, number: int, cells: list[str]) -> Raw:
    wrong = next((cell for cell in cells if not cell.isdecimal() or len(cell) > 3 or int(cell) > 255), None)
    if wrong is not None:
        raise at_line(path, number, f"has the pixel {wrong!r:.20}: brightness is a whole number from 0 to 255")
    width = round(len(cells) ** 0.5)
    if width * width != len(cells) or not 0 < len(cells) <= MOST_PIXELS:
        raise at_line(path, number, f"has {len(cells)} pixels: a square of at most {MOST_PIXELS:,} is read")
    return Raw(tuple(map(int, cells)), width)
