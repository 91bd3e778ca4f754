"""Monthly sea temperatures off Peru, where El Niño shows first: real data that comes with statsmodels."""

from __future__ import annotations

from common.datasets.splits import Splits
from common.datasets.time_series import Step, series

from .reader import split_series


def load() -> Splits:
    """The forecast origins of the region Niño 1+2, 1950 to 2010."""
    import pandas as pd
    from statsmodels.datasets import elnino

    years = elnino.load_pandas().data.set_index("YEAR")
    months = pd.date_range(f"{years.index[0]:.0f}-01-01", periods=years.size, freq="MS")
    sea = pd.DataFrame({"celsius": years.to_numpy().ravel()}, index=months)
    return split_series(series("Niño 1+2", Step(1, "month"), sea))
