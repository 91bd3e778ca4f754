"""Prepare pictures for a network: resize, identify by a checksum of the pixels, augment in training."""

from __future__ import annotations

import hashlib

import numpy as np


def digest(picture: np.ndarray) -> str:
    """A checksum of the pixels, 16 hexadecimal digits; equal for equal pictures."""
    return hashlib.sha256(np.ascontiguousarray(picture)).hexdigest()[:16]


def resized(picture: np.ndarray, size: int) -> np.ndarray:
    """A picture `(height, width, 3)` resized to `size` pixels in both directions, regardless of proportions; uint8."""
    from PIL import Image

    if picture.shape[:2] == (size, size):
        return picture
    return np.array(Image.fromarray(picture).resize((size, size), Image.Resampling.BOX))


def augmented(random: np.random.Generator, batch: np.ndarray) -> np.ndarray:
    """Augment photographs: half of them are mirrored, and all are moved by up to a twelfth and made lighter or darker.

    Args:
        batch: uint8 array `(batch, height, width, 3)`; pixels from outside the picture repeat its edge.
    """
    height, width = batch.shape[1:3]
    changed = np.empty_like(batch)
    for picture, into in zip(batch, changed):
        down, right = (random.integers(-(size // 12), size // 12 + 1) for size in (height, width))
        rows = np.clip(np.arange(height) + down, 0, height - 1)
        columns = np.clip(np.arange(width) + right, 0, width - 1)
        columns = columns[::-1] if random.random() < 0.5 else columns
        into[:] = np.clip(picture[rows][:, columns] * random.uniform(0.85, 1.15), 0, 255)
    return changed


def changed(random: np.random.Generator, inputs: dict, targets: np.ndarray) -> tuple[dict, np.ndarray]:
    """A batch whose input `picture` is augmented, for `augmenting.Augmented`."""
    return {**inputs, "picture": augmented(random, inputs["picture"])}, targets
