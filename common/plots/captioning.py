"""Plots for captioning: the attention at each word, and a sheet of pictures with their generated captions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from common.metrics.captioning import Captioning
from common.plots import style

SHEET = 8  # pictures on the sheet
COLUMNS = 6  # words in a row of the attention picture


def figures(scores: Captioning, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write `captions.png` and, if predictions have attention, `attention.png`; (file name, caption) of each."""
    pictures = _different(examples)
    order = sorted(pictures, key=lambda i: scores.losses[i])
    spread = [order[i] for i in np.linspace(0, len(order) - 1, min(SHEET, len(order))).astype(int)]
    _sheet(scores, examples, spread, folder / "captions.png")
    caption = "Test pictures from the best to the worst caption: generated caption, and in grey the first reference."
    found = [("captions.png", caption)]
    telling = [i for i in order if predictions[i].get("attention")][: max(1, len(order) // 4)]
    if telling:
        shown = max(telling, key=lambda i: len(predictions[i]["attention"]))
        _attention(examples[shown], predictions[shown], folder / "attention.png")
        found.append(("attention.png", f"Where the decoder looked as it wrote “{predictions[shown]['text']}”."))
    return found


def _different(examples: Sequence) -> list[int]:
    """Indices of the first example of each picture."""
    first = {}
    for number, example in enumerate(examples):
        first.setdefault(example.name, number)
    return list(first.values())


def _sheet(scores: Captioning, examples: Sequence, shown: list[int], path: Path) -> None:
    columns = min(4, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(2.9 * columns, 3.7 * rows))
    every = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for axes in every:
        axes.axis("off")
    for axes, number in zip(every, shown):
        axes.imshow(examples[number].picture)
        written, true = (textwrap.fill(text, 32) for text in (scores.answers[number], examples[number].references[0]))
        below = {"transform": axes.transAxes, "va": "top", "fontsize": 8.5, "parse_math": False}
        axes.text(0, -0.03, written, color=style.INK, weight="bold", **below)
        axes.text(0, -0.07 - 0.075 * (1 + written.count("\n")), true, color=style.GREY, **below)
        axes.text(0, -0.36, " ", **below)  # keeps room for the texts
    style.save(figure, path)


def _attention(example, prediction: dict, path: Path) -> None:
    words = prediction["text"].split()[: len(prediction["attention"])]
    columns = min(COLUMNS, len(words))
    rows = -(-len(words) // columns)
    figure = Figure(figsize=(1.7 * columns, 1.95 * rows))
    every = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for axes in every:
        axes.axis("off")
    height, width = example.picture.shape[:2]
    grey = example.picture.mean(axis=2)
    for axes, word, weights in zip(every, words, prediction["attention"]):
        side = round(len(weights) ** 0.5)
        places = np.reshape(weights, (side, side))
        axes.imshow(grey, cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0))
        axes.imshow(places, cmap="inferno", alpha=0.6, interpolation="bilinear", extent=(0, width, height, 0), vmin=0)
        axes.set_title(word, parse_math=False)
    style.save(figure, path)
