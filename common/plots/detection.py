"""Plots for sites in sequences: confusion, reliability, and the letters with most attention as a sequence logo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from common.metrics.detection import Detection
from common.plots import classification, style

COLOURS = {"A": style.GREEN, "C": style.BLUE, "G": style.ORANGE, "T": style.RED}  # as in most logos
ROWS = 5  # sequences in the plot of single sequences
SHOWN = 90  # letters per row, around the largest weight
LABELS = 4  # maximum number of labels with a logo


def figures(scores: Detection, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write `confusion.png`, `reliability.png` and, for predictions with attention, `attention.png` and `logo.png`."""
    found = classification.figures(scores, examples, predictions, folder)
    attention = [[tuple(pair) for pair in one.get("attention", ())] for one in predictions]
    if not all(attention):
        return found
    _attention(scores, attention, folder / "attention.png")
    found.append(("attention.png", "Attention over sequences: each letter is as high as its share of the attention."))
    if len(set(map(len, attention))) == 1:  # positions are comparable only in aligned sequences
        _logos(scores, attention, folder / "logo.png")
        caption = (
            "The mean attention at each position over all examples of a label, divided among the letters found there."
        )
        found.append(("logo.png", caption))
    return found


def _attention(scores: Detection, attention: list[list[tuple[str, float]]], path: Path) -> None:
    """A few sequences of each label, each as a row of letters."""
    order = np.lexsort((np.arange(len(attention)), scores.truth))
    chosen = order[np.linspace(0, len(order) - 1, min(ROWS, len(order))).round().astype(int)]
    figure = Figure(figsize=(10, 0.5 + 1.15 * len(chosen)))
    for axes, number in zip(np.atleast_1d(figure.subplots(len(chosen), 1)), chosen):
        letters = attention[number]
        heaviest = int(np.argmax([weight for _, weight in letters]))
        start = max(0, min(heaviest - SHOWN // 2, len(letters) - SHOWN))
        _stacks(axes, [[pair] for pair in letters[start : start + SHOWN]], start + 1)
        axes.set_title(f"{scores.truths[number]}, answer {scores.answers[number]}", fontsize=9, parse_math=False)
    style.save(figure, path)


def _logos(scores: Detection, attention: list[list[tuple[str, float]]], path: Path) -> None:
    """A logo for each label: Schneider and Stephens (1990), with attention instead of information."""
    weights = np.array([[weight for _, weight in letters] for letters in attention])
    middle = int(np.argmax(weights.mean(axis=0)))
    start = max(0, min(middle - SHOWN // 2, weights.shape[1] - SHOWN))
    labels = [number for number in range(len(scores.labels)) if (scores.truth == number).any()][:LABELS]
    figure, tops = Figure(figsize=(10, 0.5 + 1.6 * len(labels))), []
    for axes, label in zip(np.atleast_1d(figure.subplots(len(labels), 1, sharey=True)), labels):
        members = np.flatnonzero(scores.truth == label)
        stacks = []
        for place in range(start, min(start + SHOWN, weights.shape[1])):
            shares = Counter(attention[number][place][0] for number in members)
            height = weights[members, place].mean()
            stacks.append([(letter, height * count / len(members)) for letter, count in shares.most_common()[::-1]])
        _stacks(axes, stacks, start + 1)
        tops.append(axes.get_ylim()[1])
        axes.set_title(scores.labels[label], fontsize=9, parse_math=False)
    axes.set_ylim(0, max(tops))  # of all labels: they share the axis
    style.save(figure, path)


def _stacks(axes: Axes, stacks: list[list[tuple[str, float]]], first: int) -> None:
    """Stacks of letters at every position, each as high as its number; positions are counted from `first`."""
    for place, stack in enumerate(stacks):
        bottom = 0.0
        for letter, height in stack:
            outline = TextPath((0, 0), letter, size=1)
            box = outline.get_extents()
            fit = Affine2D().translate(-box.x0, -box.y0).scale(0.9 / box.width, height / box.height)
            colour = COLOURS.get(letter, style.GREY)
            shape = fit.translate(first + place - 0.45, bottom).transform_path(outline)
            axes.add_patch(PathPatch(shape, color=colour, linewidth=0))
            bottom += height
    axes.set_xlim(first - 1, first + len(stacks))
    axes.set_ylim(0, 1.05 * max(sum(height for _, height in stack) for stack in stacks))
    axes.grid(False)
    axes.tick_params(labelsize=8)
