"""The figures of the chapters and of the questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from common.insight import gradients, reference
from common.insight.network import Network
from common.lessons import characters, forecasts, mechanics, order
from common.plots import insight, style

ARROW = {"arrowstyle": "->", "color": style.INK, "linewidth": 1.2}
BOX = {"boxstyle": "round,pad=0.4", "facecolor": style.LIGHT, "edgecolor": style.GREY}
SENTENCE = "not bad , but far too long".split()


def write(folder: Path) -> Iterator[Path]:
    """Draw all of them; yields the path of each."""
    drawn = {
        "chapter_four_shapes": four_shapes,
        "chapter_growth_of_weights": growth_of_weights,
        "chapter_one_unit": one_unit,
        "chapter_unrolled": unrolled,
        "chapter_loss_over_time": loss_over_time,
        "chapter_contributions_of_steps": contributions_of_steps,
        "chapter_vanishing": vanishing,
        "chapter_three_cells": three_cells,
        "question_dropout": dropout,
        "question_forecasts": recursive_forecasts,
    }
    for name, draw in drawn.items():
        path = folder / f"{name}.png"
        style.save(draw(), path)
        yield path


def four_shapes() -> Figure:
    """The steps at which each shape of task has inputs and outputs."""
    figure = Figure(figsize=(10, 2.9))
    kinds = {
        "many-to-one": ("RRRR", "___A"),
        "many-to-many": ("RRRR", "AAAA"),
        "one-to-many": ("R___", "AAAA"),
        "encoder-decoder": ("RRR___", "___AAA"),
    }
    for axes, (title, (read, answered)) in zip(figure.subplots(1, 4, width_ratios=(4, 4, 4, 6)), kinds.items()):
        axes.set_axis_off()
        axes.set_title(title)
        for t, (reads, answers) in enumerate(zip(read, answered)):
            axes.text(t, 1, "h", ha="center", va="center", bbox=BOX)
            if reads == "R":
                axes.text(t, 0, "x", ha="center", va="center", color=style.BLUE)
                axes.annotate("", (t, 0.72), (t, 0.15), arrowprops=ARROW)
            if answers == "A":
                axes.text(t, 2, "o", ha="center", va="center", color=style.GREEN)
                axes.annotate("", (t, 1.85), (t, 1.28), arrowprops=ARROW)
            if t:
                axes.annotate("", (t - 0.27, 1), (t - 0.73, 1), arrowprops=ARROW)
        axes.set(xlim=(-0.5, len(read) - 0.5), ylim=(-0.3, 2.3))
    return figure


def growth_of_weights() -> Figure:
    """The number of weights against the length of the sequence."""
    figure, axes = style.new_figure(7, 3.8)
    insight.weights_by_length(axes, features=10_000, units=64)
    axes.set_title("64 units, 10,000 words, one-hot")
    return figure


def one_unit() -> Figure:
    """The response of a one-unit network to one impulse."""
    figure, axes = style.new_figure(7, 3.6, xlabel="step", ylabel="h", ylim=(-1.05, 1.05))
    impulse = np.zeros(21)
    impulse[1] = 1
    for w, colour in zip((-0.9, 0.5, 0.9, 1.5), style.PALETTE):
        weights = [np.array([[1.0]]), np.array([[w]]), np.zeros(1)]
        states, _ = reference.forward("simple_rnn", impulse[None, :, None], weights)
        axes.plot(reference.outputs(states)[0, :, 0], marker="o", markersize=3, color=colour, label=f"W = {w}")
    axes.set_title("one unit after a single input of 1 at step 1")
    axes.legend(fontsize=8)
    return figure


def unrolled() -> Figure:
    """An unrolled one-unit network."""
    figure, axes = style.new_figure(10, 2.9)
    axes.set_axis_off()
    inputs = [-1.0, -1.0, 0.0, 0.5, 0.0, 0.0, -0.5]
    weights = [np.array([[0.8]]), np.array([[0.5]]), np.array([0.1])]
    states, _ = reference.forward("simple_rnn", np.array(inputs)[None, :, None], weights)
    for t, (word, x, (h,)) in enumerate(zip(SENTENCE, inputs, states)):
        axes.text(t, 1, "tanh", ha="center", va="center", bbox=BOX)
        axes.text(t, -0.15, f"{word}\nx = {x:.1f}", ha="center", va="top")
        axes.annotate("", (t, 0.72), (t, -0.1), arrowprops=ARROW)
        axes.text(t, 2.05, f"h = {h[0, 0]:.4f}", ha="center", va="bottom")
        axes.annotate("", (t, 2.0), (t, 1.28), arrowprops=ARROW)
        axes.annotate("", (t - 0.27, 1), (t - 0.73, 1), arrowprops=ARROW)
    axes.text(-0.75, 1, "h = 0", ha="right", va="center")
    axes.set(xlim=(-1.2, len(SENTENCE) - 0.5), ylim=(-0.9, 2.4))
    axes.set_title("U = 0.8, W = 0.5, b = 0.1 at every step")
    return figure


def loss_over_time() -> Figure:
    """The loss during training, and by position in the sequence."""
    figure = Figure(figsize=(10, 3.6))
    training, position = figure.subplots(1, 2)
    one, history = characters.model()
    training.plot([loss for loss, _ in history], color=style.BLUE, linewidth=1)
    training.axhline(np.log(len(characters.ALPHABET)), color=style.GREY, linestyle=":", label="uniform")
    training.set(xlabel="batch", ylabel="nats per character", title="training")
    training.legend(fontsize=8)
    losses = np.zeros(characters.WINDOW)
    ids = characters.encoded(characters.text()[1])
    for inputs, targets, _ in characters.windows(ids, 20, seed=1):
        probabilities = reference.softmax(one.forward(inputs)[0])
        losses -= np.log(np.take_along_axis(probabilities, targets[..., None], axis=-1)[..., 0]).mean(axis=0) / 20
    position.plot(np.arange(1, characters.WINDOW + 1), losses, color=style.GREEN)
    position.set(xlabel="characters read since the initial state", title="test")
    return figure


def contributions_of_steps() -> Figure:
    """The contribution of each step to the gradient of W, for losses at the last step and at all steps."""
    figure, axes = style.new_figure(7, 3.6, xlabel="step", ylabel="norm of its contribution to dL/dW")
    one = Network("simple_rnn", 4, 16, 3, gain=0.9)
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(8, 30, 4)), random.integers(0, 3, (8, 30))
    outputs, states, kept = one.forward(inputs)
    for label, weights in (
        ("loss at every step", np.ones((8, 30))),
        ("loss at the last step", np.eye(30)[29] + np.zeros((8, 1))),
    ):
        _, d_outputs = reference.cross_entropy(outputs, targets, weights)
        d_h = d_outputs @ one.weights["V"].T
        by_step, *_ = reference.back_propagate("simple_rnn", inputs, one.recurrent, states, kept, d_h)
        norms = [np.linalg.norm(d_w) for _, d_w, _ in by_step]
        axes.semilogy(np.arange(2, 31), norms[1:], label=label)  # that of step 1 is zero, since h_0 is
    axes.legend(fontsize=8)
    return figure


def vanishing() -> Figure:
    """Gradient norms beside the exact powers of the gain; loss and gradient of a training with and without clipping."""
    figure = Figure(figsize=(13, 3.8))
    distance, loss, gradient = figure.subplots(1, 3)
    for gain, colour in zip((0.9, 1.0, 1.1), style.PALETTE):
        kernel = gain * np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))[0]
        weights = [np.zeros((1, 16)), kernel, np.zeros(16)]
        kept = reference.forward("simple_rnn", np.zeros((1, 100, 1)), weights)[1]
        norms = gradients.norms_by_distance("simple_rnn", kept, weights)
        distance.semilogy(np.median(norms, axis=0), color=colour, label=f"W = {gain} Q, measured")
        distance.semilogy(np.arange(0, 101, 10), gain ** np.arange(0, 101, 10), ".", color=colour)
    distance.set(xlabel="steps before the last", ylabel="norm of dL/dh, relative", title="dots: g to the power k")
    distance.legend(fontsize=8)
    for name, norm, colour in (("without clipping", np.inf, style.RED), ("clipped to norm 1", 1.0, style.BLUE)):
        _, history = order.descent(norm, order.EXPLODING_GAIN)
        losses, norms = np.where(history < 1e25, history, np.nan).T  # beyond the axes, up to what float64 can hold
        loss.semilogy(losses, color=colour, linewidth=1.2, label=name)
        gradient.semilogy(norms, color=colour, linewidth=1.2)
    loss.set(xlabel="batch", title=f"loss from W = {order.EXPLODING_GAIN} Q", ylim=(1e-2, 1e20))
    loss.legend(fontsize=8)
    gradient.set(xlabel="batch", title="norm of the gradient before clipping", ylim=(1e-2, 1e20))
    return figure


def three_cells() -> Figure:
    """The gradient by distance in the three cells, before and after the same training."""
    figure = Figure(figsize=(10, 3.8))
    before, after = figure.subplots(1, 2, sharey=True)
    for cell, colour in zip(reference.CELLS, style.PALETTE):
        insight.norms_by_distance(before, mechanics.untrained_norms(cell, order.LENGTH), cell, colour)
        insight.norms_by_distance(after, order.norms_by_distance(order.trained(cell), order.ORDER), cell, colour)
    before.set(xlabel="steps before the last", ylabel="norm of dL/dh, relative", title="untrained, on noise")
    after.set(xlabel="steps before the last", title="trained on the order probe")
    before.set_ylim(1e-8, 1e2)
    before.legend(fontsize=8)
    return figure


def dropout() -> Figure:
    """The test loss during training on a short text, with dropout of inputs or of the state."""
    figure, axes = style.new_figure(7, 3.6, xlabel="batch", ylabel="test loss, nats per character")
    labels = {"none": "no dropout", "input": "dropout", "state": "recurrent_dropout"}
    for (kind, (_, losses)), colour in zip(characters.dropout_curves().items(), style.PALETTE):
        axes.plot(characters.EVERY * np.arange(len(losses)), losses, color=colour, label=labels[kind])
    axes.legend(fontsize=8)
    return figure


def recursive_forecasts() -> Figure:
    """Forecasts of 200 steps from the network's own forecasts, with intervals."""
    figure = Figure(figsize=(10, 3.8))
    for axes, kind in zip(figure.subplots(1, 2), forecasts.KINDS):
        one, start = forecasts.forecast(kind), forecasts.TRAINED - 50
        axes.plot(np.arange(-50, forecasts.AHEAD), one.series[start:], color=style.GREY, linewidth=0.8, label="series")
        axes.plot(one.values, color=style.BLUE, label="forecast")
        axes.fill_between(
            np.arange(len(one.low)), one.low, one.high, color=style.BLUE, alpha=0.2, label="80 % interval"
        )
        axes.axvline(0, color=style.INK, linewidth=0.8, linestyle=":")
        axes.set(xlabel="step", title=kind)
    figure.axes[0].legend(fontsize=8, loc="lower left", frameon=True)
    return figure
