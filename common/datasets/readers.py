"""File formats that several tasks read. Every error names the file and the line, and says what to do.

Text is UTF-8, with or without byte order mark, with LF or CRLF; a name that ends in `.gz` is unpacked while it is read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common.datasets.lines import LineSequence, at_line, lines
from common.errors import UserError

if TYPE_CHECKING:
    pass

__all__ = [
    "LineSequence",
    "conll",
    "labelled_lines",
    "lines",
    "parallel_lines",
    "rows",
    "table",
    "to_bio",
]

TAG = re.compile(r"O|[BIESLU]-\S+")


def labelled_lines(path: Path, labels: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """`(label, text)` of every line `<label> <text>`; blank lines are passed over.

    Args:
        labels: the only ones allowed; None allows any.
    """
    found = []
    for number, line in enumerate(lines(path), 1):
        if not line.strip():
            continue
        label, _, text = line.partition(" ")
        if not text.strip() or (labels is not None and label not in labels):
            wanted = " or ".join(labels) if labels is not None else "a label"
            raise at_line(path, number, f"must be {wanted}, a space and the text, not {line!r:.60}")
        found.append((label, text.strip()))
    return some(path, found)


def parallel_lines(source: Path, target: Path) -> list[tuple[str, str]]:
    """`(source line, target line)` of two files that belong together line by line; pairs of blanks are passed over."""
    sources, targets = list(lines(source)), list(lines(target))
    if len(sources) != len(targets):
        raise UserError(
            f"{source} has {len(sources):,} lines and {target} {len(targets):,}:"
            " line n of one must belong to line n of the other."
        )
    pairs = []
    for number, (left, right) in enumerate(zip(sources, targets, strict=True), 1):
        left, right = left.strip(), right.strip()
        if bool(left) != bool(right):
            raise at_line(target if left else source, number, f"is empty, but not in {source if left else target}")
        if left:
            pairs.append((left, right))
    return some(source, pairs)


class TaggedSentence(NamedTuple):
    """A sentence of a CoNLL file, and the document it stands in ("" where the file marks none)."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    document: str = ""


def conll(path: Path, token_column: int = 0, tag_column: int = -1, spans: bool = True) -> list[TaggedSentence]:
    """Every sentence of a file with one token a line and a blank line after each sentence.

    Columns are separated by tabs, or by white space where a line has no tab; a line of white space is blank. A line
    -DOCSTART- or `# newdoc` begins a document. Other comments and the multi-word and empty tokens of CoNLL-U (ids such
    as 3-4 and 3.1) are passed over.

    Args:
        token_column, tag_column: numbers of the columns, from 0, or from the right with -1.
        spans: whether the tags mark spans. They must then be O or begin with B-, I-, E-, S-, L- or U-.
    """
    sentences, tokens, tags = [], [], []
    columns, documents, document = None, 0, ""

    def end_sentence():
        if tokens:
            sentences.append(TaggedSentence(tuple(tokens), tuple(tags), document))
            tokens.clear()
            tags.clear()

    for number, line in enumerate(lines(path), 1):
        cells = line.split("\t") if "\t" in line else line.split()
        if _begins_document(line):
            end_sentence()
            documents += 1
            document = f"document {documents}"
        elif not line.strip():
            end_sentence()
        elif not _is_passed_over(line, cells, token_column, spans):
            columns = columns or len(cells)
            if len(cells) != columns or columns < 2 or not -columns <= tag_column < columns:
                expected = "a token and a tag" if columns < 2 else f"{columns} columns as in the lines before"
                raise at_line(path, number, f"must hold {expected}, not {line!r:.60}")
            token, tag = cells[token_column].strip(), cells[tag_column].strip()
            _check_token(path, number, token, tag, spans)
            tokens.append(token)
            tags.append(tag)
    end_sentence()
    if len({sentence.document for sentence in sentences}) == 1:  # one mark at the top of a file parts nothing
        sentences = [sentence._replace(document="") for sentence in sentences]
    return some(path, sentences)


