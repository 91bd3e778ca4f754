"""Pictures of a classifier: what it takes for what, and whether its probabilities can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.metrics.classification import Classification, reliability
from common.plots import style

MOST_NUMBERED = 15  # labels up to which every cell of the matrix bears its number


def figures(
    scores: Classification, examples: Sequence, predictions: Sequence[dict], folder: Path
) -> list[tuple[str, str]]:
    """Write `confusion.png` and `reliability.png`; (file name, caption) of each."""
    _confusion(scores, folder / "confusion.png")
    _reliability(scores, folder / "reliability.png")
    return [
        ("confusion.png", "Examples by their true label (rows) and the model's answer (columns)."),
        ("reliability.png", "How often answers of a stated probability are right; the larger a dot, the more answers."),
    ]


def _confusion(scores: Classification, path: Path) -> None:
    counts, labels = scores.confusion, scores.labels
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = np.clip(0.55 * len(labels), 2.4, 12)
    figure, axes = style.new_figure(side + 2.4, side + 1.1, xlabel="answer", ylabel="truth")
    tilted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if len(labels) > 3 else {}
    image = axes.imshow(shares, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, **tilted, parse_math=False)
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if len(labels) <= MOST_NUMBERED:
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.6 else style.INK
            axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
    figure.colorbar(image, ax=axes, label="share of the true label", shrink=0.8)
    style.save(figure, path)


def _reliability(scores: Classification, path: Path) -> None:
    counts, stated, right = reliability(scores.confidence, scores.truth == scores.answer)
    figure, axes = style.new_figure(5.2, 4.8, xlabel="probability stated", ylabel="share that is right")
    axes.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", linewidth=1.5, label="perfect calibration")
    axes.plot(stated, right, color=style.BLUE, linewidth=1, zorder=2)
    axes.scatter(stated, right, s=20 + 400 * counts / counts.sum(), color=style.BLUE, alpha=0.8, zorder=3)
    axes.set(xlim=(0, 1.04), ylim=(0, 1.04), aspect="equal")
    axes.set_title(f"calibration error {scores['calibration_error']:.3f}")
    axes.legend(loc="upper left")
    style.save(figure, path)
