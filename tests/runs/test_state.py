"""The state of a training: whole, or refused in one line before it changes the model."""

import io
import json
import os
import tracemalloc
import zipfile

import numpy as np
import pytest

from common.commands import train
from common.errors import UserError
from common.runs import state
from common.runs.examples import Request
from tests import short_runs

EXPECTED = {"variable 0000": np.ones((3, 2), np.float32), "variable 0001": np.array(7, np.int64)}
HISTORY = [{"epoch": number, "loss": 0.5, "validation_loss": 0.25, "seconds": 1.5} for number in (1, 2)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "state.npz"
    state.save(path, EXPECTED, HISTORY)
    return path


def refused(path, pattern):
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=rf"\A(?!.*\n)(?=.{{1,600}}\Z).*state\.npz .*{pattern}"):
            state.load(path, EXPECTED)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def changed(path, **changes):
    """Write the file again with other arrays; None leaves one out."""
    with np.load(path) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    for name, array in changes.items():
        found[name.replace("_", " ", 1)] = array
    np.savez(path, **{name: array for name, array in found.items() if array is not None})


def test_what_was_saved_is_loaded(path):
    arrays, history = state.load(path, EXPECTED)
    assert arrays.keys() == EXPECTED.keys() and history == HISTORY
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, EXPECTED[name])


def test_no_archive(path):
    whole = path.read_bytes()
    for content in (b"", b"no archive", whole[:100], whole[: len(whole) // 2], whole[:-1], whole[:60] + whole[70:]):
        path.write_bytes(content)
        refused(path, "damaged .*train again|does not fit")
    np.save(path.with_suffix(".npy"), np.ones(3))
    path.with_suffix(".npy").rename(path)
    refused(path, "damaged")


def test_the_state_of_a_large_model_is_read_however_large_it_is(path):
    os.truncate(path, 3 << 29)  # 1.5 GiB of zeros, which take no room on the disk
    refused(path, "larger than")
    expected = {"variable 0000": np.broadcast_to(np.float32(0), 1 << 29)}
    with pytest.raises(UserError, match="damaged"):  # it was opened
        state.load(path, expected)


def test_a_changed_byte_is_found(path):
    whole = bytearray(path.read_bytes())
    whole[whole.index(np.ones((3, 2), np.float32).tobytes())] ^= 1
    path.write_bytes(whole)
    refused(path, "damaged .*CRC")


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"variable_0000": None}, "variable 0000 is missing"),
        ({"variable_0002": np.ones(3)}, "variable 0002 is not in the model"),
        ({"variable_0000": np.ones((2, 3), np.float32)}, r"variable 0000 is \(2, 3\) float32"),
        ({"variable_0000": np.ones((3, 2))}, r"variable 0000 is \(3, 2\) float64"),
        ({"variable_0000": np.array([[None] * 2] * 3)}, r"variable 0000\.npy holds objects"),
        ({"variable_0000": np.full((3, 2), np.nan, np.float32)}, "variable 0000 holds a value that is not a finite"),
        ({"history_loss": np.ones(3)}, "differ in length"),
        ({"history_loss": np.ones((2, 2))}, "history loss is no column"),
        ({"history_loss": np.array(["a", "b"])}, "history loss is no column"),
        ({"history_loss": np.array([None, None])}, r"history loss\.npy holds objects"),
        ({"history_loss": None}, "the columns epoch, loss, validation_loss, seconds must be there"),
        ({"history_epoch": np.array([1, 3])}, "epoch 2 is missing"),
        ({"history_loss": np.array([0.5, np.nan])}, "epoch 2 .*no finite numbers"),
        ({f"history_{name}": None for name in HISTORY[0]}, "differ in length"),
        ({f"history_{name}": np.zeros(0) for name in HISTORY[0]}, "no epochs"),
    ],
)
def test_other_arrays(path, changes, reason):
    changed(path, **changes)
    refused(path, reason)


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 20, 1 << 20)])
def test_a_huge_shape_is_not_allocated(path, shape):
    """The head of an array may state any shape."""
    for name in ("variable 0000", "history loss"):
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"shape": shape, "fortran_order": False, "descr": "<f4"})
        with zipfile.ZipFile(path) as archive:
            members = {member: archive.read(member) for member in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in {**members, f"{name}.npy": head.getvalue()}.items():
                archive.writestr(member, content)
        refused(path, rf"the size of {name}\.npy is not that of")
        state.save(path, EXPECTED, HISTORY)


def test_a_file_in_the_archive_that_is_no_array(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("variable 0002.npy", b"\x80\x04N.")
    refused(path, "damaged")


# ------------------------------------------------------------------------------------------------------ resume


@pytest.mark.xdist_group("sentiment")
def test_a_training_that_cannot_go_on_says_so_before_it_starts(trained, own_folders, monkeypatch):
    from common.training import fitting

    stopped = short_runs.stop_again("sentiment", trained("sentiment") / "stopped", own_folders)

    def started(*_):
        raise AssertionError("training has started")

    monkeypatch.setattr(fitting._Keeper, "on_epoch_begin", started)
    for file in (stopped.state_file, stopped.weights_file, stopped.config_file, stopped.encoder_file):
        whole = file.read_bytes()
        for content in (b"", whole[: len(whole) // 2]):
            file.write_bytes(content)
            with pytest.raises(UserError, match=rf"\A(?!.*\n).*{file.name}"):
                train.run("sentiment", Request(), {}, resume=True)
        file.write_bytes(whole)
    config = json.loads(stopped.config_file.read_text())
    config["settings"]["units"] += 1
    stopped.config_file.write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"state\.npz does not fit the model"):
        train.run("sentiment", Request(), {}, resume=True)
