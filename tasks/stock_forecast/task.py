"""How far will a stock move tomorrow? Many-to-one: days of returns and volume in, a probability distribution out.

    GOOG up to 2008-10-14, 362.71 -> 2008-10-15: 362.2, with probability 0.9 between 339.9 and 386

The direction of a price can hardly be predicted; the size of its moves can, since calm and stormy days come in clusters
(Engle 1982). So the network predicts a Student-t distribution of the next returns (location, scale, degrees of freedom)
as Bollerslev's GARCH does (1987), and is trained on its likelihood like a mixture density network (Bishop 1994).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets.prices import PriceSeries, read_prices
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.series import Scaler, beside_median, log_returns, market_moves, padded
from common.errors import UserError
from common.prediction import student_t
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Splits, Task, TrainConfig, checksums

from .reader import LONGEST_HORIZON, SHORTEST_PAST, Origin, origins, read, split

if TYPE_CHECKING:
    import keras

INTERVAL = 0.9  # nominal coverage of the forecast interval
FEATURES = 5  # of a day

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 30
    batch_size: int = 32
    window: int = 60  # days of returns that the network reads: three months
    horizon: int = 1  # days that it forecasts, at most LONGEST_HORIZON
    units: int = 32
    dropout: float = 0.5  # share of the last state that training hides
    market: bool = True  # whether the network sees how far the whole market moved, if the data contain it


# ------------------------------------------------------------------------------------------------------- Data


def load_sample(folder: None) -> Splits:
    """Google from its first trading day, August 2004, to October 2008: prices that come with matplotlib."""
    from matplotlib import cbook

    with np.load(cbook.get_sample_data("goog.npz", asfileobj=False), allow_pickle=False) as file:
        days = file["price_data"]
    return split(origins(PriceSeries("GOOG", days["date"], days["adj_close"], days["volume"].astype(float))))


def load_stocknet(shortest: int):
    """A function that reads the stocks of StockNet with at least `shortest` days."""

    def load(folder: Path) -> Splits:
        stocks = [read_prices(folder / path) for path in sorted(checksums("stocknet_prices.sha256"))]
        moves = market_moves([(stock.dates, stock.close) for stock in stocks])
        stocks = [dataclasses.replace(stock, market=market) for stock, market in zip(stocks, moves)]
        return split([example for stock in stocks if len(stock) >= shortest for example in origins(stock)])

    return load


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    """Scales every window by its own volatility, so that calm and volatile stocks look alike."""

    answers = "number"
    scaler: Scaler
    window: int
    horizon: int
    market: bool
    step: str  # from one price to the next

    @classmethod
    def fit(cls, config, examples):
        if not 1 <= config.horizon <= LONGEST_HORIZON or config.window < 2:
            raise UserError(f"horizon must be 1 to {LONGEST_HORIZON} and window at least 2 days.")
        some = examples[:: max(1, config.window // 4)]  # windows of neighbouring days are nearly the same
        rows = np.concatenate([features(example.past[-config.window - 1 :], config.market) for example in some])
        return cls(Scaler.fit(rows), config.window, config.horizon, config.market, examples[0].past.pace)

    def contradicts_itself(self):
        return len(self.scaler) != FEATURES or self.window < 2 or not 1 <= self.horizon <= LONGEST_HORIZON

    def encode(self, example):
        past = example.past[-self.window - 1 :]
        if past.pace != self.step:
            raise UserError(
                f"{example.stock} has one price every {past.pace}, but this model was trained on one every "
                f"{self.step:.20}."
            )
        days = self.scaler.scale(features(past, self.market)).astype(np.float32)  # (timesteps, features)
        if example.target is None:
            return {"days": days}, None
        return {"days": days}, np.array(example.target[: self.horizon], np.float32) / np.float32(volatility(past))

    def unit(self, example) -> float:
        """The unit of the model's location and scale: the volatility of the window, in percent."""
        return volatility(example.past[-self.window - 1 :])


def volatility(past: PriceSeries) -> float:
    """Standard deviation of the returns in percent, from their mean absolute value, which is robust to single days."""
    return float(np.sqrt(np.pi / 2) * np.abs(log_returns(past.close)).mean() + 0.05)  # at least 0.05 % a day


