"""Tubs, the folders in which a Donkeycar records its drives, and folders of plain pictures.

A tub (https://docs.donkeycar.com) contains `catalog_*.catalog`, one JSON object per line, and `images/`; both may be in
a subfolder `data`. Frames that the driver has deleted are listed in `manifest.json`. An angle of -1 is full left.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.datasets import pictures, reading
from common.datasets.lines import Text, at_line, line_of, lines
from common.datasets.paths import by_number, is_file
from common.errors import UserError, one_line

GAP = 20  # frames between train, validation and test that are left out: one second
BLOCKS = 5  # blocks of validation, between those of train
PAUSE = 1000  # milliseconds between frames after which a new drive begins
ANGLE, PICTURE, TIME = "user/angle", "cam/image_array", "_timestamp_ms"


@dataclasses.dataclass(frozen=True, eq=False)
class Drive:
    """Frames in order, without a gap, and the steering angle in each; `road` if the drive was generated."""

    name: str
    frames: np.ndarray  # uint8 (frames, height, width)
    angles: np.ndarray | None = None  # float (frames,), -1 to 1
    road: object = None

    def __post_init__(self):
        angles = b"" if self.angles is None else self.angles.tobytes()
        object.__setattr__(self, "digest", hashlib.sha256(self.frames.tobytes() + angles).hexdigest()[:16])

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        return f"Drive({self.name!r}, {len(self)} frames, {self.digest})"

    def part(self, first: int, last: int) -> Drive:
        """The frames from `first` to before `last`, as a drive of its own."""
        return Drive(f"{self.name} from {first}", self.frames[first:last], self.angles[first:last])


class Row(NamedTuple):
    """A frame of a tub: its picture, the steering angle, and the time (None if unknown)."""

    picture: Path
    angle: float | None
    milliseconds: float | None
    place: str  # the line that names it


def drives(path: Path | Text, labelled: bool, size: tuple[int, int]) -> list[Drive]:
    """The drives of a folder; a pause of a second begins a new one.

    Args:
        path: a tub; without `labelled` also a folder of pictures, in the order of their names.
        size: `(height, width)` to which frames are resized.

    Raises:
        UserError: if something is missing or cannot be read; names the file and the line.
    """
    if isinstance(path, Text) or path.is_file():
        raise UserError(f"{path} is no folder: name a tub, a folder with catalog_0.catalog and images.")
    tub = next((folder for folder in (path, path / "data") if list(folder.glob("catalog_*.catalog"))), None)
    if tub is None:
        files = pictures.files_in(path)
        if labelled or not files:
            raise _no_tub(path)
        return [Drive(path.name, np.stack([pictures.read(file, size) for file in files]))]
    rows = _rows(tub, labelled)
    parts = [[]]
    for row in rows:
        before = parts[-1][-1] if parts[-1] else row
        if None not in (before.milliseconds, row.milliseconds):
            gap = row.milliseconds - before.milliseconds
            if not 0 <= gap <= PAUSE:
                parts.append([])
        parts[-1].append(row)
    found = []
    for number, part in enumerate(parts, 1):
        frames = np.stack([pictures.read(row.picture, size) for row in part])
        angles = np.array([row.angle for row in part], float) if labelled else None
        found.append(Drive(f"drive {number}", frames, angles))
    return found


def _no_tub(path: Path) -> UserError:
    if any(path.glob("record_*.json")):
        return UserError(f"{path} is a tub of Donkeycar 3: convert it (scripts/convert_to_tub_v2.py of Donkeycar 4).")
    inner = sorted(catalog.parent.name for catalog in path.glob("*/catalog_0.catalog"))
    hint = f": name one in it, such as {inner[0]}" if inner else ""
    return UserError(f"{path} is no tub: it has no catalog_0.catalog, which Donkeycar 4 and later write{hint}.")


def in_blocks(made: Sequence[Drive]) -> dict[str, list[Drive]]:
    """By time: the last tenth of all frames is test; evenly spaced blocks of the rest are validation.

    One second of frames between two blocks belongs to no split, and a block is a drive of its own, so that no window
    reaches into another block.

    Returns:
        train, validation, test: parts of the drives.

    Raises:
        UserError: if there are too few frames.
    """
    total = sum(map(len, made))
    if total < 40 * GAP:
        raise UserError(f"{total} frames are too few to split by time: at least {40 * GAP} are needed.")
    test = round(0.9 * total)
    length = round(0.1 * total / BLOCKS) + GAP
    bounds = [("train", 0)]
    for block in range(BLOCKS):
        middle = round((block + 0.5) * test / BLOCKS)
        bounds += [("validation", middle - length // 2), ("train", middle + length - length // 2)]
    bounds += [("test", test), ("test", total)]
    splits = {"train": [], "validation": [], "test": []}
    start = 0
    for drive in made:
        for (split, first), (_, last) in itertools.pairwise(bounds):
            begin = max(first + (GAP if first else 0) - start, 0)
            end = min(last - start, len(drive))
            if end > begin:
                splits[split].append(drive.part(begin, end))
        start += len(drive)
    return splits


def _rows(tub: Path, labelled: bool) -> list[Row]:
    """All frames that are not deleted, in order of time."""
    deleted = _deleted(tub / "manifest.json")
    found: dict[int, Row] = {}
    for catalog in sorted(tub.glob("catalog_*.catalog"), key=by_number):
        for number, line in enumerate(lines(catalog), 1):
            if line.strip():
                index, row = _row(catalog, number, line, labelled)
                index = len(found) if index is None else index
                if index in found:
                    raise at_line(catalog, number, f"has the _index {index}, which another line has: number the frames")
                found[index] = row
    _warn_of_others(tub, [row.picture.name for row in found.values()])
    kept = [row for index, row in sorted(found.items()) if index not in deleted]
    if not kept:
        raise UserError(f"{tub} holds no frames, or all are deleted.")
    for row in kept:
        if not is_file(row.picture):
            raise UserError(f"{row.place}, names {one_line(row.picture.name, 60)}, which is not in {tub / 'images'}.")
    return kept


def _row(catalog: Path, number: int, line: str, labelled: bool) -> tuple[int | None, Row]:
    """The number of a frame, None if it has none, and the frame."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get(PICTURE), str):
        raise at_line(catalog, number, f"must be a JSON object with {PICTURE!r}, not {line!r:.60}")
    if len(Path(record[PICTURE]).parts) != 1:
        raise at_line(catalog, number, f"must name a picture in images, not {record[PICTURE]!r:.60}")
    angle, index, time = record.get(ANGLE), record.get("_index"), record.get(TIME)
    if labelled and not (_is_number(angle) and -1 <= angle <= 1):
        raise at_line(catalog, number, f"must have {ANGLE!r}, a number from -1 to 1, not {angle!r:.30}")
    if index is not None and type(index) is not int:
        raise at_line(catalog, number, f"has the _index {one_line(repr(index), 30)}: it must be a whole number")
    picture = catalog.parent / "images" / record[PICTURE]
    milliseconds = time if _is_number(time) else None
    return index, Row(picture, angle if labelled else None, milliseconds, line_of(catalog, number))


def _warn_of_others(tub: Path, named: list[str]) -> None:
    """Warn of pictures that belong to several frames or to none."""
    if (twice := len(named) - len(set(named))) > 0:
        reading.warn(f"{tub}: {twice:,} frames have the picture of another one.")
    there = pictures.files_in(tub / "images") if (tub / "images").is_dir() else []
    if others := [file.name for file in there if file.name not in named]:
        reading.warn(f"{tub}: {len(others):,} pictures belong to no frame ({others[0]} is one): they are passed over.")


def _deleted(manifest: Path) -> set[int]:
    """Numbers of the deleted frames, from the last line of the manifest."""
    if not manifest.exists():
        return set()
    try:
        found = json.loads(([line for line in lines(manifest) if line.strip()] or [""])[-1])
    except (ValueError, RecursionError) as error:
        raise UserError(f"{manifest} does not end in a line of JSON: it is no manifest of a tub.") from error
    numbers = found.get("deleted_indexes", []) if isinstance(found, dict) else []
    return {number for number in numbers if isinstance(number, int)}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
