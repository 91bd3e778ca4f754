"""Pictures of the tests of memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from common.insight import reference
from common.insight.probes import Probe
from common.plots import style


def by_length(probe: Probe, scores: Mapping[tuple[int, str], Mapping[int, list[float]]]) -> Figure:
    """Score against length: a point where a network was trained, a thin line to the longer lengths it was tried on.

    Args:
        scores: (length of training, cell) to the length tried to the scores of all seeds.
    """
    figure, axes = style.new_figure(7.5, 4, xlabel="steps of the sequence", ylabel=probe.metric)
    tried = sorted({steps for by_steps in scores.values() for steps in by_steps})
    for cell, colour in zip(reference.CELLS, style.PALETTE):
        for (length, of_cell), by_steps in scores.items():
            if of_cell == cell:
                means = [np.mean(values) for values in by_steps.values()]
                axes.plot(list(by_steps), means, "--", color=colour, linewidth=1)
                axes.plot([length] * len(by_steps[length]), by_steps[length], ".", color=colour, markersize=4)
        trained = {length: np.mean(by_steps[length]) for (length, name), by_steps in scores.items() if name == cell}
        axes.plot(list(trained), list(trained.values()), marker="o", color=colour, label=cell)
    axes.plot(tried, [probe.memoryless(steps) for steps in tried], ":", color=style.INK, label="memoryless")
    axes.set_title(f"{probe.title} (dashed: longer than trained)")
    if probe.length is None:
        axes.set_xscale("log")
        axes.set_xticks(tried, list(map(str, tried)))
        axes.minorticks_off()
    axes.legend(fontsize=8)
    return figure
