"""Numbers of the documents from a network that forecasts a series from its own forecasts, by hand in float64."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from common.insight import network
from common.insight.network import Network
from common.lessons.documents import Measured, number

TRAINED, AHEAD = 3000, 200  # steps of the series: for training, and to forecast
READ, PATHS = 1000, 200  # steps read before the forecast; sampled paths of the interval
PERIOD = 25  # of the sine, in steps
KINDS = ("sine", "noise")


def measure() -> dict[str, Measured]:
    """All of them by name."""
    measured = {}
    for kind in KINDS:
        one = forecast(kind)
        moves = float(one.values[-50:].std() / one.series.std())
        inside = (one.low <= one.series[TRAINED:]) & (one.series[TRAINED:] <= one.high)
        measured[f"moves_{kind}"] = number(moves, 2, 0.25 if kind == "sine" else 0.05)
        measured[f"covered_{kind}"] = number(100 * float(inside.mean()), 0, 25 if kind == "sine" else 10)
    return measured


@dataclasses.dataclass(frozen=True)
class Forecast:
    """A recursive forecast.

    Attributes:
        series: float `(TRAINED + AHEAD,)`; the forecast starts at TRAINED.
        values: the forecast, `(AHEAD,)`.
        low, high: 10th and 90th percentile of the sampled paths, `(AHEAD,)`.
    """

    series: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


@functools.cache
def forecast(kind: str) -> Forecast:
    """A GRU trained to predict the next value of a series, and then fed its own predictions.

    A path of the interval adds to each prediction a random one of the errors on the steps read before the forecast.

    Args:
        kind: "sine", with noise of a tenth of its amplitude, or "noise": half the previous value plus white noise.
    """
    random = np.random.default_rng(0)
    series = random.normal(size=TRAINED + AHEAD)
    if kind == "sine":
        series = np.sin(2 * np.pi * np.arange(len(series)) / PERIOD) + 0.1 * series
    else:
        for t in range(1, len(series)):
            series[t] += 0.5 * series[t - 1]
    one, known = Network("gru", 1, 8, 1), series[:TRAINED]

    def batches():
        for _ in range(200):
            rows = known[random.integers(0, TRAINED - 51, 32)[:, None] + np.arange(51)]
            yield rows[:, :-1, None], rows[:, 1:, None], np.ones((32, 50))

    network.train(one, batches(), 1e-2, network.squared_error)
    outputs, states, _ = one.forward(known[None, -READ:, None])
    errors = known[1 - READ :] - outputs[0, :-1, 0]
    errors = np.concatenate([np.zeros((1, AHEAD)), random.choice(errors, (PATHS, AHEAD))])  # row 0 is the forecast
    state = tuple(np.repeat(array, len(errors), axis=0) for array in states[-1])
    values, paths = np.repeat(outputs[0, -1, 0], len(errors)), np.zeros(errors.shape)
    for t in range(AHEAD):
        paths[:, t] = values + errors[:, t]
        outputs, after, _ = one.forward(paths[:, t, None, None], state)
        state, values = after[-1], outputs[:, 0, 0]
    low, high = np.percentile(paths[1:], (10, 90), axis=0)
    return Forecast(series, paths[0], low, high)
