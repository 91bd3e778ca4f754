"""Load the examples that a command asks for: a declared data set by name, or the user's files by path."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.datasets import declaration, fetching
from common.datasets.lines import Parallel
from common.datasets.reading import Reading, reading
from common.datasets.splits import Splits, shared
from common.errors import UserError, unknown
from common.task import Task

QUICK = {"train": 400, "validation": 100, "test": 100}  # examples of a quick run


@dataclasses.dataclass(frozen=True)
class Request:
    """How a user chose the data of a run. The run stores it, so that evaluation reads the same splits.

    Attributes:
        data: name of a declared set, or path of a file or folder; None: the task's first set.
        validation, test: paths of files for the user's own split; None: split off from `data`.
        fold: of a set with cross-validation, counted from 0.
        columns: of the files, as in `reading.Reading`.
    """

    data: str | None = None
    validation: str | None = None
    test: str | None = None
    fold: int | None = None
    columns: str | None = None


@dataclasses.dataclass(frozen=True)
class Source:
    """Where examples come from, and the examples.

    Attributes:
        name: of the declared data set, or the path as typed.
        request: with absolute paths, as a run stores it.
        sha256: of the declared files, of the user's files, or of the examples of an embedded set.
        shared: how many examples of one split also occur in another, from `splits.shared`.
        seed: that drew the split; None if the split is not random.
        read: decisions and warnings of the readers.
    """

    name: str
    request: Request
    title: str
    licence: str
    home: str
    sha256: str
    splits: Splits
    is_file: bool = False
    shared: Mapping[str, int] = dataclasses.field(default_factory=dict)
    seed: int | None = None
    read: Reading = dataclasses.field(default_factory=Reading)


def load(task: Task, request: Request, seed: int, progress=None, read: Reading | None = None) -> Source:
    """The splits of one of the task's data sets, or of files.

    Args:
        seed: draws the split of a file that comes without one.
        progress: `(file, bytes done, bytes in total)`, called while files are downloaded.
        read: collects what the readers report; None for a new one, with the columns of the request.

    Raises:
        UserError: if the name is neither a set nor a file, the download fails, or a file cannot be read.
    """
    name = request.data or next(iter(task.datasets))
    with reading(read or Reading(request.columns)) as read:
        source = _declared(task, name, request, progress) if name in task.datasets else _own(task, name, request, seed)
    if source.is_file:
        source = dataclasses.replace(source, read=read)
    return _with_splits(source, source.splits)


def _declared(task: Task, name: str, request: Request, progress) -> Source:
    dataset = task.datasets[name]
    if request.columns:
        raise UserError(f"COLUMNS belongs to a file of your own, not to the set {name}.")
    if request.validation or request.test:
        raise UserError(f"VALIDATION and TEST belong to a file of your own: the set {name} has its own split.")
    if not dataset.folds and request.fold is not None:
        raise UserError(f"The set {name} has one split: leave FOLD out.")
    fold = request.fold or 0
    if dataset.folds and not 0 <= fold < dataset.folds:
        raise UserError(f"FOLD must be 0 to {dataset.folds - 1} for the set {name}, not {fold}.")
    folder = fetching.fetch(name, dataset, progress=progress)
    splits = dataset.load(folder, fold) if dataset.folds else dataset.load(folder)
    sha256 = declaration.sha256_of(dataset) if dataset.files else _sha256_of_examples(splits)
    request = Request(name, fold=fold if dataset.folds else None)
    return Source(name, request, dataset.title, dataset.licence, dataset.home, sha256, splits)


def _own(task: Task, name: str, request: Request, seed: int) -> Source:
    if request.fold is not None:
        raise UserError("FOLD belongs to a declared set with cross-validation, not to a file of your own.")
    paths = {"data": own_file(task, name)}
    for split in ("validation", "test"):
        if given := getattr(request, split):
            paths[split] = own_file(task, given)
    parts = {split: task.own_file.read(path, True) for split, path in paths.items()}
    splits = _split(task, parts, seed)
    for split, part in splits:
        if not len(part):
            raise UserError(f"{name} has too few examples: none is left for {split}.")
    digest = hashlib.sha256("".join(sha256_of_own(path) for path in paths.values()).encode())
    sha256 = sha256_of_own(paths["data"]) if len(paths) == 1 else digest.hexdigest()
    request = Request(**{split: str(path) for split, path in paths.items()}, columns=request.columns)
    home = ", ".join(map(str, paths.values()))
    drawn = seed if len(parts) < 3 and isinstance(parts["data"], list) else None
    title = paths["data"].name
    return Source(name, request, title, "your own file", home, sha256, splits, is_file=True, seed=drawn)


def _split(task: Task, parts: Mapping[str, Sequence], seed: int) -> Splits:
    """The user's own split; validation or test without a file is split off from the training file."""
    if len(parts) == 3:
        return Splits(parts["data"], parts["validation"], parts["test"])
    made = task.own_file.split(parts["data"], seed)
    if "test" in parts:
        return Splits(made.train, made.validation + made.test, parts["test"])
    if "validation" in parts:
        return Splits(made.train + made.validation, parts["validation"], made.test)
    return made


