"""Recordings with their texts: spoken digits, single or joined to strings; yes and no; users' folders."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from common.datasets import labels, manifest, reading
from common.datasets.lines import Text
from common.datasets.sounds import Sound, joined, read_wav
from common.datasets.splits import Splits
from common.encoding.text import words
from common.errors import UserError

from .sample import DIGITS

SPEAKERS = ("theo", "lucas", "george", "jackson", "nicolas", "yweweler")  # of the digits
ROUNDS = 4  # strings of train that contain each training recording
PAUSES = (0.05, 0.2)  # seconds between two digits of a string, minimum and maximum

Recording = tuple[Sound, str, str, str]  # sound, text, name, speaker


def fsdd(folder: Path, strings: bool, fold: int | None) -> Splits:
    """`(sound, text, name, speaker)` of spoken digits, trimmed of silence.

    Args:
        strings: whether recordings are joined to strings of 3 to 7 digits of one speaker. A recording of validation or
            test is in one string only, so that these are independent.
        fold: number of the test speaker; the next one is validation, the others are train. None: the official split,
            in which the recordings 0 to 4 of every speaker and digit are test; here 5 to 9 are validation.
    """
    splits = Splits([], [], [])
    for path in sorted((folder / "recordings").glob("*.wav")):
        digit, speaker, number = path.stem.split("_")
        if fold is None:
            split = splits.test if int(number) < 5 else splits.validation if int(number) < 10 else splits.train
        else:
            place = (SPEAKERS.index(speaker) - fold) % len(SPEAKERS)
            split = splits.test if place == 0 else splits.validation if place == 1 else splits.train
        split.append((read_wav(path).trimmed(), DIGITS[int(digit)], path.name, speaker))
    if not strings:
        return splits
    random = np.random.default_rng(3)
    return Splits(*(_strings(split, ROUNDS if name == "train" else 1, random) for name, split in splits))


def _strings(recordings: list[Recording], rounds: int, random: np.random.Generator) -> list[Recording]:
    """Every recording in one string per round; the last string of a speaker may be shorter."""
    by_speaker, made = defaultdict(list), []
    for recording in recordings:
        by_speaker[recording[3]].append(recording)
    for speaker, spoken in by_speaker.items():
        for _ in range(rounds):
            waiting = [spoken[i] for i in random.permutation(len(spoken))]
            while waiting:
                count = int(random.integers(3, 8))
                taken, waiting = waiting[:count], waiting[count:]
                sound = joined([one[0] for one in taken], random.uniform(*PAUSES, len(taken) + 1), random)
                made.append((sound, " ".join(one[1] for one in taken), f"{speaker}, string {len(made) + 1}", speaker))
    return made


def yesno(folder: Path) -> Splits:
    """`(sound, text, name, "")` of recordings of eight words, which the file name gives: 0 is no, 1 is yes."""
    said = {"0": "no", "1": "yes"}
    paths = sorted((folder / "waves_yesno").glob("*.wav"))
    found = [(read_wav(path), " ".join(said[d] for d in path.stem.split("_")), path.name, "") for path in paths]
    order = [found[i] for i in np.random.default_rng(0).permutation(len(found))]
    return Splits(order[:40], order[40:50], order[50:])


def own(path: Path | Text, labelled: bool) -> list[tuple[Sound, str | None, str, str]]:
    """`(sound, text, name, speaker)` of every recording in a user's folder or table, or of the paths in a text.

    Raises:
        UserError: if a file cannot be read, a text has no words, or all recordings to learn from are silent.
    """
    found = []
    for entry in manifest.once(manifest.entries(path, (".wav",), ("text",), ("speaker",), labelled)):
        text = normal(entry.row["text"]) if labelled else None
        if text == "":
            raise UserError(f"{entry.place}, has no words in its text: write what is said.")
        found.append((read_wav(entry.path), text, entry.path.name, entry.row.get("speaker", "")))
    silent = [name for sound, _, name, _ in found if not sound.samples.any()]
    if labelled and silent and len(silent) == len(found):
        raise UserError(f"{path} has no sound: all {len(found):,} recordings are silent. Record them again.")
    if silent:
        reading.warn(f"Silent recordings: {len(silent):,} of {len(found):,} ({labels.named(silent)}).")
    return found


def normal(text: str) -> str:
    """Words in lower case without punctuation: `"It's Seven, one." -> "it's seven one"`."""
    return " ".join(word for word in words(text.lower()) if word[0].isalnum())
