"""Plots of the losses of a training, and of scores by length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from common.plots import style


def curves(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write the losses on train and validation after each epoch, with the best epoch marked.

    Args:
        history: one row per epoch, with `epoch`, `loss` and `validation_loss`.
        path: of the picture.
    """
    epochs = [int(row["epoch"]) for row in history]
    best = min(history, key=lambda row: row["validation_loss"])
    figure, axes = style.new_figure(7, 4, xlabel="epoch", ylabel="loss")
    marker = "o" if len(epochs) < 3 else None  # a line of one point is invisible
    axes.plot(epochs, [row["loss"] for row in history], color=style.GREY, marker=marker, label="train")
    axes.plot(epochs, [row["validation_loss"] for row in history], color=style.BLUE, marker=marker, label="validation")
    axes.axvline(best["epoch"], color=style.ORANGE, linestyle=":", linewidth=1.5)
    label = f"best epoch {int(best['epoch'])}: {best['validation_loss']:.3g}"
    axes.plot(best["epoch"], best["validation_loss"], "o", color=style.ORANGE, markersize=8, label=label)
    axes.set_xlim(0.5, epochs[-1] + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.legend()
    style.save(figure, path)


def lengths(parts: Mapping[str, Mapping[str, float]], metric: str, length: str, path: Path) -> None:
    """Write one score of several models by length.

    Args:
        parts: name of the model -> (label of the part, such as `"5 to 12"` -> score).
        metric: name of the score.
        length: label of the axis with the unit, such as `"length in words"`.
        path: of the picture.
    """
    figure, axes = style.new_figure(7, 4, xlabel=length, ylabel=metric)
    for (name, scores), marker in zip(parts.items(), "osD^vP"):
        axes.plot(list(scores), list(scores.values()), marker=marker, label=name)
    axes.legend()
    style.save(figure, path)


def examples(points: Sequence[Mapping], metric: str, cell: str, path: Path) -> None:
    """Write the learning curve of a network and the best baseline: the score against the number of training examples.

    Args:
        points: as in `reporting.results.curve`.
        metric: name of the score.
        cell: name of the network.
        path: of the picture.
    """
    figure, axes = style.new_figure(7, 4, xlabel="training examples", ylabel=f"{metric} on validation")
    counts = [point["examples"] for point in points]
    means = [sum(point["scores"]) / len(point["scores"]) for point in points]
    for point in points:
        axes.plot([point["examples"]] * len(point["scores"]), point["scores"], ".", color=style.BLUE, markersize=4)
    axes.plot(counts, means, "o-", color=style.BLUE, label=cell)
    axes.plot(counts, [point["baseline"] for point in points], "s--", color=style.GREY, label="best baseline")
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.legend()
    style.save(figure, path)
