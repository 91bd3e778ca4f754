"""What lies at a path that a user names."""

from __future__ import annotations

import errno
import re
import stat
import unicodedata
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from common.errors import UserError

NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)  # Path.exists raises the last of them


def is_file(path: Path) -> bool:
    """Whether a file lies there; no, if the name is longer than names can be."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Whether a folder lies there; no, if the name is longer than names can be."""
    return stat.S_ISDIR(_mode(path))


def own(found: Iterable[Path]) -> Iterator[Path]:
    """The paths without the `._` files that macOS adds to others."""
    return (path for path in found if not path.name.startswith("._"))


def with_suffix(found: Iterable[Path], suffixes: Container[str]) -> list[Path]:
    """The user's `own` paths with one of these suffixes in either case, sorted."""
    return sorted(path for path in own(found) if path.suffix.lower() in suffixes)


def by_number(path: Path) -> list[str | int]:
    """A key to sort paths by name, numbers as numbers: `frame9.png` before `frame10.png`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]


def below(folder: Path, name: str) -> Path:
    """The path that a table in the folder names.

    Folders are separated by slashes or, as on Windows, by backslashes. Accents are looked for as one
    character (NFC) and as two (NFD), as some systems store them.
    """
    spellings = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    spellings += [spelling.replace("\\", "/") for spelling in spellings]
    return next((folder / spelling for spelling in spellings if _mode(folder / spelling)), folder / name)


def check_is_file(path: Path, kind: str) -> None:
    """See to it that opening the path ends: a pipe would be waited for without end.

    Args:
        kind: of file, for the message: "picture".

    Raises:
        UserError: if nothing lies there, or what is no file.
    """
    if not _mode(path):
        raise UserError(f"There is no {kind} {path}.")
    if not is_file(path):
        what = "a folder" if is_folder(path) else "no file"
        raise UserError(f"{path} is {what}: name a {kind}.")


def _mode(path: Path) -> int:
    """The kind of what lies there and its permissions; 0 for nothing."""
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno not in NOTHING:
            raise
        return 0
