"""Forecasts of several steps at once by models that know no order: ridge regression and gradient boosting.

Their settings are chosen on the last fifth of what they are fitted on, the part nearest to what they forecast.
"""

from __future__ import annotations

import numpy as np

HELD_OUT = 0.2  # of the examples, the last ones: settings are chosen on them
ALPHAS = 10.0 ** np.arange(-1, 6)  # of a ridge over standardised features
MOST_ROWS = 60_000  # of boosting, example and step: more take longer than they help
ROUNDS = 150  # of boosting, at most


def ridge(features: np.ndarray, targets: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Ridge regression of every step on all features.

    Args:
        features: float array `(examples, features)`, in the order of time.
        targets: float array `(examples, steps)` without NaN.
        others: float array `(n, features)`, to forecast from.

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


def boosting(features: np.ndarray, targets: np.ndarray, others: np.ndarray) -> np.ndarray:
    """One gradient boosting of trees for all steps, to which the number of the step is a feature.

    Args:
        features, targets, others: as for `ridge`.

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
    """A row for each example and step, the number of the step last."""
    numbers = np.tile(np.arange(1, steps + 1), len(features))
    return np.column_stack([np.repeat(features, steps, axis=0), numbers]).astype(np.float32)
