"""A weights file may come from anywhere: what is not exactly the model's own is refused in one line."""

import contextlib
import time
import tracemalloc

import h5py
import numpy as np
import pytest

from common import layers
from common.errors import UserError
from common.runs import weights

KERNEL = "layers/dense/vars/0"


@pytest.fixture(scope="module")
def model():
    import keras

    token_ids = keras.Input((None,), dtype="int32")
    states = layers.recurrent("gru", 8, bidirectional=True)(keras.layers.Embedding(20, 8)(token_ids))
    return keras.Model(token_ids, keras.layers.Dense(9)(states))


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / "model.weights.h5"
    weights.save(model, path)
    return path


def refused(model, path, pattern):
    """Expects one line, soon, without much memory, and no weight changed."""
    before = [np.array(weight) for weight in model.get_weights()]
    started = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=r"\A(?!.*\n).{1,600}\Z") as raised:
            weights.load(model, path)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 10
    assert str(path) in str(raised.value)
    raised.match(pattern)
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_what_was_saved_is_loaded(model, saved):
    before = model.get_weights()
    model.set_weights([weight + 1 for weight in before])
    weights.load(model, saved)
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)


def replace(path, name, create):
    """Put in the place of an array what `create(group, name within it)` makes."""
    with h5py.File(path, "r+") as file:
        del file[name]
        parent, _, last = name.rpartition("/")
        create(file[parent], last, np.zeros((16, 9), np.float32))


def test_another_shape_or_type(model, saved):
    replace(saved, KERNEL, lambda group, name, values: group.create_dataset(name, data=values.T))
    refused(model, saved, rf"{KERNEL} is \(9, 16\) float32 in the file and \(16, 9\) float32 in the model")
    replace(saved, KERNEL, lambda group, name, values: group.create_dataset(name, data=values.astype("f8")))
    refused(model, saved, r"\(16, 9\) float64 in the file")
    replace(saved, KERNEL, lambda group, name, values: group.create_dataset(name, (16, 9), h5py.string_dtype()))
    refused(model, saved, r"\(16, 9\) object in the file")


def test_a_huge_shape_is_not_read(model, saved):
    for chunks in (None, True):
        replace(
            saved,
            KERNEL,
            lambda group, name, values, chunks=chunks: group.create_dataset(
                name, (1 << 31, 1 << 20), "f4", chunks=chunks
            ),
        )
        refused(model, saved, r"\(2147483648, 1048576\) float32 in the file")


def test_missing_and_additional_names(model, saved):
    with h5py.File(saved, "r+") as file:
        file["layers/dense/vars"]["two\nlines\x1b[31m"] = np.zeros(3)
    refused(model, saved, r"layers/dense/vars/two lines is in the file and not in the model")
    with h5py.File(saved, "r+") as file:
        file.move("layers/dense/vars/two\nlines\x1b[31m", "layers/dense/vars/extra")
    refused(model, saved, "layers/dense/vars/extra is in the file and not in the model")
    with h5py.File(saved, "r+") as file:
        del file["layers/dense/vars/extra"], file[KERNEL]
    refused(model, saved, f"{KERNEL} is missing in the file")
    with h5py.File(saved, "r+") as file:
        file["layers/dense/vars"].create_group("0")
    refused(model, saved, f"{KERNEL} is a group in the file")
    with h5py.File(saved, "r+") as file:
        del file[KERNEL]
        file[KERNEL] = np.dtype("f4")  # a named datatype
    refused(model, saved, f"{KERNEL} is neither a group nor an array")


def test_values_in_another_file(model, saved, tmp_path):
    """Each could read any file of the user's into the weights."""
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = np.zeros((16, 9), np.float32)

    def virtual(group, name, values):
        layout = h5py.VirtualLayout((16, 9), np.float32)
        layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "secret", (16, 9))
        group.create_virtual_dataset(name, layout)

    def external(group, name, values):
        group.create_dataset(name, (16, 9), np.float32, external=[(str(tmp_path / "other.h5"), 0, 576)])

    replace(saved, KERNEL, virtual)
    refused(model, saved, "keeps its values in another file")
    replace(saved, KERNEL, external)
    refused(model, saved, "keeps its values in another file")


@pytest.mark.parametrize("name", [KERNEL, "layers/dense", "layers"])
@pytest.mark.parametrize("link", [h5py.SoftLink("/elsewhere"), h5py.ExternalLink("other.h5", "/elsewhere")])
def test_links(model, saved, name, link):
    with h5py.File(saved, "r+") as file:
        file.move(name, "elsewhere")
        file[name] = link
        if isinstance(link, h5py.ExternalLink):
            del file["elsewhere"]
    refused(model, saved, "is a link in the file|elsewhere is in the file and not in the model")


def test_groups_that_contain_themselves(model, saved):
    with h5py.File(saved, "r+") as file:
        file["layers/dense/vars/again"] = file["layers"]
    refused(model, saved, "again is in the file")
    with h5py.File(saved, "r+") as file:
        del file["layers/dense/vars/again"], file["layers/dense"]
        file["layers/dense"] = file["layers"]
    refused(model, saved, "does not fit the model")


def test_groups_thousands_deep_and_thousands_beside_each_other(model, saved):
    with h5py.File(saved, "r+") as file:
        group = file["layers/dense/vars"]
        for _ in range(5_000):
            group = group.create_group("a")
    refused(model, saved, "layers/dense/vars/a is in the file")
    with h5py.File(saved, "r+") as file:
        del file["layers/dense/vars/a"]
        for number in range(20_000):
            file["layers"].create_group(f"more{number}")
    refused(model, saved, "layers/more")


@pytest.mark.parametrize(
    "options", [{"compression": "gzip"}, {"shuffle": True}, {"fletcher32": True}, {"chunks": True}]
)
def test_filters(model, saved, options):
    replace(saved, KERNEL, lambda group, name, values: group.create_dataset(name, data=values, **options))
    refused(model, saved, f"{KERNEL} is compressed or cut into pieces")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers(model, saved, value):
    with h5py.File(saved, "r+") as file:
        file[KERNEL][3, 2] = value
    refused(model, saved, f"{KERNEL} holds a value that is not a finite number")


def test_no_file_of_this_kind(model, saved):
    whole = saved.read_bytes()
    for content in (b"", b"not HDF5", whole[:100], whole[: len(whole) // 2], whole[:-1]):
        saved.write_bytes(content)
        refused(model, saved, "is not a weights file|is refused|does not fit")
    saved.unlink()
    refused(model, saved, "is missing")
    saved.mkdir()
    refused(model, saved, "is not a regular file")


def test_any_damage_is_refused_or_harmless(model, saved):
    """Bytes are overwritten at random; HDF5's own parts are dense, so most of them matter."""
    whole, random = bytearray(saved.read_bytes()), np.random.default_rng(0)
    before = model.get_weights()
    for _ in range(30):
        damaged = whole.copy()
        for place in random.integers(0, len(whole), 20):
            damaged[place] = random.integers(256)
        saved.write_bytes(damaged)
        with contextlib.suppress(UserError):
            weights.load(model, saved)
        assert all(np.isfinite(weight).all() for weight in model.get_weights())
        model.set_weights(before)
