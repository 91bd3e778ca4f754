"""What will the weather be over the next hours? Many-to-one: the last days of all measurements in, a forecast out.

    Beijing up to 2014-03-01 12:00 -> 13:00: 9.8 degrees, with probability 0.9 between 8.1 and 11.5; 14:00: ...

A recurrent layer reads a window of all variables. From its last state, the last day and the climatology of the coming
hours, location, scale and degrees of freedom of every step are predicted at once (direct multi-step forecasting, Ben
Taieb et al. 2012, https://doi.org/10.1016/j.eswa.2012.01.039), trained on the likelihood of a Student-t distribution.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.datasets.time_series import KNOWN, TimeSeries, read_series, time_text
from common.encoding.calendar import Climatology, calendar
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.series import Scaler, padded
from common.errors import UserError
from common.prediction import student_t
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Splits, Task, TrainConfig

from .reader import LONGEST_HORIZON, Origin, read, rows_of, shortest_past, split, split_series
from .sample import load

SEASONS = ("January to March", "April to June", "July to September", "October to December")
INTERVAL = 0.9  # nominal coverage of the forecast interval

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 40
    batch_size: int = 32
    patience: int = 8
    target: str = ""  # the column to forecast; "": the first
    horizon: int = 12  # rows to forecast, at most LONGEST_HORIZON
    window: int = 36  # rows that the network reads
    units: int = 32
    recurrent_gain: float = 1.0  # scale of the orthogonal initial recurrent kernel
    head_units: int = 64  # of the hidden layer after the recurrent one
    dropout: float = 0.3  # share of the last state and of the hidden layer that training hides


# ------------------------------------------------------------------------------------------------------- Data


def load_sample(folder: None) -> Splits:
    """Monthly sea temperatures off Peru; see sample.py."""
    return load()


def load_beijing(folder: Path) -> Splits:
    """Five years of hours: three for train, one for validation, one for test."""
    return split_series(dataclasses.replace(read_series(folder / "pollution.csv"), name="Beijing"))


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    """Represents the target by its departures from the climatology, relative to their mean over the last season."""

    columns: list[str]
    target: str
    scaler: Scaler  # of the columns
    climatology: Climatology  # of the target
    unit: float  # of the target: standard deviation of the forecast departures
    window: int
    horizon: int

    fixed, answers = ("recent", "ahead"), "number"

    @classmethod
    def fit(cls, config, examples):
        if not 1 <= config.horizon <= LONGEST_HORIZON:
            raise UserError(f"horizon must be 1 to {LONGEST_HORIZON} rows.")
        whole = rows_of(examples, max(config.window, shortest_past(examples[0].past.step)), config.horizon)
        measured = [name for name in whole.columns if not name.startswith(KNOWN)]
        target = whole.columns[whole.column(config.target)] if config.target else measured[0]
        if target not in measured:
            raise UserError(f"{target} is known ahead: set target to another column, of {', '.join(measured)}.")
        truth = whole.values[:, whole.column(target)].astype(float)
        means = np.nan_to_num(np.nanmean(whole.filled.astype(float), axis=0))
        scaler = Scaler.fit(np.where(np.isnan(whole.filled), means, whole.filled))
        usual = Climatology.fit(whole.times, truth, whole.step)
        encoder = cls(list(whole.columns), target, scaler, usual, 1.0, config.window, config.horizon)
        targets = [encoder.encode(example)[1] for example in examples[:: max(1, len(examples) // 500)]]
        return dataclasses.replace(encoder, unit=float(np.std(np.concatenate(targets))) or 1.0)

    def contradicts_itself(self):
        return len(self.scaler) != len(set(self.columns)) or self.target not in self.columns or self.unit <= 0

    def encode(self, example):
        past = example.past
        if list(past.columns) != self.columns or past.step != self.climatology.step:
            raise UserError(
                f"{example.series} must hold {', '.join(self.columns)}, one row every {self.climatology.step}."
            )
        season = shortest_past(past.step)
        past = past[-max(self.window, season) :]
        departures, usual = self.departures(past), self.usual(example)
        level = departures[-season:].mean()
        rows = np.clip(np.nan_to_num(self.scaler.scale(past.filled)), -5, 5)  # (timesteps, columns)
        rows[:, self.columns.index(self.target)] = (departures - level) / self.unit
        rows = np.column_stack([rows, np.full(len(rows), level / self.unit), calendar(past.times, past.step)])
        inputs = {
            "rows": np.float32(rows[-self.window :]),
            "recent": np.float32(departures[-season:] / self.unit),
            "ahead": np.float32(np.concatenate([(usual - usual.mean()) / self.unit, self.known_ahead(example)])),
        }
        if example.future is None:
            return inputs, None
        truth = self.truth(example)
        known = np.cumprod(np.isfinite(truth)).astype(bool)  # up to the first gap
        return inputs, np.float32((truth - usual[: len(truth)] - level) / self.unit)[known]

    def step_names(self, example):
        return [time_text(time, example.past.step) for time in example.past.times[-self.window :]]

    def sizes(self) -> dict[str, int]:
        """Features of each input."""
        step, known = self.climatology.step, sum(name.startswith(KNOWN) for name in self.columns)
        cycles = calendar(np.zeros(1, "datetime64[s]"), step).shape[1]
        rows = len(self.columns) + 1 + cycles
        return {"rows": rows, "recent": shortest_past(step), "ahead": self.horizon * (1 + known)}

    def departures(self, past: TimeSeries) -> np.ndarray:
        """Departures of the target from the climatology, float `(rows,)`; 0 before the first known value."""
        return np.nan_to_num(past.filled[:, self.columns.index(self.target)] - self.climatology.usual(past.times))

    def level(self, example: Origin) -> float:
        """The mean departure of the last season."""
        return float(self.departures(example.past[-shortest_past(example.past.step) :]).mean())

    def usual(self, example: Origin) -> np.ndarray:
        """The climatology of the coming rows, float `(horizon,)`."""
        return self.climatology.usual(example.ahead.times[: self.horizon])

    def expected(self, example: Origin) -> np.ndarray:
        """The reference of the network's location: climatology plus level, float `(horizon,)`."""
        return self.usual(example) + self.level(example)

    def truth(self, example: Origin) -> np.ndarray:
        """The true values, float `(horizon,)` or fewer at the end of a split."""
        return example.future.values[: self.horizon, self.columns.index(self.target)].astype(float)

    def known_ahead(self, example: Origin) -> np.ndarray:
        """The columns known ahead in the coming rows, flat; empty if the encoder has none."""
        known = [number for number, name in enumerate(self.columns) if name.startswith(KNOWN)]
        values = self.scaler.scale(example.ahead.values[: self.horizon])[:, known]
        if example.future is None and np.isnan(values).any():
            names = ", ".join(self.columns[number] for number in known)
            raise UserError(f"{example.series} needs {self.horizon} more rows, in which only {names} may be filled.")
        return np.nan_to_num(values).ravel()


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config, encoder):
    """A recurrent layer; its last state, other inputs and a hidden layer on both give three numbers for each row."""
    import keras
    from keras import ops

    from common import layers
    from common.training import losses, optimizers

    sizes = encoder.sizes()
    rows = keras.Input((None, sizes["rows"]), name="rows")
    recent, ahead = (keras.Input((sizes[name],), name=name) for name in ("recent", "ahead"))
    padding_mask = ops.any(ops.not_equal(rows, 0), axis=-1)  # (batch, timesteps); real rows have a nonzero feature
    x = layers.recurrent(config.cell, config.units, recurrent_gain=config.recurrent_gain)(rows, padding_mask)
    x = keras.layers.Dropout(config.dropout)(x)  # (batch, units)
    x = keras.layers.Concatenate()([x, recent, ahead])
    hidden = keras.layers.Dense(config.head_units, activation="relu")(x)
    hidden = keras.layers.Dropout(config.dropout)(hidden)
    x = keras.layers.Concatenate()([x, hidden])
    x = keras.layers.Dense(3 * config.horizon, kernel_initializer="zeros")(x)  # starts at the reference
    outputs = layers.student_t(x)  # (batch, horizon, 3): location, scale and degrees of freedom

    model = keras.Model({"rows": rows, "recent": recent, "ahead": ahead}, outputs)
    optimizer = optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0)
    model.compile(optimizer=optimizer, loss=losses.StudentT())
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Origin]) -> list[dict]:
    """For each origin its `steps`, each with time, value and 90 % interval, and the name of the target."""
    outputs = np.array(list(forward(networks["model"], encoder, examples)), np.float64)  # (examples, horizon, 3)
    location, scale, df = np.moveaxis(outputs, -1, 0)
    value = np.array([encoder.expected(example) for example in examples]) + location * encoder.unit
    reach = encoder.unit * student_t.reach(scale, df, INTERVAL)
    return _answers(encoder.target, examples, {"value": value, "low": value - reach, "high": value + reach})


