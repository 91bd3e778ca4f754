"""Numbers of the documents from the recorded results of this repository."""

from __future__ import annotations

import json
import statistics

import numpy as np

from common import folders
from common.insight.probes import DIGIT_STEPS
from common.lessons.documents import Measured, number
from common.metrics import scores
from common.reporting import probes, results, tables
from common.task import task_names


def measure() -> dict[str, Measured]:
    """All of them by name."""
    return {**_cells(), **_probes(), **_prices(), **_speed()}


def compared() -> list[tuple[str, str, str, dict[str, dict]]]:
    """Task, data, metric and the row of each cell, where all three cells are recorded with default settings."""
    complete = []
    for name in task_names():
        rows = [row for row in results.read(name) if not row["changed"]]
        for data in dict.fromkeys(row["data"] for row in rows):
            cells = {row["cell"]: row for row in rows if row["data"] == data}
            if set(cells) == set(results.CELL_NAMES):
                complete.append((name, data, cells["gru"]["metric"], cells))
    return complete


def _cells() -> dict[str, Measured]:
    """How often a cell alone is best in the table, and the time of a training relative to the SimpleRNN's."""
    best, seconds = [], {cell: [] for cell in results.CELL_NAMES}
    for _, _, metric, cells in compared():
        shown = {cell: tables.number(row["mean"]) for cell, row in cells.items()}
        first = shown[scores.best({cell: row["mean"] for cell, row in cells.items()}, metric)]
        best.append([cell for cell in cells if shown[cell] == first])
        for cell, row in cells.items():
            seconds[cell].append(row["train_seconds"] / cells["simple_rnn"]["train_seconds"])
    measured = {f"best_{cell}": number(best.count([cell]), 0) for cell in results.CELL_NAMES}
    measured["best_tied"] = number(sum(len(cells) > 1 for cells in best), 0)
    measured |= {f"times_{cell}": number(statistics.median(seconds[cell]), 1) for cell in ("gru", "lstm")}
    sentiment = _row("sentiment", "sst2")
    return {
        **measured,
        "compared": number(len(best), 0),
        "sst2_sd": number(100 * sentiment["sd"], 1),
        "sst2_seeds": Measured(", ".join(f"{100 * score:.1f}" for score in sentiment["seeds"].values())),
    }


def comparison_rows() -> list[list[str]]:
    """The rows of the table in chapter 8."""
    table = [["task", "data", "metric", *results.CELL_NAMES.values()]]
    for name, data, metric, cells in compared():
        table.append([name, data, metric, *(_mean(cells[cell]) for cell in results.CELL_NAMES)])
    return table


def _mean(row: dict) -> str:
    """The mean score, and the standard deviation over the seeds if there are several."""
    spread = f" ± {row['sd']:.1g}" if len(row["seeds"]) > 1 else ""
    return f"{tables.number(row['mean'])}{spread}"


def _probes() -> dict[str, Measured]:
    """Mean scores of the memory probes."""
    rows = {name: probes.grouped(recorded) for name, recorded in probes.read(probes.DOCS).items()}

    def mean(probe: str, cell: str, trained: int, tested: int) -> float:
        return statistics.fmean(rows[probe][trained, cell][tested])

    measured = {}
    for cell in results.CELL_NAMES:
        for steps in (100, 200, 400):
            measured[f"adding_{cell}_{steps}"] = number(mean("adding", cell, 100, steps), 3)
        measured[f"probe_order_{cell}"] = number(100 * mean("order", cell, 50, 50), 0)
        for digits in ("pixels", "permuted"):
            measured[f"{digits}_{cell}"] = number(100 * mean(digits, cell, DIGIT_STEPS, DIGIT_STEPS), 0)
    long = [mean("order", cell, steps, steps) for cell in results.CELL_NAMES for steps in (100, 200)]
    return {
        **measured,
        "order_gru_10_20": number(100 * mean("order", "gru", 10, 20), 0),
        "order_long_lowest": number(100 * min(long), 0),
        "order_long_highest": number(100 * max(long), 0),
    }


def _prices() -> dict[str, Measured]:
    """r2 of the last price as forecast of the next, and of the last return for the next return, on a fifth of GOOG."""
    from matplotlib import cbook

    with np.load(cbook.get_sample_data("goog.npz", asfileobj=False), allow_pickle=False) as file:
        prices = file["price_data"]["adj_close"].astype(float)
    returns, split = np.diff(np.log(prices)), int(0.8 * len(prices))
    slope, offset = np.polyfit(returns[: split - 1], returns[1:split], 1)
    persistence = _r2(prices[split:], prices[split - 1 : -1])
    regression = _r2(returns[split:], offset + slope * returns[split - 1 : -1])
    row = _row("stock_forecast", "stocknet")
    return {
        "price_r2": number(persistence, 3),
        "return_r2": number(regression, 3),
        "stock_model": number(row["mean"], 3),
        "stock_baseline": number(row["baseline"], 3),
    }


def _row(task: str, data: str) -> dict:
    """The recorded row of a task's SimpleRNN."""
    return next(row for row in results.read(task) if (row["data"], row["cell"]) == (data, "simple_rnn"))


def _r2(values: np.ndarray, predictions: np.ndarray) -> float:
    return float(1 - ((values - predictions) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def _speed() -> dict[str, Measured]:
    """Milliseconds of a training step by the length of the sequences, as `make bench` recorded them."""
    file = folders.REPOSITORY / "docs" / "benchmarks.json"
    growth = [row for row in json.loads(file.read_text(encoding="utf-8")) if row["kind"] == "growth"]
    rows = {(row["timesteps"], row["units"]): row["zoo"] for row in growth}
    return {f"step_{steps}": number(rows[steps, 128], 0) for steps in (50, 400)}
