"""Read and check the files of a run folder, for all commands.

A run folder may come from an untrusted source. JSON is compared with the schemas below, field by field, and
`history.csv` row by row. Other content is checked elsewhere: the encoder's fields by `encoding.encoder`, weights by
`weights` and ONNX files by `onnx_check`.
"""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

from common import files
from common.errors import UserError, one_line
from common.runs.examples import Request

LARGEST_HISTORY = 16 << 20  # bytes
NUMBER_SCORE = (float, None)  # a score that is not a number is null
SCORES = {str: NUMBER_SCORE}

# A schema is a type (`float` accepts whole numbers too), None, a tuple of alternatives, `{str: kind}` for an object
# whose values all have one kind, `[kind]` for a list, or a dict that gives the kind of each required name.
CONFIG = {
    "task": str,
    "data": str,
    "request": {name: (int, None) if name == "fold" else (str, None) for name in Request.__dataclass_fields__},
    "data_sha256": str,
    "encoder_sha256": str,
    "quick": bool,
    "settings": {str: (str, float, bool)},
    "versions": {str: str},
    "code": str,
    "code_sha256": str,
    "machine": str,
    "cores": int,
    "workers": int,
}
NETWORKS = {
    "networks": [str],
    "parameters": int,
    "parity": {
        **dict.fromkeys(("largest_difference", "largest_tolerance"), float),
        **dict.fromkeys(("batches", "decisions", "undecided"), int),
    },
}
METRICS = {
    **dict.fromkeys(("task", "data", "cell", "metric", "baseline_name", "code", "machine", "data_sha256"), str),
    **dict.fromkeys(("seed", "test_scored", "parameters", "epochs", "cores"), int),
    **dict.fromkeys(("predict_seconds", "train_seconds"), float),
    **dict.fromkeys(("test", "baseline"), SCORES),
    **{name: {str: SCORES} for name in ("baselines", "mixtures")},
    "interval": {str: [NUMBER_SCORE]},
    "unknown_words": NUMBER_SCORE,
    "remarks": [str],
    "difference": dict.fromkeys(("difference", "low", "high", "better"), NUMBER_SCORE),
    "examples": {str: int},
    "shared": {str: int},
    **{name: {str: str} for name in ("signatures", "versions")},
    "settings": {str: (str, float, bool)},
}
HISTORY = ("epoch", "loss", "validation_loss", "seconds")  # required; a model's other metrics may follow
_NETWORK = re.compile(r"[A-Za-z0-9_]{1,64}")  # a network's name, which is also a file name


def config(path: Path) -> dict:
    """The content of `config.json`.

    Raises:
        UserError: if the file is damaged, or lacks something that every run writes.
    """
    return _checked(path, CONFIG)


def networks(path: Path) -> dict:
    """The content of `networks.json`.

    Raises:
        UserError: if the file is damaged, or a name could lead to another folder.
    """
    found = _checked(path, NETWORKS)
    if not found["networks"] or not all(map(_NETWORK.fullmatch, found["networks"])):
        raise UserError(f"{path}: networks must name the ONNX files. Train again.")
    return found


def metrics(path: Path) -> dict:
    """The content of `metrics.json`.

    Raises:
        UserError: if the file is damaged, or lacks something that every evaluation writes.
    """
    found = _checked(path, METRICS)
    others = (found["baseline"], *found["baselines"].values(), *found["mixtures"].values())  # may have other labels
    if not all(found["metric"] in scores for scores in (found["test"], *filter(None, others))):
        raise UserError(f"{path}: every model must have a score {one_line(found['metric'], 40)}. Train again.")
    if found["interval"].keys() != found["test"].keys() or any(len(ends) != 2 for ends in found["interval"].values()):
        raise UserError(f"{path}: interval must hold two ends for each score. Train again.")
    return found


def history(path: Path) -> list[dict[str, float]]:
    """The rows of `history.csv`, one per epoch of the training.

    Raises:
        UserError: if the file is missing or damaged.
    """
    try:
        text = files.read_bytes(path, LARGEST_HISTORY).decode("utf-8")
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(io.StringIO(text))]
    except (ValueError, TypeError, csv.Error) as error:  # TypeError: a row is shorter or longer than the header
        raise UserError(f"{path} is damaged ({one_line(error)}): train again.") from None
    check_history(rows, path)
    return rows


def check_history(rows: list[dict[str, float]], path: Path) -> None:
    """Raise a UserError unless the rows, read from the file at `path`, are all epochs of a training so far."""
    for number, row in enumerate(rows, 1):
        if not all(name in row for name in HISTORY):
            raise UserError(f"{path} is damaged (the columns {', '.join(HISTORY)} must be there): train again.")
        if row["epoch"] != number or not all(math.isfinite(row[name]) for name in HISTORY):
            raise UserError(f"{path} is damaged (epoch {number} is missing or holds no finite numbers): train again.")
    if not rows:
        raise UserError(f"{path} is damaged (it holds no epochs): train again.")


def _checked(path: Path, schema: dict) -> dict:
    found = files.read_json(path)
    for name, kind in schema.items():
        if not _fits(kind, found.get(name, ...)):
            value = one_line(repr(found[name]), 40) if name in found else "nothing"
            raise UserError(f"{path}: {name} must be {_described(kind)}, not {value}. Train again.")
    return found


def _fits(kind, value: object) -> bool:
    if isinstance(kind, tuple):
        return any(_fits(each, value) for each in kind)
    if isinstance(kind, list):
        return isinstance(value, list) and all(_fits(kind[0], each) for each in value)
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            return False
        if str in kind:
            return all(_fits(kind[str], each) for each in value.values())
        return value.keys() == kind.keys() and all(_fits(each, value[name]) for name, each in kind.items())
    if kind is None:
        return value is None
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _described(kind) -> str:
    """The schema in words: `a str`, `an object of request, fold`."""
    if isinstance(kind, tuple):
        return " or ".join(map(_described, kind))
    if isinstance(kind, list):
        return f"a list, each {_described(kind[0])}"
    if isinstance(kind, dict):
        return f"an object, each {_described(kind[str])}" if str in kind else f"an object with {', '.join(kind)}"
    return "null" if kind is None else {int: "an int"}.get(kind, f"a {kind.__name__}")
