"""What lies at a path that a user names."""

from __future__ import annotations

from pathlib import Path

from common.errors import UserError


def check_is_file(path: Path, kind: str) -> None:
    """See to it that opening the path ends: a pipe would be waited for without end.

    Args:
        kind: of file, for the message: "picture".

    Raises:
        UserError: if nothing lies there, or what is no file.
    """
    if not path.exists():
        raise UserError(f"There is no {kind} {path}.")
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file"
        raise UserError(f"{path} is {what}: name a {kind}.")
