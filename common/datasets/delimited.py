"""The rows of CSV and TSV files: endings of file names, delimiters, quotation marks, and rows that are even."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, dropwhile, islice
from pathlib import Path

from common.datasets import reading
from common.datasets.lines import Text, at_line, is_packed, lines
from common.errors import UserError

TABLES, JSON_LINES = (".csv", ".tsv", ".tab"), (".jsonl", ".ndjson", ".json")
WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")
TABULAR = (*TABLES, *JSON_LINES, *WORKBOOKS)
DELIMITERS = ",;\t|"
NUMBER_OR_TIME = r"[-+$€£]?\d[\d\s.,:/TZ%+-]*"  # a cell like this is no name of a column


def suffix_of(path: Path | Text) -> str:
    """The ending of a file name in lower case, without `.gz`: `"Reviews.CSV.gz" -> ".csv"`."""
    if isinstance(path, Text):
        return path.suffix.lower()
    return (Path(path.stem) if is_packed(path) else path).suffix.lower()


def refuse_workbook(path: Path | Text) -> None:
    """Raise a UserError if a file is a workbook by its name."""
    if suffix_of(path) in WORKBOOKS:
        raise UserError(f"{path} is a workbook: save the sheet as CSV (UTF-8) and name that file.")


def plain(column: str) -> str:
    """The name of a column as names are compared: case, white space around it, and `_` for a space do not matter."""
    return column.strip().lower().replace("_", " ")


def above_header(path: Path | Text, number: int, line: int) -> UserError:
    """The error that says that a line of a file stands above the header, which is another line."""
    return at_line(path, number, f"stands above the header, which is line {line:,}: take out what is above it")


def rows(path: Path | Text, columns: Sequence[str] = ()) -> Iterator[tuple[int, list[str]]]:
    """The rows of a .csv or .tsv file unchanged, the header first, each with the number of its first line.

    Args:
        columns: that the header should have; the delimiter is chosen to find them.
    """
    refuse_workbook(path)
    start = start_of(path)
    said = re.fullmatch(r"\s*\"?sep=(.)\"?[\s,;]*", start[0], re.IGNORECASE)  # a line for Excel
    delimiter = said[1] if said else delimiter_of(path, start, columns)
    reading.note(path, "delimiter", {",": "comma", ";": "semicolon", "\t": "tab"}.get(delimiter, delimiter))
    found = _tsv_rows(path) if delimiter == "\t" else _csv_rows(path, delimiter)
    found = dropwhile(_is_blank, found)
    if said:
        next(found)
        found = dropwhile(_is_blank, found)
    if (header := next(found, None)) is None:
        raise UserError(f"{path} holds nothing to read{f' below its first line, {start[0].strip()}' if said else ''}.")
    names = _unwrapped(header[1], delimiter)
    if len(names) > 1:
        found = ((number, _unwrapped(cells, delimiter)) for number, cells in found)
    return chain([(header[0], names)], dropwhile(_is_rule, found))


def _unwrapped(cells: list[str], delimiter: str) -> list[str]:
    """The cells of a row, also where a program has quoted the row as a whole: `"fine,""good"" "`."""
    if len(cells) != 1 or delimiter not in cells[0] or re.search("[\r\n]", cells[0]):
        return cells
    return [cell.strip() for cell in next(csv.reader(cells, delimiter=delimiter, skipinitialspace=True))]


def _is_rule(row: tuple[int, list[str]]) -> bool:
    """Whether a row is the rule that Markdown and databases draw below the header."""
    return any(row[1]) and all(re.fullmatch("(?::?-[-+]+-:?)?", cell) for cell in row[1])


def start_of(path: Path | Text) -> list[str]:
    """The first lines from the first that is not blank; one that is empty if all are."""
    return list(islice(dropwhile(lambda line: not line.strip(), lines(path)), 20)) or [""]


def _is_blank(row: tuple[int, list[str]]) -> bool:
    return not any(row[1])


def even_rows(path: Path | Text) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of a .csv or .tsv file, and its rows that are not empty, each with the number of its first line.

    Raises:
        UserError: if a row and the header differ in their number of cells, the header looks like a row, or it is below
            a comment.
    """
    if suffix_of(path) in JSON_LINES:
        raise UserError(f"{path} is JSON: write it as CSV (pandas: read_json, to_csv) and name that file.")
    found = rows(path)
    first, header = next(found)
    if any(header) and all(re.fullmatch(NUMBER_OR_TIME, cell) for cell in header if cell):
        raise at_line(path, first, "looks like data: add a header line with the names of the columns above it")
    numbered = [(number, cells) for number, cells in found if any(cells)]
    if header[0].startswith("#") and (len(header) == 1 or (numbered and numbered[0][1][0].startswith("#"))):
        raise at_line(path, first, "is a comment: take out the lines above the header")
    width = max(map(_width, [header, *(cells for _, cells in numbered)]))  # without a delimiter at the end of all lines
    header, numbered = header[:width], [(number, cells[:width]) for number, cells in numbered]
    usual = Counter(len(cells) for _, cells in numbered).most_common(1)
    line, names = next((row for row in numbered if len(row[1]) == usual[0][0]), (0, header))
    if len(names) != len(header) and not any(re.fullmatch(NUMBER_OR_TIME, cell) for cell in names):
        raise above_header(path, first, line)
    for number, cells in numbered:
        if len(cells) != len(header):
            raise at_line(path, number, f"has {len(cells)} cells, the header has {len(header)}")
    return header, numbered


