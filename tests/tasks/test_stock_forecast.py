"""Stock forecasts: origins, splits without a look ahead, features, baselines, and a user's own file."""

import dataclasses

import numpy as np
import pytest

from common.datasets.prices import PriceSeries
from common.encoding.series import log_returns, market_moves
from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.stock_forecast import task as stock_forecast


def series(days=300, name="ABC", seed=0, volume=True):
    random = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(random.standard_t(4, days)) / 100)
    dates = np.busday_offset("2020-01-01", np.arange(days), roll="forward")
    return PriceSeries(name, dates, close, random.integers(1, 9, days) * 1e6 if volume else None)


def write(path, stock, days=None):
    rows = zip(stock.dates[:days], stock.close, stock.volume)
    path.write_text("Date,Close,Volume\n" + "".join(f"{a},{float(b)!r},{c:.0f}\n" for a, b, c in rows))
    return path


def test_sample_is_google_and_real():
    splits = stock_forecast.load_sample(None)
    assert [len(split) for _, split in splits] == [712, 104, 210]
    assert str(splits.train[0]) == "GOOG up to 2004-09-17, 117.49"
    assert splits.test[-1].date == "2008-10-13"
    assert splits.test[-1].target == pytest.approx([100 * np.log(362.71 / 381.02)], abs=1e-4)


def test_split_is_by_date_and_no_return_is_a_target_in_two_splits():
    early, late = series(300), series(200, name="XYZ", seed=1)
    late = dataclasses.replace(late, dates=early.dates[100:])
    examples = [example for stock in (early, late) for example in stock_forecast.origins(stock)]
    splits = stock_forecast.split(examples)
    ends = [(min(e.date for e in split), max(e.date for e in split)) for _, split in splits]
    assert ends[0][1] < ends[1][0] and ends[1][1] < ends[2][0]
    assert sum(len(split) for _, split in splits) == len(examples)
    for stock in (early, late):
        returns = log_returns(stock.close)
        seen = []
        for _, split in splits:
            mine = [e for e in split if e.stock == stock.name]
            targets = {len(e) + step for e in mine for step in range(len(e.target))}
            assert all(e.target == pytest.approx(returns[len(e) : len(e) + len(e.target)], abs=1e-4) for e in mine)
            assert max(map(len, (e.target for e in mine))) == 20
            seen.append(targets)
        assert not seen[0] & seen[1] and not seen[1] & seen[2]
        assert set.union(*seen) == set(range(20, len(returns)))


def test_nothing_of_the_future_is_in_what_the_network_sees():
    stock = series()
    known = stock_forecast.origins(stock)[100]
    changed = dataclasses.replace(stock, close=stock.close.copy(), volume=stock.volume.copy())
    changed.close[len(known) + 1 :] *= 3
    changed.volume[len(known) + 1 :] *= 3
    other = stock_forecast.origins(changed)[100]
    assert other.target != known.target
    encoder = stock_forecast.Encoder.fit(stock_forecast.Config(), [known])
    assert np.array_equal(encoder.encode(known)[0]["days"], encoder.encode(other)[0]["days"])


def test_window_is_seen_in_its_own_units():
    """Ten times the volatility and any price level: the same picture but for the feature that tells the volatility."""
    stock = series()
    wild = dataclasses.replace(stock, close=7 * (stock.close / stock.close[0]) ** 10)
    calm_features, wild_features = stock_forecast.features(stock, True), stock_forecast.features(wild, True)
    assert calm_features[:, :-1] == pytest.approx(wild_features[:, :-1], abs=0.05)
    assert wild_features[:, -1] - calm_features[:, -1] == pytest.approx(np.log(10), abs=0.05)


def test_the_market_of_later_days_is_not_in_what_the_network_sees():
    first, second = series(60), series(60, name="XYZ", seed=1)
    wild = second.close.copy()
    wild[51:] *= 3
    seen = []
    for close in (second.close, wild):
        market, _ = market_moves([(first.dates, first.close), (second.dates, close)])
        origins = stock_forecast.origins(dataclasses.replace(first, market=market))
        origin = next(each for each in origins if len(each) == 50)  # of day 50: the leap comes on the day after
        seen.append(stock_forecast.Encoder.fit(stock_forecast.Config(), [origin]).encode(origin)[0]["days"])
    assert np.array_equal(*seen) and np.ptp(seen[0][:, 3]) > 1


