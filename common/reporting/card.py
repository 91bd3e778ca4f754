"""The README of an exported model: a model card with its data, scores and limits."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from common.reporting import report, tables
from common.runs.run import Run
from common.task import Task

USE = """\
    pip install -r requirements.txt
    python predict.py "a text"          # one input per line; without it, lines of standard input
    python predict.py --file inputs     # prints one JSON object per line"""


def text(task: Task, run: Run, measured: dict, about: dict, needed: Mapping[str, str]) -> str:
    """The model card in Markdown, from what the run measured.

    Args:
        measured: the content of the run's `metrics.json`.
        about: the content of its `networks.json`.
        needed: name and version of each package that predictions need.
    """
    name, number = measured["task"], len(about["networks"])
    summary = inspect.cleandoc(inspect.getmodule(task.predict).__doc__ or "")
    sizes = ", ".join(f"{count:,} for {split}" for split, count in measured["examples"].items())
    training = f"{measured['epochs']} epochs in {measured['train_seconds']:.0f} s, seed {measured['seed']}"
    versions = {**measured["versions"], "code": measured["code"]}
    predicting = {f"{package}, to predict": version for package, version in needed.items()}
    made_with = [["what", "version"], *(list(row) for row in {**versions, **predicting}.items())]
    paragraphs = [
        f"# {name.replace('_', ' ')} by {measured['cell']}",
        summary,
        f"{task.shape}; {measured['parameters']:,} parameters, ONNX files: {number}.",
        "## Use",
        USE,
        f"A file contains {task.own_file.format}; for prediction, its targets may be missing.",
        f"`{name}/` is the source that predictions need, `encoder.*` the fitted encoder, `model.json` the settings.",
        "## Data",
        _data(task, run, measured["data"]),
        f"Examples: {sizes}.",
        "## Scores",
        "\n".join(report.score_table(measured)),
        report.verdict(measured),
        f"Measured on test. {training}. The scores say nothing about other data.",
        "## Limits",
        "\n".join(f"- {line}" for line in _limits(measured, about["parity"])),
        "## Made with",
        "\n".join(tables.markdown(made_with)),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _data(task: Task, run: Run, data: str) -> str:
    if data not in task.datasets:
        return "A private file, which is not included: ask the author for its licence before you pass the model on."
    declared = task.datasets[data]
    quick = " Only a few hundred of its examples were used: this was a quick trial run." if run.config["quick"] else ""
    return f"{declared.title} ({declared.home}). Licence of the data: {declared.licence}.{quick}"


def _limits(measured: dict, parity: dict) -> list[str]:
    difference, decisions = parity["largest_difference"], parity["decisions"]
    lines = [
        "It learned only from its training data. Data with other words, from other times or sources was not measured.",
        f"On held-out rows ONNX Runtime and Keras differ by {difference:.1g} at most; {decisions} decisions are equal.",
        "An empty batch ends the process inside ONNX Runtime. `predict.py` refuses it; so must other callers.",
    ]
    low, high = measured["difference"]["low"], measured["difference"]["high"]
    if None in (low, high) or low <= 0 <= high:
        lines.append(f"It was not shown to be better than its baseline, {measured['baseline_name']}.")
    return lines
