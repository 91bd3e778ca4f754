"""Pictures with captions: a part of Flickr8k, and users' folders."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from common.datasets import manifest, pictures, readers
from common.datasets.lines import Text, at_line
from common.datasets.splits import Splits
from common.encoding.text import words
from common.errors import UserError, one_line

READ_SIZE = (224, 224)  # pixels to which every picture is resized when it is read
SIZES = (1100, 100, 150)  # pictures in train, validation and test of Flickr8k

Described = tuple[np.ndarray, list[str], str]  # uint8 (height, width, 3), captions, name


def flickr8k(folder: Path) -> Splits:
    """`(picture, captions, name)` of the last 1,350 pictures of the list, in the order of their names.

    A line contains the picture, a caption and whether they match; half of the lines do not match and are skipped.
    """
    table, captions = folder / "data" / "flickr8k.TrainImages.txt", defaultdict(list)
    for number, line in enumerate(readers.lines(table), 1):
        cells = line.split("\t")
        if len(cells) != 3 or cells[2] not in ("match", "no-match"):
            raise at_line(table, number, f"must hold a picture, a caption and match or no-match, not {line!r:.60}")
        if cells[2] == "match":
            captions[cells[0]].append(plain(cells[1]))
    names = sorted(captions)[-sum(SIZES) :]
    splits, first = [], 0
    for count in SIZES:
        paths = [folder / "data" / "images" / name for name in names[first : first + count]]
        splits.append([(pictures.read(path, READ_SIZE, colour=True), captions[path.name], path.name) for path in paths])
        first += count
    return Splits(*splits)


def own(path: Path | Text, labelled: bool) -> list[Described]:
    """`(picture, captions, name)` of every picture in a user's folder or table, or of the paths in a text.

    Raises:
        UserError: if a file cannot be read or a caption has no words.
    """
    captions = defaultdict(list)
    for entry in manifest.entries(path, pictures.SUFFIXES, ("caption",), labelled=labelled):
        written = entry.row.get("caption", "")
        caption = plain(written)
        if re.fullmatch(r"""\[\s*(['"]).*\1\s*\]""", written, re.DOTALL):
            raise UserError(f"{entry.place}, has a list of captions, {one_line(written, 40)}: write a row for each.")
        if labelled and not caption:
            raise UserError(f"{entry.place}, has no words in its caption: write what the picture shows.")
        captions[entry.path].append(caption)
    found = [(pictures.read(file, READ_SIZE, colour=True), texts, file.name) for file, texts in captions.items()]
    pictures.warn_if_dark(path, (int(picture.max()) for picture, _, _ in found))
    return found


def plain(caption: str) -> str:
    """Words in lower case without punctuation, for comparing captions: `"A dog runs ." -> "a dog runs"`."""
    return " ".join(word for word in words(caption.lower()) if word[0].isalnum())
