"""The contract of every task, and the discovery of tasks by their folders. Imports no TensorFlow.

A task imports all parts of the contract from here: `Task`, `TrainConfig`, `OwnFile`, and, from the packages that define
them, `Dataset`, `Reference`, `checksums` and `Splits`.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from common import folders
from common.datasets.declaration import Dataset, Reference, checksums
from common.datasets.lines import Text
from common.datasets.splits import Splits
from common.errors import UserError, one_line, unknown

if TYPE_CHECKING:
    import keras

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
    "change_prediction",
    "checksums",
    "load_task",
    "may_be_zero",
    "parse_settings",
    "prediction_setting",
    "task_names",
]

LARGEST = 2**32 - 1  # largest whole number of a setting: NumPy's generators take no larger seed
SHAPES = ("many-to-one", "many-to-many", "one-to-many", "encoder-decoder")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """The settings that all tasks have. A task adds its own in a subclass called `Config`."""

    cell: str = "simple_rnn"  # the recurrent layer: simple_rnn, gru or lstm
    seed: int = 0  # for weights, order of the batches, dropout and sampling
    epochs: int = 20  # maximum number of passes over the training examples
    batch_size: int = 64  # examples per step
    learning_rate: float = 1e-3
    patience: int = 3  # epochs without a lower validation loss after which training stops
    embeddings: str = "none"  # path of word vectors that initialise the word embedding
    class_weight: str = "none"  # balanced: each class has the same total weight in the loss, however rare it is


@dataclasses.dataclass(frozen=True)
class OwnFile:
    """How a task reads a user's file.

    Attributes:
        format: the accepted formats in one line, for help and for error messages.
        read: `(path, labelled) -> sequence of examples`. With `labelled` true, targets are required; otherwise the file
            contains only inputs (plain text: one input per line) and the examples' targets are None. Instead of a path
            it may get a `lines.Text`, a text that is not in a file; the readers of `common.datasets` accept both.
        split: `(examples, seed) -> Splits`, for a file that comes without a split of its own.
        folders: whether a path may name a folder, such as one of pictures with a table.
        parallel: whether it may name two files that correspond line by line: `read` gets a `lines.Parallel`.
    """

    format: str
    read: Callable[[Path | Text, bool], Sequence]
    split: Callable[[Sequence, int], Splits]
    folders: bool = False
    parallel: bool = False

    def parse(self, text: str) -> Sequence:
        """The inputs in a text that was typed or sent; no file is written."""
        return self.read(Text(text), False)


ConfigT = TypeVar("ConfigT", bound=TrainConfig)
EncoderT = TypeVar("EncoderT", bound="Encoder")
ExampleT = TypeVar("ExampleT")


@dataclasses.dataclass(frozen=True)
class Task(Generic[ConfigT, EncoderT, ExampleT]):
    """The complete definition of a task. Every `tasks/<name>/task.py` ends with one instance, called `TASK`.

    An example is a frozen dataclass that the task defines: `len(example)` is its length in timesteps as a user counts
    them, `str(example)` its input as a user writes it; its target is None if unknown. An optional attribute `group`
    names the document, speaker, subject or drive that it belongs to: "" if it is independent. Another, `content`, is a
    checksum of the input, for examples whose text is only the name of a file.
    A prediction is a plain dict that JSON can hold.
    """

    shape: str  # one of SHAPES
    config: ConfigT  # the defaults
    datasets: Mapping[str, Dataset]  # the first is the default and needs no network
    own_file: OwnFile
    encoder: type[EncoderT]  # Encoder.fit(config, train_examples) sees nothing but train
    build_model: Callable[[ConfigT, EncoderT], keras.Model]  # (config, encoder) -> a compiled model
    predict: Callable[[ConfigT, Networks, EncoderT, Sequence[ExampleT]], list[dict]]
    baseline: Callable[[ConfigT, Sequence[ExampleT], Sequence[ExampleT]], dict[str, list[dict]]]
    # (config, train, examples) -> name of each baseline: its predictions
    score: Callable[[Sequence[ExampleT], Sequence[dict]], Scores]  # (examples, predictions), for model and baselines
    metric: str  # the main score; its name says which direction is better (metrics.scores.lower_is_better)

    def __post_init__(self):
        if self.shape not in SHAPES:
            raise ValueError(f"shape must be one of {SHAPES}, not {self.shape!r}")

    def config_for(self, data: str | None, settings: Mapping[str, object]) -> ConfigT:
        """The settings of a training: the defaults, changed by what the data set declares, then by `settings`.

        Args:
            data: a declared set; None: the first; the path of a user's file changes nothing.
            settings: as for `change_config`.
        """
        config = change_config(self.config, settings)
        data = data or next(iter(self.datasets))
        if data not in self.datasets:
            return config
        declared = self.datasets[data]
        for_cell = parse_settings(declared.cell_settings.get(config.cell, ""))
        return change_config(self.config, {**parse_settings(declared.settings), **for_cell, **settings})


def task_names() -> list[str]:
    """Names of all tasks: the folders below `tasks/` that hold a `task.py`, sorted."""
    return sorted(path.parent.name for path in folders.TASKS_FOLDER.glob("*/task.py"))


def load_task(name: str) -> Task:
    """The task with this name.

    Raises:
        UserError: if there is no such folder; suggests the nearest name and lists all.
    """
    names = task_names()
    if name not in names:
        raise UserError(unknown("task", name, names))
    return importlib.import_module(f"tasks.{name}.task").TASK


def prediction_setting(default):
    """A field of `Config` that matters only after training, such as a beam width, so a trained run may change it."""
    return dataclasses.field(default=default, metadata={"prediction": True})


def may_be_zero(default: int):
    """A whole number of `Config` that turns something off when it is 0; other positive defaults must stay positive."""
    return dataclasses.field(default=default, metadata={"least": 0})


def change_prediction(config: TrainConfig, settings: Mapping[str, object], also: Sequence[str] = ()) -> TrainConfig:
    """`config` with some of its prediction settings changed.

    Args:
        also: names of other settings that may be changed.

    Raises:
        UserError: for a setting that determined the data, the encoding or the weights of the run.
    """
    changed = change_config(config, settings)
    acting = [field.name for field in dataclasses.fields(config) if field.metadata.get("prediction")]
    for name in settings:
        if name not in (*acting, *also):
            free = f"Only {', '.join(acting)} can be changed." if acting else "This task has none that can be changed."
            raise UserError(f"Setting {name} shaped this run: to change it, train again with SET={name}=... {free}")
    return changed


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

    Settings are at least 0, or at least 1 if the default is a positive whole number that is not declared with
    `may_be_zero`; a dropout is below 1.

    Args:
        settings: name to value; a value may be text as typed on the command line (`"3"`, `"false"`, `"lstm"`).

    Raises:
        UserError: for an unknown name, or a value of the wrong type or out of range.
    """
    fields = {field.name: field for field in dataclasses.fields(config)}
    changed = {}
    for name, value in settings.items():
        if name not in fields:
            raise UserError(unknown("setting", name, list(fields)))
        default = getattr(config, name)
        positive = isinstance(default, int) and default > 0
        least = fields[name].metadata.get("least", 1 if positive else 0)
        changed[name] = _in_range(name, _convert(name, value, type(default)), default, least)
    return dataclasses.replace(config, **changed)


def _in_range(name: str, value: object, default: object, least: int) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not least <= value < math.inf:
            raise UserError(f"Setting {name} must be at least {least}, not {value}.")
        if isinstance(default, int) and value > LARGEST:
            raise UserError(f"Setting {name} must be at most {LARGEST}, not {one_line(value, 40)}.")
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
        except (TypeError, ValueError, OverflowError):
            converted = None
        if converted is not None and not (kind is int and isinstance(value, float) and value != converted):
            return converted
    raise UserError(f"Setting {name} must be a {kind.__name__}, not {one_line(repr(value), 60)}.")
