"""A user's sounds or pictures: a folder with a table that describes each file, a table, a file, or typed paths."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from os.path import realpath  # Path.resolve raises an error for links in a circle
from pathlib import Path
from typing import NamedTuple

from common.datasets import reading
from common.datasets.lines import Text, at_line, line_of, lines
from common.datasets.paths import is_file, with_suffix
from common.datasets.readers import numbered_rows
from common.errors import UserError

TABLES = (".csv", ".tsv")


class Entry(NamedTuple):
    """A file, the other cells of its row, and the place in the table for messages ("" without a table)."""

    file: Path
    row: dict[str, str]
    place: str = ""


def entries(
    path: Path | Text,
    suffixes: Sequence[str],
    columns: Sequence[str],
    optional: Sequence[str] = (),
    labelled: bool = True,
) -> list[Entry]:
    """The files that a path names, in the order of the table or of their names; a table may name one in several rows.

    A folder must contain exactly one table, a .csv or .tsv with a column `file` (paths below the folder of the table)
    and the given columns. For prediction a folder without a table, one file, or a text with one path per line will do.

    Args:
        suffixes: of the files, in lower case: `(".wav",)`.
        columns: that the table must have in addition to `file`, where `labelled`.
        optional: columns that it may have.
        labelled: whether the columns are needed; otherwise only the files are.

    Raises:
        UserError: if a file is missing, or a table lacks a column or names a missing file.
    """
    if isinstance(path, Text):
        found = [Path(line.strip()).expanduser() for line in lines(path) if line.strip()]
        return [_checked(Entry(file, {}), suffixes) for file in found]
    tables = [path] if path.suffix.lower() in TABLES else []
    if path.is_dir():
        tables = with_suffix(path.iterdir(), TABLES)
        if not tables and not labelled:
            return _files_of(path, suffixes)
        if len(tables) != 1:
            has = (
                f"holds {len(tables)} tables ({', '.join(file.name for file in tables)})" if tables else "has no table"
            )
            wanted = f"the columns file, {', '.join(columns)}"
            raise UserError(f"{path} {has}: put one .csv or .tsv with {wanted} into it, or name the table.")
    if tables:
        return _rows(tables[0], suffixes, columns if labelled else (), optional)
    if labelled:
        raise UserError(f"{path} is one file: name a folder with a table, or the table.")
    return [_checked(Entry(path, {}), suffixes)]


def _files_of(folder: Path, suffixes: Sequence[str]) -> list[Entry]:
    found = with_suffix(folder.iterdir(), suffixes)
    if not found:
        raise UserError(f"{folder} holds no {' or '.join(suffixes)} file.")
    return [Entry(file, {}) for file in found]


def once(found: list[Entry]) -> list[Entry]:
    """The same entries.

    Raises:
        UserError: if two rows of a table name one file.
    """
    places: dict[str, str] = {}
    for entry in found:
        check_new(entry.place, entry.file, places)
    return found


def _rows(table: Path, suffixes: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> list[Entry]:
    found = []
    for number, row in numbered_rows(table, ("file", *columns), optional):
        entry = Entry(_existing(table.parent, row.pop("file")), row, line_of(table, number))
        if entry.file.suffix.lower() not in suffixes:
            raise at_line(table, number, f"names {entry.file.name:.60}, which is no {' or '.join(suffixes)} file")
        if not is_file(entry.file):
            raise at_line(table, number, f"names {entry.file.name:.60}, which is not in {entry.file.parent}")
        found.append(entry)
    named = {realpath(entry.file) for entry in found}
    warn_of_others(table, named, with_suffix(table.parent.iterdir(), suffixes))
    return found


def _existing(folder: Path, name: str) -> Path:
    """The file of that name; some systems store accents as separate characters (NFD)."""
    paths = [folder / unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    return next((path for path in paths if is_file(path)), paths[0])


def check_new(place: str, file: Path, places: dict[str, str]) -> None:
    """Remember the place, `line_of` a table, that names a file.

    Raises:
        UserError: if another line names it too.
    """
    before = places.setdefault(realpath(file), place)
    if before != place:
        line = before.rpartition(", ")[2]
        raise UserError(f"{place}, names {file.name}, as {line} does: keep one of the rows.")


def warn_of_others(table: Path, named: Collection[str], there: Iterable[Path]) -> None:
    """Warn of files beside those that a table names, which are skipped."""
    others = sorted(file.name for file in there if realpath(file) not in named)
    if others:
        shown = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        reading.warn(f"{table} does not name {len(others):,} of the files beside it ({shown}): they are passed over.")


def _checked(entry: Entry, suffixes: Sequence[str]) -> Entry:
    if entry.file.suffix.lower() not in suffixes:
        raise UserError(f"{str(entry.file)!r:.80} is no {' or '.join(suffixes)} file: give the path of one.")
    return entry
