"""Predictions made while a sequence is still being read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def answers(labels: Sequence[str], shares: Sequence[float], so_far: np.ndarray) -> list[dict]:
    """Predictions from the probabilities after increasing parts of each sequence.

    Args:
        labels: names of the classes.
        shares: share of the sequence seen at each point, rising to 1.
        so_far: float array `(examples, points, classes)`.

    Returns:
        `{"label", "probabilities": {label: probability}, "running": [{"seen", "label", "probability"}, ...]}` for each
        example; the label is the answer at the end.
    """
    found = []
    for points in so_far:
        running = [
            {"seen": float(share), "label": labels[row.argmax()], "probability": float(row.max())}
            for share, row in zip(shares, points, strict=True)
        ]
        whole = dict(zip(labels, map(float, points[-1]), strict=True))
        found.append({"label": running[-1]["label"], "probabilities": whole, "running": running})
    return found
