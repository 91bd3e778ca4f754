"""Numbers of the documents that are read from the recorded results of this repository."""

from __future__ import annotations

import json
import statistics

import numpy as np

from common import folders
from common.lessons.documents import Measured, number
from common.metrics.scores import lower_is_better
from common.reporting import probes, results, tables
from common.task import task_names


def measure() -> dict[str, Measured]:
    """All of them by name."""
    return {**_cells(), **_probes(), **_prices(), **_speed()}


def compared() -> list[tuple[str, str, str, dict[str, dict]]]:
    """Task, data, metric and the row of each cell, wherever all three cells are recorded with the same settings."""
    found = []
    for name in task_names():
        rows = [row for row in results.read(name) if not row["changed"]]
        for data in dict.fromkeys(row["data"] for row in rows):
            cells = {row["cell"]: row for row in rows if row["data"] == data}
            if set(cells) == set(results.CELL_NAMES):
                found.append((name, data, cells["gru"]["metric"], cells))
    return found


def _cells() -> dict[str, Measured]:
    """How often each cell is the best, and what they cost."""
    best, seconds = [], {cell: [] for cell in results.CELL_NAMES}
    for _, _, metric, cells in compared():
        choose = min if lower_is_better(metric) else max
        best.append(choose(cells, key=lambda cell: cells[cell]["mean"]))
        for cell, row in cells.items():
            seconds[cell].append(row["train_seconds"] / cells["simple_rnn"]["train_seconds"])
    found = {f"best_{cell}": number(best.count(cell), 0) for cell in results.CELL_NAMES}
    found |= {f"times_{cell}": number(statistics.median(seconds[cell]), 1) for cell in ("gru", "lstm")}
    sentiment = _row("sentiment", "sst2")
    return {
        **found,
        "compared": number(len(best), 0),
        "sst2_sd": number(100 * sentiment["sd"], 1),
        "sst2_seeds": Measured(", ".join(f"{100 * score:.1f}" for score in sentiment["seeds"].values())),
    }


def comparison_rows() -> list[list[str]]:
    """The table of the three cells, for chapter 8."""
    table = [["task", "data", "metric", *results.CELL_NAMES.values()]]
    for name, data, metric, cells in compared():
        table.append([name, data, metric, *(_mean(cells[cell]) for cell in results.CELL_NAMES)])
    return table


def _mean(row: dict) -> str:
    """The mean score, and the standard deviation of the seeds where there are several."""
    spread = f" ± {row['sd']:.1g}" if len(row["seeds"]) > 1 else ""
    return f"{tables.number(row['mean'])}{spread}"


def _probes() -> dict[str, Measured]:
    """The mean score of each cell in the adding problem, trained over 100 steps, there and on longer sequences."""
    found = {}
    for (length, cell), tried in probes.grouped(probes.read()["adding"]).items():
        if length == 100:
            for steps, scores in tried.items():
                found[f"adding_{cell}_{steps}"] = number(statistics.fmean(scores), 3)
    return found


def _prices() -> dict[str, Measured]:
    """How well the last price foretells the next, and the last return the next return, on the last fifth of GOOG."""
    from matplotlib import cbook

    with np.load(cbook.get_sample_data("goog.npz", asfileobj=False), allow_pickle=False) as file:
        prices = file["price_data"]["adj_close"].astype(float)
    returns, split = np.diff(np.log(prices)), int(0.8 * len(prices))
    slope, offset = np.polyfit(returns[: split - 1], returns[1:split], 1)
    repeated = _r2(prices[split:], prices[split - 1 : -1])
    foretold = _r2(returns[split:], offset + slope * returns[split - 1 : -1])
    row = _row("stock_forecast", "stocknet")
    return {
        "price_r2": number(repeated, 3),
        "return_r2": number(foretold, 3),
        "stock_model": number(row["mean"], 3),
        "stock_baseline": number(row["baseline"], 3),
    }


def _row(task: str, data: str) -> dict:
    """The recorded row of its SimpleRNN."""
    return next(row for row in results.read(task) if (row["data"], row["cell"]) == (data, "simple_rnn"))


def _r2(values: np.ndarray, foretold: np.ndarray) -> float:
    return float(1 - ((values - foretold) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def _speed() -> dict[str, Measured]:
    """Milliseconds of a training step by the length of the sequences, as `make bench` recorded them."""
    file = folders.REPOSITORY / "docs" / "benchmarks.json"
    growth = [row for row in json.loads(file.read_text(encoding="utf-8")) if row["kind"] == "growth"]
    rows = {(row["timesteps"], row["units"]): row["zoo"] for row in growth}
    return {f"step_{steps}": number(rows[steps, 128], 0) for steps in (50, 400)}
