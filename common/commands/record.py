"""`record`: the runs behind the numbers in the READMEs, several cells and seeds of one task on one data set."""

from __future__ import annotations

import gc
import statistics
import time

from common import backend, files, folders
from common.commands import console_output, train
from common.errors import UserError, unknown
from common.reporting import results
from common.runs import provenance
from common.task import change_config, load_task, task_names


def run(name: str, data: str | None, cells: list[str], seeds: list[int], settings: dict) -> None:
    """Train every cell with every seed; after each, write its row to `results.json` and the tables to the READMEs.

    A finished run with the same settings on the same data by the same code and versions is not trained again, so a
    recording that was stopped goes on where it was.

    Args:
        data: a declared data set; None: the task's first.
        cells: of `results.CELL_NAMES`.
        settings: changes to the settings; they name the row.

    Raises:
        UserError: for an unknown name; results are of declared data sets only.
    """
    task = load_task(name)
    data = data or next(iter(task.datasets))
    if data not in task.datasets:
        raise UserError(unknown("data set", data, list(task.datasets)))
    for cell in cells:
        if cell not in results.CELL_NAMES:
            raise UserError(unknown("cell", cell, list(results.CELL_NAMES)))
    console, done, started = console_output.console(), 0, time.perf_counter()
    for cell in cells:
        measured = []
        for seed in seeds:
            mine = {**settings, "cell": cell, "seed": str(seed)}
            measured.append(_finished(name, data, mine) or _train(name, data, mine))
            done += 1
            left = (time.perf_counter() - started) / done * (len(cells) * len(seeds) - done)
            value = measured[-1]["test"][task.metric]
            console.print(
                f"recorded {done} of {len(cells) * len(seeds)}: {name} {data} {cell} seed {seed}, "
                f"{task.metric} {value:.4f}; about {left / 60:.0f} min left",
                highlight=False,
            )
            results.add(name, _row(name, data, cell, settings, measured))
            for file in results.write_tables():
                console.print(f"wrote {console_output.relative(file)}", highlight=False)


def check(names: list[str]) -> None:
    """Train the first seed of every recorded row again.

    Raises:
        UserError: if a score lies outside the interval that was recorded; names all such rows.
    """
    strayed = []
    for name in names or task_names():
        for row in results.read(name):
            settings = dict(pair.split("=") for pair in row["changed"].split())
            measured = _train(name, row["data"], {**settings, "cell": row["cell"], "seed": next(iter(row["seeds"]))})
            value, (low, high) = measured["test"][row["metric"]], row["interval"]
            if not low <= value <= high:
                strayed.append(f"{name} {row['data']} {row['cell']}: {value:.4f} not in {low:.4f} to {high:.4f}")
    if strayed:
        raise UserError("Results left their recorded interval: " + "; ".join(strayed))


def _train(name: str, data: str, settings: dict) -> dict:
    backend.load()
    import keras

    keras.backend.clear_session()
    gc.collect()
    return files.read_json(train.run(name, data, settings, quick=False, resume=False).metrics_file)


def _finished(name: str, data: str, settings: dict) -> dict | None:
    """What a finished run of exactly these settings measured."""
    task = load_task(name)
    config = change_config(task.config, {**task.settings_for(data), **settings})
    wanted = {field: getattr(config, field) for field in config.__dataclass_fields__}
    for file in sorted((folders.RUNS_FOLDER / name).glob("*-*-*/metrics.json")):
        about = files.read_json(file.with_name("config.json"))
        same = about["settings"] == wanted and about["data"] == data and not about["quick"]
        if (
            same
            and about["versions"] == provenance.versions()
            and about.get("code_sha256") == provenance.code_sha256(name)
        ):
            return files.read_json(file)
    return None


def _row(name: str, data: str, cell: str, settings: dict, measured: list[dict]) -> dict:
    """One row of `results.json`; its interval is the mean of the seeds' bootstrap intervals."""
    metric, first = measured[0]["metric"], measured[0]
    values = [one["test"][metric] for one in measured]
    changed = " ".join(f"{key}={value}" for key, value in sorted(settings.items()))
    command = f"make train TASK={name} DATA={data} CELL={cell}" + (f' SET="{changed}"' if changed else "")
    return {
        "data": data,
        "cell": cell,
        "changed": changed,
        "metric": metric,
        "seeds": {str(one["seed"]): value for one, value in zip(measured, values)},
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values) if len(values) > 1 else 0.0,
        "interval": [statistics.fmean(one["interval"][metric][side] for one in measured) for side in (0, 1)],
        "scores": {key: statistics.fmean(one["test"][key] for one in measured) for key in first["test"]},
        "baseline": first["baseline"][metric],
        "baseline_name": first["baseline_name"],
        "baselines": {key: scores[metric] for key, scores in first["baselines"].items() if metric in scores},
        "difference": {str(one["seed"]): one["difference"] for one in measured},
        "parameters": first["parameters"],
        "epochs": [one["epochs"] for one in measured],
        "train_seconds": statistics.fmean(one["train_seconds"] for one in measured),
        "command": command,
        "settings": {key: value for key, value in first["settings"].items() if key != "seed"},
        "data_sha256": first["data_sha256"],
        "versions": first["versions"],
        "machine": first["machine"],
    }
