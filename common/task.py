"""The contract every task keeps, and how tasks are found by their folders. Imports no TensorFlow.

A task imports from here all that the contract is made of: `Task`, `TrainConfig`, `OwnFile`, and, from the rooms they
live in, `Dataset`, `Reference`, `checksums` and `Splits`.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import folders
from common.datasets.declaration import Dataset, Reference, checksums
from common.datasets.splits import Splits
from common.errors import UserError, unknown

if TYPE_CHECKING:
    from common.encoding.encoder import Encoder
    from common.metrics.scores import Scores
    from common.prediction.networks import Networks

__all__ = [
    "SHAPES",
    "Dataset",
    "OwnFile",
    "Reference",
    "Splits",
    "Task",
    "TrainConfig",
    "change_config",
    "checksums",
    "load_task",
    "parse_settings",
    "task_names",
]

SHAPES = ("many-to-one", "many-to-many", "one-to-many", "encoder-decoder")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """The settings that every task has. A task adds its own in a subclass called `Config`."""

    cell: str = "simple_rnn"  # the recurrent layer: simple_rnn, gru or lstm
    seed: int = 0  # of weights, order of the batches, dropout and sampling
    epochs: int = 20  # passes over the training examples, at most
    batch_size: int = 64  # examples per step
    learning_rate: float = 1e-3
    patience: int = 3  # epochs without a lower validation loss after which training stops


@dataclasses.dataclass(frozen=True)
class OwnFile:
    """How a task reads a file of the user's.

    Attributes:
        format: the accepted formats in one line, for help and for error messages.
        read: `(path, labelled) -> sequence of examples`. With `labelled` true the targets must be there; otherwise
            the file holds inputs alone (plain text: one input a line) and the examples' targets are None.
        split: `(examples, seed) -> Splits`, for a file that comes without a split of its own.
    """

    format: str
    read: Callable[[Path, bool], Sequence]
    split: Callable[[Sequence, int], Splits]


@dataclasses.dataclass(frozen=True)
class Task:
    """Everything a task is. One instance, called `TASK`, ends every `tasks/<name>/task.py`.

    An example is a frozen dataclass of the task's own: `len(example)` is its length in timesteps as a user counts
    them, `str(example)` its input as a user writes it; its target is None where it is not known.
    A prediction is a plain dict that JSON can hold.
    """

    shape: str  # one of SHAPES
    config: TrainConfig  # the defaults
    datasets: Mapping[str, Dataset]  # the first is the default and needs no network
    own_file: OwnFile
    encoder: type[Encoder]  # Encoder.fit(config, train_examples) sees nothing but train
    build_model: Callable[[Any, Any], Any]  # (config, encoder) -> compiled keras.Model
    predict: Callable[
        [Any, Networks, Any, Sequence], list[dict]
    ]  # (config, networks, encoder, examples) -> predictions
    baseline: Callable[[Any, Sequence, Sequence], dict]  # (config, train, examples) -> {name: predictions}
    score: Callable[[Sequence, Sequence[dict]], Scores]  # (examples, predictions) -> scores, for model and baseline
    metric: str  # the one number that counts; its name says which way is better (metrics.scores.lower_is_better)

    def __post_init__(self):
        if self.shape not in SHAPES:
            raise ValueError(f"shape must be one of {SHAPES}, not {self.shape!r}")

    def settings_for(self, data: str) -> dict[str, str]:
        """What the declared set of that name changes in the defaults, for `change_config`."""
        return parse_settings(self.datasets[data].settings)


def task_names() -> list[str]:
    """Names of all tasks: the folders below `tasks/` that hold a `task.py`, sorted."""
    return sorted(path.parent.name for path in folders.TASKS_FOLDER.glob("*/task.py"))


def load_task(name: str) -> Task:
    """The task of that name.

    Raises:
        UserError: if there is no such folder; names the nearest one and lists the rest.
    """
    names = task_names()
    if name not in names:
        raise UserError(unknown("task", name, names))
    return importlib.import_module(f"tasks.{name}.task").TASK


def parse_settings(text: str) -> dict[str, str]:
    """Names and values of settings written as `name=value name=value`.

    Raises:
        UserError: for a part without an equals sign.
    """
    settings = {}
    for pair in text.split():
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"Settings are NAME=VALUE, separated by spaces, not {pair!r}.")
        settings[name] = value
    return settings


def change_config(config: TrainConfig, settings: Mapping[str, object]) -> TrainConfig:
    """`config` with some settings changed; text is converted to the type of the default.

    No setting is below 0, none whose default is a whole number from 1 on is 0, and no dropout hides everything.

    Args:
        settings: name to value; a value may be text as typed on the command line (`"3"`, `"false"`, `"lstm"`).

    Raises:
        UserError: for an unknown name, or a value of the wrong type or out of range.
    """
    defaults = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    changed = {}
    for name, value in settings.items():
        if name not in defaults:
            raise UserError(unknown("setting", name, list(defaults)))
        changed[name] = _in_range(name, _convert(name, value, type(defaults[name])), defaults[name])
    return dataclasses.replace(config, **changed)


def _in_range(name: str, value: object, default: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        least = 1 if isinstance(default, int) and default else 0
        if not least <= value < math.inf:
            raise UserError(f"Setting {name} must be at least {least}, not {value}.")
        if name.endswith("dropout") and value >= 1:
            raise UserError(f"Setting {name} must be below 1, not {value}.")
    return value


def _convert(name: str, value: object, kind: type) -> object:
    if kind is bool and isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    if kind is bool and isinstance(value, bool):
        return value
    if kind is not bool and not isinstance(value, bool):
        try:
            converted = kind(value)
        except (TypeError, ValueError):
            converted = None
        if converted is not None and not (kind is int and isinstance(value, float) and value != converted):
            return converted
    raise UserError(f"Setting {name} must be a {kind.__name__}, not {value!r}.")
