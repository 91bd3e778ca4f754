"""Errors caused by user input, reported in one line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # colour codes in ONNX Runtime's messages


class UserError(Exception):
    """What went wrong and what to do about it, in one line.

    The command line prints the message without a traceback and exits with code 2. Raise it for a bad file, setting
    or name, a missing run, a missing network; raise `ValueError` for a mistake in our own code. Line breaks in the
    message, as in a quoted name of a column, become spaces.
    """

    def __init__(self, message: str):
        super().__init__(" ".join(message.splitlines()))


def one_line(text: object, limit: int = 200) -> str:
    """Untrusted text, such as a library's message or a name in a file, made fit for one line of a message."""
    line = " ".join(_COLOURS.sub("", str(text)).split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= limit else line[: limit - 3] + "..."


def counted(count: int, what: str) -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """One line that rejects `name`, suggests the nearest known name and lists all."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"There is no {what} {name!r}{hint} Known: {', '.join(known)}"
