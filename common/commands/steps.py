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
from common.runs.examples import Source
from common.runs.run import Run
from common.task import Task, TrainConfig


def load_source(task: Task, data: str | None, config: TrainConfig, quick: bool, console: Console) -> Source:
    """The examples; shows downloads. A quick run uses few of them."""
    with console_output.download_progress(console) as progress:
        source = examples.load(task, data, config.seed, progress)
    return examples.quick(source) if quick else source


def reload_source(task: Task, config: TrainConfig, folder: Run, console: Console) -> Source:
    """The examples a run was started with.

    Raises:
        UserError: if they have changed since.
    """
    source = load_source(task, folder.config["data"], config, folder.config["quick"], console)
    if source.sha256 != folder.config["data_sha256"]:
        raise UserError(f"{source.name} has changed since run {folder.path.name} was trained: train again.")
    return source


def measure(
    task: Task,
    config: TrainConfig,
    networks: Networks,
    encoder,
    folder: Run,
    source: Source,
    test: Sequence,
    data: str,
    into: Run,
) -> dict:
    """Evaluate a run and write `metrics.json` and the report; the content of `metrics.json`.

    Args:
        folder: the run.
        source: what it was trained on; the baselines learn from its train side.
        test, data: the examples to measure on, and what they are called.
        into: where to write; the run itself for its own test examples.
    """
    result = evaluation.evaluate(task, config, networks, encoder, source.splits.train, test)
    history = folder.history
    measured = {
        "task": folder.config["task"],
        "data": data,
        "cell": config.cell,
        "seed": config.seed,
        "metric": task.metric,
        **result.measured(task.metric),
        "examples": {**{side: len(part) for side, part in source.splits}, "test": len(test)},
        "parameters": networks.parameters,
        "epochs": len(history),
        "train_seconds": round(sum(row["seconds"] for row in history), 1),
        "versions": folder.config["versions"],
        "machine": folder.config["machine"],
        "data_sha256": source.sha256,
        "settings": dataclasses.asdict(config),
    }
    report.write(into, result, measured, history)
    files.write_json(into.metrics_file, measured)
    return measured
