"""Plots of predicted numbers: against the truth, over time, and by steps ahead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from common.metrics.regression import Regression
from common.plots import style

SHOWN = 240  # examples of the series in the plot: more become a solid band
MOST_DOTS = 4000  # maximum number of dots of truth against prediction


def figures(scores: Regression, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write `predictions.png`, `series.png` and, for several steps ahead, `steps.png`; (file name, caption) of each."""
    _predictions(scores, folder / "predictions.png")
    last = scores.truth.shape[1]
    ahead = f", predicted {last} steps ahead" if last > 1 else ""
    found = [
        ("predictions.png", "Left: every prediction against its truth. Right: the errors."),
        ("series.png", f"Truths and predictions in the middle of the test set{ahead}."),
    ]
    _series(scores, folder / "series.png")
    if last > 1:
        _by_step(scores, folder / "steps.png")
        found.append(("steps.png", "The mean absolute error by steps ahead."))
    return found


def _predictions(scores: Regression, path: Path) -> None:
    known = ~np.isnan(scores.truth)
    truth, prediction = scores.truth[known], scores.prediction[known]
    errors = prediction - truth
    order = np.random.default_rng(0).permutation(len(truth))[:MOST_DOTS]
    figure = Figure(figsize=(9, 4.2))
    left, right = figure.subplots(1, 2)
    ends = [min(truth.min(), prediction.min()), max(truth.max(), prediction.max())]
    left.plot(ends, ends, color=style.GREY, linestyle=":", linewidth=1.5)
    left.scatter(truth[order], prediction[order], s=6, alpha=0.35, color=style.BLUE, linewidths=0)
    left.set(xlabel=_label("truth", scores), ylabel=_label("prediction", scores))
    right.hist(errors, bins=60, range=tuple(np.quantile(errors, [0.002, 0.998])), color=style.BLUE)
    right.axvline(errors.mean(), color=style.ORANGE, linestyle=":", label=f"mean {errors.mean():+.3g}")
    right.set(xlabel=_label("prediction minus truth", scores), ylabel="truths")
    right.legend()
    style.save(figure, path)


def _series(scores: Regression, path: Path) -> None:
    """The last step of the examples in the middle of the test set; gaps between their times stay visible."""
    start = max(0, (len(scores.truth) - SHOWN) // 2)
    shown = slice(start, start + SHOWN)
    step = scores.truth.shape[1] - 1
    times = np.arange(len(scores.truth))[shown] if scores.times is None else scores.times[shown, step]
    figure, axes = style.new_figure(9, 3.6, ylabel=_label("value", scores))
    if scores.low is not None:
        label = f"{scores.interval:.0%} interval"
        low, high = scores.low[shown, step], scores.high[shown, step]
        axes.fill_between(times, low, high, color=style.SKY, alpha=0.35, linewidth=0, label=label)
    axes.plot(times, scores.truth[shown, step], color=style.INK, linewidth=1.2, label="truth")
    axes.plot(times, scores.prediction[shown, step], color=style.BLUE, linewidth=1.5, label="prediction")
    if scores.times is None:
        axes.set_xlabel("number of the example")
    else:
        axes.xaxis.set_major_locator(locator := AutoDateLocator())
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    figure.legend(loc="outside lower center", ncols=3)
    style.save(figure, path)


def _by_step(scores: Regression, path: Path) -> None:
    by_step = scores.by_step()
    steps = np.arange(1, scores.truth.shape[1] + 1)
    figure, axes = style.new_figure(7, 4, xlabel="steps ahead", ylabel=_label("mean absolute error", scores))
    if "naive" in by_step:
        axes.plot(steps, by_step["naive"], color=style.GREY, marker="o", markersize=4, label="naive prediction")
    axes.plot(steps, by_step["error"], color=style.BLUE, marker="o", markersize=4, label="model")
    axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    style.save(figure, path)


def _label(text: str, scores: Regression) -> str:
    return f"{text}, {scores.unit.replace('_', ' ')}" if scores.unit else text
