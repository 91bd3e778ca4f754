"""Calendar features: phases of the cycles, and the climatology by season and hour."""

import json

import numpy as np
import pytest

from common.datasets.time_series import Step
from common.encoding.calendar import Climatology, calendar, phases
from common.errors import UserError

HOUR, DAY, MONTH = Step(3600, "second"), Step(86_400, "second"), Step(1, "month")


def hours(count):
    return np.datetime64("2019-01-01T00:00:00") + 3600 * np.arange(count)


def test_phases_of_a_known_time():
    found = phases(np.array(["2020-01-05T12:00:00"], "datetime64[s]"), HOUR)  # a Sunday
    assert found["day"][0] == 0.5
    assert found["week"][0] == pytest.approx(6.5 / 7)
    assert found["year"][0] == pytest.approx(4.5 / 365.25)
    assert set(phases(hours(1), DAY)) == {"year", "week"}
    assert set(phases(hours(1), Step(1, "business day"))) == {"year", "week"}
    assert set(phases(hours(1), MONTH)) == {"year"}
    assert calendar(hours(3), Step(12, "month")).shape == (3, 0)


def test_usual_values_follow_season_and_hour():
    times = hours(3 * 8766)
    found = phases(times, HOUR)
    truth = 10 - 12 * np.cos(2 * np.pi * found["year"]) + 3 * np.sin(2 * np.pi * found["day"]) * found["year"]
    fitted = Climatology.fit(times[:17532], truth[:17532], HOUR)
    assert fitted.cycles == ("year", "week", "day")
    assert np.abs(fitted.usual(times[17532:]) - truth[17532:]).mean() < 0.2


def test_a_cycle_that_was_not_seen_twice_is_left_out():
    times = hours(24 * 200)
    fitted = Climatology.fit(times, np.linspace(0, 50, len(times)), HOUR)
    assert fitted.cycles == ("week", "day")
    assert abs(fitted.usual(times[-1:] + 86_400 * 300)[0] - 25) < 5  # no season is made up


def test_gaps_are_passed_over_and_json_gives_the_same():
    times = hours(24 * 30)
    values = np.where(np.arange(len(times)) % 5, np.sin(2 * np.pi * phases(times, HOUR)["day"]), np.nan)
    fitted = Climatology.fit(times, values, HOUR)
    assert np.nanmax(np.abs(fitted.usual(times) - values)) < 0.01
    again = Climatology.from_json(json.loads(json.dumps(fitted.to_json())))
    assert again == fitted


@pytest.mark.parametrize(
    "change",
    [{"weights": [1.0]}, {"weights": ["a"] * 36}, {"cycles": ["moon"]}, {"step": {"count": 0, "unit": "second"}}],
)
def test_a_damaged_climatology_is_refused(change):
    written = Climatology.fit(hours(999), np.zeros(999), HOUR).to_json()
    with pytest.raises(UserError, match="train again"):
        Climatology.from_json({**written, **change})
