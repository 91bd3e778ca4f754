"""Pairs of sentences: a table, two parallel files, or Anki's tab file; and sources alone, one a line."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from common.datasets import reading
from common.datasets.lines import Parallel, Text, at_line, lines
from common.datasets.readers import parallel_lines, table, texts
from common.errors import UserError

LOOKED_AT = 50  # lines that tell Anki's file
ATTRIBUTION = "CC-BY"  # begins the third column of Anki's file


def read(path: Path | Parallel | Text, labelled: bool) -> list[dict[str, str]]:
    """`source`, `target` and perhaps `group` of every pair.

    A table has the columns `source` and `target`; two parallel files belong together line by line; Anki's file holds a
    sentence, its translation and an attribution. Without targets also plain text, one source a line.
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
            hint = "Two files that belong together line by line are named with a comma between: DATA=train.en,train.fr"
            raise UserError(f"{error} {hint}") from error
        raise


def multi30k(language: str, folder: Path) -> list[list[tuple[str, str]]]:
    """The pairs of train, validation and test of Multi30k, from English."""
    sides = (folder / "data" / "task1" / "raw" / side for side in ("train", "val", "test_2016_flickr"))
    return [parallel_lines(Path(f"{side}.en.gz"), Path(f"{side}.{language}.gz")) for side in sides]


def is_anki(path: Path | Text) -> bool:
    """Whether every line holds a sentence, its translation and where both are from."""
    start = [line.split("\t") for line in islice(lines(path), LOOKED_AT) if line.strip()]
    return bool(start) and all(len(cells) == 3 and cells[2].startswith(ATTRIBUTION) for cells in start)


def anki(path: Path | Text, labelled: bool) -> list[dict[str, str]]:
    """The sentences of Anki's file, and their translations.

    Raises:
        UserError: if a line holds something else, naming it.
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
