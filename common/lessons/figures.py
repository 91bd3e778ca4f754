"""The pictures of the chapters, one for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common.insight import counting, gradients, reference
from common.lessons import mechanics, trainings
from common.lessons.network import Network
from common.plots import style

ARROW = {"arrowstyle": "->", "color": style.INK, "linewidth": 1.2}
BOX = {"boxstyle": "round,pad=0.4", "facecolor": style.LIGHT, "edgecolor": style.GREY}
SENTENCE = "not bad , but far too long".split()


def write(folder: Path) -> Iterator[Path]:
    """Draw all of them."""
    drawn = {
        "four_shapes": four_shapes,
        "growth_of_weights": growth_of_weights,
        "one_unit": one_unit,
        "unrolled": unrolled,
        "loss_over_time": loss_over_time,
        "shares_of_steps": shares_of_steps,
        "vanishing": vanishing,
        "three_cells": three_cells,
    }
    for name, draw in drawn.items():
        path = folder / f"chapter_{name}.png"
        style.save(draw(), path)
        yield path


def four_shapes() -> Figure:
    """Which steps are read and which give an answer."""
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
    """Weights against the length of the sequence."""
    figure, axes = style.new_figure(7, 3.8, xlabel="steps", ylabel="weights")
    lengths = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500])
    for cell in reference.CELLS:
        axes.loglog(lengths, np.full(len(lengths), counting.weights(cell, 10_000, 64)), label=cell)
    dense = [counting.perceptron(int(steps), 10_000, 64) for steps in lengths]
    axes.loglog(lengths, dense, "--", color=style.INK, label="perceptron on the padded sequence")
    axes.set_title("64 units, 10,000 words, one-hot")
    axes.legend(fontsize=8)
    return figure


def one_unit() -> Figure:
    """A state of one number after one impulse."""
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
    """The cell once for each word, with the state of a one-unit network."""
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
    """Loss in training, and by the number of characters that have been read."""
    figure = Figure(figsize=(10, 3.6))
    training, position = figure.subplots(1, 2)
    one, history = trainings.character_model()
    training.plot([loss for loss, _ in history], color=style.BLUE, linewidth=1)
    training.axhline(np.log(len(trainings.LETTERS)), color=style.GREY, linestyle=":", label="uniform")
    training.set(xlabel="batch", ylabel="nats a character", title="training")
    training.legend(fontsize=8)
    losses = np.zeros(trainings.WINDOW)
    ids = trainings.encoded(trainings.text()[1])
    for inputs, targets, _ in trainings.windows(ids, 20, seed=1):
        probabilities = reference.softmax(one.read(inputs)[0])
        losses -= np.log(np.take_along_axis(probabilities, targets[..., None], axis=-1)[..., 0]).mean(axis=0) / 20
    position.plot(np.arange(1, trainings.WINDOW + 1), losses, color=style.GREEN)
    position.set(xlabel="characters read since the state was zero", title="test")
    return figure


def shares_of_steps() -> Figure:
    """The share of each step in the gradient of W, for losses at the last step and at all steps."""
    figure, axes = style.new_figure(7, 3.6, xlabel="step", ylabel="norm of its share of dL/dW")
    one = Network("simple_rnn", 4, 16, 3, gain=0.9)
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(8, 30, 4)), random.integers(0, 3, (8, 30))
    outputs, states, kept = one.read(inputs)
    for label, weights in (
        ("loss at every step", np.ones((8, 30))),
        ("loss at the last step", np.eye(30)[29] + np.zeros((8, 1))),
    ):
        _, d_outputs = reference.cross_entropy(outputs, targets, weights)
        d_h = d_outputs @ one.weights["V"].T
        shares, *_ = reference.back_propagate("simple_rnn", inputs, one.recurrent, states, kept, d_h)
        norms = [np.linalg.norm(d_w) for _, d_w, _ in shares]
        axes.semilogy(np.arange(2, 31), norms[1:], label=label)  # step 1 reads the zeros of h_0, and has no share
    axes.legend(fontsize=8)
    return figure


def vanishing() -> Figure:
    """The exact lines, and what clipping does to a training that explodes."""
    figure = Figure(figsize=(10, 3.8))
    distance, training = figure.subplots(1, 2)
    for gain, colour in zip((0.9, 1.0, 1.1), style.PALETTE):
        kernel = gain * np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))[0]
        weights = [np.zeros((1, 16)), kernel, np.zeros(16)]
        kept = reference.forward("simple_rnn", np.zeros((1, 100, 1)), weights)[1]
        norms = gradients.norms_by_distance("simple_rnn", kept, weights)
        distance.semilogy(np.median(norms, axis=0), color=colour, label=f"W = {gain} Q, measured")
        distance.semilogy(np.arange(0, 101, 10), gain ** np.arange(0, 101, 10), ".", color=colour)
    distance.set(xlabel="steps before the last", ylabel="norm of the error", title="dots: g to the power k")
    distance.legend(fontsize=8)
    for name, limit, colour in (("without clipping", np.inf, style.RED), ("clipped to norm 1", 1.0, style.BLUE)):
        losses = [loss for loss, _ in trainings.clipping_history(limit)]
        training.plot(losses, color=colour, linewidth=1.2, label=name)
    training.set(xlabel="batch", ylabel="loss", title="gradient descent from W = 1.5 Q")
    training.legend(fontsize=8)
    return figure


def three_cells() -> Figure:
    """The error by distance in three cells, before and after the same training."""
    figure = Figure(figsize=(10, 3.8))
    before, after = figure.subplots(1, 2, sharey=True)
    for cell, colour in zip(reference.CELLS, style.PALETTE):
        _norms(before, mechanics.untrained_norms(cell, trainings.LENGTH), cell, colour)
        _norms(after, trainings.trained_norms(cell), cell, colour)
    before.set(xlabel="steps before the last", ylabel="norm of the error", title="untrained, on noise")
    after.set(xlabel="steps before the last", title="trained on the order of two symbols")
    before.set_ylim(1e-8, 1e2)
    before.legend(fontsize=8)
    return figure


def _norms(axes: Axes, norms: np.ndarray, label: str, colour: str) -> None:
    axes.semilogy(np.maximum(np.median(norms, axis=0), 1e-12), color=colour, label=label)
    low, high = np.percentile(norms, (10, 90), axis=0)
    axes.fill_between(
        np.arange(len(low)), np.maximum(low, 1e-12), np.maximum(high, 1e-12), color=colour, alpha=0.15, linewidth=0
    )