def own_file(task: Task, name: str) -> Path | Parallel:
    """The path, if it names a file, a folder where the task reads folders, or two parallel files, `train.en,train.fr`.

    Raises:
        UserError: if it does not; lists the data sets.
    """
    path = Path(name).expanduser()
    if "," in name and not path.exists() and task.own_file.parallel:
        return Parallel(*(own_file(task, part.strip()) for part in name.split(",", 1)))
    if path.is_dir() and not task.own_file.folders:
        raise UserError(f"{name} is a folder: name a file. This task reads {task.own_file.format}.")
    if not path.is_file() and not path.is_dir():
        known = unknown("data set or file", name, list(task.datasets))
        raise UserError(f"{known}; or the path of a file: {task.own_file.format}")
    return path.resolve()


def check_known(task: Task, name: str) -> None:
    """Raise a UserError if the name is neither a data set nor a file."""
    if name not in task.datasets:
        own_file(task, name)


def sha256_of_own(path: Path | Parallel) -> str:
    """One checksum of what `own_file` returns."""
    if isinstance(path, Parallel):
        both = fetching.sha256_of_path(path.source) + fetching.sha256_of_path(path.target)
        return hashlib.sha256(both.encode()).hexdigest()
    return fetching.sha256_of_path(path)


def quick(source: Source) -> Source:
    """The same source with a few hundred examples."""
    return _with_splits(source, Splits(**{split: part[: QUICK[split]] for split, part in source.splits}))


def _with_splits(source: Source, splits: Splits) -> Source:
    """The source with these splits and what they share; lines of running text naturally repeat and are not counted."""
    lists = all(isinstance(part, (list, tuple)) for _, part in splits)
    return dataclasses.replace(source, splits=splits, shared=shared(splits) if lists else {})


def describe_shared(counts: Mapping[str, int]) -> str:
    """How many examples the splits share, in words: `2 of test also occur in train`."""
    words = [(*pair.split(" in "), count) for pair, count in counts.items() if count]
    return ", ".join(f"{count:,} of {split} also occur in {other}" for split, other, count in words)


def _sha256_of_examples(splits: Splits) -> str:
    digest = hashlib.sha256()
    for split, examples in splits:
        digest.update(f"{split} {len(examples)}\n".encode())
        for example in examples:
            digest.update(repr(example).encode() + b"\n")
    return digest.hexdigest()


def fields(example) -> dict[str, str]:
    """Field name -> shortened text, to show an example to a person."""
    values = {field.name: str(getattr(example, field.name)) for field in dataclasses.fields(example)}
    return {name: value if len(value) <= 160 else value[:157] + "..." for name, value in values.items()}
