"""Sequences from FASTA files, tables and plain text, checked letter by letter."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

from common.datasets import labels, paths, reading
from common.datasets.lines import Text, at_line, is_packed, lines
from common.datasets.readers import is_table, numbered_labelled, suffix_of
from common.datasets.tables import ALL_MISSING
from common.errors import UserError

# The bases that a letter may represent (IUPAC, Cornish-Bowden 1985, https://doi.org/10.1093/nar/13.9.3021).
LETTERS = dict(zip("ACGT", "ACGT"), R="AG", Y="CT", S="CG", W="AT", K="GT", M="AC")
LETTERS |= dict(B="CGT", D="AGT", H="ACT", V="ACG", N="ACGT")
FASTQ = (".fastq", ".fq")
FASTA = (".fa", ".fasta", ".fna", ".fas")


@dataclasses.dataclass(frozen=True, slots=True)
class Sequence:
    """Bases from their 5' end; `label` is None if it is to be predicted."""

    bases: str
    label: str | None = None
    group: str = ""  # sequences that depend on each other: of one gene or organism, or overlapping

    def __len__(self) -> int:
        return len(self.bases)

    def __str__(self) -> str:
        return self.bases


def fasta(path: Path | Text) -> Iterator[tuple[int, str, str]]:
    """Line number, title and bases of every sequence; a title begins with ">", the bases may span several lines.

    Warns of sequences without a single A, C, G or T, such as masked ones.
    """
    count = unknown = 0
    for number, title, bases in _entries(path):
        yield number, title, bases
        count, unknown = count + 1, unknown + (not set(bases) & set("ACGT"))
    if unknown:
        reading.warn(f"{path}: {unknown:,} of {count:,} sequences hold no A, C, G or T: remove them.")


def _entries(path: Path | Text) -> Iterator[tuple[int, str, str]]:
    start, title, parts = 0, "", []
    for number, line in enumerate(lines(path), 1):
        line = line.strip()
        if line.startswith(">"):
            if start:
                yield _whole(path, start, title, parts)
            start, title, parts = number, line[1:].strip(), []
        elif line and not start:
            raise at_line(path, number, "stands before the first title: FASTA begins with a line such as >gene 1")
        elif line:
            parts.append(checked(path, number, line))
    if not start:
        raise UserError(f"{path} holds no sequence.")
    yield _whole(path, start, title, parts)


def _whole(path: Path | Text, start: int, title: str, parts: list[str]) -> tuple[int, str, str]:
    if not parts:
        raise at_line(path, start, f"is the title {title!r:.40}, after which no bases follow")
    return start, title, "".join(parts)


def checked(path: Path | Text, number: int, bases: str) -> str:
    """The bases in upper case, with U as T and without blanks.

    Raises:
        UserError: if a letter does not represent a base.
    """
    bases = "".join(bases.split()).upper().replace("U", "T")
    for letter in bases:
        if letter not in LETTERS:
            raise at_line(
                path, number, f"holds {letter!r}, which stands for no base: use ACGT, or {''.join(LETTERS)[4:]}"
            )
    return bases


def whole(path: Path | Text, number: int, bases: str) -> str:
    """The `checked` bases of a sequence in one line.

    Raises:
        UserError: also if they are written as words that overlap, or as a missing cell, whose letters are bases too.
    """
    words = bases.split()
    overlap = all(before[1:] == word[:-1] for before, word in itertools.pairwise(words))
    if len(words) > 2 and len(words[0]) > 2 and overlap and len(set(words)) > len(words) / 2:
        problem = f"holds words that overlap, {words[0]:.20} {words[1]:.20}: write each base of the sequence once"
        raise at_line(path, number, problem)
    if bases.lower() in ALL_MISSING:
        raise at_line(path, number, f"has the sequence {bases!r}, which stands for a missing cell: remove the row")
    return checked(path, number, bases)


def read(path: Path | Text, labelled: bool) -> list[Sequence]:
    """The sequences of a user's file or folder.

    A table has the columns `sequence`, `label` and optionally `group`; a title in a FASTA file ends in the label; in a
    folder with one FASTA file per label, the file name is the label. Without labels, plain text with one sequence per
    line will do too.
    """
    if isinstance(path, Path) and path.is_dir():
        files = sorted(file for file in paths.own(path.iterdir()) if suffix_of(file) in FASTA)
        if len(files) < (2 if labelled else 1):
            kinds = ", ".join(FASTA)
            raise UserError(
                f"{path} has {len(files)} FASTA files ({kinds}): give one for each label, named after it, as intron.fa."
            )
        return [Sequence(bases, _name(file)) for file in files for _, _, bases in fasta(file)]
    if suffix_of(path) in FASTQ:
        raise UserError(f"{path} is FASTQ: turn it into FASTA (seqtk seq -a), and end each title with its label.")
    if suffix_of(path) not in FASTA and is_table(path, ("sequence",)):
        return _rows(path, labelled)
    if suffix_of(path) in FASTA or next(filter(str.strip, lines(path)), "").startswith(">"):
        if not labelled:
            return [Sequence(bases) for _, _, bases in fasta(path)]
        numbered = [(number, _titled(path, number, title, bases)) for number, title, bases in fasta(path)]
        labels.check(path, ((number, sequence.label) for number, sequence in numbered))
        return [sequence for _, sequence in numbered]
    if labelled:
        raise UserError(
            f"{path} is no FASTA file, which begins with >, and no table with the columns sequence and label: write one"
            " of these, or name the columns of a table with COLUMNS."
        )
    return [Sequence(whole(path, number, line)) for number, line in enumerate(lines(path), 1) if line.strip()]


def _name(file: Path) -> str:
    return (Path(file.stem) if is_packed(file) else file).stem


def _rows(path: Path | Text, labelled: bool) -> list[Sequence]:
    columns = ("sequence", "label") if labelled else ("sequence",)
    found = numbered_labelled(path, columns, optional=("group",))
    return [Sequence(whole(path, number, row.pop("sequence")), **row) for number, row in found]


def _titled(path: Path | Text, number: int, title: str, bases: str) -> Sequence:
    words = title.split()
    if len(words) < 2:
        raise at_line(path, number, f"is the title {title!r:.40} without a label: write >name label")
    return Sequence(bases, words[-1])
