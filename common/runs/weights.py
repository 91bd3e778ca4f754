"""Load weights from an untrusted file: all of its content is checked before anything is loaded.

HDF5 has many features that a weights file does not need: links, arrays whose values are in another file, filters,
cyclic groups. A file may contain what a file of the model itself would contain, and nothing else.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from common import files
from common.errors import UserError, one_line

LARGEST = 1 << 34  # bytes of a file
_BYTES = 4  # per number


def save(model, path: Path) -> None:
    """Write the model's weights, without the optimizer's state, as a `.weights.h5` file."""
    _bare(model).save_weights(path)


def load(model, path: Path) -> None:
    """Load the weights in a file that `save` wrote into the model.

    Raises:
        UserError: if the file is damaged, its arrays differ from the model's in name, shape or type, they are not
            stored as `save` stores them, or a value is not a finite number.
    """
    files.check_file(path, LARGEST)
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.weights.h5"
        save(model, own)
        try:
            with h5py.File(own, "r+") as ours, h5py.File(path, "r") as theirs:
                _copy(theirs, ours, path)
        except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:  # h5py has no exception class
            raise UserError(f"{path} is not a weights file ({one_line(error)}). Train again.") from None
        _bare(model).load_weights(own)


@contextlib.contextmanager
def room(path: Path | None = None) -> Iterator[None]:
    """While a model is built, refuse a weight for which there is not enough room before it is allocated.

    Args:
        path: of the weights file that the model is built for. The file contains every weight, so a model that needs
            more bytes than the file has does not belong to it. None: a new model, which with its gradients and Adam's
            moments takes four times its size, and has to fit into the memory of this machine.

    Raises:
        UserError: if there is not enough room, or the file is missing or not a regular file.
    """
    import keras

    if path is None:
        left = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
        problem = "The model that the settings describe does not fit into memory: make it smaller, SET=units=64 say."
    else:
        files.check_file(path, LARGEST)
        left = path.stat().st_size
        problem = f"{path} is too small for the model that the settings describe: train again."
    add_weight = keras.layers.Layer.add_weight

    def counted(layer, shape=None, *given, **named):
        nonlocal left
        left -= _BYTES * math.prod(shape or ())
        if left < 0:
            raise UserError(problem)
        return add_weight(layer, shape, *given, **named)

    keras.layers.Layer.add_weight = counted
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight


def _bare(model):
    """The same layers without the optimizer, which Keras would save too, and without a subclass's own state."""
    import keras

    return keras.Model(model.inputs, model.outputs)


def _copy(theirs: h5py.Group, ours: h5py.Group, path: Path) -> None:
    """Copy the values of the arrays below a group of the file at `path` into those of the model's own file.

    Goes level by level, so that nothing is read that has no counterpart in the model's file.

    Raises:
        UserError: if the members of the two groups differ.
    """
    if len(theirs) > len(ours):
        extra = next(name for name in theirs if name not in ours)
        raise _unfit(path, f"{ours.name}/{extra}", "in the file", "not in the model")
    for name, mine in ours.items():
        link = theirs.get(name, getlink=True)
        if link is None:
            raise _unfit(path, mine.name, "missing in the file", f"{_described(mine)} in the model")
        if not isinstance(link, h5py.HardLink):
            raise _unfit(path, mine.name, "a link in the file", f"{_described(mine)} in the model")
        item = theirs[name]
        if _described(item) != _described(mine):
            raise _unfit(
                path, mine.name, f"{one_line(_described(item), 60)} in the file", f"{_described(mine)} in the model"
            )
        if isinstance(mine, h5py.Group):
            _copy(item, mine, path)
        else:
            mine[...] = _values(item, path)


def _described(item) -> str:
    if isinstance(item, h5py.Group):
        return "a group"
    return f"{item.shape} {item.dtype}" if isinstance(item, h5py.Dataset) else "neither a group nor an array"


def _values(array: h5py.Dataset, path: Path) -> np.ndarray:
    """The values of an array.

    Raises:
        UserError: unless they are stored as `save` stores them, and are finite numbers.
    """
    kept = array.id.get_create_plist()
    if array.is_virtual or array.external:
        raise UserError(f"{path} is refused: {array.name} keeps its values in another file. Train again.")
    if kept.get_nfilters() or kept.get_layout() != h5py.h5d.CONTIGUOUS:
        raise UserError(f"{path} is refused: {array.name} is compressed or cut into pieces. Train again.")
    values = array[()]
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise UserError(f"{path} is refused: {array.name} holds a value that is not a finite number. Train again.")
    return values


def _unfit(path: Path, name: str, found: str, wanted: str) -> UserError:
    name = one_line(name.lstrip("/"), 100)
    return UserError(
        f"{path} does not fit the model: {name} is {found} and {wanted}. Was the task changed? Train again."
    )
