"""Scores of probabilistic forecasts: likelihood, coverage, error relative to persistence, direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from common.metrics.scores import Scores, blocks

INTERVAL = 0.9  # nominal coverage of the interval
BLOCK = 10  # days resampled together, or two horizons: volatility clusters over weeks, and stocks move together
TERCILES = ("calm", "middle", "stormy")


class ForecastScores(Scores):
    """Scores of forecast distributions, each averaged over all forecast days.

    - `nll_loss`: negative log-likelihood of the truth in nats per day.
    - `coverage`: share of the truths within the 90 % interval; 0.9 is right, more or less is wrong.
    - `mae_<unit>_error`: mean absolute error of the location.
    - `scaled_error`: that error divided by the error of persistence on the same days, below 1 if better (the relative
      MAE of Hyndman and Koehler 2006, https://doi.org/10.1016/j.ijforecast.2006.03.001).
    - `direction_accuracy`: share of the days with a truth other than zero on which the location has the sign of the
      truth; a location of exactly zero counts half.

    Attributes:
        dates: datetime64[D] array `(examples,)`, of the first forecast day.
        series: name of the series of each example.
        truth, location, scale, df: float arrays `(examples,)`, of the first forecast day.
        low, high: float arrays `(examples,)`, the ends of its interval.
        levels: float array `(examples,)`, the forecast probability of a value below the truth (the probability integral
            transform): uniform between 0 and 1 if the forecasts are right.
        unit: of the values.
    """

    def __init__(
        self,
        truths: np.ndarray,
        distributions: np.ndarray,
        *,
        errors: np.ndarray,
        naive_errors: np.ndarray,
        dates: np.ndarray,
        series: Sequence[str],
        unit: str,
        parts: Mapping[str, np.ndarray] | None = None,
    ):
        """Scores of these forecasts.

        Args:
            truths: float array `(examples, horizon)`, NaN where the truth is unknown.
            distributions: float array `(examples, horizon, 3)`: location, scale, degrees of freedom (inf: normal).
            errors, naive_errors: float arrays `(examples, horizon)`, errors of the model and of persistence.
            dates: datetime64[D] array `(examples,)`, of the first forecast day.
            series: name of the series of each example.
            unit: of the errors, for names and axes.
            parts: title -> label of each example, for breakdowns in addition to those by year and by series.
        """
        location, scale, df = np.moveaxis(distributions, -1, 0)
        distribution = stats.t(df, location, scale)
        low, high = distribution.interval(INTERVAL)
        known = ~np.isnan(truths)
        moved = known & (truths != 0)
        columns = {
            "days": known,
            "nll": -distribution.logpdf(truths),
            "covered": (low <= truths) & (truths <= high),
            "error": np.abs(errors),
            "naive": np.abs(naive_errors),
            "moved": moved,
            "right": moved * np.where(location == 0, 0.5, np.sign(location) == np.sign(truths)),
        }
        rows = np.stack([np.where(known, column, 0).sum(axis=1) for column in columns.values()], axis=1)
        self.dates, self.series, self.unit = np.asarray(dates, "datetime64[D]"), list(series), unit
        self.truth, self.location, self.scale, self.df = truths[:, 0], location[:, 0], scale[:, 0], df[:, 0]
        self.low, self.high = low[:, 0], high[:, 0]
        self.levels = distribution.cdf(truths)[:, 0]

        def reduce(rows):
            days, nll, covered, error, naive, moved, right = rows.sum(axis=0)
            return {
                "nll_loss": float(nll / days),
                "coverage": float(covered / days),
                f"mae_{unit}_error": float(error / days),
                "scaled_error": _ratio(error, naive),
                "direction_accuracy": _ratio(right, moved),
            }

        super().__init__(
            rows,
            reduce,
            losses=rows[:, 1] / np.maximum(rows[:, 0], 1),
            truths=[f"{value:+.2f}" for value in self.truth],
            answers=[f"{a:+.2f} ({b:+.2f} to {c:+.2f})" for a, b, c in zip(self.location, self.low, self.high)],
            groups=blocks(np.unique(self.dates, return_inverse=True)[1], max(BLOCK, 2 * truths.shape[1])),
            breakdowns=self._breakdowns(parts or {}),
        )

    def _breakdowns(self, parts: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
        titles = {"by year": self.dates.astype("datetime64[Y]").astype(str), **parts}
        if len(set(self.series)) > 1:
            titles["by series"] = np.array(self.series)
        return {
            title: {str(label): np.flatnonzero(labels == label) for label in sorted(set(labels.tolist()))}
            for title, labels in titles.items()
        }


def terciles(values: np.ndarray) -> np.ndarray:
    """`calm`, `middle` or `stormy` for each value: the lowest, middle and highest third."""
    return np.array(TERCILES)[np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values)]


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below else float("nan")
