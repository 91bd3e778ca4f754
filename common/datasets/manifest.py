"""A user's sounds, pictures or clips: a table that describes each file, its folder, a file, or typed paths."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from os.path import realpath  # Path.resolve raises an error for links in a circle
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from common.datasets import delimited, reading
from common.datasets.lines import Text, at_line, line_of, lines
from common.datasets.paths import below, by_number, is_file, is_folder, own, with_suffix
from common.datasets.readers import numbered_labelled
from common.errors import UserError, one_line

NAMED = (*delimited.TABULAR, ".txt")  # files that are tables if a user names them
MOST_SEEN = 100_000  # files that are looked through for one that a table may mean


class Entry(NamedTuple):
    """A file or folder, the other cells of its row, and the place in the table for messages ("" without a table)."""

    path: Path
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

    A folder must contain exactly one table, with a column `file` and the given columns. Paths start at the folder of
    the table, or at the only folder in it that holds all the files. For prediction a folder without a table, one file,
    or a text with one path per line will do.

    Args:
        suffixes: of the files, in lower case: `(".wav",)`. None, `()`, for a table that names folders, in a column
            `folder`.
        columns: that the table must have in addition to `file`, where `labelled`.
        optional: columns that it may have.
        labelled: whether the columns are needed; otherwise only the files are.

    Raises:
        UserError: if a file is missing, or a table lacks a column or names a missing file.
    """
    if isinstance(path, Text):
        found = [Path(line.strip()).expanduser() for line in lines(path) if line.strip()]
        return [_checked(Entry(file, {}), suffixes) for file in found]
    columns = ("folder" if not suffixes else "file", *(columns if labelled else ()))
    if path.is_dir():
        there = tables_in(path)
        if not there and not labelled:
            return _files_of(path, suffixes)
        if len(there) != 1:
            names = ", ".join(file.name for file in there)
            has = f"holds {len(there)} tables ({names})" if there else "has no table"
            wanted = f"the columns {', '.join(columns)}"
            raise UserError(f"{path} {has}: put one .csv or .tsv with {wanted} into it, or name the table.")
        return _rows(there[0], suffixes, columns, optional)
    if delimited.suffix_of(path) in NAMED:
        return _rows(path, suffixes, columns, optional)
    if labelled or not suffixes:
        raise UserError(f"{path} is one file: name a folder with a table, or the table.")
    return [_checked(Entry(path, {}), suffixes)]


def tables_in(folder: Path) -> list[Path]:
    """The tables in a folder, sorted."""
    return with_suffix(folder.iterdir(), delimited.TABLES)


def _files_of(folder: Path, suffixes: Sequence[str]) -> list[Entry]:
    found = sorted(with_suffix(folder.iterdir(), suffixes), key=by_number)
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
        before = places.setdefault(realpath(entry.path), entry.place)
        if before != entry.place:
            line = before.rpartition(", ")[2]
            raise UserError(f"{entry.place}, names {entry.path.name}, as {line} does: keep one of the rows.")
    return found


def _rows(table: Path, suffixes: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> list[Entry]:
    found = []
    rows = numbered_labelled(table, columns, optional)
    folder = _folder_of(table, [row[columns[0]] for _, row in rows], suffixes)
    for number, row in rows:
        name = row.pop(columns[0])
        path = below(folder, name)
        if not _is_kind(path, suffixes):
            kind = f"{' or '.join(suffixes)} file" if suffixes else "folder"
            wrong = path.suffix.lower() not in suffixes if suffixes else is_file(path)
            problem = f"is no {kind}" if wrong else f"is not in {table.parent}"
            hint = _meant(table.parent, name, suffixes)
            raise at_line(table, number, f"names {one_line(name, 60)}, which {problem}{hint}")
        found.append(Entry(path, row, line_of(table, number)))
    _warn_of_others(table, folder, {realpath(entry.path) for entry in found}, suffixes)
    return found


def _folder_of(table: Path, names: Sequence[str], suffixes: Sequence[str]) -> Path:
    """The folder at which the names of a table start: its own, or the only one in it that holds them all."""
    if not names or _is_kind(below(table.parent, names[0]), suffixes):
        return table.parent
    holding = [
        folder
        for folder in own(table.parent.iterdir())
        if is_folder(folder) and all(_is_kind(below(folder, name), suffixes) for name in names)
    ]
    if len(holding) != 1:
        return table.parent
    reading.note(table, "folder of the files", holding[0].name)
    return holding[0]


def _meant(folder: Path, name: str, suffixes: Sequence[str]) -> str:
    """A hint at what has the same name in another folder, in another case, or with another ending."""
    plain = PurePosixPath(name.replace("\\", "/"))
    names = {plain.name.casefold(), plain.stem.casefold()}
    alike = (
        path
        for path in islice(folder.rglob("*"), MOST_SEEN)
        if (path.stem if suffixes else path.name).casefold() in names and _is_kind(path, suffixes)
    )
    meant = min(alike, default=None)
    return f"; write {meant.relative_to(folder)}, which is there" if meant else ""


def _is_kind(path: Path, suffixes: Sequence[str]) -> bool:
    return path.suffix.lower() in suffixes and is_file(path) if suffixes else is_folder(path)


def _warn_of_others(table: Path, folder: Path, named: Collection[str], suffixes: Sequence[str]) -> None:
    """Warn of files or folders beside those that a table names, which are skipped."""
    named = {*named, *(str(folder) for path in named for folder in Path(path).parents)}
    there = own(folder.iterdir())
    others = sorted(path.name for path in there if _is_kind(path, suffixes) and realpath(path) not in named)
    if others:
        shown = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        reading.warn(f"{table} does not name {len(others):,} of the files in {folder} ({shown}): they are passed over.")


def _checked(entry: Entry, suffixes: Sequence[str]) -> Entry:
    if entry.path.suffix.lower() not in suffixes:
        raise UserError(f"{str(entry.path)!r:.80} is no {' or '.join(suffixes)} file: give the path of one.")
    return entry
