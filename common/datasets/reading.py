"""What is said while files are read: the columns a user names, and what a reader decided, warned and refused.

Readers call `note`, `warn` and `refuse`. Whoever reads opens a `reading()` around them to hear it; without one, notes
are dropped and what is refused is raised.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from common.errors import UserError

MOST_ERRORS = 1000  # after which a reader that goes on after errors gives up


@dataclasses.dataclass
class Reading:
    """What a reader may know beside the path, and what it found.

    Attributes:
        columns: as a user names them: `text,label` for a table without a header, `text=review` for other names.
        inherited: whether the columns are those of another file, from which this one may differ.
        keep_going: whether a line that is wrong is kept in `errors` and passed over, so that all of them are found.
        decisions: file name -> what was decided -> how, such as `{"reviews.csv": {"encoding": "UTF-16"}}`.
        warnings: what a user should look at, one line each.
        errors: what is wrong, one line each; only with `keep_going`.
    """

    columns: str | None = None
    inherited: bool = False
    keep_going: bool = False
    decisions: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)


_CURRENT: contextvars.ContextVar[Reading | None] = contextvars.ContextVar("reading", default=None)


@contextlib.contextmanager
def reading(found: Reading) -> Iterator[Reading]:
    """Keep what the readers called within say."""
    token = _CURRENT.set(found)
    try:
        yield found
    finally:
        _CURRENT.reset(token)


def columns() -> str | None:
    """The columns that the user names, as typed; None where nothing was said."""
    current = _CURRENT.get()
    return current.columns if current else None


def may_differ() -> bool:
    """Whether a file that the named columns do not fit is read as if none were named."""
    current = _CURRENT.get()
    return current is not None and current.inherited


def note(path: object, what: str, decided: str) -> None:
    """Say what was decided for a file; of several decisions on one thing the last stays."""
    if (current := _CURRENT.get()) is not None:
        current.decisions.setdefault(Path(str(path)).name, {})[what] = decided


def warn(text: str) -> None:
    """Say what a user should look at."""
    if (current := _CURRENT.get()) is not None and text not in current.warnings:
        current.warnings.append(text)


def refuse(error: UserError) -> None:
    """Refuse a line of a file: the error is raised, or kept where the reader is asked to go on with the next line."""
    current = _CURRENT.get()
    if current is None or not current.keep_going or len(current.errors) >= MOST_ERRORS:
        raise error
    current.errors.append(str(error))
