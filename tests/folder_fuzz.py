"""Many damaged folders for every reader of folders: each is parsed, or refused in one line, and nothing else happens.

    python -m tests.folder_fuzz          50,000 folders for each reader, about 20 minutes
    python -m tests.folder_fuzz 100      as many as that

A folder begins whole; then some of its files are damaged, lost, renamed, copied, or replaced by something else.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

from tests.fuzz import COLUMNS, WHOLE, count, damaged, damaged_text, outcome, recordings, report

FOLDERS = 50_000  # for each reader
NAMES = ("1.PNG", "9.jpg", ".png", "été.wav", "a b.mid", "1.txt", "2.tsv", "clips.csv", "manifest.json", "x.fa.gz", "x")

FRAMES = {f"{clip}/{number}.png": number for clip in ("one", "two") for number in range(4)}
CLIPS = "folder,label,group\none,wave,Ann\ntwo,jump,Ben\n"
TUB = {"catalog_0.catalog": WHOLE["self_driving"][0], "manifest.json": '["user/angle"]\n{"deleted_indexes": [1]}\n'}
# Whole folders of a task: the content of each file, or the number of a recording.
WHOLE_FOLDERS = {
    "video_activity": ({"clips.csv": CLIPS, **FRAMES}, FRAMES, {"1.png": 0, "2.png": 1, "10.jpg": 5}),
    "image_captioning": ({"a.csv": "file,caption\n1.png,A dog.\n1.png,It runs.\nb/2.jpg,A cat.\n", "1.png": 1,
                          "b/2.jpg": 5},
                         {"1.png": 0, "2.bmp": 6}),
    "pixel_sequence": ({"pictures.csv": "file,label\n1.png,a\n2.png,b\n", "1.png": 0, "2.png": 1},
                       {"1.png": 0, "2.png": 1}),
    "speech_recognition": ({"a.tsv": "file\ttext\n1.wav\tseven one\n2.wav\tTwo.\n", "1.wav": 0, "2.wav": 3},),
    "self_driving": (
        {**TUB, **{f"images/{number}.png": 1 for number in range(5)}},
        {**{f"data/{name}": text for name, text in TUB.items()}, **{f"data/images/{n}.png": n for n in range(5)}},
        {"1.png": 0, "2.png": 1},
    ),
    "music_generation": ({"one.mid": 0, "b/two.MIDI": 1},),
    "dna_analysis": ({"intron.fa": ">a\nACGT\n>b\nGGTA\n", "exon.fasta": ">c\nTTTT\n"},),
}  # fmt: skip


def make(task: str, number: int, folder: Path) -> None:
    """The folder of that number: a whole one of which some files were changed."""
    drawn = random.Random(number)
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in drawn.choice(WHOLE_FOLDERS[task]).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        kind = "pixel_sequence" if name.endswith(("png", "jpg")) else task
        whole = recordings(kind)[content] if isinstance(content, int) else content.encode()
        (folder / name).write_bytes(whole)
    for _ in range(drawn.choice((0, 0, 1, 1, 2, 4))):
        change(drawn, folder)


def change(drawn: random.Random, folder: Path) -> None:
    """Change one thing of a folder."""
    there = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if not there:
        return
    path = drawn.choice(there)
    other = drawn.choice(there).parent / drawn.choice((path.name, *NAMES, drawn.choice(there).name))
    kind = drawn.choice(("damage",) * 5 + ("lose", "rename", "copy", "empty", "folder", "link", "loop", "lose folder"))
    content = path.read_bytes()
    if kind == "damage":
        is_text = path.suffix in (".csv", ".tsv", ".catalog", ".json", ".fa", ".fasta")
        path.write_bytes(
            damaged_text(drawn, content.decode("utf-8", "replace")) if is_text else damaged(drawn, content)
        )
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "lose folder" and path.parent != folder:
        shutil.rmtree(path.parent)
    elif kind == "copy":
        place(content, other)
    elif kind in ("lose", "rename", "folder", "link", "loop"):
        path.unlink()
        if kind == "rename":
            place(content, other)
        elif kind == "folder":
            path.mkdir()
        elif kind in ("link", "loop"):
            path.symlink_to(folder / "gone" if kind == "link" else path)


def place(content: bytes, path: Path) -> None:
    """A file with this content in the place of a file or link; a folder stays."""
    if path.is_symlink():
        path.unlink()
    if not path.is_dir():
        path.write_bytes(content)


def fuzz(task: str, folders: int, folder: Path) -> Counter[str]:
    """How many folders were parsed, and how many refused; see `count`."""

    def outcomes(number: int):
        drawn = random.Random(-number)
        make(task, number, folder / "own")
        yield outcome(task, folder / "own", drawn.random() < 0.6, drawn.choice(COLUMNS))

    return count(f"{task}, folder", folders, outcomes)


if __name__ == "__main__":
    report(WHOLE_FOLDERS, fuzz, FOLDERS)
