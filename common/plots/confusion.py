"""Plots of confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.plots import style

MOST_NUMBERED = 15  # labels up to which every cell of the matrix shows its count
LARGEST = 12  # width of the matrix in inches
FONT_SHARE = 60  # points of font size per inch and label, which leaves some space between labels


def matrix(counts: np.ndarray, labels: Sequence[str], path: Path) -> None:
    """Write a confusion matrix whose colours are shares of the true label.

    Args:
        counts: int array `(labels, labels)`, examples by truth (rows) and answer (columns).
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = np.clip(0.55 * len(labels), 2.4, LARGEST)
    font = min(10, FONT_SHARE * side / len(labels))
    figure, axes = style.new_figure(side + 2.4, side + 1.1, xlabel="answer", ylabel="truth")
    tilted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if len(labels) > 3 else {}
    image = axes.imshow(shares, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, **tilted, parse_math=False, fontsize=font)
    axes.set_yticks(range(len(labels)), labels, parse_math=False, fontsize=font)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if len(labels) <= MOST_NUMBERED:
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.6 else style.INK
            axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
    figure.colorbar(image, ax=axes, label="share of the true label", shrink=0.8)
    style.save(figure, path)


def pairs(counts: np.ndarray, labels: Sequence[str], path: Path, most: int = 20) -> None:
    """Write the most confused pairs of labels as bars, with both directions separate."""
    errors = np.where(np.eye(len(labels), dtype=bool), 0, counts)
    both = np.triu(errors + errors.T)
    order = np.argsort(-both, axis=None, kind="stable")[:most]
    found = [(row, column) for row, column in zip(*np.unravel_index(order, both.shape)) if both[row, column]]
    figure, axes = style.new_figure(7.5, 1.2 + 0.26 * max(len(found), 1), xlabel="mistakes")
    places = range(len(found))
    there = np.array([errors[row, column] for row, column in found])
    back = np.array([errors[column, row] for row, column in found])
    axes.barh(places, there, color=style.BLUE, label="the first taken for the second")
    axes.barh(places, back, left=there, color=style.SKY, label="the second taken for the first")
    axes.set_yticks(places, [f"{labels[row]} and {labels[column]}" for row, column in found], parse_math=False)
    axes.grid(False, axis="y")
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=2)
    style.save(figure, path)
