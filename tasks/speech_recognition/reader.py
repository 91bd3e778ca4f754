"""Recordings with their texts: spoken digits, single or joined to strings; yes and no; users' folders."""

from __future__ import annotations

import dataclasses
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


@dataclasses.dataclass(frozen=True, slots=True)
class Utterance:
    """A recording; `text` is None if it is to be predicted."""

    sound: Sound
    text: str | None = None
    name: str = ""  # of the file
    speaker: str = ""
    group: str = ""  # utterances that depend on each other, such as those of one speaker

    def __len__(self) -> int:
        return round(100 * self.sound.seconds)  # frames of 10 ms

    def __str__(self) -> str:
        return self.name or self.content

    @property
    def content(self) -> str:
        return repr(self.sound)


def fsdd(strings: bool, folder: Path, fold: int | None = None) -> Splits:
    """Spoken digits, trimmed of silence.

    Args:
        strings: whether recordings are joined to strings of 3 to 7 digits of one speaker. A recording of validation or
            test is in one string only, so that these are independent.
        fold: number of the test speaker; the next one is validation, the others are train. Test then has a new speaker,
            whose utterances are one group. None: the official split, in which the recordings 0 to 4 of every speaker
            and digit are test; here 5 to 9 are validation.
    """
    splits = Splits([], [], [])
    for path in sorted((folder / "recordings").glob("*.wav")):
        digit, speaker, number = path.stem.split("_")
        if fold is None:
            split = splits.test if int(number) < 5 else splits.validation if int(number) < 10 else splits.train
        else:
            place = (SPEAKERS.index(speaker) - fold) % len(SPEAKERS)
            split = splits.test if place == 0 else splits.validation if place == 1 else splits.train
        group = "" if fold is None else speaker
        split.append(Utterance(read_wav(path).trimmed(), DIGITS[int(digit)], path.name, speaker, group))
    if not strings:
        return splits
    random = np.random.default_rng(3)
    return Splits(*(_strings(split, ROUNDS if name == "train" else 1, random) for name, split in splits))


def _strings(recordings: list[Utterance], rounds: int, random: np.random.Generator) -> list[Utterance]:
    """Every recording in one string per round; the last string of a speaker may be shorter."""
    by_speaker, made = defaultdict(list), []
    for recording in recordings:
        by_speaker[recording.speaker].append(recording)
    for speaker, spoken in by_speaker.items():
        for _ in range(rounds):
            waiting = [spoken[i] for i in random.permutation(len(spoken))]
            while waiting:
                count = int(random.integers(3, 8))
                taken, waiting = waiting[:count], waiting[count:]
                sound = joined([one.sound for one in taken], random.uniform(*PAUSES, len(taken) + 1), random)
                text, name = " ".join(one.text for one in taken), f"{speaker}, string {len(made) + 1}"
                made.append(Utterance(sound, text, name, speaker, taken[0].group))
    return made


def yesno(folder: Path) -> Splits:
    """Recordings of eight words by one speaker, which the file name gives: 0 is no, 1 is yes. In random order."""
    said = {"0": "no", "1": "yes"}
    paths = sorted((folder / "waves_yesno").glob("*.wav"))
    found = [Utterance(read_wav(path), " ".join(said[d] for d in path.stem.split("_")), path.name) for path in paths]
    order = [found[i] for i in np.random.default_rng(0).permutation(len(found))]
    return Splits(order[:40], order[40:50], order[50:])


def read(path: Path | Text, labelled: bool) -> list[Utterance]:
    """The recordings of a user's folder or table; for prediction also single files, whose paths are in a text.

    Raises:
        UserError: if a file cannot be read, a text has no words, or all recordings to learn from are silent.
    """
    found = []
    for entry in manifest.once(manifest.entries(path, (".wav",), ("text",), ("speaker",), labelled)):
        text = normal(entry.row["text"]) if labelled else None
        if text == "":
            raise UserError(f"{entry.place}, has no words in its text: write what is said.")
        speaker = entry.row.get("speaker", "")
        found.append(Utterance(read_wav(entry.path), text, entry.path.name, speaker, group=speaker))
    silent = [utterance.name for utterance in found if not utterance.sound.samples.any()]
    if labelled and silent and len(silent) == len(found):
        raise UserError(f"{path} has no sound: all {len(found):,} recordings are silent. Record them again.")
    if silent:
        reading.warn(f"Silent recordings: {len(silent):,} of {len(found):,} ({labels.named(silent)}).")
    return found


def normal(text: str) -> str:
    """Words in lower case without punctuation: `"It's Seven, one." -> "it's seven one"`."""
    return " ".join(word for word in words(text.lower()) if word[0].isalnum())
