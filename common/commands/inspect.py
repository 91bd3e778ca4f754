"""`inspect`: explain what the network of a trained run computes for one example, as pages with plots."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from common import backend, files, folders
from common.commands import console_output, predict, steps
from common.datasets.reading import Reading, reading
from common.errors import UserError, one_line
from common.insight import reference
from common.runs import run as runs
from common.runs.run import Run
from common.task import Task, change_config, load_task

if TYPE_CHECKING:
    import keras

LONGEST_ANSWER = 300  # maximum number of characters of the answer on a page


def run(task_name: str | None, run_name: str | None, text: str | None, file: str | None) -> list:
    """Write `inspect/inspect.md` and `inspect/inspect.html` below the run; prints their paths.

    The network is compared with an untrained one of each cell, and with the latest runs of the other cells with the
    same code on the same data. The page names the cells without such a run.

    Args:
        task_name: None for the task that was trained last.
        run_name: None for the latest.
        text, file: the first input in them is inspected; without either, an example of the test set.

    Returns:
        The paths of the two pages.

    Raises:
        UserError: if there is no run, no input that the task can read, or no test example of a length that is studied.
    """
    console = console_output.console()
    task_name = task_name or runs.last_trained()
    task, folder = load_task(task_name), runs.find(task_name, run_name)
    config, encoder = runs.load_encoder(folder, task)
    source = steps.reload_source(task, config, folder, console)
    with reading(Reading(folder.request.columns, inherited=True)):
        example = _example(task, text, file, source.splits.test)
    backend.load()
    import keras
    import tensorflow as tf

    from common.insight.study import Subject, study
    from common.prediction import keras_networks
    from common.reporting import inspection

    tf.get_logger().setLevel("ERROR")  # suppresses warnings of functions traced for several lengths
    model = runs.load_model(folder, task, config, encoder)
    untrained = {}
    for cell in reference.CELLS:
        keras.utils.set_random_seed(config.seed)
        untrained[cell] = task.build_model(change_config(config, {"cell": cell}), encoder)
    others, notes = _others(task, folder)
    notes += _missing(folder, {config.cell, *others})
    prediction = task.predict(config, keras_networks.of_model(model), encoder, [example])[0]
    result = study(Subject(model, untrained, others, config.cell, encoder, source.splits.test), example)
    title = f"{task_name}, {folder.path.name}"
    answer = one_line(predict.answer(prediction), LONGEST_ANSWER)
    pages = inspection.write(folder.path / "inspect", title, str(example), answer, result, notes)
    for path in pages:
        console.print(str(console_output.relative(path)), highlight=False)
    return pages


def _example(task: Task, text: str | None, file: str | None, test: Sequence):
    """The first input that was given, or the test example of median length."""
    if text is None and file is None:
        return sorted(test[:50], key=len)[len(test[:50]) // 2]
    inputs = predict.read(task, text, file)
    if not len(inputs):
        raise UserError(f"There is no input in {file or 'the text'}.")
    if not len(inputs[0]):
        raise UserError(
            f"The input {one_line(repr(str(inputs[0])), 60)} has no timesteps: there is nothing to inspect."
        )
    return inputs[0]


def _others(task: Task, own: Run) -> tuple[dict[str, keras.Model], list[str]]:
    """The models of other cells with which a run is compared.

    Returns:
        Other cell -> the model of the latest finished run with this cell, the same code, the same data and the same
        encoder; and a sentence for each run that is damaged.
    """
    others, notes = {}, []
    about, own_encoder = own.config, files.read_json(own.encoder_file)
    finished = {path.parent.resolve() for path in (folders.RUNS_FOLDER / about["task"]).glob("*/metrics.json")}
    for other in map(Run, sorted(finished - {own.path}, reverse=True)):
        try:
            if not _comparable(about, other) or files.read_json(other.encoder_file) != own_encoder:
                continue
            config, encoder = runs.load_encoder(other, task)
            if config.cell not in (about["settings"]["cell"], *others):
                others[config.cell] = runs.load_model(other, task, config, encoder)
        except UserError as error:
            notes.append(f"Run {other.path.name} is damaged and left out: {error}")
    return others, notes


def _comparable(about: Mapping, other: Run) -> bool:
    """Whether a run has the code and the data of another one, whose `config.json` is given."""
    if not other.has_code(about["code_sha256"]):
        return False
    config = other.config
    return all(config[name] == about[name] for name in ("data_sha256", "quick"))


def _missing(own: Run, cells: Collection[str]) -> list[str]:
    """The commands that train the cells which are not among `cells`, as a sentence."""
    given = {name.upper(): value for name, value in dataclasses.asdict(own.request).items() if value is not None}
    options = {"TASK": own.config["task"], **given, **({"QUICK": 1} if own.config["quick"] else {})}
    command = " ".join(["make train", *(f"{name}={shlex.quote(str(value))}" for name, value in options.items())])
    missing = [f"{command} CELL={cell}" for cell in reference.CELLS if cell not in cells]
    if not missing:
        return []
    return [f"Other cells that were trained with the same data and settings are shown too: {'; '.join(missing)}."]
