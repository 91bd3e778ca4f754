"""`record`: train the runs behind the numbers in the READMEs: cells and seeds of one task on one data set."""

from __future__ import annotations

import dataclasses
import gc
import time

from common import backend, folders
from common.commands import console_output, train
from common.errors import UserError, unknown
from common.reporting import results
from common.runs import provenance
from common.runs.examples import Request
from common.runs.run import Run
from common.task import load_task


def run(name: str, data: str | None, cells: list[str], seeds: list[int], settings: dict) -> None:
    """Train every cell with every seed; after each, update its row in `results.json` and the tables of the READMEs.

    A run that one process finished with the same settings, data, code and versions, on the same machine with as many
    cores, is not trained again, so a recording that was stopped continues where it was. For a set with folds, every
    seed trains all folds.

    Args:
        data: a declared data set; None: the task's first.
        cells: of `results.CELL_NAMES`.
        settings: changes to the settings; they identify the row.

    Raises:
        UserError: for an unknown name; results are recorded for declared data sets only.
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
            measured.append(measure(name, data, {**settings, "cell": cell, "seed": str(seed)}))
            done += 1
            left = (time.perf_counter() - started) / done * (len(cells) * len(seeds) - done)
            value = measured[-1]["test"][task.metric]
            console.print(
                f"recorded {done} of {len(cells) * len(seeds)}: {name} {data} {cell} seed {seed}, "
                f"{task.metric} {value:.4f}; about {left / 60:.0f} min left",
                highlight=False,
            )
            results.add(name, results.row(data, cell, settings, measured, f"make train TASK={name}"))
            for file in results.write_tables():
                console.print(f"wrote {console_output.relative(file)}", highlight=False)


def measure(name: str, data: str, settings: dict, anew: bool = False) -> dict:
    """The measurements of a training with these settings: the content of its `metrics.json`, or the mean over folds.

    Args:
        settings: name -> text, including `cell` and `seed`.
        anew: whether to train even if such a run exists.

    Raises:
        UserError: if the score is not a number.
    """
    task = load_task(name)
    requests = [Request(data, fold=fold) for fold in range(task.datasets[data].folds)] or [Request(data)]
    found = []
    for request in requests:
        finished = None if anew else _finished(name, request, settings)
        found.append(finished or _train(name, request, settings))
        if found[-1]["test"][task.metric] is None:
            raise UserError(f"{name} on {data} has no {task.metric}: see the report of the run.")
    return results.mean_of_folds(found) if len(found) > 1 else found[0]


def _train(name: str, request: Request, settings: dict) -> dict:
    backend.load()
    import keras

    keras.backend.clear_session()
    gc.collect()
    return train.run(name, request, settings).metrics


def _finished(name: str, request: Request, settings: dict) -> dict | None:
    """The measurements on its own test of a finished run that a training now would repeat."""
    code = provenance.code_sha256(name)
    wanted = {
        "settings": dataclasses.asdict(load_task(name).config_for(request.data, settings)),
        "request": dataclasses.asdict(request),
        "quick": False,
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "cores": backend.cores(),
        "workers": 1,
    }
    for file in sorted((folders.RUNS_FOLDER / name).glob("*-*-*/metrics.json")):
        run = Run(file.parent)
        if run.has_code(code):
            about = run.config
            if all(about[key] == value for key, value in wanted.items()):
                return run.metrics
    return None
