"""Plots for a classifier: its confusions and its calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.metrics.classification import Classification
from common.plots import confusion, reliability

MANY_LABELS = 15  # with more labels, the most confused pairs get a plot of their own


def figures(
    scores: Classification, examples: Sequence, predictions: Sequence[dict], folder: Path
) -> list[tuple[str, str]]:
    """Write `confusion.png`, `pairs.png` for many labels, and `reliability.png`; (file name, caption) of each."""
    confusion.matrix(scores.confusion, scores.labels, folder / "confusion.png")
    found = [("confusion.png", "Examples by their true label (rows) and the model's answer (columns).")]
    if len(scores.labels) > MANY_LABELS and (scores.truth != scores.answer).any():
        confusion.pairs(scores.confusion, scores.labels, folder / "pairs.png")
        found.append(("pairs.png", "The pairs of labels that are confused most often."))
    reliability.diagram(scores.confidence, scores.truth == scores.answer, folder / "reliability.png")
    caption = "How often answers with a given probability are right; larger dots stand for more answers."
    return [*found, ("reliability.png", caption)]
