"""Checks on the labels of a user's file: refuse values that are not labels, report labels that look alike."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from common.datasets import reading
from common.datasets.lines import Text, at_line
from common.errors import UserError, counted

MANY = 20  # different labels; a column with more is checked for not being one of labels
SHOWN = 10  # labels in a message
SEPARATORS = "|;,"


def check(path: Path | Text, numbered: Iterable[tuple[int, str]]) -> None:
    """Check the labels of a file, each given with the number of its line.

    Raises:
        UserError: if the labels are real numbers, or nearly all different, or a cell holds several labels.
    """
    numbered = list(numbered)
    counts = Counter(label for _, label in numbered)
    _refuse_what_is_no_class(path, numbered, counts)
    _refuse_several(path, numbered, counts)
    for group in alike(counts):
        names = ", ".join(f"{name!r} ({counts[name]:,} rows)" for name in group)
        reading.warn(f"{Path(str(path)).name}: the labels {names} look like one label: write it in one way.")


def note_groups(path: Path | Text, counts: Counter[str]) -> None:
    """Report how the column `group` of a file divides its rows, and warn of groups that look alike.

    Args:
        counts: group -> its number of rows; those of "" have no group.
    """
    named = {group: count for group, count in counts.items() if group}
    largest = f", the largest {counted(max(named.values()), 'row')}" if named else ""
    without = f"; {counted(counts[''], 'row')} without one" if counts[""] else ""
    reading.note(path, "groups", f"{len(named):,}{largest}{without}")
    if same := alike(named):
        names = " and ".join(f"{name!r} ({counted(named[name], 'row')})" for name in same[0])
        more = f", and so do {len(same) - 1:,} more" if len(same) > 1 else ""
        reading.warn(f"{Path(str(path)).name}: the groups {names} look like one group{more}: write each in one way.")


def shown(counts: Counter[str]) -> str:
    """At most ten labels with their counts, the most frequent first: `positive 210, negative 190`."""
    return named([f"{name!s:.40} {count:,}" for name, count in counts.most_common()])


def named(names: Sequence[str]) -> str:
    """At most ten names, separated by commas, and how many more there are."""
    rest = f", and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest


def of(example: object) -> tuple[str, ...]:
    """The labels of an example: its `label` or its `tags`; empty where it has neither."""
    label, tags = getattr(example, "label", None), getattr(example, "tags", None)
    return (label,) if label is not None else tuple(tags or ())


def without(example: object) -> object:
    """The example with its label or tags set to None, for prediction."""
    names = [name for name in ("label", "tags") if getattr(example, name, None) is not None]
    return dataclasses.replace(example, **dict.fromkeys(names)) if names else example


def alike(labels: Iterable[str]) -> list[list[str]]:
    """Groups of labels that differ only in case, space or hyphens, or are texts of one number (`1`, `1.0`)."""
    groups = defaultdict(list)
    for label in labels:
        groups[_number(label) if _number(label) is not None else re.sub(r"[\s_-]+", "", label.casefold())].append(label)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def _number(label: str) -> float | None:
    if not re.fullmatch(r"[-+]?\d{1,15}(?:[.,]\d{1,15})?(?:[eE][-+]?\d{1,2})?", label):
        return None
    return float(label.replace(",", "."))


def _refuse_what_is_no_class(path, numbered: Sequence[tuple[int, str]], counts: Counter[str]) -> None:
    """Refuse real numbers, and a column in which hardly any value occurs twice."""
    numbers = {_number(label) for label in counts} - {None}
    if len(numbers) < 0.9 * len(counts):
        numbers = set()
    real = {number for number in numbers if number != int(number)}
    line, example = next(
        ((n, label) for n, label in numbered if _number(label) in real), numbered[0] if numbered else (0, "")
    )
    rows = len(numbered)
    if (len(real) > SHOWN and len(numbers) > rows / 10) or (len(numbers) > MANY and len(numbers) > rows / 5):
        problem = (
            f"has the label {example!r}: the labels are numbers with {len(numbers):,} values in {rows:,} rows, and "
            "this task predicts classes: name classes, such as low and high"
        )
        raise at_line(path, line, problem)
    if len(counts) > MANY and len(counts) > rows / 2:
        raise UserError(
            f"{path} has {len(counts):,} different labels in {rows:,} rows, such as {example!r:.40}, so there is "
            "nothing to learn of each: is it the right column?"
        )


def _refuse_several(path, numbered: Sequence[tuple[int, str]], counts: Counter[str]) -> None:
    """Refuse cells that hold several labels: a written list, or parts that also occur as labels of other cells."""
    for separator in SEPARATORS:
        parts_of = {label: _parts(label, separator) for label in counts}
        uses = Counter(part for parts in parts_of.values() for part in parts)
        several = {
            label for label, parts in parts_of.items() if len(parts) > 1 and min(uses[part] for part in parts) > 1
        }
        if separator == "," and all(len(parts) > 1 for parts in parts_of.values()):  # "Korea, South" is one label
            several = set()
        several |= {label for label in counts if separator == "," and re.fullmatch(r"[\[{(].*[,'\"].*[\]})]", label)}
        wrong = [(number, label) for number, label in numbered if label in several]
        if wrong:
            number, label = wrong[0]
            problem = f"has several labels, {label!r:.60}: give each row one (several labels a row are not supported)"
            reading.refuse(at_line(path, number, problem))
            return


def _parts(label: str, separator: str) -> list[str]:
    return [part.strip() for part in label.split(separator) if part.strip()]
