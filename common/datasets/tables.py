"""A user's tables: CSV and TSV with a header or with named columns, and JSON lines.

File names follow one rule, in training and prediction and in any case: `.csv`, `.tsv`, `.tab`, `.jsonl`, `.ndjson` and
`.json` are tables, `.gz` after one of these is unpacked, and a workbook is refused. A file with another name is a table
if its first line is a header with the needed columns: `is_table`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from common.datasets import json_lines, labels, reading
from common.datasets.delimited import (
    DELIMITERS,
    JSON_LINES,
    NUMBER_OR_TIME,
    TABLES,
    above_header,
    delimiter_of,
    plain,
    refuse_workbook,
    rows,
    start_of,
    suffix_of,
)
from common.datasets.lines import Text, at_line, line_of, lines
from common.errors import UserError, one_line

ALL_MISSING = {"", "nan", "none", "null", "na", "n/a", "#n/a", "<na>", "nat", "\\n", "nil"}  # in lower case
MISSING = {"", "nan", "NaN", "None", "NULL", "N/A", "#N/A", "<NA>", "NaT", "\\N"}  # as programs write them into texts
LOOKED_AT = 200  # rows by which a header is told from data


def is_table(path: Path | Text, columns: Sequence[str]) -> bool:
    """Whether a file holds a table with these columns, not plain text: by its name, or by a header that has them.

    Raises:
        UserError: if it is a workbook.
    """
    refuse_workbook(path)
    if suffix_of(path) in (*TABLES, *JSON_LINES):
        return True
    if isinstance(path, Text):
        return False
    if reading.columns() and not reading.may_differ():
        return True
    start = start_of(path)
    delimiter = delimiter_of(path, start, columns)
    names = [plain(cell.strip('" ')) for cell in start[0].split(delimiter)]
    even = all(line.count(delimiter) >= len(names) - 1 for line in start[1:] if line.strip())
    return len(names) > 1 and even and all(plain(column) in names for column in columns)


def check_is_plain(path: Path | Text) -> None:
    """Refuse a table, by its name, where running text is read: its names of columns and its quotes would be text.

    Raises:
        UserError: if it is a table or a workbook.
    """
    refuse_workbook(path)
    if suffix_of(path) in (*TABLES, *JSON_LINES):
        raise UserError(
            f"{path} is a table by its name: this task reads plain text, so write the texts to a .txt file."
        )


def texts(path: Path | Text, column: str) -> list[str]:
    """Inputs without labels: one column of a table, or the lines of a plain text; blank ones are skipped."""
    if is_table(path, (column,)):
        return [row[column] for row in table(path, (column,))]
    return [line.strip() for line in lines(path) if line.strip()]


def table(path: Path | Text, columns: Sequence[str], optional: Sequence[str] = ()) -> list[dict[str, str]]:
    """`{column: cell}` of every row of a table.

    Cells in a .csv are separated by commas, semicolons or bars and may contain line breaks within quotation marks;
    where they are separated by tabs, a row is one line. The case of column names is ignored. White space around cells
    is stripped.

    Args:
        columns: required, and filled in every row.
        optional: returned for a file that has them; their cells may be empty.
    """
    return [row for _, row in numbered_rows(path, columns, optional)]


def numbered_rows(
    path: Path | Text, columns: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of `table`, each with the number of its first line."""
    found = json_lines.rows(path) if suffix_of(path) in JSON_LINES else rows(path, columns)
    number, first = next(found)
    header, names, before = _header(path, number, first, found, (*columns, *optional), columns)
    places = {column: names.index(plain(column)) for column in (*columns, *optional) if plain(column) in names}
    seen = accepted = again = 0
    groups: Counter[str] = Counter()
    for number, cells in before:
        if not any(cells):
            continue
        if header is not None and cells == header:
            again += 1
            continue
        seen += 1
        row = _row(path, number, cells, names, places, columns)
        if row is not None:
            accepted += 1
            groups.update([row["group"]] if "group" in row else [])
            yield number, row
    if groups:
        labels.note_groups(path, groups)
    if again:
        reading.note(path, "rows passed over", f"{again:,} that repeat the header")
    if not seen:
        raise UserError(f"{path} has a header and no rows.")
    if not accepted:
        reading.give_up()


