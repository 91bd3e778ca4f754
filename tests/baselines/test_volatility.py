"""Volatility models: none sees the future, and GARCH is that of the package."""

import numpy as np
import pytest
from arch import arch_model

from common.baselines import volatility


def returns_of(days):
    """Student-t returns in percent, float array `(days,)`."""
    return np.random.default_rng(0).standard_t(4, days)


@pytest.mark.parametrize("name", volatility.MODELS)
def test_baselines_see_no_future(name):
    """Neither a parameter nor a variance changes when what comes later does."""
    returns = returns_of(300) * (1 + 0.8 * np.sin(np.arange(300) / 15))
    changed = np.concatenate([returns[:250], 9 * returns[250:]])
    one, other = (volatility.walk_forward(name, values, 200, 2) for values in (returns, changed))
    assert one.shape == (101, 2, 3)
    assert np.array_equal(one[:51], other[:51])
    assert np.array_equal(one[51:], other[51:]) == (not name.startswith("GARCH"))


def test_garch_is_that_of_arch():
    """Variances follow the package's own recursion, once the unlike first days are forgotten."""
    returns = returns_of(599)
    fitted = volatility.fit("GARCH(1,1) Student-t", returns[:400])
    fixed = arch_model(returns, vol="GARCH", dist="t", rescale=False).fix(np.array(list(fitted.values())))
    theirs = fixed.forecast(horizon=3, start=399)
    ours = volatility.walk_forward("GARCH(1,1) Student-t", returns, 400, 3)
    variances = ours[..., 1] ** 2 * fitted["nu"] / (fitted["nu"] - 2)
    assert variances == pytest.approx(theirs.variance.to_numpy(), rel=1e-3)
    assert (ours[..., 0] == fitted["mu"]).all() and (ours[..., 2] == fitted["nu"]).all()
