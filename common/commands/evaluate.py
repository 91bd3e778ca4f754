"""`evaluate`: the full report of a run, from its folder and the data alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common.commands import console_output, steps
from common.datasets import fetching
from common.datasets.reading import Reading, reading
from common.datasets.splits import same_input
from common.errors import UserError
from common.runs import examples
from common.runs import run as runs
from common.runs.examples import Request, Source
from common.runs.run import Run
from common.task import Task, TrainConfig, change_prediction, load_task


def run(
    task_name: str | None, run_name: str | None, data: str | None, settings: dict, columns: str | None = None
) -> dict:
    """Measure a run on its own test examples, or on other data; prints the scores.

    Nothing is fitted or split again: settings, encoder, weights and splits are those of the run. An evaluation on its
    own test examples with its own settings rewrites its report and `metrics.json`. Any other evaluation gets a folder
    below the run, so that it never replaces the run's own scores; the run only counts how often its test was scored. So
    does every evaluation of a training that was stopped, which can still be resumed afterwards.

    Args:
        task_name: None for the task that was trained last.
        run_name: None for the latest.
        data: a named set (its test split is used) or a file with targets; None for the run's own.
        settings: changes to prediction settings, such as a beam width.
        columns: of that file, as in `reading.Reading`; None for those of the run.

    Returns:
        The content of `metrics.json`.

    Raises:
        UserError: if there is no such run, its data have changed, or a setting may not change after training.
    """
    console = console_output.console()
    if task_name is None:
        task_name = runs.last_trained()
        console.print(f"TASK={task_name}, which was trained last: {runs.find(task_name).path.name}", highlight=False)
    task = load_task(task_name)
    folder = runs.find(task_name, run_name)
    trained, encoder = runs.load_encoder(folder, task)
    config = change_prediction(trained, settings)
    networks = runs.load_networks(folder, task, config, encoder)
    source = _source(task, trained, folder, data, console)
    is_own = data is None or (source is not None and _is_own(source, data))
    with reading(Reading(columns or folder.request.columns, inherited=columns is None)):
        other = None if is_own else _other(task, trained, data, source, folder, console)
    rewrites = other is None and not settings and folder.finished
    into = folder if rewrites else Run(folder.path / "evaluations" / _name(data, other, settings))
    measured = steps.measure(task, config, networks, encoder, folder, source, into, other)
    console_output.scores(console, measured)
    console.print(f"The report is {console_output.relative(into.report_file)}", highlight=False)
    return measured


def _source(task: Task, config: TrainConfig, folder: Run, data: str | None, console: Console) -> Source | None:
    """What the run was trained on; None, with a printed note, if it is missing and other data are to be measured."""
    try:
        return steps.reload_source(task, config, folder, console)
    except UserError as error:
        if data is None:
            raise
        examples.check_known(task, data)
        console.print(f"{error} Only the model is measured here, and examples that it has seen are not left out.")
        return None


def _is_own(source: Source, data: str) -> bool:
    """Whether `data` is what the run was trained or tested on, by name, by path or by content."""
    if not source.is_file:
        return data == source.name
    path = Path(data).expanduser()
    if not path.exists():
        return False
    files = [Path(file) for file in (source.request.data, source.request.test) if file]
    sha256 = fetching.sha256_of_path(path)
    return path.resolve() in files or any(fetching.sha256_of_path(file) == sha256 for file in files)


def _other(
    task: Task, config: TrainConfig, data: str, source: Source | None, folder: Run, console: Console
) -> tuple[str, Sequence, dict]:
    """Name and examples of other data, and how many of them the run has seen.

    Examples of a user's file that are in train or validation are left out, for instance if the file has grown since the
    training. The test split of a declared set and running text stay complete, and what they share is counted.
    """
    if data in task.datasets:
        request = Request(data, fold=0 if task.datasets[data].folds else None)
        test = steps.load_source(task, request, config, folder.config["quick"], console).splits.test
        return data, test, _shared(source, test) if source else {}
    given = task.own_file.read(examples.own_file(task, data), True)
    if source is None:
        return data, given, {}
    if not isinstance(given, list):  # lines of running text naturally repeat
        return data, given, _shared(source, given)
    test = [example for example, seen in zip(given, zip(*_seen(source, given).values())) if not any(seen)]
    if not test:
        raise UserError(f"All {len(given):,} examples of {data} were seen in training: there is nothing to measure.")
    if len(test) < len(given):
        left_out = f"{len(given) - len(test):,} of {len(given):,}"
        console.print(f"{left_out} examples were seen in training and are left out", highlight=False)
    return data, test, {}


def _shared(source: Source, given: Sequence) -> dict[str, int]:
    """How many of the given examples are in train and in validation, as in `splits.shared`."""
    return {f"test in {split}": sum(seen) for split, seen in _seen(source, given).items()}


def _seen(source: Source, given: Sequence) -> dict[str, list[bool]]:
    """For train and validation, whether each given example is in it; memory grows only with the given examples."""
    keys = [same_input(example) for example in given]
    asked, found = set(keys), {}
    for split, part in (("train", source.splits.train), ("validation", source.splits.validation)):
        seen = {key for example in part if (key := same_input(example)) in asked}
        found[split] = [key in seen for key in keys]
    return found


def _name(data: str | None, other: tuple | None, settings: dict) -> str:
    """Name of the folder of an evaluation; files with the same name get different folders."""
    changed = "-".join(f"{key}={value}" for key, value in sorted(settings.items())).replace("/", "_")
    if other is None:
        parts = "test", changed
    else:
        path = Path(data).expanduser()
        digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8] if path.exists() else ""
        parts = path.stem, digest, changed
    return "-".join(part for part in parts if part)