def _row(path, number, cells, names, places, columns) -> dict[str, str] | None:
    """The cells by column; None if the row is refused and reading continues."""
    while len(cells) > len(names) and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != len(names):
        quote = next((cell for cell in cells if cell.startswith('"') and not cell.endswith('"')), None)
        hint = "put cells with separators in quotes"
        if quote:
            hint = f"the cell {quote!r:.40} opens a quotation mark that nothing closes"
        elif any(cell.startswith("'") and not cell.endswith("'") for cell in cells):
            hint = "put cells with separators in double quotes, not in single ones"
        reading.refuse(at_line(path, number, f"has {len(cells)} cells, the header has {len(names)}: {hint}"))
        return None
    row = {column: cells[place] for column, place in places.items()}
    if (problem := next((cell for cell in row.values() if isinstance(cell, json_lines.Problem)), None)) is not None:
        reading.refuse(at_line(path, number, problem))
        return None
    for column in columns:
        if is_missing(column, row[column]):
            cell = row[column]
            says = f"the {column} {cell!r}, which stands for a missing cell" if cell else f"an empty {column}"
            other = ", or write it differently if it is a label" if cell and column == "label" else ""
            reading.refuse(at_line(path, number, f"has {says}: fill it or remove the row{other}"))
            return None
    return {column: "" if column not in columns and cell in MISSING else cell for column, cell in row.items()}


def is_missing(column: str, cell: str) -> bool:
    """Whether a cell marks a missing value: in labels and tags in any case, in texts only as programs write it."""
    return cell in MISSING or (column in ("label", "tag") and cell.lower() in ALL_MISSING)


# ----------------------------------------------------------------------------------------------------- Header


def _header(path, number, first, following, known, columns):
    """The header (None if the user names the columns), its normalised names, and the rows that follow."""
    said = reading.columns()
    given = [plain(name) for name in said.split(",")] if said and "=" not in said else None
    if given and not (reading.may_differ() and not _fit(given, first, columns)):
        if len(given) != len(first):
            raise at_line(path, number, f"has {len(first)} columns, and COLUMNS={said} names {len(given)}")
        for column in columns:
            if plain(column) not in given:
                raise UserError(f"COLUMNS={said} names no column {column}, which is needed for {path}.")
        _only_once(path, given, known)
        reading.note(path, "columns", f"named by COLUMNS={said}")
        if [plain(cell) for cell in first] == given:
            return None, given, following
        peek = list(islice(following, LOOKED_AT))
        if peek and not _looks_like_data(first, [cells for _, cells in peek]):
            shown = one_line(", ".join(first), 60)
            reading.warn(
                f"{line_of(path, number)}, {shown}, is read as a row, since COLUMNS={said} names the columns: "
                "remove it if it is a header."
            )
        return None, given, chain([(number, first)], peek, following)
    names = _renamed(path, [plain(cell) for cell in first], None if given else said)
    missing = [column for column in columns if plain(column) not in names]
    if missing:
        peek = list(islice(following, LOOKED_AT))
        raise _no_header(path, number, first, peek, missing, columns)
    _only_once(path, names, known)
    return first, names, following


