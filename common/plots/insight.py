"""Plots of a trained recurrent network and one example.

The docstring of a plot's function is its caption, except for `_reading`, whose caption depends on the kind of answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common.insight import counting, flow, reference
from common.insight.study import Effects, Study
from common.plots import style

DRAWN_STEPS = 5  # maximum number of steps of the unrolled network
LABELLED = 40  # maximum number of steps with names below the axis; more are illegible
MOST_UNITS = 64  # maximum number of rows of a heat map


def figures(study: Study, folder: Path) -> dict[str, str]:
    """Write the plots that apply; returns file name -> caption."""
    drawn = {
        "weights.png": _weights,
        "unrolled.png": _unrolled,
        "states.png": _states,
        "gates.png": _gates if study.gates else None,
        "reading.png": _reading,
        "gradients.png": _gradients,
        "memory.png": _memory,
        "clipping.png": _clipping,
        "connectivity.png": _connectivity,
        "attention.png": _attention if study.attention is not None else None,
    }
    drawn = {name: draw for name, draw in drawn.items() if draw}
    for name, draw in drawn.items():
        style.save(draw(study), folder / name)
    captions = {name: " ".join(draw.__doc__.split()) for name, draw in drawn.items() if draw != _reading}
    return {**captions, "reading.png": _reading_caption(study)}


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
    """The number of weights of a recurrent layer does not depend on the number of steps; that of a perceptron grows
    with the steps and with the vocabulary. Both read the same padded input, in which a word is one-hot.
    """
    main = study.main
    figure = Figure(figsize=(9, 3.6))
    by_length, by_words = figure.subplots(1, 2)
    weights_by_length(by_length, study.vocabulary, main.units)
    by_length.set_title(f"{main.units} units, {study.vocabulary:,} words or features")
    sizes, steps = np.array([100, 1000, 10_000, 100_000]), max(1, len(study.names))
    for cell, colour in zip(reference.CELLS, style.PALETTE):
        counts = [counting.weights(cell, int(size), main.units) for size in sizes]
        by_words.loglog(sizes, counts, color=colour, label=cell)
    dense = [counting.perceptron(steps, int(size), main.units) for size in sizes]
    by_words.loglog(sizes, dense, "--", color=style.INK, label="perceptron")
    by_words.set(xlabel="words in the vocabulary", title=f"{steps} steps")
    by_words.legend(fontsize=8)
    return figure


def weights_by_length(axes: Axes, features: int, units: int) -> None:
    """Plot the number of weights of each cell, and of a perceptron, against the length of the sequence.

    Args:
        features: of a step, which all of them read; of a one-hot vector the size of the vocabulary.
        units: of each.
    """
    lengths = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500])
    for cell, colour in zip(reference.CELLS, style.PALETTE):
        axes.loglog(lengths, np.full(len(lengths), counting.weights(cell, features, units)), color=colour, label=cell)
    dense = [counting.perceptron(int(steps), features, units) for steps in lengths]
    axes.loglog(lengths, dense, "--", color=style.INK, label="perceptron on the padded sequence")
    axes.set(xlabel="steps", ylabel="weights")
    axes.legend(fontsize=8)


def _unrolled(study: Study) -> Figure:
    """The same cell with the same weights at each step; only its input and the state it receives differ."""
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
    """Each row is a unit, each column a step. Look for units that change sign where the meaning changes, and for units
    that keep a value over many steps.
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
    """The mean activation of each gate at each step. A forget or update gate near 1 keeps the state."""
    figure, axes = style.new_figure(_width(study.names), 3.2, ylabel="mean over the units", ylim=(0, 1))
    for name, gate in study.gates.items():
        axes.plot(gate.mean(axis=1), marker="o", markersize=3, label=f"{name} gate")
    _steps(axes, study.names)
    axes.legend()
    return figure


def _value_name(study: Study) -> str:
    """What the left panel of `_reading` shows."""
    return "probability of the answer" if study.has_probability else study.value_name


def _reading_caption(study: Study) -> str:
    """The caption of `_reading`, which depends on the kind of answer."""
    name = _value_name(study)
    if study.reading.by_step:
        left = f"The {name}: each step has an answer of its own, and each point shows that of the last step read."
    else:
        left = f"The {name} after each step, where the answer is the final one. The line jumps where a step changes it."
    return f"{left} Dotted: after all steps. Right: means over the first test examples."


def _reading(study: Study) -> Figure:
    figure = Figure(figsize=(max(9, _width(study.names)), 4))
    one, many = figure.subplots(1, 2, width_ratios=(2, 1))
    value, final = study.reading.value, study.reading.final
    if study.has_probability:
        value, final = 1 / (1 + np.exp(-value)), 1 / (1 + np.exp(-final))
        one.set_ylim(-0.03, 1.03)
    one.plot(study.reading.read - 1, value, marker="o", markersize=3, label="after this step")
    one.plot(study.reading.read - 1, final, ":", color=style.GREY, label="after all steps")
    one.set(title="this example", ylabel=_value_name(study))
    _steps(one, study.names)
    one.legend(fontsize=8)
    shares = [100 * share for share in study.over_examples]
    kinds = (
        {"distance": "distance from the final output"}
        if study.kind == "number"
        else {"agreed": "answers equal to the final one", "right": "correct answers"}
    )
    for key, label in kinds.items():
        if all(key in row for row in study.over_examples.values()):
            many.plot(shares, [row[key] for row in study.over_examples.values()], marker="o", label=label)
    many.set(title="test examples", xlabel="% of the steps read")
    if study.kind != "number":
        many.set_ylim(-0.03, 1.03)
    many.legend(fontsize=8)
    return figure


