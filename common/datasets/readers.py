"""File formats that several tasks read. Every error names the file and the line, and says what to do.

`lines` reads lines, `tables` reads tables, and `conll` reads files with one token per line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.datasets import labels as label_column
from common.datasets.conll import TaggedSentence, conll, is_conll, to_bio
from common.datasets.delimited import suffix_of
from common.datasets.lines import LineSequence, Text, at_line, lines, some
from common.datasets.tables import is_missing, is_table, numbered_rows, table, texts
from common.errors import UserError

__all__ = [
    "LineSequence",
    "TaggedSentence",
    "conll",
    "is_conll",
    "is_missing",
    "is_table",
    "labelled_lines",
    "labelled_table",
    "lines",
    "numbered_labelled",
    "numbered_rows",
    "parallel_lines",
    "some",
    "suffix_of",
    "table",
    "texts",
    "to_bio",
]


def labelled_lines(path: Path, labels: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """`(label, text)` of every line `<label> <text>`; blank lines are skipped.

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


def labelled_table(path: Path | Text, columns: Sequence[str], optional: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of `table`, one of whose columns is `label`; the labels are checked.

    Raises:
        UserError: as `labels.check`.
    """
    return [row for _, row in numbered_labelled(path, columns, optional)]


def numbered_labelled(
    path: Path | Text, columns: Sequence[str], optional: Sequence[str] = ()
) -> list[tuple[int, dict[str, str]]]:
    """The rows of `labelled_table`, each with the number of its first line; labels are checked if there are any."""
    found = list(numbered_rows(path, columns, optional))
    if "label" in columns:
        label_column.check(path, ((number, row["label"]) for number, row in found))
    return found


def parallel_lines(source: Path, target: Path) -> list[tuple[str, str]]:
    """`(source line, target line)` of two files that correspond line by line; pairs of blank lines are skipped."""
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