def baseline(config, train, examples):
    """Persistence, seasonal persistence, climatology, and two regressions on all inputs of the network."""
    from common.baselines import direct

    encoder = Encoder.fit(config, train)
    whole = [example for example in train if len(encoder.encode(example)[1]) == config.horizon]
    truth = np.array([encoder.truth(example) for example in whole])
    expected = [np.array([encoder.expected(example) for example in some]) for some in (whole, examples)]
    inputs, others = ([encoder.encode(example)[0] for example in some] for some in (whole, examples))
    departures = (truth - expected[0]) / encoder.unit
    values = {
        "persistence": _as_before(encoder, examples, 1),
        "seasonal persistence": _as_before(encoder, examples, shortest_past(examples[0].past.step)),
        "climatology": np.array([encoder.usual(example) for example in examples]),
        "ridge": expected[1] + encoder.unit * direct.ridge(*direct.flat(inputs, others), departures),
        "gradient boosting": expected[1]
        + encoder.unit * direct.boosting(*direct.summed_up(inputs, others), departures),
    }
    return {name: _answers(encoder.target, examples, {"value": value}) for name, value in values.items()}


def _as_before(encoder: Encoder, examples: Sequence[Origin], season: int) -> np.ndarray:
    """The value one or more whole seasons before each coming row, float `(examples, horizon)`."""
    last = np.array([example.past.filled[-season:, encoder.columns.index(encoder.target)] for example in examples])
    return np.resize(np.nan_to_num(last).T, (encoder.horizon, len(examples))).T.astype(float)