def _gradients(study: Study) -> Figure:
    """The norm of dL/dh by the number of steps before the last, relative to the last step; in an LSTM the norm of dL/dh
    and dL/dc together. L is not the loss of the task: dL/dh at the last step points in a random direction. A straight
    line down is a vanishing gradient, a rising line an exploding one. The lines are medians over several test examples
    and directions; shaded are the middle 80 % of them. Right: Lyapunov exponents over the longest of these examples.
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
        norms_by_distance(axes, one.norms, one.label, colours[cell], dashes, shaded=trained == "trained")
        spectrum.plot(
            np.arange(1, len(one.exponents) + 1), one.exponents, dashes, marker="o", markersize=3, color=colours[cell]
        )
    axes.set(xlabel="steps before the last", ylabel="norm of dL/dh (LSTM: and dL/dc), relative")
    axes.set_title("gradient by distance")
    axes.set_ylim(max(1e-8, axes.get_ylim()[0]), min(1e8, axes.get_ylim()[1]))
    axes.legend(fontsize=8, loc="lower left")
    spectrum.axhline(0, color=style.RED, linewidth=1)
    over = max(one.steps for one in study.flows)
    spectrum.set(title=f"Lyapunov exponents, {over} steps", xlabel="rank", ylabel="mean growth, nats per step")
    return figure


def norms_by_distance(
    axes: Axes, norms: np.ndarray, label: str, colour: str, dashes: str = "-", shaded: bool = True
) -> None:
    """Plot the median of gradient norms and, if `shaded`, the range from the 10th to the 90th percentile.

    Args:
        norms: `(directions, distances)`, from `gradients.norms_by_distance`.
    """
    low, median, high = np.maximum(np.percentile(norms, (10, 50, 90), axis=0), 1e-12)
    axes.semilogy(median, dashes, color=colour, label=label)
    if shaded:
        axes.fill_between(np.arange(len(low)), low, high, color=colour, alpha=0.15, linewidth=0)


def _memory(study: Study) -> Figure:
    """How well a linear readout of the state tells an earlier input, by the number of steps since, if the layer reads
    white noise as strong as the inputs of the test examples: r2 on steps that the readout was not fitted on. It is 1
    where the input is remembered and 0 where it is forgotten. The sum over all delays is at most the number of units.
    """
    figure, axes = style.new_figure(8, 3.6, xlabel="delay in steps", ylabel="r2", ylim=(-0.03, 1.03))
    colours = dict(zip(reference.CELLS, style.PALETTE))
    for one in study.flows:
        cell, trained = one.label.split(", ")
        axes.plot(one.memory, "-" if trained == "trained" else "--", color=colours[cell], label=one.label)
    axes.legend(fontsize=8)
    return figure


def _clipping(study: Study) -> Figure:
    """The norm of the gradient of the recurrent kernel grows with the gain at which the kernel is initialised; clipping
    limits the norm to 1 and keeps the direction. Right: the loss of a short training from a kernel of high gain, to
    predict the next input. The learning rate suits the clipped gradients and is too high for the others; the limit is a
    fiftieth of the norm of the first gradient.
    """
    figure = Figure(figsize=(10, 3.8))
    axes, training = figure.subplots(1, 2)
    axes.set(xlabel="gain of the initial kernel", ylabel="norm of dL/dW")
    for (start, norms), colour in zip(study.clipping.items(), style.PALETTE):
        axes.semilogy(flow.GAINS, np.maximum(norms, 1e-12), marker="o", color=colour, label=start)
        clipped = np.minimum(np.maximum(norms, 1e-12), flow.CLIP)
        axes.semilogy(flow.GAINS, clipped, ":", color=colour, label=f"{start}, clipped")
    axes.legend(fontsize=8)
    for (label, losses), colour in zip(study.training.items(), (style.RED, style.BLUE)):
        training.semilogy(np.clip(losses, 1e-6, 1e6), color=colour, label=label)
    training.set(xlabel="training step", ylabel="loss", title=f"from {flow.TRAINING_GAIN} times an orthogonal kernel")
    training.legend(fontsize=8)
    return figure


def _connectivity(study: Study) -> Figure:
    """The effect of each step on the answer, by three measures; below, the same for an untrained network."""
    figure = Figure(figsize=(max(8, _width(study.names)), 5.2))
    rows = figure.subplots(2, 1, sharex=True)
    for axes, effects, title in zip(rows, (study.effects, study.untrained), ("trained", "untrained")):
        _effects(axes, effects)
        axes.set_title(title)
    rows[0].legend(fontsize=8)
    rows[0].set_ylabel("share of the effect")
    _steps(rows[1], study.names)
    return figure


def _effects(axes, effects: Effects) -> None:
    measures = {
        "occlusion": effects.occlusion,
        "integrated gradients": effects.integrated,
        "gradient": effects.gradient,
    }
    places, width = np.arange(len(effects.gradient)), 0.27
    for number, (name, effect) in enumerate(measures.items()):
        size = np.abs(effect).sum() or 1.0
        axes.bar(places + (number - 1) * width, effect / size, width, label=name)
    axes.axhline(0, color=style.INK, linewidth=0.8)


def _attention(study: Study) -> Figure:
    """The attention weights: each row is an answer, each column a step."""
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
