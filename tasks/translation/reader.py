"""Pairs of sentences: a table, two parallel files, or Anki's tab file; and sources only, one per line."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from common.datasets import reading
from common.datasets.lines import Parallel, Text, at_line, lines
from common.datasets.readers import parallel_lines, table, texts
from common.errors import UserError

LOOKED_AT = 50  # lines by which Anki's file is recognised
ATTRIBUTION = "CC-BY"  # prefix of the third column in Anki's file


def read(path: Path | Parallel | Text, labelled: bool) -> list[dict[str, str]]:
    """`source`, `target` and optionally `group` of every pair.

    A table has the columns `source` and `target`; two parallel files correspond line by line; a line of Anki's file is
    a sentence, its translation and an attribution. For prediction also plain text, one source per line.
    """
    if isinstance(path, Parallel):
        if not labelled:
            return [{"source": line.strip()} for line in lines(path.source) if line.strip()]
        return [{"source": source, "target": target} for source, target in parallel_lines(path.source, path.target)]
    if is_anki(path):
        return anki(path, labelled)
    if not labelled:
        return [{"source": text} for text in texts(path, "source")]
    try:
        return table(path, ("source", "target"), optional=("group",))
    except UserError as error:
        if any("," not in line and "\t" not in line and ";" not in line for line in islice(lines(path), LOOKED_AT)):
            hint = "Two files that correspond line by line are named with a comma in between: DATA=train.en,train.fr"
            raise UserError(f"{error} {hint}") from error
        raise


def multi30k(language: str, folder: Path) -> list[list[tuple[str, str]]]:
    """The pairs of train, validation and test of Multi30k, from English."""
    splits = (folder / "data" / "task1" / "raw" / split for split in ("train", "val", "test_2016_flickr"))
    return [parallel_lines(Path(f"{split}.en.gz"), Path(f"{split}.{language}.gz")) for split in splits]


def is_anki(path: Path | Text) -> bool:
    """Whether every line has a sentence, its translation and an attribution."""
    start = [line.split("\t") for line in islice(lines(path), LOOKED_AT) if line.strip()]
    return bool(start) and all(len(cells) == 3 and cells[2].startswith(ATTRIBUTION) for cells in start)


def anki(path: Path | Text, labelled: bool) -> list[dict[str, str]]:
    """The sentences of Anki's file, and their translations.

    Raises:
        UserError: if a line has something else; names the line.
    """
    reading.note(path, "columns", "source, target and an attribution, as Anki writes them")
    found = []
    for number, line in enumerate(lines(path), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip():
            continue
        if len(cells) < 2 or not cells[0] or not cells[1]:
            reading.refuse(at_line(path, number, f"must hold a sentence, a tab and its translation, not {line!r:.60}"))
        elif labelled:
            found.append({"source": cells[0], "target": cells[1]})
        else:
            found.append({"source": cells[0]})
    return found
