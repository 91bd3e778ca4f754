"""Forecast origins of a stock, split so that no return is a target in two splits."""

from __future__ import annotations

import dataclasses
import itertools
from bisect import bisect
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.datasets.prices import PriceSeries, read_prices
from common.datasets.splits import Splits
from common.encoding.series import log_returns
from common.errors import UserError

SHORTEST_PAST = 20  # returns that must be known before a forecast: a month of trading
LONGEST_HORIZON = 20  # maximum number of rows of an example's target
FRACTIONS = (0.7, 0.8)  # of the trading days, where validation and where test begin
LEAST = 60  # minimum number of rows of prices for training: 21 before the first origin, and enough for three splits


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """A forecast origin: a stock as known after the close of a day, and the returns that followed, in percent."""

    stock: str
    date: str  # the day, ISO
    past: PriceSeries = dataclasses.field(repr=False, compare=False)  # of all days up to this one
    target: tuple[float, ...] | None = None  # of the LONGEST_HORIZON days after it, or to the end of its split

    def __len__(self) -> int:
        return len(self.past) - 1  # returns

    def __str__(self) -> str:
        return f"{self.stock} up to {self.date}, {self.past.close[-1]:.2f}"


def origins(stock: PriceSeries) -> list[Origin]:
    """All forecast origins of a stock, in order, each with a target."""
    returns = log_returns(stock.close).round(4).tolist()
    return [
        Origin(stock.name, str(stock.dates[day]), stock[: day + 1], tuple(returns[day : day + LONGEST_HORIZON]))
        for day in range(SHORTEST_PAST, len(returns))
    ]


def split(examples: Sequence[Origin], seed: int = 0) -> Splits:
    """By time, at the same dates for all stocks; the seed is not used.

    The past of a test example reaches into the days of train and validation, as it would in use. No return is a target
    in two splits: targets are cut where their split ends.
    """
    last = {example.stock: example for example in examples}
    if (longest := max(len(example.past) + 1 for example in last.values())) < LEAST:
        raise UserError(
            f"{examples[0].stock} has {longest} rows with a price: training needs at least {LEAST}, of which "
            f"{SHORTEST_PAST + 1} come before the first forecast. Add earlier ones."
        )
    days = np.unique(np.concatenate([example.past.dates for example in last.values()]))
    bounds = [str(days[int(fraction * len(days))]) for fraction in FRACTIONS]
    parts = [], [], []
    for (_, part), some in itertools.groupby(examples, lambda example: (example.stock, bisect(bounds, example.date))):
        some = list(some)
        for left, example in zip(range(len(some), 0, -1), some):  # days left in this split
            parts[part].append(dataclasses.replace(example, target=example.target[:left]))
    return Splits(*parts)


def read(path: Path, labelled: bool) -> list[Origin]:
    """The forecast origins of a user's file of prices; for prediction only the last one."""
    stock = read_prices(path)
    needed = SHORTEST_PAST + 1 + labelled
    if len(stock) < needed:
        raise UserError(
            f"{path} has {len(stock)} days with a price: at least {LEAST if labelled else needed} are needed."
        )
    return origins(stock) if labelled else [Origin(stock.name, str(stock.dates[-1]), stock)]
