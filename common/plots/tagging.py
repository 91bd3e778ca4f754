"""Plots for a tagger: recall of each tag for known and unknown words, and confusions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.metrics.tagging import TagScores
from common.plots import confusion, style


def figures(scores: TagScores, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write `tags.png`, `confusion.png` and, if there are mistakes, `pairs.png`; (file name, caption) of each."""
    _tags(scores, folder / "tags.png")
    confusion.matrix(scores.confusion, scores.tags, folder / "confusion.png")
    found = [
        ("tags.png", "Share of the words of each tag that are tagged correctly, for known and unknown words."),
        ("confusion.png", "Words by their true tag (rows) and the model's answer (columns)."),
    ]
    if scores["accuracy"] < 1:
        confusion.pairs(scores.confusion, scores.tags, folder / "pairs.png")
        found.append(("pairs.png", "The pairs of tags that are confused most often."))
    return found


def _tags(scores: TagScores, path: Path) -> None:
    """Recall of each tag, with the most frequent one at the top."""
    totals = scores.confusion.sum(axis=1)
    order = [i for i in np.argsort(-totals, kind="stable") if totals[i]]
    figure, axes = style.new_figure(8, 1.4 + 0.42 * len(order), xlabel="share tagged correctly")
    parts = {"known words": scores.confusion - scores.unknown_confusion, "unknown words": scores.unknown_confusion}
    for (name, counts), colour, shift in zip(parts.items(), (style.BLUE, style.ORANGE), (-0.2, 0.2)):
        true = counts.sum(axis=1)[order]
        right = np.diag(counts)[order] / np.maximum(true, 1)
        places = np.arange(len(order)) + shift
        axes.barh(places, right, height=0.38, color=colour, label=name)
        for place, value, count in zip(places, right, true):
            axes.text(value + 0.005, place, f"{count:,}", va="center", fontsize=7, color=style.GREY)
    axes.set_yticks(range(len(order)), [scores.tags[i] for i in order], parse_math=False)
    axes.set_xlim(0, 1.08)
    axes.grid(False, axis="y")
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=2)
    style.save(figure, path)