def _begins_document(line: str) -> bool:
    return line.startswith("-DOCSTART-") or re.match(r"#\s*newdoc\b", line) is not None


def _is_passed_over(line: str, cells: list[str], token_column: int, spans: bool) -> bool:
    """Whether a line is a comment (and no token `#` with its tag), or a multi-word or empty token of CoNLL-U."""
    if line.startswith("#") and "\t" not in line:
        return not (spans and len(cells) > 1 and TAG.fullmatch(cells[-1]))
    return bool(token_column) and re.fullmatch(r"\d+[-.]\d+", cells[0]) is not None


def _check_token(path: Path, number: int, token: str, tag: str, spans: bool) -> None:
    if not token or not tag:
        raise at_line(path, number, f"has an empty {'tag' if token else 'token'}")
    if spans and not TAG.fullmatch(tag):
        raise at_line(path, number, f"has the tag {tag!r:.30}; it must be O, or B- or I- and a type (B-person)")


def to_bio(tags: Sequence[str]) -> tuple[str, ...]:
    """The same spans in BIO: B- begins each, I- continues it.

    Takes BIO, IOB1 (B- only between neighbours of one type), IOBES and BILOU. An I- that continues nothing begins a
    span, as the CoNLL-2000 scorer has it.
    """
    bio, before = [], None
    for tag in tags:
        prefix, _, kind = tag.partition("-")
        if tag != "O":
            begins = prefix in "BSU" or before != kind
            tag = f"{'B' if begins else 'I'}-{kind}"
        bio.append(tag)
        before = None if tag == "O" or prefix in "ESLU" else kind
    return tuple(bio)


def table(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> list[dict[str, str]]:
    """`{column: cell}` of every row of a .csv or .tsv file with a header.

    Cells in a .csv are separated by commas or semicolons and may hold line breaks within quotation marks; in a .tsv, by
    tabs, one row a line. Columns are found whatever their case. Cells lose the space around them.

    Args:
        columns: must be there and filled in every row.
        optional: in the rows of a file that has them, perhaps empty.
    """
    return [row for _, row in numbered_rows(path, columns, optional)]


def numbered_rows(
    path: Path, columns: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of `table`, each with the number of its first line."""
    found = rows(path)
    _, header = next(found)
    names = [_plain(cell) for cell in header]
    for column in columns:
        if names.count(_plain(column)) != 1:
            problem = "more than one" if _plain(column) in names else "no"
            raise UserError(
                f"{path} has {problem} column {column!r}. It has: {', '.join(header)}. Rename one in line 1."
            )
    places = {column: names.index(_plain(column)) for column in (*columns, *optional) if _plain(column) in names}
    empty = True
    for number, cells in found:
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise at_line(
                path,
                number,
                f"has {len(cells)} cells, the header has {len(header)}: put cells with separators in quotes",
            )
        row = {column: cells[place] for column, place in places.items()}
        for column in columns:
            if not row[column]:
                raise at_line(path, number, f"has an empty {column}: fill it or remove the row")
        empty = False
        yield number, row
    if empty:
        raise UserError(f"{path} has a header and no rows.")


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a .csv or .tsv file as they stand, the header first, each with the number of its first line."""
    return _tsv_rows(path) if path.name.removesuffix(".gz").endswith((".tsv", ".tab")) else _csv_rows(path)


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    first = next(lines(path))
    delimiter = max(",;\t", key=first.count)  # of equals the first
    reader = csv.reader((line + "\n" for line in lines(path)), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, [cell.strip() for cell in cells]
            number = reader.line_num + 1
    except csv.Error as error:
        raise at_line(path, number, f"is not CSV ({error}): is a quotation mark left open?") from error


def _tsv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines(path), 1):
        yield number, [_unquoted(cell.strip()) for cell in line.split("\t")]


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"').strip() if re.fullmatch(r'"(?:[^"]|"")*"', cell) else cell


def some(path: Path, found: list) -> list:
    if not found:
        raise UserError(f"{path} holds nothing to read: every line is blank or passed over.")
    return found


def _plain(column: str) -> str:
    return column.strip().lower().replace("_", " ")
