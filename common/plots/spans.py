"""Plots for spans: the outcomes for each type, and the calibration of predicted probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.metrics.spans import OUTCOMES, SpanScores, outcomes
from common.plots import reliability, style

COLOURS = (style.GREEN, style.ORANGE, style.SKY, style.RED)  # of the outcomes


def figures(scores: SpanScores, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write `spans.png` and, if entities come with a probability, `reliability.png`; (file name, caption) of each."""
    found = []
    if any(scores.truths_spans):
        _outcomes(scores, folder / "spans.png")
        found.append(("spans.png", "The outcomes for the true entities of each type, and the F1 of the type."))
    stated, right = stated_probabilities(scores, predictions)
    if len(stated):
        reliability.diagram(stated, right, folder / "reliability.png")
        caption = "How often predicted entities with a given probability are right; on the line, they are calibrated."
        found.append(("reliability.png", caption))
    return found


def stated_probabilities(scores: SpanScores, predictions: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of all predicted entities, float `(n,)`, and whether they are right, bool `(n,)`."""
    stated, right = [], []
    for true, prediction in zip(scores.truths_spans, predictions):
        for entity in prediction["entities"]:
            if "probability" in entity:
                stated.append(entity["probability"])
                right.append((entity["type"], entity["start"], entity["stop"]) in true)
    return np.array(stated), np.array(right, bool)


def _outcomes(scores: SpanScores, path: Path) -> None:
    counts = outcomes(scores)
    figure, axes = style.new_figure(8, 1.4 + 0.45 * len(counts), xlabel="true entities")
    ends = np.zeros(len(counts))
    for outcome, colour, values in zip(OUTCOMES, COLOURS, np.transpose(list(counts.values()))):
        axes.barh(list(counts), values, left=ends, color=colour, label=outcome)
        ends += values
    for place, (kind, end) in enumerate(zip(counts, ends)):
        axes.text(end, place, f"  F1 {scores[f'f1_{kind}']:.2f}", va="center")
    axes.set_xlim(0, 1.15 * ends.max())
    axes.grid(False, axis="y")
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=len(OUTCOMES))
    style.save(figure, path)
