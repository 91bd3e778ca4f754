"""The files of the real sets: Bach's chorales, and the pitches of Irish dance tunes."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from common.datasets import readers
from common.datasets.splits import Splits

TUNES = "cre_corpus/feat_seq_corpus/feat_seq/*.csv"  # one per setting of a tune


def chorales(folder: Path) -> Splits:
    """The frames of Bach's chorales in quarter notes, split as by Boulanger-Lewandowski."""
    splits = json.loads((folder / "jsb-chorales-quarter.json").read_text(encoding="utf-8"))
    found = Splits(splits["train"], splits["valid"], splits["test"])
    return found.map(lambda piece: tuple(tuple(sorted(frame)) for frame in piece))


def tunes(folder: Path) -> Splits:
    """`(frames, title, tune)` of every setting of a tune; a checksum of the tune's name decides on the split."""
    splits = [], [], []
    for file in sorted(folder.glob(TUNES)):
        frames = tuple((int(row["midi_note"]),) for row in readers.table(file, ["midi_note"]))
        tune = re.sub(r"\d", "", file.stem)
        tenth = int(hashlib.sha256(tune.encode()).hexdigest(), 16) % 10
        splits[max(0, tenth - 7)].append((frames, file.stem, tune))
    return Splits(*splits)
