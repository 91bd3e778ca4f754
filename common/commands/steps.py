"""What several commands do alike: get the examples a run needs, and measure a model on test."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rich.console import Console

from common import files
from common.commands import console_output
from common.errors import UserError
from common.prediction.networks import Networks
from common.reporting import evaluation, report
from common.runs import examples
from common.runs import run as runs
from common.runs.examples import Request, Source
from common.runs.run import Run
from common.task import Task, TrainConfig


def load_source(task: Task, request: Request, config: TrainConfig, quick: bool, console: Console) -> Source:
    """The examples; shows downloads. A quick run uses few of them."""
    with console_output.download_progress(console) as progress:
        source = examples.load(task, request, config.seed, progress)
    return examples.quick(source) if quick else source


def reload_source(task: Task, config: TrainConfig, folder: Run, console: Console) -> Source:
    """The examples a run was started with, split as they were.

    Args:
        config: the settings of the run as they were in training: its seed drew the split.

    Raises:
        UserError: if they have changed since.
    """
    source = load_source(task, folder.request, config, folder.config["quick"], console)
    if source.sha256 != folder.config["data_sha256"]:
        raise UserError(f"{source.name} has changed since run {folder.path.name} was trained: train again.")
    return source


def measure(
    task: Task,
    config: TrainConfig,
    networks: Networks,
    encoder,
    folder: Run,
    source: Source | None,
    into: Run,
    other: tuple[str, Sequence, dict] | None = None,
) -> dict:
    """Evaluate a run and write `metrics.json`, then the report; the content of `metrics.json`.

    Args:
        folder: the run.
        source: what it was trained on; the baselines learn from its train side. None where it is no longer there.
        into: where to write; the run itself for its own test examples and settings.
        other: name and examples of other data to measure on, and what they share with the run's; None: its own test.
    """
    history, about, own = folder.history, folder.config, into == folder
    scored = into.metrics["test_scored"] if own and folder.finished else 0  # damaged files are found now
    name, test, shared = other or (source.name, source.splits.test, dict(source.shared))
    train = source.splits.train if source else []
    result = evaluation.evaluate(task, config, networks, encoder, train, test)
    measured = {
        "task": about["task"],
        "data": name,
        "cell": config.cell,
        "seed": config.seed,
        **result.measured(task.metric),
        "examples": {**{side: len(part) for side, part in (source.splits if source else ())}, "test": len(test)},
        "shared": shared,
        "inspection": files.read_json(folder.inspection_file) if own and folder.inspection_file.exists() else {},
        "test_scored": scored + 1,
        "parameters": networks.parameters,
        "epochs": len(history),
        "train_seconds": round(sum(row["seconds"] for row in history), 1),
        **{key: about[key] for key in ("versions", "code", "machine", "cores")},
        "data_sha256": about["data_sha256"],
        "settings": dataclasses.asdict(config),
    }
    files.write_json(into.metrics_file, measured)
    if own:
        runs.make_latest(folder)
    report.write(into, result, measured, history)
    return measured
