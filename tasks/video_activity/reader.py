"""Skeletons of MSR Action3D, drawn as small pictures and augmented in training, and folders of frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.datasets import manifest, pictures
from common.datasets.lines import Text, at_line, lines
from common.datasets.paths import is_folder
from common.errors import UserError

SIDE = 32  # pixels of a frame in each direction
FINER = 4  # multiple of the resolution at which lines are drawn, for smooth edges
MOST_FRAMES = 2000  # maximum length of a clip, since clips are held in memory
JOINTS = 20
HIP, NECK = 6, 2  # joints: the middle of a skeleton, and the other end of its trunk
SPEED = 10  # velocities are in tenths of a trunk, so that they have about the size of positions
# Joints connected by a bone, from 0, in the order of the Kinect skeletons of MSR Action3D.
BONES = (
    *((19, 2), (2, 0), (2, 1), (2, 3), (3, 6), (6, 4), (6, 5)),  # head, shoulders, spine, hips
    *((0, 7), (7, 9), (9, 11), (1, 8), (8, 10), (10, 12)),  # arms
    *((4, 13), (13, 15), (15, 17), (5, 14), (14, 16), (16, 18)),  # legs
)
ACTIONS = (
    *("high wave", "horizontal wave", "hammer", "hand catch", "forward punch", "high throw", "draw x", "draw tick"),
    *("draw circle", "hand clap", "two-hand wave", "side boxing", "bend", "forward kick", "side kick", "jogging"),
    *("tennis swing", "tennis serve", "golf swing", "pick up and throw"),
)


class Raw(NamedTuple):
    """A clip as read: uint8 `(frames, SIDE, SIDE)`, or for joints float32 `(frames, JOINTS, 3)`."""

    frames: np.ndarray
    name: str
    label: str | None = None
    group: str = ""


def skeleton(path: Path) -> np.ndarray:
    """The joints in a file with `x y z confidence` in each line and 20 lines per frame, float32 `(frames, JOINTS, 3)`.

    All-zero frames, in which no body was detected, are left out.
    """
    numbers = []
    for number, line in enumerate(lines(path), 1):
        cells = line.split()
        if not cells:
            continue
        try:
            numbers.append([float(cell) for cell in cells])
        except ValueError:
            numbers.append([])
        if len(numbers[-1]) != 4 or not np.isfinite(numbers[-1]).all():
            raise at_line(path, number, f"must be x, y, z and confidence of a joint, not {line!r:.60}")
    if not numbers or len(numbers) % JOINTS:
        raise UserError(f"{path} has {len(numbers)} joints: {JOINTS} lines for each frame are needed.")
    joints = np.array(numbers, np.float32)[:, :3].reshape(-1, JOINTS, 3)
    joints = joints[joints.any(axis=(1, 2))]
    if not len(joints) or len(joints) > MOST_FRAMES:
        raise UserError(f"{path} has {len(joints)} frames with a body: 1 to {MOST_FRAMES:,} are read.")
    return joints


def msr_action3d(folder: Path) -> list[Raw]:
    """The 557 sequences that the field uses; the group is the subject."""
    names = [line.strip() for line in lines(folder / "data" / "files_used_in_cvpr12_paper.txt") if line.strip()]
    found = []
    for name in names:
        action, subject, _ = map(int, re.findall(r"\d+", name)[:3])
        stem = re.match(r"a\d+_s\d+_e\d+", name).group()
        joints = skeleton(folder / "data" / f"{stem}_skeleton3D.txt")
        found.append(Raw(joints, stem, ACTIONS[action - 1], f"subject {subject}"))
    return found


def drawn(joints: np.ndarray) -> np.ndarray:
    """Skeletons drawn from the front, scaled so that the largest pose just fits, uint8 `(frames, SIDE, SIDE)`."""
    low, high = joints[..., :2].min(axis=(0, 1)), joints[..., :2].max(axis=(0, 1))
    scale = (SIDE - 5) / (high - low).max()
    places = (joints[..., :2] - (low + high) / 2) * scale * (1, -1) + (SIDE - 1) / 2  # x, and y from the top
    limbs = np.stack([places[:, [a, b]] for a, b in BONES], axis=1)  # (frames, bones, 2 ends, x and y)
    return lines_drawn(limbs)


def lines_drawn(limbs: np.ndarray, thickness: float = 0.7, brightness: int = 255) -> np.ndarray:
    """Bright lines on black with smooth edges.

    Args:
        limbs: float array `(frames, lines, 2, 2)`: x and y of both ends, in pixels from the top left.
        thickness: half the width of a line, in pixels.
        brightness: 0 to 255.

    Returns:
        uint8 array `(frames, SIDE, SIDE)`.
    """
    from PIL import Image, ImageDraw

    frames = []
    width = max(1, round(2 * thickness * FINER))
    for lines_of_frame in ((limbs + 0.5) * FINER).reshape(len(limbs), -1, 4).round().tolist():
        picture = Image.new("L", (SIDE * FINER, SIDE * FINER))
        pencil = ImageDraw.Draw(picture)
        for line in lines_of_frame:
            pencil.line(line, fill=brightness, width=width)
        frames.append(np.array(picture.reduce(FINER)))
    return np.stack(frames)


def centred(joints: np.ndarray) -> np.ndarray:
    """Joints relative to the hip, in lengths of the trunk; for the hip itself its displacement. `(frames, 20, 3)`."""
    hip = joints[:, HIP, None]
    trunk = max(float(np.median(np.linalg.norm(joints[:, NECK] - joints[:, HIP], axis=-1))), 1e-3)
    beside = joints - hip
    beside[:, HIP] = (hip - hip[0])[:, 0]
    return beside / np.float32(trunk)


def vectors(joints: np.ndarray) -> np.ndarray:
    """Positions and velocities, float32 `(frames, 120)`."""
    places = joints.reshape(len(joints), -1).astype(np.float32)
    return np.concatenate([places, SPEED * np.diff(places, axis=0, prepend=places[:1])], axis=1)


def changed(random: np.random.Generator, clip: np.ndarray, change: float) -> np.ndarray:
    """An encoded clip with warped time, and the skeleton turned and scaled or the pictures shifted; same shape."""
    clip = clip[_warped(random, len(clip), change)]
    return (_shifted if clip.dtype == np.uint8 else _turned)(random, clip, change)


def _warped(random: np.random.Generator, count: int, change: float) -> np.ndarray:
    """Numbers of the frames to show: slow first and then fast, or vice versa."""
    power = np.exp(random.normal(0, 0.25 * change))
    return np.round(np.linspace(0, 1, count) ** power * (count - 1)).astype(int)


def _turned(random: np.random.Generator, clip: np.ndarray, change: float) -> np.ndarray:
    joints = clip[:, : 3 * JOINTS].reshape(-1, JOINTS, 3)
    turn = random.normal(0, 0.2 * change)  # radians about the vertical
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    noise = random.normal(0, 0.02 * change, (1, JOINTS, 3))  # of the proportions
    return vectors(joints @ rotation * random.normal(1, 0.08 * change, (1, 1, 3)) + noise)


def _shifted(random: np.random.Generator, clip: np.ndarray, change: float) -> np.ndarray:
    return np.roll(clip, random.normal(0, 1.5 * change, 2).round().astype(int), axis=(1, 2))


def own_clips(path: Path | Text, labelled: bool) -> list[Raw]:
    """Clips in a user's folder, or in one file with a skeleton.

    A folder contains a table with the columns folder and label, optionally group; each folder named there contains the
    frames of a clip as pictures, in the order of their names. For prediction a folder of frames will do.
    """
    if isinstance(path, Text):
        raise UserError("A clip cannot be typed: name a folder with INPUT, of frames, or with a table and folders.")
    if not labelled and path.is_dir() and not manifest.tables_in(path):
        inner = [folder for folder in sorted(path.iterdir()) if is_folder(folder) and pictures.files_in(folder)]
        return [Raw(_frames(folder), folder.name) for folder in inner or [path]]
    if path.suffix.lower() == ".txt" and not labelled:
        return [Raw(skeleton(path), path.stem)]
    found = manifest.once(manifest.entries(path, (), ("label",), ("group",), labelled))
    clips = [Raw(_frames(folder), folder.name, row.get("label"), row.get("group", "")) for folder, row, _ in found]
    pictures.warn_if_dark(path, (int(clip.frames.max()) for clip in clips))
    return clips


def _frames(folder: Path) -> np.ndarray:
    files: Sequence[Path] = pictures.files_in(folder)
    if not 0 < len(files) <= MOST_FRAMES:
        kinds = ", ".join(pictures.SUFFIXES)
        raise UserError(f"{folder} holds {len(files):,} pictures ({kinds}): 1 to {MOST_FRAMES:,} frames are read.")
    return np.stack([pictures.read(file, (SIDE, SIDE)) for file in files])