def _width(cells: Sequence[str]) -> int:
    """Number of cells up to the last one that is not empty."""
    return next((number for number in range(len(cells), 0, -1) if cells[number - 1]), 0)


def delimiter_of(path: Path | Text, start: Sequence[str], columns: Sequence[str]) -> str:
    """The delimiter that finds most of the columns in the header; ties go to the one most even over the lines."""
    first = start[0]
    if suffix_of(path) in (".tsv", ".tab") and "\t" in first:
        return "\t"

    def fit(delimiter: str) -> tuple[int, int, int]:
        names, count = [plain(cell.strip('" ')) for cell in first.split(delimiter)], first.count(delimiter)
        alike = sum(line.count(delimiter) == count for line in start) if count else 0
        return sum(plain(column) in names for column in columns), alike, count

    return max(DELIMITERS, key=fit)  # the first of equals


def _csv_rows(path: Path | Text, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    of_row = []  # the lines read for one row

    def text() -> Iterator[str]:
        for line in lines(path):
            of_row.append(line)
            yield line + "\n"

    reader = csv.reader(text(), delimiter=delimiter, skipinitialspace=True, strict=True)
    number = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if reader.line_num > number:
                _check_open_quote(path, number, reader.line_num, stripped, delimiter)
            yield number, stripped
            number = reader.line_num + 1
            of_row.clear()
    except csv.Error as error:
        escaped = any('\\"' in line for line in of_row)
        hint = 'write \\" as ""' if escaped else "is a quotation mark left open?"
        raise at_line(path, number, f"is not CSV ({error}): {hint}") from error


def _check_open_quote(path, number: int, last: int, cells: list[str], delimiter: str) -> None:
    """Refuse a cell that spans several lines which look like rows: an open quotation mark has swallowed them."""
    for cell in cells:
        inner = cell.split("\n")[1:]
        alike = [row.rpartition(delimiter) for row in inner if row.count(delimiter) == len(cells) - 1]
        ends = sum(end.strip() == cells[-1] for _, _, end in alike)
        if len(cells) > 1 and len(inner) > 1 and ends and len(alike) > len(inner) / 2:
            problem = f"opens a quotation mark that line {last:,} closes, with rows in between: close or double it"
            raise at_line(path, number, problem)


def _tsv_rows(path: Path | Text) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines(path), 1):
        yield number, [_unquoted(cell.strip()) for cell in line.split("\t")]


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"').strip() if re.fullmatch(r'"(?:[^"]|"")*"', cell) else cell
