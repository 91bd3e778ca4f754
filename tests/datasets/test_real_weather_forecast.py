"""The real hours of Beijing: counts and quirks of the file, what the splits share, and the published persistence."""

import numpy as np
import pytest

from common.datasets.time_series import read_series

pytestmark = pytest.mark.real_data


def test_beijing(real_folder):
    series = read_series(real_folder("weather_forecast", "beijing_pm25") / "pollution.csv")
    assert len(series) == 43_824 and str(series.step) == "hour"
    assert (str(series.times[0]), str(series.times[-1])) == ("2010-01-01T00:00:00", "2014-12-31T23:00:00")
    missing = np.isnan(series.values).sum(axis=0)
    assert dict(zip(series.columns, missing.tolist())) == {
        **dict.fromkeys(series.columns, 0),
        "pm2.5": 2067,
    }
    assert series.columns[4:8] == ("cbwd=NE", "cbwd=NW", "cbwd=SE", "cbwd=cv")
    temperature = series.values[:, series.column("TEMP")].astype(float)
    first = 365 * 24 + 24  # the split of Brownlee
    assert np.sqrt(np.mean(np.diff(temperature)[first - 1 :] ** 2)) == pytest.approx(1.515, abs=2e-3)
    assert np.sqrt(np.mean((temperature[first:] - temperature[first - 24 : -24]) ** 2)) == pytest.approx(
        3.377, abs=0.01
    )


def test_the_splits_of_beijing_share_no_hour(real_splits):
    made = real_splits("weather_forecast", "beijing_pm25")
    ends = []
    for _, split in made:
        times = np.concatenate([np.concatenate([one.past.times[[0, -1]], one.future.times[[0, -1]]]) for one in split])
        ends.append((times.min(), times.max()))
        assert len({one.time[-5:] for one in split}) == 24
    assert ends[0][1] < ends[1][0] and ends[1][1] < ends[2][0]
