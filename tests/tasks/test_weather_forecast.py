"""Forecasts of weather: splits that share no row, no look ahead, columns known ahead, gaps, baselines, own files."""

import dataclasses

import numpy as np
import pytest

from common.datasets.lines import Text
from common.datasets.time_series import read_series
from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.weather_forecast import reader
from tasks.weather_forecast import task as weather
from tests import small


def hourly(rows=600, known=False, seed=0, ahead=0):
    """CSV text of so many hours of two columns, and perhaps of a third one known ahead."""
    random = np.random.default_rng(seed)
    lines = ["time,temp,wind" + (",known:holiday" if known else "")]
    for hour in range(rows + ahead):
        time = np.datetime64("2020-01-01T00") + hour
        temp, wind = 10 + 5 * np.sin(hour / 24 * 2 * np.pi) + random.normal(), random.normal()
        measured = f"{temp:.3f},{wind:.3f}" if hour < rows else ","
        lines.append(f"{time},{measured}" + (f",{hour // 24 % 7 == 6:d}" if known else ""))
    return "\n".join(lines)


def examples(text, labelled=True):
    return reader.read(Text(text, "a.csv"), labelled)


def encoder(some, **settings):
    return weather.Encoder.fit(weather.Config(window=48, horizon=24, **settings), some)


def test_sample_is_the_sea_off_peru():
    splits = weather.load_sample(None)
    assert [len(split) for _, split in splits] == [427, 135, 134]
    assert str(splits.train[0]) == "Niño 1+2 up to 1950-12: 21.8"
    assert splits.test[-1].future.values == pytest.approx(np.array([[22.07]]))


def test_no_row_is_in_two_splits():
    made = weather.split(examples(hourly()), 0)
    rows = []
    for _, split in made:
        seen = {time for one in split for part in (one.past, one.future) for time in part.times.tolist()}
        rows.append(seen)
    assert not rows[0] & rows[1] and not rows[1] & rows[2]
    assert sum(map(len, rows)) == 600
    assert max(rows[0]) < min(rows[1]) and max(rows[1]) < min(rows[2])


def test_every_kth_origin_still_tells_every_hour():
    whole = read_series(Text(hourly(2000), "a.csv"))
    few = reader.origins(whole, 0, len(whole), 300)
    assert len(few) <= 300
    assert {one.time[-5:] for one in few} == {f"{hour:02d}:00" for hour in range(24)}


def test_the_encoder_learns_from_every_part_of_train():
    """With a validation file of the user's own, train is two of the three parts of the series."""
    days = np.datetime64("2015-01-01") + np.arange(2191)
    lines = [f"{day},{20 * np.sin(number / 365.25 * 2 * np.pi):.3f}" for number, day in enumerate(days)]
    whole = read_series(Text("\n".join(["time,temp", *lines]), "a.csv"))
    made = reader.split_series(whole)
    rows = reader.rows_of(made.train + made.validation, 48, 24)
    assert rows.times.tolist() == whole.times[:1753].tolist()
    assert np.array_equal(rows.filled, whole.filled[:1753])
    assert encoder(made.train + made.validation).climatology.cycles == ("year", "week")


def test_the_encoder_of_a_share_of_train_learns_from_the_rows_of_that_share():
    text = hourly()
    some, whole = examples(text), read_series(Text(text, "a.csv"))
    share = some[:10] + some[300:310]  # their origins are the rows 24 to 33 and 324 to 333
    rows = reader.rows_of(share, 48, 24)
    assert rows.times.tolist() == np.concatenate([whole.times[:57], whole.times[276:357]]).tolist()
    lines = text.splitlines()
    lines[201] = lines[201].split(",")[0] + ",1000,1000"
    changed = examples("\n".join(lines))
    assert encoder(changed[:10] + changed[300:310]) == encoder(share)
    assert encoder(changed) != encoder(some)


def test_what_comes_later_changes_no_input():
    one, other = hourly().splitlines(), hourly(seed=1).splitlines()
    first, second = examples("\n".join(one)), examples("\n".join([*one[:301], *other[301:]]))
    number = next(i for i, example in enumerate(first) if len(example) == 300)
    fitted = encoder(first[:200])
    (inputs, targets), (same, others) = fitted.encode(first[number]), fitted.encode(second[number])
    assert all(np.array_equal(inputs[name], same[name]) for name in inputs)
    assert not np.array_equal(targets, others)
    later, _ = fitted.encode(second[number + 1])
    assert not np.array_equal(later["rows"], fitted.encode(first[number + 1])[0]["rows"])


def test_targets_are_departures_from_the_usual_and_the_level():
    some = examples(hourly())
    fitted = encoder(some)
    targets = fitted.encode(some[100])[1]
    truth = targets * fitted.unit + fitted.expected(some[100])
    assert truth == pytest.approx(some[100].future.values[:24, 0], abs=1e-4)
    assert len(fitted.encode(some[-1])[1]) == 1  # the end of the split


