"""Recorded results: `results.json` of each task, and the tables generated from it in the READMEs."""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from common import files, folders
from common.errors import UserError, counted
from common.metrics.scores import best, limits, lower_is_better
from common.reporting.tables import bounds, markdown, number
from common.task import Task, load_task, task_names

START, END = "<!-- results -->", "<!-- /results -->"
ROOT_README = folders.REPOSITORY / "README.md"
CELL_NAMES = {"simple_rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def read(name: str) -> list[dict]:
    """The recorded rows of a task; none if nothing was recorded.

    Raises:
        UserError: if the file belongs to another task (a copied folder).
    """
    return _content(name)["rows"]


def curves(name: str) -> list[dict]:
    """The recorded learning curves of a task, as `curve` makes them."""
    return _content(name)["curves"]


def _content(name: str) -> dict:
    file = _file(name)
    if not file.exists():
        return {"rows": [], "curves": []}
    content = json.loads(file.read_text(encoding="utf-8"))
    if content["task"] != name:
        raise UserError(f"{file} holds the results of {content['task']}: delete it and record {name}'s own.")
    return {"curves": [], **content}


def add(name: str, row: dict) -> None:
    """Replace the row with the same data, cell and changed settings, or add it."""
    _add(name, "rows", row)


def add_curve(name: str, curve: dict) -> None:
    """Replace the learning curve with the same data, cell and changed settings, or add it."""
    _add(name, "curves", curve)


def _add(name: str, part: str, new: dict) -> None:
    content, order = _content(name), list(load_task(name).datasets)
    content[part] = sorted(
        [*(one for one in content[part] if _key(one) != _key(new)), new],
        key=lambda one: (order.index(one["data"]), list(CELL_NAMES).index(one["cell"]), one["changed"]),
    )
    kept = {key: value for key, value in content.items() if value or key == "rows"}
    files.write_json(_file(name), {"task": name, **kept})


def row(data: str, cell: str, settings: dict, measured: list[dict], command: str) -> dict:
    """One row of `results.json`, from the measurements of one run per seed.

    The interval of one seed is its bootstrap interval; see `interval` for that of several.
    """
    metric, first = measured[0]["metric"], measured[0]
    values = [one["test"][metric] for one in measured]
    changed = _as_text(settings)
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return {
        "data": data,
        "cell": cell,
        "changed": changed,
        "metric": metric,
        "seeds": {str(one["seed"]): value for one, value in zip(measured, values)},
        "mean": statistics.fmean(values),
        "sd": sd,
        "interval": interval(values, [one["interval"][metric] for one in measured], metric),
        "scores": {key: _mean([one["test"][key] for one in measured]) for key in first["test"]},
        "baseline": first["baseline"][metric],
        "baseline_name": first["baseline_name"],
        "baselines": {key: scores[metric] for key, scores in first["baselines"].items() if metric in scores},
        "mixtures": {key: _mean([one["mixtures"][key][metric] for one in measured]) for key in first["mixtures"]},
        "difference": {str(one["seed"]): one["difference"] for one in measured},
        "test_scored": [one["test_scored"] for one in measured],
        **({"folds": {str(one["seed"]): one["folds"] for one in measured}} if "folds" in first else {}),
        "parameters": first["parameters"],
        "epochs": [one["epochs"] for one in measured],
        "train_seconds": statistics.fmean(one["train_seconds"] for one in measured),
        "command": f"{command} DATA={data} CELL={cell}" + (f' SET="{changed}"' if changed else ""),
        "settings": {key: value for key, value in first["settings"].items() if key != "seed"},
        **{key: first[key] for key in ("data_sha256", "versions", "code", "machine", "cores")},
    }


def curve(data: str, cell: str, settings: dict, seeds: list[int], points: list[dict]) -> dict:
    """A learning curve for `results.json`.

    Args:
        points: a dict for each number of training examples: `examples`, the `scores` of the seeds on validation, and
            `baseline_name` and `baseline`, the best baseline and its score.
    """
    return {"data": data, "cell": cell, "changed": _as_text(settings), "seeds": seeds, "points": points}


def _as_text(settings: dict) -> str:
    return " ".join(f"{key}={value}" for key, value in sorted(settings.items()))


def interval(values: Sequence[float], bootstrapped: Sequence[Sequence[float]], metric: str) -> list[float]:
    """The 95 % interval of a row, within the limits of the metric.

    That of several seeds is the mean of their scores plus and minus a quantile of Student's t distribution times the
    standard error. The squared standard error is the variance due to the test set plus the variance between seeds
    divided by their number (Bouthillier et al. 2021, https://arxiv.org/abs/2103.03098). The degrees of freedom are
    those of Welch (1947, https://doi.org/10.1093/biomet/34.1-2.28), with the variance due to the test set as known.

    The variance due to the test set is that of normal intervals as wide as the bootstrap's. Those of a test set of few
    groups are wider than normal ones; it is then overestimated, and seeds that agree have the interval of one seed.

    Args:
        values: the score of each seed.
        bootstrapped: the bootstrap interval `[low, high]` of each.
    """
    if len(values) == 1:
        return list(bootstrapped[0])
    test_error = statistics.fmean(high - low for low, high in bootstrapped) / (2 * _t_quantile(math.inf))
    of_seeds = statistics.variance(values) / len(values)
    squared = test_error**2 + of_seeds
    freedom = (len(values) - 1) * (squared / of_seeds) ** 2 if of_seeds else math.inf
    reach, mean = _t_quantile(freedom) * math.sqrt(squared), statistics.fmean(values)
    return _within_limits(metric, mean - reach, mean + reach)


def _within_limits(metric: str, low: float, high: float) -> list[float]:
    lowest, highest = limits(metric)
    return [max(low, lowest), min(high, highest)]


def mean_of_folds(measured: list[dict]) -> dict:
    """The measurements of a cross-validation: scores are means over the folds, weighted by their test examples.

    The intervals of the score and of its difference from the baseline are those of Student's t distribution for a mean
    of as many values as folds. If each fold tests one speaker, this is the uncertainty about further speakers, which
    resampling the recordings of these few would leave out. Folds share training examples, which no unbiased estimate
    of the variance can count (Bengio and Grandvalet 2004, https://www.jmlr.org/papers/v5/grandvalet04a.html).
    """
    sizes = np.array([one["examples"]["test"] for one in measured])
    weights = sizes / sizes.sum()

    def mean(pick: Callable[[dict], float | None]) -> float | None:
        found = [pick(one) for one in measured]
        return None if None in found else float(weights @ found)

    first, metric = measured[0], measured[0]["metric"]
    test = {key: mean(lambda one, key=key: one["test"].get(key)) for key in first["test"]}
    baselines = {
        name: {metric: mean(lambda one, name=name: one["baselines"][name][metric])} for name in first["baselines"]
    }
    bar = best({name: scores[metric] for name, scores in baselines.items()}, metric)
    folds = np.array([one["test"][metric] for one in measured])
    gaps = folds - [one["baselines"][bar][metric] for one in measured]
    gap_low, gap_high = _interval_of_mean(gaps, weights)
    return {
        **first,
        "test": test,
        "folds": folds.tolist(),
        "interval": {metric: _within_limits(metric, *_interval_of_mean(folds, weights))},
        "baselines": baselines,
        "baseline": baselines[bar],
        "baseline_name": bar,
        "mixtures": {},
        "difference": {"difference": float(weights @ gaps), "low": gap_low, "high": gap_high, "better": None},
        "examples": {**first["examples"], "test": int(sizes.sum())},
        "test_scored": max(one["test_scored"] for one in measured),
        "epochs": max(one["epochs"] for one in measured),
        "train_seconds": sum(one["train_seconds"] for one in measured),
    }


def _interval_of_mean(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of the mean of two or more independent values, whose weights sum to 1."""
    mean, squares = weights @ values, weights @ weights
    variance = weights @ (values - mean) ** 2 / (1 - squares)
    reach = _t_quantile(len(values) - 1) * math.sqrt(variance * squares)
    return float(mean - reach), float(mean + reach)


def _t_quantile(freedom: float) -> float:
    """The 97.5 % quantile of Student's t distribution; 1.96 with infinite degrees of freedom."""
    from scipy.stats import t  # here, since most commands need no scipy

    return float(t.ppf(0.975, freedom))


def departures(row: dict, rows: Sequence[dict], measured: dict) -> list[str]:
    """Problems of a recorded row that no longer holds, given the measurements of a new training of its first seed.

    The new score must lie in the 95 % prediction interval for one more seed. Trained with other code or on another
    machine, a seed gives as different a model as another seed.

    Where no row on the same data has a spread of seeds, the new score must lie in the row's own bootstrap interval.
    That is the uncertainty due to the test set, which both trainings share, and not that between seeds; so it is a
    limit by rule of thumb. In the rows recorded with three seeds it would have held for 93 % of the pairs of seeds. An
    interval without width, of a model that made no mistake, limits nothing.

    Args:
        rows: all rows of the task: for a row with one seed, the largest spread of a row on the same data is used.
    """
    value, problems = measured["test"][row["metric"]], []
    rivals = [other for other in rows if other["data"] == row["data"]]
    source = row if row["sd"] else max(rivals, key=lambda other: other["sd"])
    spread = source["sd"]
    reach = _t_quantile(len(source["seeds"]) - 1) * spread * math.sqrt(1 + 1 / len(row["seeds"]))
    low, high = row["interval"]
    if spread and abs(value - row["mean"]) > reach:
        problems.append(f"{value:.4f} is further from {row['mean']:.4f} than seeds explain ({reach:.4f})")
    if not spread and low < high and not low <= value <= high:
        problems.append(f"{value:.4f} is outside the 95 % interval of {row['mean']:.4f}, {bounds(row['interval'])}")
    sign = -1 if lower_is_better(row["metric"]) else 1
    won = sign * (row["mean"] - row["baseline"]) > 0
    if won and sign * (value - measured["baseline"][row["metric"]]) <= 0:
        bar = f"{measured['baseline_name']} ({measured['baseline'][row['metric']]:.4f})"
        problems.append(f"{value:.4f} is no longer better than {bar}")
    return problems


def write_tables() -> list[Path]:
    """Regenerate the tables of every README; returns the files that changed."""
    changed = _new_texts()
    for file, text in changed.items():
        files.write_text(file, text)
    return list(changed)


def stale_tables() -> list[Path]:
    """READMEs whose table differs from the one that `results.json` makes."""
    return list(_new_texts())


def _new_texts() -> dict[Path, str]:
    """New texts of the READMEs whose table has to change."""
    tables = {folders.TASKS_FOLDER / name / "README.md": task_table(name, load_task(name)) for name in task_names()}
    tables[ROOT_README] = index_table()
    texts = {file: with_table(file, table) for file, table in tables.items() if file.exists()}
    return {file: text for file, text in texts.items() if text != file.read_text(encoding="utf-8")}


def _mean(values: list[float | None]) -> float | None:
    return None if None in values else statistics.fmean(values)


def with_table(file: Path, table: list[str]) -> str:
    """The text of a README with the lines of `table` between its markers.

    Raises:
        UserError: if the markers are missing.
    """
    text = file.read_text(encoding="utf-8")
    pattern = re.compile(f"{START}\n.*?{END}", re.DOTALL)
    if not pattern.search(text):
        raise UserError(f"{file} has no lines {START} and {END} to put the table of results between.")
    return pattern.sub(lambda _: "\n".join([START, *table, END]), text)


def task_table(name: str, task: Task) -> list[str]:
    """Every recorded row of a task beside baselines and published results, as Markdown."""
    rows = read(name)
    if not rows:
        return ["Nothing is recorded yet: `make record TASK=" + name + "`."]
    table = [["data", "model", rows[0]["metric"], "95 % interval", "seeds", "parameters", "training", "command"]]
    for data in dict.fromkeys(row["data"] for row in rows):
        mine = [row for row in rows if row["data"] == data]
        for baseline, value in mine[0]["baselines"].items():
            table.append([data, f"{baseline} (baseline)", number(value), "", "", "", "", ""])
        table.extend([data, *_cells_of(row)] for row in mine)
        for mixture, value in mine[0].get("mixtures", {}).items():
            named = mixture.replace("model", CELL_NAMES[mine[0]["cell"]])
            table.append([data, f"{named} (mixture)", number(value), "", "", "", "", ""])
        for reference in task.datasets[data].references:
            if reference.metric == rows[0]["metric"]:
                published = f"{reference.model} (published: {reference.source})"
                table.append([data, published, number(reference.value), "", "", "", "", ""])
    return [*markdown(table), "", *_notes(rows), *_curve_table(curves(name), rows[0]["metric"])]


def _curve_table(recorded: list[dict], metric: str) -> list[str]:
    """The learning curves of a task, as Markdown."""
    if not recorded:
        return []
    shares = ["an eighth", "a quarter", "half", "all"]
    table = [["data", "model", *shares]]
    for one in recorded:
        model, points = f"{CELL_NAMES[one['cell']]} {one['changed']}".strip(), one["points"]
        scores = [f"{number(statistics.fmean(point['scores']))} ({point['examples']:,})" for point in points]
        bars = [f"{number(point['baseline'])} ({point['baseline_name']})" for point in points]
        table += [[one["data"], model, *scores], [one["data"], "best baseline", *bars]]
    said = (
        f"Learning curves (`make curve`): {metric} on validation, where the best epoch was chosen too, after training "
        "on part of train (number of examples)."
    )
    return ["", said, "", *markdown(table)]


def _notes(rows: list[dict]) -> list[str]:
    """Notes on the numbers of a table."""
    machines = "; ".join(dict.fromkeys(row["machine"] for row in rows))
    notes = [f"Measured on {machines}."]
    several = any(len(row["seeds"]) > 1 for row in rows)
    if several:
        notes.append("The interval of several seeds counts the test set's variance and that between the seeds.")
    if any(len(row["seeds"]) == 1 for row in rows):
        notes.append(f"{'That' if several else 'The interval'} of one seed counts the test set's alone.")
    for data, count in {row["data"]: len(next(iter(row["folds"].values()))) for row in rows if "folds" in row}.items():
        notes.append(
            f"A row of {data} is a mean over {count} folds, and its interval that of such a mean (t distribution)."
        )
    scored = [count for row in rows for count in row.get("test_scored", [None])]
    if None not in scored:
        most = max(scored)
        notes.append(f"Each run scored its test set {'once' if most == 1 else f'at most {most} times'}.")
    return [" ".join(notes)]


def _cells_of(row: dict) -> list[str]:
    spread = f" ± {row['sd']:.2g}" if len(row["seeds"]) > 1 else ""
    model = f"{CELL_NAMES[row['cell']]} {row['changed']}".strip()
    return [
        model,
        f"**{number(row['mean'])}**{spread}",
        bounds(row["interval"]),
        str(len(row["seeds"])),
        f"{row['parameters']:,}",
        f"{row['train_seconds']:.0f} s, {counted(row['cores'], 'core')}",
        f"`{row['command']}`",
    ]


def index_table() -> list[str]:
    """One row for each task and data set, for the root README."""
    table = [["task", "shape", "data", "metric", *CELL_NAMES.values(), "baseline", "published", "minutes"]]
    for name in task_names():
        task, rows = load_task(name), read(name)
        for data in dict.fromkeys(row["data"] for row in rows):
            mine = {row["cell"]: row for row in rows if row["data"] == data and not row["changed"]}
            first = next(iter(mine.values()), None)
            if first is None:
                continue
            published = [r for r in task.datasets[data].references if r.metric == first["metric"]]
            table.append(
                [
                    f"[{name}](tasks/{name}/README.md)",
                    task.shape,
                    data,
                    first["metric"],
                    *(number(mine[cell]["mean"]) if cell in mine else "" for cell in CELL_NAMES),
                    f"{number(first['baseline'])} ({first['baseline_name']})",
                    "; ".join(f"{number(r.value)} {r.model}" for r in published[:2]),
                    _minutes(mine.values()),
                ]
            )
    return markdown(table)


def _minutes(rows: Iterable[dict]) -> str:
    """Minutes and cores of the longest training."""
    longest = max(rows, key=lambda row: row["train_seconds"])
    return f"{longest['train_seconds'] / 60:.1f} ({counted(longest['cores'], 'core')})"


def _key(row: dict) -> tuple:
    return row["data"], row["cell"], row["changed"]


def _file(name: str) -> Path:
    return folders.TASKS_FOLDER / name / "results.json"
