"""The common style of all plots: fonts, colours for colour-blind readers, creating and saving figures.

Importing this module sets matplotlib's defaults. No window is ever opened: a `Figure` created here is drawn with Agg.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from common import files

# Okabe and Ito (2008), https://jfly.uni-koeln.de/color/: distinguishable with every kind of colour blindness.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = PALETTE = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
INK, GREY, LIGHT = "#222222", "#767676", "#e4e4e4"  # text, background elements, grid lines
SEQUENTIAL = "Blues"  # colour map for amounts, from white to dark

matplotlib.rcParams.update(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": GREY,
        "axes.grid": True,
        "axes.labelcolor": INK,
        "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "figure.constrained_layout.use": True,
        "font.family": "DejaVu Sans",  # comes with matplotlib
        "font.size": 10,
        "grid.color": LIGHT,
        "grid.linewidth": 0.8,
        "legend.frameon": False,
        "lines.linewidth": 2,
        "savefig.dpi": 130,
        "text.color": INK,
        "xtick.color": GREY,
        "xtick.labelcolor": INK,
        "ytick.color": GREY,
        "ytick.labelcolor": INK,
    }
)


def new_figure(width: float = 7, height: float = 4, **axes) -> tuple[Figure, Axes]:
    """A figure of the given size in inches with one pair of axes; `axes` are their properties: `xlabel="epoch"`."""
    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot(**axes)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG; the file appears whole or not at all."""
    _cover_letters(figure)
    with files.written(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})


def _cover_letters(figure: Figure) -> None:
    """Give every text of a figure a font for letters that DejaVu Sans lacks; letters without any font become `?`."""
    axes = [axis for one in figure.axes for axis in (one.xaxis, one.yaxis)]
    ticks = {axis: [label.get_text() for label in axis.get_ticklabels()] for axis in axes}  # also creates the labels
    texts = [text for text in figure.findobj(Text) if not text.get_text().isascii()]
    written = "".join([text.get_text() for text in texts] + [name for names in ticks.values() for name in names])
    letters = {letter for letter in written if letter.isprintable() and not letter.isspace()}
    missing = letters - _letters_of(font_manager.findfont("DejaVu Sans"))
    if not missing:
        return
    family, lacking = _font_for("".join(sorted(missing)))
    for text in texts:
        text.set_fontfamily(["DejaVu Sans", *([family] if family else [])])
        text.set_text(_shown(text.get_text(), lacking))
    for axis, names in ticks.items():
        if lacking.intersection("".join(names)):  # tick labels are recreated when they are drawn
            axis.set_ticks(axis.get_ticklocs(), [_shown(name, lacking) for name in names])
    if lacking and not _said:
        _said.append("".join(sorted(lacking)))
        print(f"No installed font has {_said[0][:20]} (plots show ?): fonts-noto has most scripts.", file=sys.stderr)


def _shown(text: str, lacking: frozenset[str]) -> str:
    return "".join("?" if letter in lacking else letter for letter in text)


_said: list[str] = []  # letters that were already reported


@functools.cache
def _font_for(letters: str) -> tuple[str | None, frozenset[str]]:
    """The family of the installed font with most of the letters, if one has any, and the letters that it lacks."""
    lacking, family = frozenset(letters), None
    for entry in font_manager.fontManager.ttflist:
        if entry.name.startswith("Last Resort"):  # a box for each script
            continue
        left = frozenset(letters) - _letters_of(entry.fname)
        if len(left) < len(lacking):
            lacking, family = left, entry.name
    return family, lacking


@functools.cache
def _letters_of(file: str) -> frozenset[str]:
    return frozenset(map(chr, font_manager.get_font(file).get_charmap()))
