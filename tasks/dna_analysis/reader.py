"""Sequences from FASTA files, tables and plain text, checked letter by letter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from common.datasets.lines import Text, at_line, lines
from common.datasets.readers import numbered_rows
from common.errors import UserError

# Which bases a letter may stand for (IUPAC, Cornish-Bowden 1985, https://doi.org/10.1093/nar/13.9.3021).
LETTERS = dict(zip("ACGT", "ACGT"), R="AG", Y="CT", S="CG", W="AT", K="GT", M="AC")
LETTERS |= dict(B="CGT", D="AGT", H="ACT", V="ACG", N="ACGT")
TABLES = (".csv", ".tsv", ".tab")
FASTA = (".fa", ".fasta", ".fna", ".fas")


def fasta(path: Path | Text) -> Iterator[tuple[int, str, str]]:
    """Line number, title and bases of every sequence; a title begins with ">", the bases may run over many lines."""
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
    """The bases in capitals, U as T and without blanks.

    Raises:
        UserError: if a letter stands for no base.
    """
    bases = "".join(bases.split()).upper().replace("U", "T")
    for letter in bases:
        if letter not in LETTERS:
            raise at_line(
                path, number, f"holds {letter!r}, which stands for no base: use ACGT, or {''.join(LETTERS)[4:]}"
            )
    return bases


def read(path: Path | Text, labelled: bool) -> list[dict[str, str]]:
    """`bases`, `label` and `group` of every sequence of a user's.

    A table has the columns `sequence`, `label` and perhaps `group`; a title of a FASTA file ends in its label; of a
    folder with a FASTA file for each label the file's name is the label. Without labels also plain text, one sequence
    a line.
    """
    if isinstance(path, Path) and path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in FASTA)
        if len(files) < 2 and labelled:
            raise UserError(
                f"{path} has {len(files)} FASTA files: give one for each label, named after it, as intron.fa"
            )
        return [{"bases": bases, "label": file.stem} for file in files for _, _, bases in fasta(file)]
    if path.suffix in TABLES:
        columns = ("sequence", "label") if labelled else ("sequence",)
        return [
            {"bases": checked(path, number, row.pop("sequence")), **row}
            for number, row in numbered_rows(path, columns, optional=("group",))
        ]
    if path.suffix in FASTA or next(lines(path)).startswith(">"):
        return [_titled(path, *found) if labelled else {"bases": found[2]} for found in fasta(path)]
    if labelled:
        raise UserError(
            f"{path} is no table or FASTA file: name it .csv, .tsv or .fa, or give a folder of FASTA files."
        )
    return [{"bases": checked(path, number, line)} for number, line in enumerate(lines(path), 1) if line.strip()]


def _titled(path: Path | Text, number: int, title: str, bases: str) -> dict[str, str]:
    words = title.split()
    if len(words) < 2:
        raise at_line(path, number, f"is the title {title!r:.40} without a label: write >name label")
    return {"bases": bases, "label": words[-1]}
