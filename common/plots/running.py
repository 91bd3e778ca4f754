"""Plots of answers given while a sequence is read: accuracy over time, and strips of what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from common.metrics.running import RunningClassification
from common.plots import classification, style

STRIPS = 5  # examples shown; the last one is a mistake if there are any


def figures(
    scores: RunningClassification, examples: Sequence, predictions: Sequence[dict], folder: Path
) -> list[tuple[str, str]]:
    """Write the plots for a classifier, `seen.png` and `strips.png`; (file name, caption) of each.

    An example has `picture(share)`, its appearance after that share of it has been read: uint8 `(height, width)`.
    """
    found = classification.figures(scores, examples, predictions, folder)
    _seen(scores, folder / "seen.png")
    _strips(scores, examples, predictions, folder / "strips.png")
    return [
        ("strips.png", "What has been seen so far and the answer at that point, with its probability; red is wrong."),
        ("seen.png", "Share of the answers that are right, by how much of each sequence has been seen."),
        *found,
    ]


def _seen(scores: RunningClassification, path: Path) -> None:
    accuracy = scores.right.mean(axis=0)
    figure, axes = style.new_figure(6, 3.8, xlabel="share of the sequence seen", ylabel="accuracy")
    chance = np.bincount(scores.truth).max() / len(scores.truth)
    axes.axhline(chance, color=style.GREY, linestyle=":", linewidth=1.5, label="most frequent label")
    axes.plot(scores.shares, accuracy, marker="o", color=style.BLUE, label="the model's answer so far")
    axes.set(xlim=(0, 1.03), ylim=(0, 1.03))
    axes.legend(loc="lower right")
    style.save(figure, path)


def _strips(scores: RunningClassification, examples: Sequence, predictions: Sequence[dict], path: Path) -> None:
    shown = _shown(scores)
    points = len(scores.shares)
    figure = Figure(figsize=(1.15 * points + 0.8, 1.5 * len(shown)))
    rows = figure.subplots(len(shown), points, squeeze=False)
    for axes_row, number in zip(rows, shown):
        for axes, answer in zip(axes_row, predictions[number]["running"]):
            axes.imshow(examples[number].picture(answer["seen"]), cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            colour = style.GREEN if answer["label"] == scores.truths[number] else style.RED
            axes.spines[:].set(visible=True, color=colour, linewidth=1.5)
            axes.set_xlabel(f"{answer['label']}\n{answer['probability']:.0%}", color=colour, fontsize=8)
        axes_row[0].set_ylabel(scores.truths[number], fontsize=9)
    for axes, share in zip(rows[0], scores.shares):
        axes.set_title(f"{share:.0%}", fontsize=8, fontweight="normal", loc="center")
    style.save(figure, path)


def _shown(scores: RunningClassification) -> list[int]:
    """Numbers of the examples to show: those with median loss of different labels, and a mistake at the end."""
    at_end = scores.right[:, -1]
    order = np.argsort(scores.losses, kind="stable")
    correct = [i for i in order if at_end[i]]
    middle = correct[len(correct) // 2 :] + correct[: len(correct) // 2]
    first_of_label = list({scores.truth[i]: i for i in reversed(middle)}.values())[::-1]
    mistakes = [i for i in order[::-1] if not at_end[i]][:1]
    return [int(i) for i in first_of_label[: STRIPS - len(mistakes)] + mistakes]
