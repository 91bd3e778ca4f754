"""Plots for probabilistic forecasts: intervals and truths, volatility over time, and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from scipy import stats

from common.metrics.forecast import INTERVAL, ForecastScores
from common.plots import style

BINS = 20  # of the histogram of levels
AROUND = 21  # days, a month of trading, over which the true volatility is averaged


def figures(
    scores: ForecastScores, examples: Sequence, predictions: Sequence[dict], folder: Path
) -> list[tuple[str, str]]:
    """Write `forecast.png`, `volatility.png` and `calibration.png`; (file name, caption) of each."""
    name, shown = _middle_series(scores)
    _forecast(scores, shown, name, folder / "forecast.png")
    _volatility(scores, shown, name, folder / "volatility.png")
    _calibration(scores, folder / "calibration.png")
    share = np.mean((scores.low[shown] <= scores.truth[shown]) & (scores.truth[shown] <= scores.high[shown]))
    return [
        (
            "forecast.png",
            f"{name}: the truth, and the 90 % forecast interval, which contains {share:.1%} of the days.",
        ),
        ("volatility.png", f"{name}: the predicted volatility, and the volatility of the days around each day."),
        (
            "calibration.png",
            "Left: level of the truth in its forecast, uniform if calibrated. Right: coverage of every interval.",
        ),
    ]


def _middle_series(scores: ForecastScores) -> tuple[str, np.ndarray]:
    """Name and example numbers, in order of date, of the series with the median loss."""
    series = np.array(scores.series)
    names = sorted(set(scores.series), key=lambda name: scores.losses[series == name].mean())
    shown = np.flatnonzero(series == names[len(names) // 2])
    return names[len(names) // 2], shown[np.argsort(scores.dates[shown])]


def _forecast(scores: ForecastScores, shown: np.ndarray, name: str, path: Path) -> None:
    dates, truth, low, high = (values[shown] for values in (scores.dates, scores.truth, scores.low, scores.high))
    inside = (low <= truth) & (truth <= high)
    figure, axes = _over_time(name, f"{scores.unit} per day")
    axes.fill_between(dates, low, high, color=style.SKY, alpha=0.35, linewidth=0, label="90 % interval")
    axes.plot(dates, scores.location[shown], color=style.BLUE, linewidth=1, label="location")
    axes.plot(dates[inside], truth[inside], ".", color=style.INK, markersize=4, label="truth inside")
    axes.plot(dates[~inside], truth[~inside], ".", color=style.RED, markersize=7, label="truth outside")
    _finish(figure, path)


def _volatility(scores: ForecastScores, shown: np.ndarray, name: str, path: Path) -> None:
    predicted = (scores.high[shown] - scores.low[shown]) / (2 * stats.norm.ppf((1 + INTERVAL) / 2))
    window = np.ones(min(AROUND, len(shown)))
    squares, count = (np.convolve(values, window, "same") for values in (scores.truth[shown] ** 2, np.ones(len(shown))))
    figure, axes = _over_time(name, f"standard deviation, {scores.unit} per day")
    axes.plot(scores.dates[shown], np.sqrt(squares / count), color=style.GREY, label=f"of the {AROUND} days around")
    axes.plot(scores.dates[shown], predicted, color=style.BLUE, linewidth=1.2, label="predicted")
    axes.set_ylim(bottom=0)
    _finish(figure, path)


def _over_time(title: str, label: str):
    figure, axes = style.new_figure(9, 3.6, title=title, ylabel=label)
    axes.xaxis.set_major_locator(locator := AutoDateLocator())
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    return figure, axes


def _finish(figure, path: Path) -> None:
    figure.legend(loc="outside lower center", ncols=4)
    style.save(figure, path)


def _calibration(scores: ForecastScores, path: Path) -> None:
    levels = scores.levels[~np.isnan(scores.levels)]
    figure = Figure(figsize=(9, 3.8))
    left, right = figure.subplots(1, 2)
    left.hist(levels, bins=BINS, range=(0, 1), weights=np.full(len(levels), BINS / len(levels)), color=style.BLUE)
    left.axhline(1, color=style.GREY, linestyle=":", linewidth=1.5)
    left.set(xlabel="forecast probability of a value below the truth", ylabel="density of the truths")
    stated = np.linspace(0.02, 0.98, 49)
    right.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", linewidth=1.5)
    right.plot(stated, [np.mean(np.abs(2 * levels - 1) <= share) for share in stated], color=style.BLUE)
    right.set(xlabel="nominal coverage of the interval", ylabel="share of the truths inside")
    style.save(figure, path)
