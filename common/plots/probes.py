"""Plots of the memory probes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from common.insight import reference
from common.insight.probes import Probe
from common.plots import style


def by_length(probe: Probe, scores: Mapping[tuple[int, str], Mapping[int, list[float]]]) -> Figure:
    """Score against length: solid lines at the training length, dashed lines to longer test sequences.

    Args:
        scores: (training length, cell) -> test length -> scores of all seeds.
    """
    figure, axes = style.new_figure(7.5, 4, xlabel="length of the sequence in steps", ylabel=probe.metric)
    lengths = sorted({steps for by_steps in scores.values() for steps in by_steps})
    for cell, colour in zip(reference.CELLS, style.PALETTE):
        for (length, of_cell), by_steps in scores.items():
            if of_cell == cell:
                means = [np.mean(values) for values in by_steps.values()]
                axes.plot(list(by_steps), means, "--", color=colour, linewidth=1)
                axes.plot([length] * len(by_steps[length]), by_steps[length], ".", color=colour, markersize=4)
        trained = {length: np.mean(by_steps[length]) for (length, name), by_steps in scores.items() if name == cell}
        axes.plot(list(trained), list(trained.values()), marker="o", color=colour, label=cell)
    axes.plot(lengths, [probe.memoryless(steps) for steps in lengths], ":", color=style.INK, label="memoryless")
    axes.set_title(f"{probe.title} (dashed: longer than in training)")
    if probe.length is None:
        axes.set_xscale("log")
        axes.set_xticks(lengths, list(map(str, lengths)))
        axes.minorticks_off()
    axes.legend(fontsize=8)
    return figure
