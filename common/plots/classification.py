"""Plots for a classifier: its confusions and its calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.metrics.classification import Classification, reliability
from common.plots import confusion, style

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
    _reliability(scores, folder / "reliability.png")
    caption = "How often answers with a given probability are right; larger dots stand for more answers."
    return [*found, ("reliability.png", caption)]


def _reliability(scores: Classification, path: Path) -> None:
    counts, stated, right = reliability(scores.confidence, scores.truth == scores.answer)
    figure, axes = style.new_figure(5.2, 4.8, xlabel="predicted probability", ylabel="share of right answers")
    axes.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", linewidth=1.5, label="perfect calibration")
    axes.plot(stated, right, color=style.BLUE, linewidth=1, zorder=2)
    axes.scatter(stated, right, s=20 + 400 * counts / counts.sum(), color=style.BLUE, alpha=0.8, zorder=3)
    axes.set(xlim=(0, 1.04), ylim=(0, 1.04), aspect="equal")
    axes.set_title(f"calibration error {scores['calibration_error']:.3f}")
    axes.legend(loc="upper left")
    style.save(figure, path)
