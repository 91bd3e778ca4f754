"""The state of a training on disk: everything that changes, so that it can resume as if it had never stopped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from common import files
from common.errors import UserError, one_line
from common.runs.contents import check_history

_HISTORY = "history "  # prefix of the columns' names
_ROOM = 64 << 20  # bytes of a file for the history and for the heads of the arrays


def save(path: Path, variables: Mapping[str, np.ndarray], history: list[dict]) -> None:
    """Write the variables and the history, one row per epoch, as an `.npz` file."""
    columns = {_HISTORY + name: np.array([row[name] for row in history]) for name in history[0]}
    files.write_arrays(path, {**variables, **columns})


def load(path: Path, expected: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[dict]]:
    """The variables and the history of a file that `save` wrote.

    Args:
        expected: name -> array of the shape and type that the variable must have.

    Raises:
        UserError: if the file is damaged, or its arrays are not the expected ones.
    """
    found = files.read_arrays(path, largest=sum(array.nbytes for array in expected.values()) + _ROOM)
    for name, array in expected.items():
        if name not in found:
            raise _unfit(path, f"{name} is missing")
        if (kind := _kind(found[name])) != _kind(array):
            raise _unfit(path, f"{name} is {one_line(kind, 60)} in the file and {_kind(array)} in the model")
        if array.dtype.kind == "f" and not np.isfinite(found[name]).all():
            raise _unfit(path, f"{name} holds a value that is not a finite number")
    columns = {name: array for name, array in found.items() if name not in expected}
    for name, array in columns.items():
        if not name.startswith(_HISTORY):
            raise _unfit(path, f"{one_line(name, 60)} is not in the model")
        if array.ndim != 1 or array.dtype.kind not in "if":
            raise _unfit(path, f"{one_line(name, 60)} is no column of numbers")
    if len({len(array) for array in columns.values()}) != 1:
        raise _unfit(path, "the columns of its history differ in length")
    names = [name.removeprefix(_HISTORY) for name in columns]
    rows = zip(*(array.tolist() for array in columns.values()), strict=True)
    history = [dict(zip(names, row, strict=True)) for row in rows]
    check_history(history, path)
    return {name: found[name] for name in expected}, history


def _kind(array: np.ndarray) -> str:
    return f"{array.shape} {array.dtype}"


def _unfit(path: Path, reason: str) -> UserError:
    return UserError(f"{path} does not fit the model ({reason}): start a new run without RESUME.")
