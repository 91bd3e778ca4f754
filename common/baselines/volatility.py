"""Volatility models: constant volatility and GARCH(1,1), with normal or Student-t innovations.

GARCH(1,1) (Bollerslev 1986, https://doi.org/10.1016/0304-4076(86)90063-1) makes tomorrow's variance depend on today's
innovation: `variance = omega + alpha * innovation ** 2 + beta * variance`. With Student-t innovations (Bollerslev 1987)
it is the usual first choice in practice.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

MODELS = {
    "constant-volatility normal": {"vol": "Constant", "dist": "normal"},
    "constant-volatility Student-t": {"vol": "Constant", "dist": "t"},
    "GARCH(1,1) normal": {"vol": "GARCH", "dist": "normal"},
    "GARCH(1,1) Student-t": {"vol": "GARCH", "dist": "t"},
    "persistence": {"mean": "Zero", "vol": "Constant", "dist": "normal"},  # tomorrow's price is today's
}


def forecasts(
    returns: Mapping[str, np.ndarray], origins: Sequence[tuple[str, int]], horizon: int
) -> dict[str, np.ndarray]:
    """Forecasts of every model from these origins, fitted per stock on the returns known at its first origin.

    Args:
        returns: stock -> float array `(days,)` in percent.
        origins: stock and number of known returns of each forecast origin.
        horizon: days to forecast from each origin.

    Returns:
        name of the model -> float array `(origins, horizon, 3)`, as in `walk_forward`.
    """
    from rich.console import Console
    from rich.progress import track

    stocks, known = np.array([stock for stock, _ in origins]), np.array([days for _, days in origins])
    found = {name: np.empty((len(origins), horizon, 3)) for name in MODELS}
    console = Console(stderr=True)
    for stock in track(returns, "Fitting baselines", console=console, transient=True, disable=len(returns) == 1):
        mine = np.flatnonzero(stocks == stock)
        first = known[mine].min()
        for name in MODELS:
            found[name][mine] = walk_forward(name, returns[stock], first, horizon)[known[mine] - first]
    return found


def walk_forward(name: str, returns: np.ndarray, known: int, horizon: int) -> np.ndarray:
    """Forecasts from every origin with at least `known` returns, each using all returns known at that origin.

    The parameters are fitted once, on the first `known` returns; after that every day's return updates the variance.

    Args:
        name: of a model in MODELS.
        returns: float array `(days,)` in percent.
        known: number of returns to fit on, at least 20.
        horizon: days to forecast from each origin.

    Returns:
        float array `(days - known + 1, horizon, 3)`: location, scale and degrees of freedom (inf: normal) of the return
        of each of the next `horizon` days. More than one day ahead, the variance is the expected variance.
    """
    fitted = fit(name, returns[:known])
    omega, alpha, beta = (fitted.get(key, 0.0) for key in ("omega", "alpha[1]", "beta[1]"))
    mean = fitted.get("mu", 0.0)
    innovations = returns - mean
    variances = np.empty((len(returns) - known + 1, horizon))
    variance = fitted.get("sigma2", np.var(returns[:known]))  # initially that of all returns used in fitting
    for day in range(len(returns) + 1):
        if day >= known:
            variances[day - known, 0] = variance
        if day < len(returns) and "omega" in fitted:
            variance = omega + alpha * innovations[day] ** 2 + beta * variance
    for step in range(1, horizon):
        variances[:, step] = omega + (alpha + beta) * variances[:, step - 1] if "omega" in fitted else variance
    df = fitted.get("nu", np.inf)
    shrink = 1.0 if np.isinf(df) else np.sqrt((df - 2) / df)  # from the standard deviation of a Student-t to its scale
    location = np.full_like(variances, mean)
    return np.stack([location, shrink * np.sqrt(variances), np.full_like(variances, df)], axis=-1)


def fit(name: str, returns: np.ndarray) -> dict[str, float]:
    """Maximum-likelihood parameters: `mu`, `sigma2` or `omega`, `alpha[1]` and `beta[1]`, and `nu` of a Student-t."""
    from arch import arch_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # e.g. that the optimiser stopped at a bound; the parameters are used anyway
        model = arch_model(returns, rescale=False, **MODELS[name])
        return model.fit(disp="off", show_warning=False).params.to_dict()