def _answers(target: str, examples: Sequence[Origin], columns: dict[str, np.ndarray]) -> list[dict]:
    """Predictions from float arrays `(examples, horizon)`."""
    table = np.stack(list(columns.values()), axis=-1).tolist()  # (examples, horizon, columns)
    answers = []
    for example, rows in zip(examples, table):
        times = (time_text(time, example.ahead.step) for time in example.ahead.times)
        answers.append({"steps": [{"time": time, **dict(zip(columns, row))} for time, row in zip(times, rows)]})
        answers[-1]["target"] = target
    return answers


def score(examples, predictions):
    """Absolute and squared error, error relative to seasonal persistence, coverage; see metrics/regression.py."""
    from common.metrics.regression import Regression
    from common.metrics.scores import blocks

    def column(name):
        return np.array([[step[name] for step in one["steps"]] for one in predictions])  # (examples, horizon)

    number, value = examples[0].past.column(predictions[0]["target"]), column("value")
    horizon, season = value.shape[1], shortest_past(examples[0].past.step)
    truth = padded((example.future.values[:, number] for example in examples), horizon)
    seasons = (example.past.filled[-season:, number] for example in examples)
    naive = np.array([np.resize(np.nan_to_num(last), horizon) for last in seasons], float)
    has_interval = "low" in predictions[0]["steps"][0]
    times = np.array([example.ahead.times[:horizon] for example in examples])
    return Regression(
        truth,
        value,
        groups=blocks(np.array([len(example.past) for example in examples]), max(2 * horizon, season)),  # of rows
        naive=naive,
        bounds=(column("low"), column("high")) if has_interval else None,
        interval=INTERVAL,
        times=times,
        parts={"by season": np.array(SEASONS)[times[:, 0].astype("datetime64[M]").astype(int) % 12 // 3]},
    )


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Sea temperatures off Peru (Niño 1+2), monthly, 1950 to 2010",
            licence="public domain (NOAA); comes with statsmodels",
            home="sample data of statsmodels",
            load=load_sample,
        ),
        "beijing_pm25": Dataset(
            title="Beijing: hourly weather and particles at the airport and the US embassy, 2010 to 2014 (UCI 381)",
            licence="CC BY 4.0 (UCI)",
            home="https://archive.ics.uci.edu/dataset/381/beijing+pm2+5+data",
            load=load_beijing,
            base_url="https://raw.githubusercontent.com/jbrownlee/Datasets/d20fcb6402ae34e653d4513b00f39257bb37ed7f/",
            files={"pollution.csv": "892e9559205d16d32623135c127a3951c12e46ea1e0b3093e107ce89a9fd60e2"},
            size=2_010_492,
            settings="target=TEMP horizon=24 window=72 units=64 recurrent_gain=0.6 head_units=256 dropout=0.2 "
            "batch_size=64 learning_rate=2e-3 epochs=16 patience=16",
        ),
    },
    own_file=OwnFile("a CSV or TSV with a column of times and columns of numbers", read, split),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="mae_error",
)
