"""Steps shared by several commands: load the examples that a run needs, and measure a model on test."""

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
from common.runs.examples import Request, Source
from common.runs.run import Run
from common.task import Task, TrainConfig


def load_source(task: Task, request: Request, config: TrainConfig, quick: bool, console: Console) -> Source:
    """Load the examples, showing the progress of downloads. A quick run uses few of them."""
    with console_output.download_progress(console) as progress:
        source = examples.load(task, request, config.seed, progress)
    return examples.quick(source) if quick else source


def reload_source(task: Task, config: TrainConfig, folder: Run, console: Console) -> Source:
    """The examples that a run was started with, in the same split.

    Args:
        config: the settings of the run in training: its seed drew the split.

    Raises:
        UserError: if the data have changed since.
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
    """Evaluate a run and write `metrics.json`, then the report; returns the content of `metrics.json`.

    Args:
        folder: the run.
        source: what it was trained on; the baselines learn from its train split. None if it no longer exists.
        into: where to write; the run itself for its own test examples and settings, once its training has ended.
        other: name and examples of other data to measure on, and what they share with the run's; None: its own test.
    """
    history, about, own = folder.history, folder.config, into == folder
    before = folder.metrics if other is None and folder.finished else None  # finds damaged files before evaluating
    scored = 1 + (before["test_scored"] if before else 0)
    name, test, shared = other or (source.name, source.splits.test, dict(source.shared))
    train = source.splits.train if source else []
    result = evaluation.evaluate(task, config, networks, encoder, train, test)
    measured = {
        "task": about["task"],
        "data": name,
        "cell": config.cell,
        "seed": config.seed,
        **result.measured(task.metric),
        "examples": {**{split: len(part) for split, part in (source.splits if source else ())}, "test": len(test)},
        "shared": shared,
        "inspection": files.read_json(folder.inspection_file) if own and folder.inspection_file.exists() else {},
        "test_scored": scored,
        "parameters": networks.parameters,
        "epochs": len(history),
        "train_seconds": round(sum(row["seconds"] for row in history), 1),
        **{key: about[key] for key in ("versions", "code", "machine", "cores")},
        "data_sha256": about["data_sha256"],
        "settings": dataclasses.asdict(config),
    }
    files.write_json(into.metrics_file, measured)
    if before and not own:  # with other settings, but on the same test examples
        files.write_json(folder.metrics_file, {**before, "test_scored": scored})
    report.write(into, result, measured, history)
    return measured
