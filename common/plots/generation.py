"""Plots for a text generator: generated texts, predictions of a given text, and errors by position in a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from common.metrics.generation import Generation
from common.plots import style

COLUMNS, ROWS = 96, 24  # characters and rows of the predicted text
SAMPLE_COLUMNS, SAMPLE_ROWS = 100, 8  # of a generated text


def figures(scores: Generation, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write `samples.png`, `characters.png` and `places.png`; (file name, caption) of each."""
    _samples(scores, predictions, folder / "samples.png")
    _characters(examples, predictions, folder / "characters.png")
    _places(scores, folder / "places.png")
    return [
        ("samples.png", "What the model writes after the first test passage, at three temperatures."),
        ("characters.png", "The first test text: a darker character was predicted with a higher probability."),
        ("places.png", "Bits per character by its position in its word."),
    ]


def _samples(scores: Generation, predictions: Sequence[dict], path: Path) -> None:
    figure = Figure(figsize=(10, 0.6 + len(scores.temperatures) * (0.5 + 0.2 * SAMPLE_ROWS)))
    panels = figure.subplots(len(scores.temperatures), 1, squeeze=False)[:, 0]
    for temperature, axes in zip(scores.temperatures, panels, strict=True):
        real, copied = scores.get(f"real_words at {temperature}"), scores[f"longest_copy at {temperature}"]
        words = "no words" if real is None else f"{real:.0%} of the words are real"
        axes.set_title(f"temperature {temperature}: {words}, longest copy {copied:.0f} characters", fontsize=10)
        rows = list(_wrapped(predictions[0]["samples"][temperature]["text"], SAMPLE_COLUMNS))[:SAMPLE_ROWS]
        axes.axis("off")
        axes.text(
            0,
            1,
            "\n".join(rows),
            family="DejaVu Sans Mono",
            fontsize=9,
            va="top",
            transform=axes.transAxes,
            parse_math=False,
        )
    style.save(figure, path)


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """Rows of a text, broken at line breaks and at the maximum number of columns."""
    for line in text.split("\n"):
        for start in range(0, max(len(line), 1), columns):
            yield line[start : start + columns]


def _characters(examples: Sequence, predictions: Sequence[dict], path: Path) -> None:
    shades = np.full((ROWS, COLUMNS), np.nan)
    signs = []
    for sign, log, row, column in _placed(examples, predictions):
        shades[row, column] = np.exp(log)
        signs.append((sign, row, column))
    figure, axes = style.new_figure(11, 0.22 * ROWS + 0.9)
    axes.axis("off")
    colours, scale = colormaps[style.SEQUENTIAL], LogNorm(1e-3, 1, clip=True)
    axes.imshow(shades, norm=scale, cmap=colours, aspect="auto", interpolation="nearest")
    for sign, row, column in signs:
        colour = "white" if scale(shades[row, column]) > 0.75 else style.INK
        place = {"ha": "center", "va": "center", "in_layout": False}  # the layout would measure 2,000 texts
        axes.text(column, row, sign, family="DejaVu Sans Mono", fontsize=8, color=colour, parse_math=False, **place)
    bar = figure.colorbar(ScalarMappable(scale, colours), ax=axes, orientation="horizontal", aspect=60, pad=0.02)
    bar.set_label("probability of the character, given all before it")
    style.save(figure, path)


def _placed(examples: Sequence, predictions: Sequence[dict]) -> Iterator[tuple[str, float, int, int]]:
    """`(character, log-probability, row, column)` of those that fit into the plot; a line break is shown as a sign."""
    row, column = 0, 0
    for example, prediction in zip(examples, predictions, strict=True):
        for character, log in zip(example.text, prediction["log_probabilities"], strict=True):
            if column == COLUMNS:
                row, column = row + 1, 0
            if row == ROWS:
                return
            yield "\u21b5" if character == "\n" else character, log, row, column
            row, column = (row + 1, 0) if character == "\n" else (row, column + 1)


def _places(scores: Generation, path: Path) -> None:
    places = scores.by_place
    figure, axes = style.new_figure(7, 4, xlabel="position of the character in its word", ylabel="bits per character")
    bars = axes.bar(list(places), [place["bits"] for place in places.values()], color=style.BLUE, width=0.6)
    axes.bar_label(bars, [f"{place['share']:.0%}" for place in places.values()], fontsize=8, padding=2)
    axes.axhline(scores["bits_per_char"], color=style.ORANGE, linestyle=":", linewidth=1.5, label="all characters")
    axes.grid(False, axis="x")
    axes.margins(y=0.15)
    axes.legend()
    style.save(figure, path)
