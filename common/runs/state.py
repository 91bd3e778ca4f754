"""The state of a training on disk: everything that changes, so that it goes on as if it had never stopped."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from common import files
from common.errors import UserError, one_line
from common.runs.run import check_history

_HISTORY = "history "  # before the name of each column
_LONGEST = 1 << 20  # epochs


def save(path: Path, variables: Mapping[str, np.ndarray], history: list[dict]) -> None:
    """Write the variables and the history, one row an epoch, as an `.npz` file."""
    columns = {_HISTORY + name: np.array([row[name] for row in history]) for name in history[0]}
    with files.written(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **variables, **columns)


def load(path: Path, expected: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[dict]]:
    """The variables and the history of a file that `save` wrote.

    Shapes and types are compared before an array is read, so a file cannot ask for more memory than the model has.

    Args:
        expected: name -> array of the shape and type that the variable must have.

    Raises:
        UserError: if the file is damaged, or its arrays are not the expected ones.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            kinds = {name.removesuffix(".npy"): _kind(archive, name) for name in archive.namelist()}
            _check(kinds, expected, path)
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in kinds}
    except (OSError, ValueError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): start a new run without RESUME.") from None
    for name, array in found.items():
        if name in expected and array.dtype.kind == "f" and not np.isfinite(array).all():
            raise _unfit(path, f"{name} holds a value that is not a finite number")
    columns = {name.removeprefix(_HISTORY): array.tolist() for name, array in found.items() if name not in expected}
    history = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    check_history(history, path)
    return {name: found[name] for name in expected}, history


def _kind(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type that the head of an array states."""
    with archive.open(name) as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{name} is not as NumPy writes arrays of numbers")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    return shape, dtype


def _check(kinds: Mapping[str, tuple], expected: Mapping[str, np.ndarray], path: Path) -> None:
    """Raises a UserError unless there are the expected arrays, and columns of one length."""
    for name, array in expected.items():
        if name not in kinds:
            raise _unfit(path, f"{name} is missing")
        shape, dtype = kinds[name]
        if (shape, dtype) != (array.shape, array.dtype):
            raise _unfit(
                path, f"{name} is {one_line(f'{shape} {dtype}', 60)} and should be {array.shape} {array.dtype}"
            )
    lengths = set()
    for name, (shape, dtype) in kinds.items():
        if name in expected:
            continue
        if not name.startswith(_HISTORY):
            raise _unfit(path, f"{one_line(name, 60)} is not in the model")
        if len(shape) != 1 or shape[0] > _LONGEST or dtype.kind not in "if":
            raise _unfit(path, f"{one_line(name, 60)} is no column of numbers")
        lengths.add(shape[0])
    if len(lengths) != 1:
        raise _unfit(path, "the columns of its history differ in length")


def _unfit(path: Path, reason: str) -> UserError:
    return UserError(f"{path} does not fit the model ({reason}): start a new run without RESUME.")