def test_network_sees_the_market_or_not():
    stock = dataclasses.replace(series(100), market=np.linspace(1, 9, 100))
    calm = dataclasses.replace(stock, market=None)
    seen, unseen = stock_forecast.features(stock, True), stock_forecast.features(stock, False)
    assert np.ptp(seen[:, 3]) > 1 and np.array_equal(unseen, stock_forecast.features(calm, True))


@pytest.mark.parametrize("volume", [None, np.zeros(100), np.array([0.0, 5e6] * 50)])
def test_features_are_finite_without_volume_and_without_moves(volume):
    stock = dataclasses.replace(series(100), volume=volume)
    flat = dataclasses.replace(stock, close=np.full(100, 9.0))
    assert all(np.isfinite(stock_forecast.features(one, True)).all() for one in (stock, flat))
    assert stock_forecast.volatility(flat) > 0


def test_own_file(tmp_path):
    stock = series(120)
    path = write(tmp_path / "ABC.csv", stock)
    labelled = stock_forecast.read(path, True)
    assert len(labelled) == 120 - 1 - stock_forecast.SHORTEST_PAST
    assert all(example.target for example in labelled)
    (last,) = stock_forecast.read(path, False)
    assert last.target is None and last.date == str(stock.dates[-1]) and len(last) == 119
    with pytest.raises(UserError, match="20 days with a price: at least 21"):
        stock_forecast.read(write(tmp_path / "short.csv", stock, 20), False)


def test_answers_are_returns_and_prices_of_the_days_to_come():
    stock = series(60)
    origin = stock_forecast.Origin("ABC", str(stock.dates[-1]), stock)
    (answer,) = stock_forecast._answers([origin], np.array([[[1.0, 2.0, np.inf], [0.5, 2.0, np.inf]]]))
    first, second = answer["days"]
    assert first["date"] == str(np.busday_offset(stock.dates[-1], 1))
    assert (first["low"], first["high"]) == pytest.approx((1 - 3.28971, 1 + 3.28971), abs=1e-4)
    assert first["price"] == pytest.approx(stock.close[-1] * np.exp(0.01))
    assert first["price_high"] == pytest.approx(stock.close[-1] * np.exp((1 + 3.28971) / 100), rel=1e-5)
    # Of a sum of two normal returns the deviation is 2 * sqrt(2).
    assert second["price_high"] == pytest.approx(stock.close[-1] * np.exp((1.5 + 3.28971 * 2**0.5) / 100), rel=1e-5)


def test_horizon_of_several_days():
    import keras

    config = stock_forecast.Config(horizon=3, units=8, window=20)
    examples = stock_forecast.origins(series(100))
    encoder = stock_forecast.Encoder.fit(config, examples)
    keras.utils.set_random_seed(0)
    model = stock_forecast.build_model(config, encoder)
    predictions = stock_forecast.predict(config, of_model(model), encoder, examples)
    assert [len(answer["days"]) for answer in predictions] == [3] * len(examples)
    scores = stock_forecast.score(examples, predictions)
    assert scores.rows[:, 0].tolist() == [3] * (len(examples) - 2) + [2, 1]
    with pytest.raises(UserError, match="horizon"):
        stock_forecast.Encoder.fit(stock_forecast.Config(horizon=21), examples)


def test_baseline_answers_every_example_in_its_place():
    config = stock_forecast.Config()
    stocks = series(150), series(150, name="XYZ", seed=1)
    examples = [example for stock in stocks for example in stock_forecast.origins(stock)[-30:]]
    together = stock_forecast.baseline(config, [], examples)
    alone = stock_forecast.baseline(config, [], examples[30:])
    assert next(iter(together)) == "constant-volatility normal"
    assert all(answers[30:] == alone[name] for name, answers in together.items())
    assert together["persistence"][0]["days"][0]["price"] == pytest.approx(examples[0].past.close[-1])
    returns = log_returns(stocks[0].close)[: len(examples[0])]
    first = together["constant-volatility normal"][0]["days"][0]
    assert (first["location"], first["scale"]) == pytest.approx((returns.mean(), returns.std()), rel=1e-3)
