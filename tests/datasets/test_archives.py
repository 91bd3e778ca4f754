"""Sets whose files are members of an archive: each verified, whatever else the archive holds."""

import dataclasses
import io
import random
import tarfile
import zipfile

import pytest

from common.datasets import download, fetching
from common.datasets.fetching import fetch
from common.errors import UserError
from tests.datasets.declared import declare, fails, files_below, sha256

MEMBERS = {"recordings/1.wav": b"one", "recordings/2.wav": b"two", "readme.md": b"hello"}


def tree_sha256(paths):
    return sha256("".join(f"{sha256(MEMBERS[path])}  {path}\n" for path in sorted(paths)).encode())


def packed(members, links=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, content in members:
            member = tarfile.TarInfo(f"repo-commit/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for path, target in links:
            member = tarfile.TarInfo(f"repo-commit/{path}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return buffer.getvalue()


@pytest.fixture
def put_archive(mirror):
    def put(content):
        (mirror / "owner/repo/archive").mkdir(exist_ok=True)
        (mirror / "owner/repo/archive/commit.tar.gz").write_bytes(content)

    return put


@pytest.fixture
def recordings():
    return declare(
        base_url="https://source.example/owner/repo/",
        archive="archive/commit.tar.gz",
        files={"recordings/*.wav": tree_sha256(["recordings/1.wav", "recordings/2.wav"])},
        size=6,
    )


def test_the_members_of_an_archive_are_verified_whatever_else_it_holds(put_archive, recordings, tmp_path, monkeypatch):
    put_archive(packed([*MEMBERS.items(), ("deep/recordings/3.wav", b"no"), ("../../recordings/4.wav", b"no")]))
    home = fetch("words", recordings, tmp_path / "data")
    assert files_below(home) == [".verified.json", "recordings/1.wav", "recordings/2.wav"]
    monkeypatch.setattr(download, "download", None)
    monkeypatch.setattr(fetching, "sha256_of_file", None)
    fetch("words", recordings, tmp_path / "data")


def test_single_members_may_be_declared(put_archive, recordings, tmp_path):
    put_archive(packed(MEMBERS.items()))
    dataset = dataclasses.replace(recordings, files={"recordings/2.wav": sha256(b"two")})
    assert files_below(fetch("words", dataset, tmp_path / "data")) == [".verified.json", "recordings/2.wav"]


def test_a_lost_member_is_unpacked_again(put_archive, recordings, tmp_path):
    put_archive(packed(MEMBERS.items()))
    home = fetch("words", recordings, tmp_path / "data")
    (home / "recordings/1.wav").unlink()
    fetch("words", recordings, tmp_path / "data")
    assert (home / "recordings/1.wav").read_bytes() == b"one"


@pytest.mark.parametrize(
    ("archive", "pattern"),
    [
        (packed([("recordings/1.wav", b"one")]), "is not the declared file and was not kept"),
        (packed([("recordings/1.wav", b"one"), ("recordings/2.wav", b"TWO")]), "is not the declared file"),
        (packed([*MEMBERS.items(), ("recordings/3.wav", b"")]), "is not the declared file"),
        (packed([("recordings/1.wav", b"x" * 100)]), "unpacks to more than 6 bytes"),
        (packed([("recordings/1.wav", b"one")], [("recordings/2.wav", "/etc/hostname")]), "is not the declared file"),
        (packed(MEMBERS.items())[:80], "is not a whole archive"),
        (b"no archive", "is not a whole archive"),
    ],
    ids=["missing member", "altered member", "extra member", "too large", "link", "cut", "no archive"],
)
def test_an_archive_with_other_members_leaves_nothing_behind(put_archive, recordings, tmp_path, archive, pattern):
    put_archive(archive)
    fails(recordings, tmp_path / "data", pattern)
    assert files_below(tmp_path / "data") == []


def zipped(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path, content in members:
            archive.writestr(f"repo-commit/{path}", content)
    return buffer.getvalue()


def test_an_archive_that_is_damaged_within_a_member_is_named(mirror, recordings, tmp_path):
    """The member is read, and found to be damaged, after its head was."""
    noise = random.Random(0).randbytes(4000)  # cannot be compressed, so the cut is within it
    tar, plain = packed([("recordings/1.wav", noise)]), zipped(MEMBERS.items(), zipfile.ZIP_STORED)
    at = plain.index(b"PK\x01\x02") + 8  # the flags of the first member, in the table at the end
    encrypted = plain[:at] + b"\1" + plain[at + 1 :]
    recordings = dataclasses.replace(recordings, size=5000)
    (mirror / "owner/repo/archive").mkdir()
    for name, content in (
        ("commit.tar.gz", tar[: len(tar) // 2]),
        ("commit.zip", plain.replace(b"one", b"ONE", 1)),
        ("commit.zip", encrypted),
    ):
        (mirror / "owner/repo/archive" / name).write_bytes(content)
        dataset = dataclasses.replace(recordings, archive=f"archive/{name}")
        fails(dataset, tmp_path / "data", f"{name} is not a whole archive")
        assert files_below(tmp_path / "data") == []


def test_a_zip_is_read_like_a_tar(mirror, recordings, tmp_path):
    (mirror / "owner/repo/archive").mkdir()
    content = zipped([("recordings/", b""), *MEMBERS.items(), ("../../recordings/4.wav", b"no")])
    (mirror / "owner/repo/archive/commit.zip").write_bytes(content)
    dataset = dataclasses.replace(recordings, archive="archive/commit.zip")
    home = fetch("words", dataset, tmp_path / "data")
    assert files_below(home) == [".verified.json", "recordings/1.wav", "recordings/2.wav"]
    (mirror / "owner/repo/archive/commit.zip").write_bytes(b"no archive")
    fails(dataset, tmp_path / "other", "is not a whole archive")


def test_a_foreign_file_that_a_pattern_would_read_is_named(put_archive, recordings, tmp_path, monkeypatch):
    """Beside files put there by hand, after a download, and after all was verified: it never becomes data."""
    put_archive(packed(MEMBERS.items()))
    home = tmp_path / "words"
    (home / "recordings").mkdir(parents=True)
    (home / "recordings/x.wav").write_bytes(b"mine")
    for _ in range(2):
        with pytest.raises(UserError, match=r"words/recordings/x\.wav does not belong to the data set: move it"):
            fetch("words", recordings, tmp_path)
        assert not (home / ".verified.json").exists()
    (home / "recordings/x.wav").unlink()
    fetch("words", recordings, tmp_path)

    monkeypatch.setattr(download, "download", None)  # from now on it is known without a network
    for name in ("x.wav", "y.wav"):
        (home / "recordings" / name).write_bytes(b"mine")
    for _ in range(2):
        with pytest.raises(UserError, match=r"words/recordings/x\.wav and 1 more files do not belong"):
            fetch("words", recordings, tmp_path)
    for name in ("x.wav", "y.wav"):
        (home / "recordings" / name).unlink()
    fetch("words", recordings, tmp_path)


@pytest.mark.parametrize(
    "content", ["[]", "{", "[" * 200_000, '{"recordings/*.wav": 3}', '{"recordings/*.wav": [null]}'], ids=range(5)
)
def test_damaged_notes_of_what_was_verified_are_written_again(put_archive, recordings, tmp_path, content):
    put_archive(packed(MEMBERS.items()))
    home = fetch("words", recordings, tmp_path)
    whole = (home / ".verified.json").read_text()
    (home / ".verified.json").write_text(content)
    fetch("words", recordings, tmp_path)
    assert (home / ".verified.json").read_text() == whole
