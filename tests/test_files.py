"""JSON that is not a run's is refused in one line; what a killed process left is removed."""

import os
import subprocess
import zipfile

import numpy as np
import pytest

from common import files
from common.errors import UserError, one_line


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "damaged"),
        (b"{", "damaged"),
        (b'{"a": 1} and more', "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[1, 2]", r"must hold a JSON object, not \[1, 2\]"),
        (b"null", "must hold a JSON object, not null"),
        (b'"' + b"x" * 10_000 + b'"', r"must hold a JSON object, not \"xxx"),
        (b"[" * 200_000, "damaged"),
        (b'{"a":' * 200_000, "damaged"),
        (b'{"a": 1, "a": 2}', "damaged .*twice"),
        (b'{"a": NaN}', "damaged .*NaN is not a finite number"),
        (b'{"a": [-Infinity]}', "damaged .*-Infinity is not a finite number"),
        (b'{"a": 1e999}', "damaged .*1e999 is not a finite number"),
        (b'{"a": ' + b"7" * 5_000 + b"}", "damaged"),
    ],
    ids=range(14),
)
def test_what_is_no_json_object_of_a_run(tmp_path, content, reason):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"\A(?!.*\n)(?=.{{1,600}}\Z).*config\.json .*{reason}.*train again"):
        files.read_json(path)


def test_a_file_that_is_missing_or_a_folder(tmp_path):
    with pytest.raises(UserError, match="is missing"):
        files.read_json(tmp_path / "config.json")
    with pytest.raises(UserError, match="is not a regular file"):
        files.read_json(tmp_path)


def test_what_was_written_is_read(tmp_path):
    value = {"a": [1, 2.5, None, True, "é\n"], "b": {"a": {}}}
    files.write_json(tmp_path / "x.json", value)
    assert files.read_json(tmp_path / "x.json") == value


def test_a_link_that_a_killed_process_left_is_removed_or_replaced(tmp_path, monkeypatch):
    ended = subprocess.Popen(["true"])
    ended.wait()
    (tmp_path / "run").mkdir()
    for process in (ended.pid, os.getpid()):
        monkeypatch.setattr(os, "getpid", lambda process=process: process)
        files.temporary_path(tmp_path / "latest").symlink_to("run")
    files.write_link(tmp_path / "latest", "run")
    files.remove_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "run"]
    assert (tmp_path / "latest").readlink().name == "run"


def test_a_foreign_text_becomes_one_line():
    assert one_line("two\nlines\tand \x1b[31mred\x00") == "two lines and red?"
    assert one_line("x" * 300) == "x" * 197 + "..."


def test_arrays_take_no_more_memory_than_their_file(tmp_path):
    path = tmp_path / "encoder.npz"
    files.write_arrays(path, {"a": np.arange(6).reshape(2, 3), "b": np.zeros((0, 4), np.float32), "c": np.array(2.5)})
    for name, array in files.read_arrays(path).items():
        np.testing.assert_array_equal(array, {"a": [[0, 1, 2], [3, 4, 5]], "b": np.zeros((0, 4)), "c": 2.5}[name])
    damaged = {
        "compressed": lambda: np.savez_compressed(path, a=np.zeros(10)),
        "holds objects": lambda: np.savez(path, a=np.array([None])),
        "is not an array": lambda: add(path, "notes.txt", b"hello"),
        "the size of huge.npy is not that of": lambda: add(path, "huge.npy", HUGE),
    }
    for reason, damage in damaged.items():
        damage()
        with pytest.raises(UserError, match=rf"\A(?!.*\n).*encoder\.npz is damaged \(.*{reason}.*train again"):
            files.read_arrays(path)
        files.write_arrays(path, {"a": np.zeros(3)})
    with pytest.raises(UserError, match="is missing"):
        files.read_arrays(tmp_path / "other.npz")


def add(path, name, content):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, content)


HEAD = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }\n"
HUGE = b"\x93NUMPY\x01\x00" + len(HEAD).to_bytes(2, "little") + HEAD
