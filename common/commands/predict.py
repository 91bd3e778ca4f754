"""`predict`: the predictions of a trained run for new inputs."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Sequence

from common.datasets.reading import Reading, reading
from common.errors import UserError
from common.insight import occlusion
from common.insight.composition import Composition
from common.runs import examples, inspection
from common.runs import run as runs
from common.task import Task, change_prediction, load_task

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # terminal control characters; tabs and line ends are kept

STRONGEST = 8  # steps whose share is shown


def run(
    task_name: str | None,
    text: str | None,
    file: str | None,
    run_name: str | None,
    settings: dict,
    as_json: bool,
    explain: bool = False,
    columns: str | None = None,
):
    """Print the prediction for each input of `text`, a file or standard input.

    Args:
        task_name: None for the task that was trained last.
        text: plain text, one input per line.
        file: path of a file in the task's own format; targets are not needed.
        settings: changes to prediction settings, such as a temperature.
        as_json: one JSON object per line instead of readable text.
        explain: whether to show how much each step of the input contributes to the answer.
        columns: of the file, as in `reading.Reading`; None for those of the run.

    Raises:
        UserError: if there is no run, no input, or an input that the task cannot read.
    """
    if task_name is None:
        task_name = runs.last_trained()
        print(f"TASK={task_name}, which was trained last", file=sys.stderr)
    task = load_task(task_name)
    folder = runs.find(task_name, run_name)
    config, encoder = runs.load_encoder(folder, task)
    config = change_prediction(config, settings, also=("seed",))
    given = Reading(columns or folder.request.columns, inherited=columns is None)
    with reading(given):
        inputs = read(task, text, file)
    for line in _remarks(given, encoder, inputs):
        print(line, file=sys.stderr)
    if not len(inputs):
        raise UserError(f"There is no input in {file or 'the text'}.")
    networks = runs.load_networks(folder, task, config, encoder)
    for example, prediction in zip(inputs, task.predict(config, networks, encoder, inputs)):
        if not _is_finite(prediction):
            raise UserError(
                f"Run {folder.path.name} predicts values that are not numbers: its networks are damaged, train again."
            )
        explanation = occlusion.explain(Composition(networks, encoder), example) if explain else None
        if as_json:
            explained = {"explanation": explanation.to_json()} if explanation else {}
            print(json.dumps({"input": str(example), **prediction, **explained}, ensure_ascii=False))
        else:
            print("\n".join(_readable(str(example), prediction)))
            if explanation:
                _show(explanation)


def _remarks(read: Reading, encoder, inputs: Sequence) -> Iterator[str]:
    """What a user should know about how the inputs were read."""
    for file, decisions in read.decisions.items():
        if said := [f"{what} {how}" for what, how in decisions.items() if what not in ("delimiter", "groups")]:
            yield f"{file}: {', '.join(said)}"
    if said := inspection.cut(encoder, inputs):
        yield said


def read(task: Task, text: str | None, file: str | None) -> Sequence:
    """The examples of a text or a file, without targets; of standard input if neither is given.

    Raises:
        UserError: if both are given, or the input is empty or cannot be read by the task.
    """
    if text is not None and file is not None:
        raise UserError("Give TEXT or INPUT, not both.")
    if file is not None:
        return task.own_file.read(examples.own_file(task, file), False)
    if text is None:
        if sys.stdin.isatty():
            print("Type one input per line, then Ctrl-D:", file=sys.stderr)
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")  # readers name the line that is not UTF-8
    if not text.strip():
        raise UserError("There is no input: the text is empty.")
    return list(task.own_file.parse(text))


def _is_finite(value) -> bool:
    if isinstance(value, (dict, list)):
        return all(map(_is_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def answer(prediction: dict) -> str:
    """The answer of a prediction in one line."""
    return ", ".join(_answer(*next(iter(prediction.items()))))


def _readable(text: str, prediction: dict) -> list[str]:
    """Readable lines: the answer, which is the first item of every prediction, then the input, other numbers and words.

    Lists other than the answer are shown only in JSON.
    """
    (name, first), *others = prediction.items()
    details = {"input": text, **{name: value for name, value in others if not isinstance(value, list)}}
    return [*_answer(name, first), *(f"  {name}: {_short(value)}" for name, value in details.items())]


def _answer(name: str, answer) -> list[str]:
    if not isinstance(answer, list):
        return [_short(answer)]
    if not all(isinstance(item, dict) for item in answer):
        return [" ".join(map(_short, answer))]
    return [_short(item) for item in answer] or [f"no {name}"]


def _show(explanation: occlusion.Explanation) -> None:
    """Print the steps that change the answer most; on a terminal also the whole input in colours."""
    from common.commands import console_output

    console = console_output.console()
    names, share = explanation.names, explanation.share
    if console.is_terminal:
        console.print(console_output.coloured(names, share))
    largest = sorted(range(len(names)), key=lambda step: -abs(share[step]))[:STRONGEST]
    told = (f"{names[step].strip() or repr(names[step])} {share[step]:+.1%}" for step in largest if share[step])
    console.print(
        "  share of the answer:", ", ".join(told) or "no step alone changes it", highlight=False, soft_wrap=True
    )


def _short(value) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{key} {_short(item)}" for key, item in value.items())
    return f"{value:.4g}" if isinstance(value, float) else _CONTROL.sub("?", str(value))
