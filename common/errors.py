"""The one kind of error that a user can cause and mend."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # ONNX Runtime puts them into its messages


class UserError(Exception):
    """What went wrong and what to do about it, in one line.

    The command line prints the message without a traceback and exits with code 2. Raise it for a bad file, setting
    or name, a missing run, a missing network; raise `ValueError` for a mistake in our own code.
    """


def one_line(text: object, limit: int = 200) -> str:
    """A foreign text, such as the message of a library or a name in a file, fit for one line of a message."""
    line = " ".join(_COLOURS.sub("", str(text)).split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= limit else line[: limit - 3] + "..."


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """One line that refuses `name`, offers the nearest known name and lists all."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"There is no {what} {name!r}{hint} Known: {', '.join(known)}"
