"""Direct forecasts of several steps by models without a recurrence: ridge regression and gradient boosting.

Their settings are chosen on the last fifth of the training examples, the part nearest to the forecasts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

HELD_OUT = 0.2  # share of the examples, the last ones, on which settings are chosen
ALPHAS = 10.0 ** np.arange(-1, 6)  # ridge penalties for standardised features
MOST_ROWS = 120_000  # maximum number of rows (example and step) for boosting: a minute on one core
ROUNDS = 300  # maximum number of boosting rounds


def flat(inputs: Sequence[dict], others: Sequence[dict]) -> list[np.ndarray]:
    """All arrays of each example as one row, `(examples, features)`, for `inputs` and for `others`.

    Args:
        inputs, others: for each example `rows`, a float array `(timesteps, features)`, and one-dimensional arrays.
    """
    longest = max(len(one["rows"]) for one in (*inputs, *others))

    def row(one):
        before = np.zeros((longest - len(one["rows"]), one["rows"].shape[1]), np.float32)
        return np.concatenate([before.ravel(), *(array.ravel() for array in one.values())])

    return [np.array([row(one) for one in some]) for some in (inputs, others)]


def summed_up(inputs: Sequence[dict], others: Sequence[dict]) -> list[np.ndarray]:
    """As `flat`, but with fewer features, for trees: the last of the rows, and the means of the last 24 and of all."""

    def row(one):
        rows, *rest = one.values()
        return np.concatenate([rows[-1], rows[-24:].mean(axis=0), rows.mean(axis=0), *rest])

    return [np.array([row(one) for one in some]) for some in (inputs, others)]


def ridge(features: np.ndarray, others: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Ridge regression of every step on all features.

    Args:
        features: float array `(examples, features)`, in the order of time.
        others: float array `(n, features)`, the inputs of the forecasts.
        targets: float array `(examples, steps)` without NaN.

    Returns:
        float array `(n, steps)`.
    """
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    features, others = scaler.transform(features), scaler.transform(others)
    first = round(len(features) * (1 - HELD_OUT))

    def held_out_error(alpha):
        fitted = Ridge(alpha=alpha).fit(features[:first], targets[:first])
        return np.abs(fitted.predict(features[first:]) - targets[first:]).mean()

    return Ridge(alpha=min(ALPHAS, key=held_out_error)).fit(features, targets).predict(others)


def boosting(features: np.ndarray, others: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """One gradient boosting model for all steps, with the number of the step as a feature.

    Args:
        features, others, targets: as for `ridge`.

    Returns:
        float array `(n, steps)`.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    steps = targets.shape[1]
    pooled, values = _with_steps(features, steps), targets.ravel()
    first = round(len(features) * (1 - HELD_OUT)) * steps
    some = np.sort(np.random.default_rng(0).permutation(len(values))[:MOST_ROWS])
    before, after = some[some < first], some[some >= first]

    def fitted(rounds, rows):
        options = {"loss": "absolute_error", "early_stopping": False, "random_state": 0}
        return HistGradientBoostingRegressor(max_iter=rounds, **options).fit(pooled[rows], values[rows])

    stages = fitted(ROUNDS, before).staged_predict(pooled[after])
    errors = [np.abs(stage - values[after]).mean() for stage in stages]
    best = fitted(int(np.argmin(errors)) + 1, some)
    return best.predict(_with_steps(others, steps)).reshape(len(others), steps)


def _with_steps(features: np.ndarray, steps: int) -> np.ndarray:
    """A row for each example and step, with the number of the step as the last feature."""
    numbers = np.tile(np.arange(1, steps + 1), len(features))
    return np.column_stack([np.repeat(features, steps, axis=0), numbers]).astype(np.float32)
