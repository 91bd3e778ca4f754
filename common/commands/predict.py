"""`predict`: what a trained run says of new inputs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence

from common.datasets.reading import Reading, reading
from common.errors import UserError
from common.runs import examples, inspection
from common.runs import run as runs
from common.task import Task, change_prediction, load_task


def run(
    task_name: str | None,
    text: str | None,
    file: str | None,
    run_name: str | None,
    settings: dict,
    as_json: bool,
    columns: str | None = None,
):
    """Print the prediction for each input: of `text`, a file, or standard input.

    Args:
        task_name: None for the task that was trained last.
        text: plain text, one input a line.
        file: path of a file in the task's own format; targets are not needed.
        settings: changes to settings that act after training, such as a temperature.
        as_json: one JSON object a line instead of text for a person.
        columns: of the file, as `reading.Reading` has them; None for those of the run.

    Raises:
        UserError: if there is no run, no input, or an input the task cannot read.
    """
    if task_name is None:
        task_name = runs.last_trained()
        print(f"TASK={task_name}, which was trained last", file=sys.stderr)
    task = load_task(task_name)
    folder = runs.find(task_name, run_name)
    config, encoder = runs.load_encoder(folder, task)
    config = change_prediction(config, settings, also=("seed",))
    if text is not None and file is not None:
        raise UserError("Give TEXT or INPUT, not both.")
    read = Reading(columns or folder.request.columns, inherited=columns is None)
    with reading(read):
        inputs = _read(task, text, file)
    for line in _remarks(read, encoder, inputs):
        print(line, file=sys.stderr)
    if not len(inputs):
        raise UserError(f"There is no input in {file or 'the text'}.")
    networks = runs.load_networks(folder, task, config, encoder)
    for example, prediction in zip(inputs, task.predict(config, networks, encoder, inputs)):
        if as_json:
            print(json.dumps({"input": str(example), **prediction}, ensure_ascii=False))
        else:
            print("\n".join(_readable(str(example), prediction)))


def _remarks(read: Reading, encoder, inputs: Sequence) -> Iterator[str]:
    """What a user should know about how the inputs were read."""
    for file, decisions in read.decisions.items():
        if said := [f"{what} {how}" for what, how in decisions.items() if what != "delimiter"]:
            yield f"{file}: {', '.join(said)}"
    if said := inspection.cut(encoder, inputs):
        yield said


def _read(task: Task, text: str | None, file: str | None) -> Sequence:
    if file is not None:
        return task.own_file.read(examples.own_file(task, file), False)
    if text is None:
        if sys.stdin.isatty():
            print("Type one input a line, then Ctrl-D:", file=sys.stderr)
        text = sys.stdin.read()
    if not text.strip():
        raise UserError("There is no input: the text is empty.")
    return list(task.own_file.parse(text))


def _readable(text: str, prediction: dict) -> list[str]:
    """Lines for a person: the answer, which every prediction gives first, then the input, numbers and words beside it.

    Lists beside the answer are left to JSON.
    """
    (name, answer), *others = prediction.items()
    details = {"input": text, **{name: value for name, value in others if not isinstance(value, list)}}
    return [*_answer(name, answer), *(f"  {name}: {_short(value)}" for name, value in details.items())]


def _answer(name: str, answer) -> list[str]:
    if not isinstance(answer, list):
        return [_short(answer)]
    if not all(isinstance(item, dict) for item in answer):
        return [" ".join(map(_short, answer))]
    return [_short(item) for item in answer] or [f"no {name}"]


def _short(value) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{key} {_short(item)}" for key, item in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
