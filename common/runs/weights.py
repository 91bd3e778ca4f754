"""Weights from a file that may come from anywhere: names, shapes and types are checked before one is loaded."""

from __future__ import annotations

import tempfile
from pathlib import Path

import h5py

from common.errors import UserError


def save(model, path: Path) -> None:
    """Write the model's weights, and nothing of its optimizer, as a `.weights.h5` file."""
    _bare(model).save_weights(path)


def load(model, path: Path) -> None:
    """Give the model the weights in a file that `save` wrote.

    Raises:
        UserError: if the file is damaged or its arrays are not the model's in name, shape and type.
    """
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.weights.h5"
        save(model, own)
        expected = layout(own)
    try:
        found = layout(path)
    except OSError as error:
        raise UserError(f"{path} is not a weights file ({error}).") from None
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise UserError(
                f"{path} does not fit the model: {name} is {found.get(name, 'missing')} in the file and "
                f"{expected.get(name, 'absent')} in the model. Was the task changed? Train again."
            )
    _bare(model).load_weights(path)


def _bare(model):
    """The same layers without the optimizer, which Keras would save along, and without a subclass's own state."""
    import keras

    return keras.Model(model.inputs, model.outputs)


def layout(path: Path) -> dict[str, str]:
    """Name -> "shape type" of every array in the file. Links to other files are not followed."""
    arrays = {}

    def walk(group: h5py.Group) -> None:
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise OSError(f"{group.name}/{name} is a link")
            item = group[name]
            if isinstance(item, h5py.Group):
                walk(item)
            else:
                if item.external:
                    raise OSError(f"{item.name} keeps its values in another file")
                arrays[item.name] = f"{item.shape} {item.dtype}"

    with h5py.File(path, "r") as file:
        walk(file)
    return arrays
