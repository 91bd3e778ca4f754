"""The examples a command asks for: a declared data set by name, or a file of the user's by path."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from common.datasets import declaration, fetching
from common.datasets.splits import Splits
from common.errors import UserError, unknown
from common.task import Task

QUICK = {"train": 400, "validation": 100, "test": 100}  # examples of a quick run


@dataclasses.dataclass(frozen=True)
class Source:
    """Where examples come from, and the examples.

    Attributes:
        name: of the declared data set, or the path as typed.
        sha256: of the declared files, of the user's file, or of the examples an embedded set makes.
        settings: what the data set changes in the task's config.
    """

    name: str
    title: str
    licence: str
    home: str
    sha256: str
    splits: Splits
    settings: Mapping[str, object]
    is_file: bool = False


def load(task: Task, name: str | None, seed: int, progress=None) -> Source:
    """The splits of a data set of the task's (None: its first), or of a file.

    Args:
        name: of a declared data set, or a path.
        seed: draws the split of a file that has none of its own.
        progress: `(file, bytes done, bytes in all)`, called while files are downloaded.

    Raises:
        UserError: if `name` is neither, the download fails, or the file cannot be read.
    """
    name = name or next(iter(task.datasets))
    if name in task.datasets:
        dataset = task.datasets[name]
        splits = dataset.load(fetching.fetch(name, dataset, progress=progress))
        sha256 = declaration.sha256_of(dataset) if dataset.files else _sha256_of_examples(splits)
        return Source(name, dataset.title, dataset.licence, dataset.home, sha256, splits, task.settings_for(name))
    path = own_file(task, name)
    splits = task.own_file.split(task.own_file.read(path, True), seed)
    for side, examples in splits:
        if not len(examples):
            raise UserError(f"{name} has too few examples: none is left for {side}.")
    return Source(name, path.name, "your own file", str(path), fetching.sha256_of_file(path), splits, {}, is_file=True)


def own_file(task: Task, name: str) -> Path:
    """The path, if it names a file."""
    path = Path(name).expanduser()
    if not path.is_file():
        known = unknown("data set or file", name, list(task.datasets))
        raise UserError(f"{known}; or the path of a file: {task.own_file.format}")
    return path.resolve()


def quick(source: Source) -> Source:
    """The same source with a few hundred examples."""
    few = {side: list(islice(examples, QUICK[side])) for side, examples in source.splits}
    return dataclasses.replace(source, splits=Splits(**few))


def _sha256_of_examples(splits: Splits) -> str:
    digest = hashlib.sha256()
    for side, examples in splits:
        digest.update(f"{side} {len(examples)}\n".encode())
        for example in examples:
            digest.update(repr(example).encode() + b"\n")
    return digest.hexdigest()


def fields(example) -> dict[str, str]:
    """Field name to shortened text, to show one example to a person."""
    values = {field.name: str(getattr(example, field.name)) for field in dataclasses.fields(example)}
    return {name: value if len(value) <= 160 else value[:157] + "..." for name, value in values.items()}
