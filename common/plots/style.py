"""The look that all pictures share: fonts, colours that colour-blind readers tell apart, one way to make and save.

Importing this module sets matplotlib's defaults. No window is ever opened: a `Figure` made here draws itself with Agg.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common import files

# Okabe and Ito (2008), https://jfly.uni-koeln.de/color/: told apart with every kind of colour blindness.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = PALETTE = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
INK, GREY, LIGHT = "#222222", "#767676", "#e4e4e4"  # of text, of what stands in the background, of grid lines
SEQUENTIAL = "Blues"  # colour map of amounts, from white to dark

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
    """A figure of so many inches with one pair of axes; `axes` are set on it, as `xlabel="epoch"`."""
    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot(**axes)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG; the file appears whole or not at all."""
    with files.written(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})
