"""What a data set is: where its files come from, their checksums and licence, and how they become splits."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from common import folders
from common.datasets.splits import Splits


@dataclasses.dataclass(frozen=True)
class Reference:
    """A published result to print beside ours."""

    model: str  # and how its setting differs from ours: more data, other tokens
    metric: str  # by the name of our score, in the same unit
    value: float
    source: str


@dataclasses.dataclass(frozen=True)
class Dataset:
    r"""One set of examples: where it comes from, and how its files become splits.

    Attributes:
        title: what it is, in one line.
        licence: of the data; shown at the first download.
        home: page of the source; for an embedded set, a description of where it comes from.
        load: reads the folder of the verified files (None if embedded) into `Splits` of the task's own examples; for a
            set with folds it takes `(folder, fold)`, with folds counted from 0.
        base_url: address of all files, at a fixed commit; ends in "/".
        files: path below `base_url` -> sha256. Empty: the set is embedded and needs no network. With an `archive`, the
            paths are of members below its top folder and may be patterns ("recordings/*.wav"); the sha256 of a pattern
            is that of the lines `<sha256>  <path>\n` of the members that match, sorted by path.
        archive: path below `base_url` of a .tar.gz or .zip which holds the files in one top folder. The checksums are
            those of its members, not of the archive.
        size: bytes of all files; nothing longer is accepted.
        settings: changes to the task's settings for this set, chosen on validation; written as for `SET`.
        cell_settings: cell -> further changes where this cell is trained, chosen likewise.
        references: published results on this set.
        folds: number of folds of the cross-validation that the field reports; 0 for a single split.
    """

    title: str
    licence: str
    home: str
    load: Callable[..., Splits]
    base_url: str = ""
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    archive: str = ""
    size: int = 0
    settings: str = ""
    cell_settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    folds: int = 0

    def __post_init__(self):
        if not self.files:
            return
        if not re.fullmatch(r"https?://[^/]+/(.*/)?", self.base_url):
            raise ValueError(f"base_url must be an http(s) address that ends in '/', not {self.base_url!r}")
        if self.size <= 0:
            raise ValueError(f"size must be the bytes of all files, not {self.size!r}")
        for path, sha256 in self.files.items():
            if not stays_inside(path):
                raise ValueError(f"files must be relative paths below base_url, not {path!r}")
            if "*" in path and not self.archive:
                raise ValueError(f"files may only hold patterns such as {path!r} where there is an archive")
            if not re.fullmatch("[0-9a-f]{64}", sha256):
                raise ValueError(f"files must map {path!r} to 64 hexadecimal digits, not {sha256!r}")


def checksums(name: str) -> dict[str, str]:
    """The `files` of a set with many files, from a file in `data/` in the format of `sha256sum`: `<sha256>  <path>`."""
    text = (folders.DATA_FOLDER / name).read_text(encoding="utf-8")
    pairs = (line.split("  ", 1) for line in text.splitlines())
    return {name: sha256 for sha256, name in pairs}


def sha256_of(dataset: Dataset) -> str:
    r"""One checksum of all declared files: that of the sorted lines `<sha256>  <path>\n`; "" for an embedded set."""
    if not dataset.files:
        return ""
    return sha256_of_lines((path, sha256) for path, sha256 in dataset.files.items())


def stays_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and path == "/".join(parts) and ".." not in parts and not re.search(r"[\\:\0]|^/", path)


def sha256_of_lines(hashed: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256("".join(f"{sha256}  {path}\n" for path, sha256 in sorted(hashed)).encode()).hexdigest()
