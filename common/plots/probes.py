"""Plots of the memory probes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from common.insight import reference
from common.insight.probes import Probe
from common.metrics.scores import lower_is_better
from common.plots import style


def by_length(probe: Probe, scores: Mapping[tuple[int, str], Mapping[int, list[float]]]) -> Figure:
    """Score against length: solid lines at the training length, dashed lines to longer test sequences.

    Losses far above all of those at the training lengths are left out.

    Args:
        scores: (training length, cell) -> test length -> scores of all seeds.
    """
    figure, axes = style.new_figure(7.5, 4, xlabel="length of the sequence in steps", ylabel=probe.metric)
    lengths = sorted({steps for by_steps in scores.values() for steps in by_steps})
    memoryless = [probe.memoryless(steps) for steps in lengths]
    for cell, colour in zip(reference.CELLS, style.PALETTE):
        for (length, of_cell), by_steps in scores.items():
            if of_cell == cell:
                means = [np.mean(values) for values in by_steps.values()]
                axes.plot(list(by_steps), means, "--", color=colour, linewidth=1)
                axes.plot([length] * len(by_steps[length]), by_steps[length], ".", color=colour, markersize=4)
        trained = {length: np.mean(by_steps[length]) for (length, name), by_steps in scores.items() if name == cell}
        axes.plot(list(trained), list(trained.values()), marker="o", color=colour, label=cell)
    axes.plot(lengths, memoryless, ":", color=style.INK, label="memoryless")
    axes.set_title(f"{probe.title} (dashed: longer than in training)")
    axes.set_xscale("log")
    axes.set_xticks(lengths, list(map(str, lengths)))
    axes.minorticks_off()
    if lower_is_better(probe.metric):
        largest = max(max(by_steps[length]) for (length, _), by_steps in scores.items())
        axes.set_ylim(0, 1.5 * max(largest, *memoryless))
    axes.legend(fontsize=8)
    return figure


def by_cell(probe: Probe, scores: Mapping[str, list[float]]) -> Figure:
    """The score of each cell on a probe of one length: the mean and all seeds.

    Args:
        scores: cell -> scores of all seeds.
    """
    figure, axes = style.new_figure(7.5, 3, xlabel=f"{probe.metric} on {probe.length} steps")
    for row, (cell, values) in enumerate(scores.items()):
        axes.barh(cell, np.mean(values), color=style.PALETTE[row], height=0.6)
        axes.plot(values, [row] * len(values), "o", color=style.INK, markersize=4)
    axes.axvline(probe.memoryless(probe.length), color=style.INK, linestyle=":", label="memoryless")
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_title(f"{probe.title} (points: seeds)")
    axes.legend(fontsize=8)
    return figure
