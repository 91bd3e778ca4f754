"""Folders of sounds or pictures with a table: found, or refused in a line that names table and line."""

import shutil

import pytest

from common.datasets import reading
from common.datasets.lines import Text
from common.datasets.manifest import entries
from common.errors import UserError

SUFFIXES = (".wav",)


@pytest.fixture
def folder(tmp_path):
    for name in ("b.wav", "a.wav", "sub/c.wav", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "texts.csv").write_text("file,text,speaker\nb.wav,one two,ann\nsub/c.wav,three,\n")
    return tmp_path


def test_a_folder_with_a_table(folder):
    found = entries(folder, SUFFIXES, ("text",), ("speaker",))
    assert [entry.path for entry in found] == [folder / "b.wav", folder / "sub/c.wav"]
    assert found[0].row == {"text": "one two", "speaker": "ann"}
    assert found[1].place == f"{folder / 'texts.csv'}, line 3"
    assert entries(folder / "texts.csv", SUFFIXES, ("text",), ("speaker",)) == found
    (folder / "loop.wav").symlink_to(folder / "loop.wav")  # a file beside the table that it does not name
    assert entries(folder, SUFFIXES, ("text",), ("speaker",)) == found


def test_files_in_a_folder_of_their_own(folder):
    """As in Flickr8k: the table names the files, but not the folder beside it that holds them all."""
    for name in ("d.wav", "e.wav"):
        (folder / "sub" / name).touch()
    (folder / "texts.csv").write_text("file,text\nc.wav,one\nd.wav,two\n")
    with reading.reading(reading.Reading()) as said:
        found = entries(folder, SUFFIXES, ("text",))
    assert [entry.path for entry in found] == [folder / "sub/c.wav", folder / "sub/d.wav"]
    assert said.decisions["texts.csv"]["folder of the files"] == "sub"
    assert f"does not name 1 of the files in {folder / 'sub'} (e.wav)" in said.warnings[0]
    shutil.copytree(folder / "sub", folder / "copy")
    with pytest.raises(UserError, match=r"line 2, names c.wav, which is not in .*; write copy/c.wav, which is there"):
        entries(folder, SUFFIXES, ("text",))


def test_clips_in_a_folder_of_their_own(tmp_path):
    (tmp_path / "clips/first").mkdir(parents=True)
    (tmp_path / "clips.csv").write_text("folder,label\nfirst,walk\n")
    assert entries(tmp_path, (), ("label",))[0].path == tmp_path / "clips/first"


def test_inputs_alone(folder):
    assert [entry.path.name for entry in entries(folder, SUFFIXES, ("text",), labelled=False)] == ["b.wav", "c.wav"]
    (folder / "texts.csv").unlink()
    (folder / "._a.wav").write_bytes(b"\0")  # macOS adds such files where a disk keeps no attributes
    assert [entry.path.name for entry in entries(folder, SUFFIXES, ("text",), labelled=False)] == ["a.wav", "b.wav"]
    assert entries(folder / "a.wav", SUFFIXES, ("text",), labelled=False)[0].path == folder / "a.wav"
    typed = Text(f"{folder}/a.wav\n\n{folder}/b.wav\n")
    assert [entry.path.name for entry in entries(typed, SUFFIXES, ("text",), labelled=False)] == ["a.wav", "b.wav"]


def test_folders_that_cannot_be_read(folder):
    def refused(problem, path=folder, labelled=True):
        with pytest.raises(UserError, match=rf"\A(?!.*\n).*{problem}"):
            entries(path, SUFFIXES, ("text",), labelled=labelled)

    refused("one file: name a folder", folder / "a.wav")
    refused("is no .wav file", Text("hello there"), labelled=False)
    (folder / "texts.csv").write_text("file,text\na.wav,one\nz.wav,two\n")
    refused("texts.csv, line 3, names z.wav, which is not in")
    (folder / "texts.csv").write_text("file,text\nnotes.md,one\n")
    refused("line 2, names notes.md, which is no .wav file")
    (folder / "texts.csv").write_text(f"file,text\n{'no file ' * 40}.wav,one\n")  # a name that no system can hold
    refused("line 2, names no file .*, which is not in")
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    (folder / "texts.csv").write_text("file,text\na.wav,one\nloop.wav,two\n")
    refused("line 3, names loop.wav, which is not in")
    (folder / "texts.csv").write_text("file,words\na.wav,one\n")
    refused("no column 'text'")
    (folder / "more.tsv").write_text("file\ttext\na.wav\tone\n")
    refused("holds 2 tables")
    for name in ("texts.csv", "more.tsv"):
        (folder / name).unlink()
    refused("has no table")
    refused("holds no .wav file", folder / "empty", labelled=False) if (folder / "empty").mkdir() is None else None
