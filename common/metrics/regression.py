"""Scores of predicted numbers: absolute and squared errors, explained variance, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.metrics.scores import Scores


class Regression(Scores):
    """Scores of predicted numbers, each over all known truths: one per example, or one per step ahead.

    - `mae_<unit>_error`: mean absolute error; without a unit `mae_error`, and so on.
    - `rmse_<unit>_error`: root of the mean squared error.
    - `r2`: share of the variance of the truths that the predictions explain: 1 minus the sum of the squared errors
      divided by that of the squared distances from the mean of the same truths; 0 for always predicting that mean, and
      below 0 for worse. It is missing if the truths do not vary, and NaN over a part in which they do not.
    - `scaled_error`: the mean absolute error divided by that of a naive prediction of the same truths, below 1 if
      better (the relative MAE of Hyndman and Koehler 2006, https://doi.org/10.1016/j.ijforecast.2006.03.001).
    - `coverage`: share of the truths inside the predicted interval; it should equal the interval's probability.
    - `mae_<unit>_step_<k>_error`: the mean absolute error of the first, the middle and the last of several steps.

    Attributes:
        truth, prediction: float arrays `(examples, steps)`; the truth is NaN where unknown.
        naive: float array of the same shape, or None.
        low, high: float arrays of the same shape, the ends of the predicted interval, or None.
        interval: nominal coverage of the predicted interval.
        times: datetime64[s] array `(examples, steps)`, or None.
        unit: of the values; "" if unknown.

    Example:
        >>> scores = Regression([1.0, 2.0, 6.0], [2.0, 2.0, 4.0], unit="metres")
        >>> scores["mae_metres_error"], round(scores["r2"], 3)
        (1.0, 0.643)
    """

    def __init__(
        self,
        truths: np.ndarray,
        predictions: np.ndarray,
        *,
        groups: Sequence | None = None,
        unit: str = "",
        naive: np.ndarray | None = None,
        bounds: tuple[np.ndarray, np.ndarray] | None = None,
        interval: float = 0.9,
        times: np.ndarray | None = None,
        parts: Mapping[str, Sequence] | None = None,
    ):
        """Scores of these predictions.

        Args:
            truths, predictions: float arrays `(examples,)` or `(examples, steps)`.
            groups: a label of each example (a drive, a block of days); examples of one group are resampled together.
                None: all examples are independent.
            unit: of the values, for names and axes.
            naive: a naive prediction of the same truths, of the same shape.
            bounds: ends of an interval around each prediction, of the same shape.
            interval: its nominal coverage.
            times: datetime64 array, of every truth, for plots.
            parts: title -> label of each example, for breakdowns such as "by season".

        Raises:
            ValueError: if arrays differ in shape, or no truth is known.
        """
        self.truth, self.prediction = _steps(truths), _steps(predictions)
        self.naive = None if naive is None else _steps(naive)
        self.low, self.high = (None, None) if bounds is None else map(_steps, bounds)
        self.interval, self.unit = interval, unit
        self.times = None if times is None else np.asarray(times, "datetime64[s]").reshape(self.truth.shape)
        known = ~np.isnan(self.truth)
        for name in ("prediction", "naive", "low", "high"):
            array = getattr(self, name)
            if array is not None and (array.shape != known.shape or np.isnan(array[known]).any()):
                raise ValueError(
                    f"{name} must have a number for every truth: {known.shape}, not {array.shape} or with NaN"
                )
        if not known.any():
            raise ValueError("truths has no number: there is nothing to score")

        shift = self.truth[known].mean()  # sums of squares about the mean lose no precision
        errors = np.abs(self.prediction - self.truth)
        columns = {"count": known, "error": errors, "square": errors**2}
        columns |= {"truth": self.truth - shift, "truth_square": (self.truth - shift) ** 2}
        if naive is not None:
            columns["naive"] = np.abs(self.naive - self.truth)
        if bounds is not None:
            columns["inside"] = (self.low <= self.truth) & (self.truth <= self.high)
        sums = {name: np.where(known, column, 0).sum(axis=1) for name, column in columns.items()}
        for step in self._shown_steps():
            sums[f"count {step}"] = known[:, step - 1]
            sums[f"error {step}"] = np.where(known, errors, 0)[:, step - 1]
        self._names = list(sums)
        super().__init__(
            np.stack(list(sums.values()), axis=1),
            self._reduce,
            losses=_ratio(sums["error"], sums["count"]),
            truths=[_text(row) for row in self.truth],
            answers=[_text(row) for row in np.where(known, self.prediction, np.nan)],
            groups=None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1],
            breakdowns={title: _members(labels) for title, labels in (parts or {}).items()},
        )

    def _shown_steps(self) -> list[int]:
        """The steps, from 1, that have a score of their own."""
        steps = self.truth.shape[1]
        return sorted({1, (steps + 1) // 2, steps}) if steps > 1 else []

    def _reduce(self, rows: np.ndarray) -> dict[str, float]:
        sums = dict(zip(self._names, rows.sum(axis=0), strict=True))
        unit = f"_{self.unit}" if self.unit else ""
        count, error = sums["count"], sums["error"]
        scores = {f"mae{unit}_error": _ratio(error, count), f"rmse{unit}_error": np.sqrt(_ratio(sums["square"], count))}
        if np.ptp(self.truth[~np.isnan(self.truth)]) > 0:
            spread = sums["truth_square"] - sums["truth"] * _ratio(sums["truth"], count)
            # Truths that are all equal, as in some bootstrap samples, leave a spread of rounding errors.
            scores["r2"] = 1 - _ratio(sums["square"], np.where(spread > 1e-9 * sums["truth_square"], spread, 0))
        if "naive" in sums:
            scores["scaled_error"] = _ratio(error, sums["naive"])
        if "inside" in sums:
            scores["coverage"] = _ratio(sums["inside"], count)
        for step in self._shown_steps():
            scores[f"mae{unit}_step_{step}_error"] = _ratio(sums[f"error {step}"], sums[f"count {step}"])
        return {name: float(value) for name, value in scores.items()}

    def by_step(self) -> dict[str, np.ndarray]:
        """`error` and, if available, `naive` (error) and `coverage` of each step ahead, float arrays `(steps,)`."""
        known = ~np.isnan(self.truth)
        found = {"error": np.abs(self.prediction - self.truth)}
        if self.naive is not None:
            found["naive"] = np.abs(self.naive - self.truth)
        if self.low is not None:
            found["coverage"] = (self.low <= self.truth) & (self.truth <= self.high)
        return {
            name: _ratio(np.where(known, values, 0).sum(axis=0), known.sum(axis=0)) for name, values in found.items()
        }


def _steps(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, float)
    return values[:, None] if values.ndim == 1 else values


def _text(row: np.ndarray) -> str:
    """The values of an example for a reader: the first and the last of many."""
    texts = [f"{value:.4g}" for value in row if not np.isnan(value)]
    return " ".join(texts) if len(texts) <= 4 else f"{texts[0]} {texts[1]} … {texts[-1]}"


def _members(labels: Sequence) -> dict[str, np.ndarray]:
    labels = np.asarray(labels)
    return {str(label): np.flatnonzero(labels == label) for label in dict.fromkeys(np.sort(labels).tolist())}


def _ratio(above, below):
    """`above / below`, NaN where `below` is not above 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(below) > 0, np.divide(above, below), np.nan)