def features(past: PriceSeries, market: bool) -> np.ndarray:
    """The network inputs of each day, `(days - 1, 5)`: signed and absolute return in units of the window's volatility,
    volume and market move relative to their medians, and that volatility; all as logarithms.
    """
    unit = volatility(past)
    moves = log_returns(past.close) / unit
    sizes = np.abs(moves)
    around = past.volume, past.market if market else None
    others = (np.zeros(len(moves)) if amounts is None else beside_median(amounts[1:]) for amounts in around)
    columns = np.sign(moves) * np.log1p(sizes), np.log(sizes + 0.1), *others, np.full(len(moves), np.log(unit))
    return np.stack(columns, axis=1)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """A recurrent layer whose last state gives three numbers for each day of the horizon."""
    import keras
    from keras import ops

    from common import layers
    from common.training import losses, optimizers

    days = keras.Input((None, len(encoder.scaler.means)), name="days")
    padding_mask = ops.any(ops.not_equal(days, 0), axis=-1)  # (batch, timesteps); real days have a nonzero feature
    x = layers.recurrent(config.cell, config.units)(days, padding_mask)  # (batch, units)
    x = keras.layers.Dropout(config.dropout)(x)
    x = keras.layers.Dense(3 * config.horizon, kernel_initializer="zeros")(x)  # starts at the recent volatility
    outputs = layers.student_t(x)  # (batch, horizon, 3): location, scale and degrees of freedom

    model = keras.Model({"days": days}, outputs)
    optimizer = optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0)
    model.compile(optimizer=optimizer, loss=losses.StudentT())
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Origin]) -> list[dict]:
    """The next `days` after each origin: distribution and 90 % interval of the return, price and its interval."""
    outputs = np.array(list(forward(networks["model"], encoder, examples)), np.float64)  # (examples, horizon, 3)
    units = np.array([encoder.unit(example) for example in examples])
    outputs[..., :2] *= units[:, None, None]
    return _answers(examples, outputs)


def baseline(config, train, examples):
    """Constant volatility and GARCH(1,1), fitted per stock on the returns known before its first example here."""
    from common.baselines.volatility import forecasts

    longest = {example.stock: example.past for example in sorted(examples, key=len)}
    returns = {stock: log_returns(past.close) for stock, past in longest.items()}
    origins = [(example.stock, len(example)) for example in examples]
    found = forecasts(returns, origins, config.horizon)
    return {name: _answers(examples, rows) for name, rows in found.items()}


def _answers(examples: Sequence[Origin], forecasts: np.ndarray) -> list[dict]:
    """Predictions from location, scale and df (inf: normal) of the returns, `(examples, horizon, 3)`."""
    location, scale, df = np.moveaxis(forecasts, -1, 0)  # each (examples, horizon)
    reach = student_t.reach(scale, df, INTERVAL)
    # A price depends on a sum of returns; if they are independent, their squared intervals approximately add up.
    path, path_reach = location.cumsum(axis=1), np.sqrt((reach**2).cumsum(axis=1))
    closes = np.array([example.past.close[-1] for example in examples])[:, None]
    columns = {"location": location, "scale": scale, "df": df, "low": location - reach, "high": location + reach}
    for name, moved in (("price", path), ("price_low", path - path_reach), ("price_high", path + path_reach)):
        columns[name] = closes * np.exp(moved / 100)
    table = np.stack(list(columns.values()), axis=-1).tolist()  # (examples, horizon, columns)
    dates = (example.past.following(forecasts.shape[1]) for example in examples)
    return [{"days": [{"date": day, **dict(zip(columns, row))} for day, row in zip(*one)]} for one in zip(dates, table)]


def score(examples, predictions):
    """Likelihood, coverage, price error in percent and direction; see common/metrics/forecast.py."""
    from common.metrics.forecast import ForecastScores, terciles

    names = "location", "scale", "df"
    forecasts = np.array([[[day[name] for name in names] for day in one["days"]] for one in predictions])
    truths = padded((example.target for example in examples), forecasts.shape[1])  # (examples, horizon)
    moves = truths.cumsum(axis=1)  # of the price since the last known one: the errors of persistence
    before = np.array([volatility(example.past[-SHORTEST_PAST - 1 :]) for example in examples])
    return ForecastScores(
        truths,
        forecasts,
        errors=forecasts[..., 0].cumsum(axis=1) - moves,
        naive_errors=moves,
        dates=np.array([example.date for example in examples], "datetime64[D]"),
        series=[example.stock for example in examples],
        unit="percent",
        parts={f"by volatility of the {SHORTEST_PAST} days before": terciles(before)},
    )


# ------------------------------------------------------------------------------------------------------- Task

STOCKNET = dict(
    licence="MIT (repository); quotes of Yahoo Finance",
    home="https://github.com/yumoxu/stocknet-dataset",
    base_url="https://raw.githubusercontent.com/yumoxu/stocknet-dataset/330708b5ddc359961078bef469f43f48992fd6e4/",
    files=checksums("stocknet_prices.sha256"),
    size=7_628_544,
    settings="batch_size=256 epochs=10 patience=10",
)

TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Google (GOOG), daily, August 2004 to October 2008",
            licence="comes with matplotlib (PSF-based licence); quotes of Yahoo Finance",
            home="sample data of matplotlib",
            load=load_sample,
        ),
        "stocknet": Dataset(
            title="StockNet: daily prices of 84 stocks, September 2012 to September 2017",
            load=load_stocknet(1257),
            **STOCKNET,
        ),
        "stocknet_88": Dataset(
            title="StockNet with the 4 stocks that came to the exchange later",
            load=load_stocknet(0),
            **STOCKNET,
        ),
    },
    own_file=OwnFile(
        "a CSV or TSV with the columns Date, Close and optionally Volume, one stock per file, as providers write it",
        read,
        split,
    ),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="nll_loss",
)