def _fit(given: list[str], first: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether columns named for another file fit this one, which has no header of its own."""
    names = [plain(cell) for cell in first]
    return len(given) == len(first) and not all(plain(column) in names for column in columns)


def _renamed(path, names: list[str], said: str | None) -> list[str]:
    """The names of a header after the renaming that COLUMNS asks for: `text=review`."""
    for pair in re.split(r"[,\s]+", said.strip()) if said else ():
        column, _, theirs = pair.partition("=")
        if plain(theirs) not in names and reading.may_differ():
            continue
        if plain(theirs) not in names:
            raise UserError(f"{path} has no column {theirs!r}, as COLUMNS says. It has: {', '.join(names)}.")
        names = ["" if name == plain(column) else name for name in names]
        names[names.index(plain(theirs))] = plain(column)
        reading.note(path, f"column {column}", theirs)
    return names


def _only_once(path, names: list[str], columns: Sequence[str]) -> None:
    for column in columns:
        if names.count(plain(column)) > 1:
            raise not_once(path, names, column)


def not_once(path: Path | Text, names: Sequence[str], column: str) -> UserError:
    """The error that says that several columns of a table have one name."""
    return UserError(f"{path} has more than one column {column!r}. It has: {', '.join(names)}. Rename one in line 1.")


def _no_header(path, number, first, rest, missing, columns) -> UserError:
    if (line := _header_line(path, columns)) > number:
        return above_header(path, number, line)
    has = [place for place, cell in enumerate(first) if cell]
    if len(has) < len(columns) == len(missing) and suffix_of(path) not in JSON_LINES:
        problem = (
            f"has {len(has)} of {len(columns)} columns: {','.join(columns)}, separated by commas or tabs, are needed"
        )
        return at_line(path, number, problem)
    below = [cells for _, cells in rest]
    if _looks_like_data(first, below):
        places = _likely_places(columns, range(len(first)), [first, *below])
        names = {place: column for column, place in places.items()}
        wanted = ",".join(names.get(place, f"column_{place + 1}") for place in range(len(first)))
        return at_line(path, number, f"looks like data: add a header line {wanted} above it, or say COLUMNS={wanted}")
    free = [place for place in has if plain(first[place]) not in map(plain, columns)]
    places = _likely_places(missing, free, below or [first])
    example = " ".join(f"{column}={first[place].replace(' ', '_')}" for column, place in places.items())
    which = f', or say which it is: COLUMNS="{example}"' if example else ""
    no_header = ""
    if len(places) == len(first) == len(columns) > 1 and suffix_of(path) not in JSON_LINES:
        no_header = f"; if line {number} is no header, say COLUMNS={','.join(sorted(columns, key=places.get))}"
    shown = one_line(", ".join(cell for cell in first if cell))
    return UserError(
        f"{path} has no column {missing[0]!r}. It has: {shown}. Rename one in line {number}{which}{no_header}."
    )


def _header_line(path: Path | Text, columns: Sequence[str]) -> int:
    """The number of the line at the top that names several columns; 0 if none does."""
    for number, line in enumerate(islice(lines(path), 20), 1):
        for delimiter in DELIMITERS:
            names = [plain(cell.strip('" ')) for cell in line.split(delimiter)]
            if len(names) > 1 and all(plain(column) in names for column in columns):
                return number
    return 0


def _likely_places(columns: Sequence[str], free: Sequence[int], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Which of the free places of a table holds which column, judged by its rows.

    The columns beside the label have the most text, and are in order; of the rest the label has the fewest different
    cells, words rather than numbers.
    """
    cells = {place: {row[place] for row in rows if place < len(row)} for place in free}
    others = [column for column in columns if column != "label"]
    by_text = sorted(free, key=lambda place: -sum(map(len, cells[place])))
    found = dict(zip(others, sorted(by_text[: len(others)])))
    rest = [place for place in free if place not in found.values()]
    if "label" in columns and rest:
        numbers = {place for place in rest if all(re.fullmatch(NUMBER_OR_TIME, cell) for cell in cells[place])}
        found["label"] = min(rest, key=lambda place: (len(cells[place]) < 2, len(cells[place]), place in numbers))
    return found


def _looks_like_data(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether line 1 of a table looks like a row: one of its cells is a number, a sentence, or recurs below."""
    for place, cell in enumerate(first):
        again = any(place < len(cells) and cells[place] == cell for cells in rest)
        if (again and cell) or len(cell.split()) > 4 or re.fullmatch(r"[-+]?\d+([.,]\d+)?", cell) or len(cell) > 60:
            return True
    return False
