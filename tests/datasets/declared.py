"""A declared set of two small files, and a mirror that contains them."""

import hashlib

import pytest

from common.datasets.declaration import Dataset
from common.datasets.fetching import fetch
from common.errors import UserError

FILES = {"data/train.txt": b"first\nsecond\n", "data/test file.txt": b"third\n"}
BASE = "https://source.example/owner/repo/commit/"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def declare(**changes):
    facts = {
        "title": "Three words",
        "licence": "CC0",
        "home": "https://source.example/words",
        "load": lambda folder: (folder / "data/train.txt").read_text(),
        "base_url": BASE,
        "files": {path: sha256(content) for path, content in FILES.items()},
        "size": sum(map(len, FILES.values())),
    }
    return Dataset(**facts | changes)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder that holds the files as their address says, named by ZOO_MIRROR."""
    folder = tmp_path / "mirror"
    for path, content in FILES.items():
        file = folder / "owner/repo/commit" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    monkeypatch.setenv("ZOO_MIRROR", folder.as_uri())
    return folder


def files_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def fails(dataset, folder, pattern):
    """Expects one line which holds the pattern, and no file left but whole ones."""
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*{pattern}"):
        fetch("words", dataset, folder)
    assert set(files_below(folder)) <= {"words/.verified.json", *(f"words/{path}" for path in FILES)}