def test_the_target_is_a_column_by_name():
    some = examples(hourly())
    assert encoder(some).target == "temp"
    assert encoder(some, target="WIND").target == "wind"
    with pytest.raises(UserError, match="no column 'rain'"):
        encoder(some, target="rain")


def test_a_column_known_ahead_is_seen_ahead():
    some = examples(hourly(known=True))
    fitted = encoder(some)
    assert fitted.sizes()["ahead"] == 48
    before, _ = fitted.encode(next(one for one in some if one.time == "2020-01-06 23:00"))
    assert (before["ahead"][24:] > 1).all()  # the seventh day, scaled
    with pytest.raises(UserError, match="known ahead: set target to another"):
        encoder(some, target="known:holiday")


def test_a_forecast_needs_the_columns_known_ahead():
    fitted = encoder(examples(hourly(known=True)))
    (last,) = examples(hourly(known=True, ahead=30), labelled=False)
    assert last.time == "2020-01-25 23:00" and last.future is None
    inputs, targets = fitted.encode(last)
    assert targets is None and np.isfinite(inputs["ahead"]).all()
    (short,) = examples(hourly(known=True, ahead=5), labelled=False)
    with pytest.raises(UserError, match="needs 24 more rows, in which only known:holiday"):
        fitted.encode(short)


def test_another_table_is_refused():
    fitted = encoder(examples(hourly()))
    with pytest.raises(UserError, match="must hold temp, wind, one row every hour"):
        fitted.encode(examples(hourly(known=True))[0])


def test_a_gap_ends_the_targets_and_is_not_scored():
    lines = hourly().splitlines()
    lines[311] = lines[311].split(",")[0] + ",,"
    some = examples("\n".join(lines))
    example = next(one for one in some if len(one) == 300)
    fitted = encoder(some)
    assert len(fitted.encode(example)[1]) == 10
    answers = weather._answers("temp", [example], {"value": np.zeros((1, 24))})
    scores = weather.score([example], answers)
    assert np.isnan(scores.truth).sum() == 1
    assert len(weather.split(some, 0).train) == 600 * 0.6 - 24


def test_a_prediction_names_its_times_and_holds_its_interval():
    _, _, few, fitted = small.setting("weather_forecast")
    model, config = small.model("weather_forecast")
    answer = weather.predict(config, of_model(model), fitted, few.test)[0]
    assert next(iter(answer)) == "steps" and answer["target"] == "celsius"
    assert len(answer["steps"]) == config.horizon
    first = answer["steps"][0]
    assert first["time"] > few.test[0].time
    assert first["low"] < first["value"] < first["high"]


def test_an_untrained_network_expects_the_usual_and_the_level():
    _, _, few, fitted = small.setting("weather_forecast")
    model, config = small.model("weather_forecast")
    answers = weather.predict(config, of_model(model), fitted, few.test[:3])
    for answer, example in zip(answers, few.test):
        assert [step["value"] for step in answer["steps"]] == pytest.approx(fitted.expected(example), abs=1e-4)


def test_baselines_repeat_what_was():
    some = examples(hourly())
    config = weather.Config(horizon=30, window=24)
    answers = weather.baseline(config, some[:150], some[400:402])
    assert list(answers) == ["persistence", "seasonal persistence", "climatology", "ridge", "gradient boosting"]
    past = some[400].past.values[:, 0]
    values = {name: [step["value"] for step in found[0]["steps"]] for name, found in answers.items()}
    assert values["persistence"] == pytest.approx([past[-1]] * 30)
    assert values["seasonal persistence"] == pytest.approx([*past[-24:], *past[-24:-18]])
    scores = weather.score(some[400:402], answers["seasonal persistence"])
    assert scores["scaled_error"] == pytest.approx(1)


def test_baselines_see_no_later_row():
    first = examples(hourly())
    changed = hourly().splitlines()[:500] + hourly(seed=3).splitlines()[500:]
    second = examples("\n".join(changed))
    config = weather.Config(horizon=12, window=24)
    number = next(i for i, example in enumerate(first) if len(example) == 480)
    one, other = (weather.baseline(config, some[:150], [some[number]]) for some in (first, second))
    assert one == other


def test_blocks_of_neighbouring_origins_are_resampled_together():
    some = examples(hourly())[:300]
    for horizon, block in ((24, 48), (1, 24)):  # two horizons, and a day
        answers = weather._answers("temp", some, {"value": np.zeros((300, horizon))})
        assert weather.score(some, answers).groups.tolist() == [row // block for row in range(300)]


def test_a_short_table_is_refused():
    with pytest.raises(UserError, match="has 100 rows, one every hour: at least 144 are needed"):
        examples(hourly(100))
    with pytest.raises(UserError, match="nothing to forecast"):
        examples("time,known:x\n2020-01-01,1\n2020-01-02,2\n2020-01-03,5\n")


def test_horizon_has_bounds():
    with pytest.raises(UserError, match="horizon must be 1 to 168"):
        weather.Encoder.fit(dataclasses.replace(weather.Config(), horizon=169), examples(hourly()))
