"""Plots for a language model: the predicted probability of each word of a text, and perplexity by word frequency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from common.metrics.language_model import LanguageModel
from common.plots import style

COLUMNS, ROWS = 118, 26  # characters and rows of text in the picture


def figures(
    scores: LanguageModel, examples: Sequence, predictions: Sequence[dict], folder: Path
) -> list[tuple[str, str]]:
    """Write `words.png` and `frequency.png`; (file name, caption) of each."""
    _words(predictions, folder / "words.png")
    _frequency(scores, folder / "frequency.png")
    return [
        ("words.png", "The first lines: a darker word was predicted with a higher probability."),
        ("frequency.png", "Perplexity of words by their frequency rank in train."),
    ]


def _words(predictions: Sequence[dict], path: Path) -> None:
    figure, axes = style.new_figure(11, 0.25 * ROWS + 0.9, xlim=(0, COLUMNS), ylim=(ROWS, 0))
    axes.axis("off")
    colours, scale = colormaps[style.SEQUENTIAL], LogNorm(1e-4, 1, clip=True)
    for word, probability, column, row in _placed(predictions):
        level = float(scale(probability))
        axes.text(
            column,
            row + 0.5,
            word,
            family="DejaVu Sans Mono",
            fontsize=9,
            va="center",
            color="white" if level > 0.6 else style.INK,
            bbox={"facecolor": colours(level), "edgecolor": "none", "pad": 1.5},
            parse_math=False,
        )
    bar = figure.colorbar(ScalarMappable(scale, colours), ax=axes, orientation="horizontal", aspect=60, pad=0.02)
    bar.set_label("probability of the word, given all before it")
    style.save(figure, path)


def _placed(predictions: Sequence[dict]) -> Iterator[tuple[str, float, int, int]]:
    """`(word, probability, column, row)` of the words that fit into the plot; every line begins a row."""
    row = 0
    for prediction in predictions:
        column = 0
        for word, log_probability in zip(prediction["words"], prediction["log_probabilities"]):
            if column and column + len(word) > COLUMNS:
                row, column = row + 1, 2
            if row >= ROWS:
                return
            yield word, float(np.exp(log_probability)), column, row
            column += len(word) + 1
        row += bool(column)


def _frequency(scores: LanguageModel, path: Path) -> None:
    bands = scores.by_frequency
    figure, axes = style.new_figure(7, 4, xlabel="frequency rank in train", ylabel="perplexity", yscale="log")
    bars = axes.bar(list(bands), [band["perplexity"] for band in bands.values()], color=style.BLUE, width=0.6)
    axes.bar_label(bars, [f"{band['share']:.0%} of words" for band in bands.values()], fontsize=8, padding=2)
    axes.axhline(scores["perplexity"], color=style.ORANGE, linestyle=":", linewidth=1.5, label="all words")
    axes.grid(False, axis="x")
    axes.margins(y=0.15)
    axes.set_ylim(bottom=1)
    axes.legend()
    style.save(figure, path)
