"""Plots of what a recurrent network does with one example; the docstring of each function is the plot's caption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from common.insight import counting, flow, reference
from common.insight.study import Effects, Study
from common.plots import style

DRAWN_STEPS = 5  # steps of the unrolled network that are drawn
LABELLED = 40  # maximum number of steps with names below the axis; more are illegible
MOST_UNITS = 64  # rows of a heat map


def figures(study: Study, folder: Path) -> dict[str, str]:
    """Write the plots; returns file name -> caption."""
    drawn = {
        "weights.png": _weights,
        "unrolled.png": _unrolled,
        "states.png": _states,
        "gates.png": _gates if study.gates else None,
        "reading.png": _reading,
        "gradients.png": _gradients,
        "clipping.png": _clipping,
        "connectivity.png": _connectivity,
        "attention.png": _attention if study.attention is not None else None,
    }
    drawn = {name: draw for name, draw in drawn.items() if draw}
    for name, draw in drawn.items():
        style.save(draw(study), folder / name)
    return {name: " ".join(draw.__doc__.split()) for name, draw in drawn.items()}


def _steps(axes, names: Sequence[str]) -> None:
    """Show the names of the steps below the axis, or their numbers if there are many."""
    axes.set_xlabel("step")
    if len(names) <= LABELLED:
        shown = [name.replace("\n", "⏎").strip() or "␣" for name in names]
        long = max(map(len, shown)) > 2
        axes.set_xticks(
            range(len(names)),
            shown,
            rotation=60 if long else 0,
            ha="right" if long else "center",
            rotation_mode="anchor",
            parse_math=False,
        )


def _weights(study: Study) -> Figure:
    """The recurrent layer has as many weights for two steps as for a thousand; a perceptron on the same padded input
    needs more with every step and every word.
    """
    main = study.main
    figure = Figure(figsize=(9, 3.6))
    by_length, by_words = figure.subplots(1, 2)
    lengths = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500])
    cells = [(cell, counting.weights(cell, main.features, main.units)) for cell in reference.CELLS]
    for (cell, count), colour in zip(cells, style.PALETTE):
        by_length.loglog(lengths, np.full(len(lengths), count), color=colour, label=cell)
    dense = [counting.perceptron(int(steps), study.vocabulary, main.units) for steps in lengths]
    by_length.loglog(lengths, dense, "--", color=style.INK, label="perceptron")
    by_length.set(xlabel="steps", ylabel="weights", title=f"width {main.units}, {study.vocabulary:,} words or features")
    sizes = np.array([100, 1000, 10_000, 100_000])
    steps = max(1, len(study.names))
    one_hot = [[counting.weights(cell, int(size), main.units) for size in sizes] for cell, _ in cells]
    for (cell, _), counts, colour in zip(cells, one_hot, style.PALETTE):
        by_words.loglog(sizes, counts, color=colour, label=f"{cell}, one-hot")
    dense = [counting.perceptron(steps, int(size), main.units) for size in sizes]
    by_words.loglog(sizes, dense, "--", color=style.INK, label="perceptron")
    by_words.set(xlabel="words in the vocabulary", title=f"{steps} steps")
    by_length.legend(fontsize=8)
    by_words.legend(fontsize=8)
    return figure


def _unrolled(study: Study) -> Figure:
    """The same cell, with the same weights, once for each step: what differs is the input and the state that is handed
    on.
    """
    names, main = study.names[:DRAWN_STEPS], study.main
    figure, axes = style.new_figure(2.1 * len(names) + 1.6, 3.6)
    axes.set_axis_off()
    arrow = {"arrowstyle": "->", "color": style.INK, "linewidth": 1.5}
    box = {"boxstyle": "round,pad=0.6", "facecolor": style.LIGHT, "edgecolor": style.GREY}
    for t, name in enumerate(names):
        axes.text(t, 1, main.cell, ha="center", va="center", bbox=box)
        axes.text(t, -0.1, name.replace("\n", "⏎"), ha="center", va="top", weight="bold", parse_math=False)
        axes.annotate("", (t, 0.78), (t, 0.0), arrowprops=arrow)
        axes.text(t + 0.04, 0.4, f"x: ({main.features},)", fontsize=8, color=style.BLUE)
        axes.annotate("", (t, 2.0), (t, 1.22), arrowprops=arrow)
        axes.text(t + 0.04, 1.55, f"h: ({main.units},)", fontsize=8, color=style.GREEN)
        norm = np.linalg.norm(study.state[t])
        axes.text(t, 2.05, f"h{t + 1}, norm {norm:.2f}", ha="center", va="bottom", fontsize=9)
        axes.annotate("", (t + 0.68, 1), (t + 0.32, 1), arrowprops=arrow)
    axes.text(len(names) - 0.25, 1, "..." if len(study.names) > len(names) else "end", va="center")
    axes.annotate("", (-0.32, 1), (-0.7, 1), arrowprops=arrow)
    axes.text(-0.72, 1, "h0 = 0" if main.initial is None else "h0", ha="right", va="center")
    axes.set(xlim=(-1.1, len(names)), ylim=(-0.4, 2.4))
    axes.set_title(f"the same W {main.weights[1].shape} and U {main.weights[0].shape} at each step")
    return figure


def _states(study: Study) -> Figure:
    """Each row is a unit, each column a step: look for units that change their sign where the meaning turns, and for
    units that hold a value over many steps.
    """
    shown = study.state[:, :MOST_UNITS]
    figure, axes = style.new_figure(_width(study.names), 1.6 + 0.09 * shown.shape[1])
    largest = np.abs(shown).max() or 1.0
    image = axes.imshow(shown.T, aspect="auto", cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest")
    axes.grid(False)
    axes.set(ylabel="unit", title=f"state of {study.main.title}")
    _steps(axes, study.names)
    figure.colorbar(image, ax=axes, label="h")
    return figure


def _gates(study: Study) -> Figure:
    """How open each gate was on average after each step: an open forget or update gate keeps the state."""
    figure, axes = style.new_figure(_width(study.names), 3.2, ylabel="mean over the units", ylim=(0, 1))
    for name, gate in study.gates.items():
        axes.plot(gate.mean(axis=1), marker="o", markersize=3, label=f"{name} gate")
    _steps(axes, study.names)
    axes.legend()
    return figure


def _reading(study: Study) -> Figure:
    """How sure the model is of its final answer after each step, for this example and over the test set: the steps at
    which the line jumps are those that decided.
    """
    figure = Figure(figsize=(max(9, _width(study.names)), 4))
    one, many = figure.subplots(1, 2, width_ratios=(2, 1))
    is_number = study.kind == "number"
    value, whole = study.reading.value, study.reading.whole
    if not is_number:
        value, whole = 1 / (1 + np.exp(-value)), 1 / (1 + np.exp(-whole))
        one.set_ylim(-0.03, 1.03)
    one.plot(study.reading.read - 1, value, marker="o", markersize=3, label="read up to here")
    one.plot(study.reading.read - 1, whole, ":", color=style.GREY, label="all read")
    one.set(title="this example", ylabel="the model's number" if is_number else "probability of the final answer")
    _steps(one, study.names)
    one.legend(fontsize=8)
    shares = [100 * share for share in study.over_examples]
    kinds = (
        {"distance": "distance from the final number"}
        if is_number
        else {"agreed": "answers that are final already", "right": "answers that are right"}
    )
    for key, label in kinds.items():
        if all(key in row for row in study.over_examples.values()):
            many.plot(shares, [row[key] for row in study.over_examples.values()], marker="o", label=label)
    many.set(title="test examples", xlabel="% read")
    if not is_number:
        many.set_ylim(-0.03, 1.03)
    many.legend(fontsize=8)
    return figure


def _gradients(study: Study) -> Figure:
    """How large an error at the last step still is so many steps before: a straight line down is a gradient that
    vanishes, a line that rises one that explodes.
    """
    figure = Figure(figsize=(10, 4.2))
    axes, spectrum = figure.subplots(1, 2, width_ratios=(2, 1))
    colours = dict(zip(reference.CELLS, style.PALETTE))
    longest = max(len(one.median) for one in study.flows)
    distances = np.arange(longest)
    for gain in (0.9, 1.0, 1.1):
        axes.semilogy(distances, gain**distances, ":", color=style.GREY, linewidth=1)
        axes.text(longest - 1, gain ** (longest - 1), f" {gain}^k", color=style.GREY, fontsize=8, va="center")
    for one in study.flows:
        cell, trained = one.label.split(", ")
        dashes = "-" if trained == "trained" else "--"
        median = np.maximum(one.median, 1e-12)
        axes.semilogy(np.arange(len(median)), median, dashes, color=colours[cell], label=one.label)
        if trained == "trained":
            low, high = one.spread
            axes.fill_between(
                np.arange(len(median)),
                np.maximum(low, 1e-12),
                np.maximum(high, 1e-12),
                color=colours[cell],
                alpha=0.15,
                linewidth=0,
            )
        spectrum.plot(
            np.arange(1, len(one.exponents) + 1), one.exponents, dashes, marker="o", markersize=3, color=colours[cell]
        )
    axes.set(xlabel="steps before the last", ylabel="error, beside that of the last step", title="gradient by distance")
    axes.set_ylim(max(1e-8, axes.get_ylim()[0]), min(1e8, axes.get_ylim()[1]))
    axes.legend(fontsize=8, loc="lower left")
    spectrum.axhline(0, color=style.RED, linewidth=1)
    spectrum.set(title="Lyapunov exponents", xlabel="the largest, in order", ylabel="nats a step (above 0: chaos)")
    return figure


def _clipping(study: Study) -> Figure:
    """The gradient of the recurrent kernel grows with the gain at which the kernel starts; clipping cuts its length to
    1 and keeps its direction. On the right, a short training from such a kernel, to say the next input, with and
    without it.
    """
    figure = Figure(figsize=(10, 3.8))
    axes, training = figure.subplots(1, 2)
    axes.set(xlabel="gain of the fresh kernel", ylabel="norm of dL/dW")
    for (start, norms), colour in zip(study.clipping.items(), style.PALETTE):
        axes.semilogy(flow.GAINS, np.maximum(norms, 1e-12), marker="o", color=colour, label=f"{start} start")
        clipped = np.minimum(np.maximum(norms, 1e-12), flow.CLIP)
        axes.semilogy(flow.GAINS, clipped, ":", color=colour, label=f"{start}, clipped")
    axes.legend(fontsize=8)
    for (label, losses), colour in zip(study.training.items(), (style.RED, style.BLUE)):
        training.semilogy(np.clip(losses, 1e-6, 1e6), color=colour, label=label)
    training.set(xlabel="step of training", ylabel="loss", title=f"from {flow.START} times orthogonal")
    training.legend(fontsize=8)
    return figure


def _connectivity(study: Study) -> Figure:
    """How much each step moves the answer, by three measures; below, the same of an untrained network, which knows
    nothing yet of what matters.
    """
    figure = Figure(figsize=(max(8, _width(study.names)), 5.2))
    rows = figure.subplots(2, 1, sharex=True)
    for axes, effects, title in zip(rows, (study.effects, study.untrained), ("trained", "untrained")):
        _effects(axes, effects)
        axes.set_title(title)
    rows[0].legend(fontsize=8)
    rows[0].set_ylabel("share of the answer")
    _steps(rows[1], study.names)
    return figure


def _effects(axes, effects: Effects) -> None:
    measures = {"hidden": effects.occlusion, "integrated gradients": effects.integrated, "gradient": effects.gradient}
    places, width = np.arange(len(effects.gradient)), 0.27
    for number, (name, effect) in enumerate(measures.items()):
        size = np.abs(effect).sum() or 1.0
        axes.bar(places + (number - 1) * width, effect / size, width, label=name)
    axes.axhline(0, color=style.INK, linewidth=0.8)


def _attention(study: Study) -> Figure:
    """Where the model looked: each row is an answer, each column a step."""
    rows = study.answers if len(study.answers) == len(study.attention) else list(map(str, range(len(study.attention))))
    figure, axes = style.new_figure(_width(study.names), 1.6 + 0.28 * len(rows))
    image = axes.imshow(study.attention, cmap=style.SEQUENTIAL, vmin=0, aspect="auto")
    axes.grid(False)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    _steps(axes, study.names)
    figure.colorbar(image, ax=axes, label="attention")
    return figure


def _width(names: Sequence[str]) -> float:
    """Width in inches for this number of steps."""
    return float(np.clip(2.5 + 0.3 * len(names), 6, 14))
