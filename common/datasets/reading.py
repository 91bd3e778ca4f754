"""The context in which files are read: the columns that a user names, and a reader's decisions, warnings and errors.

Readers call `note`, `warn` and `refuse`. A caller that needs these opens a `reading()` around the readers; without one,
notes and warnings are dropped and errors are raised.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from common.errors import UserError

MOST_ERRORS = 1000  # after which a reader that continues after errors gives up


@dataclasses.dataclass
class Reading:
    """What a reader is told in addition to the path, and what it reports.

    Attributes:
        columns: as a user names them: `text,label` for a table without a header, `text=review` for other names.
        inherited: whether the columns are those of another file, from which this one may differ.
        keep_going: whether a wrong line is recorded in `errors` and skipped, so that all of them are found.
        decisions: file name -> subject -> decision, such as `{"reviews.csv": {"encoding": "UTF-16"}}`.
        warnings: what a user should check, one line each.
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
    """Collect what the readers called within report."""
    token = _CURRENT.set(found)
    try:
        yield found
    finally:
        _CURRENT.reset(token)


def columns() -> str | None:
    """The columns that the user names, as typed; None if none are named."""
    current = _CURRENT.get()
    return current.columns if current else None


def may_differ() -> bool:
    """Whether named columns that do not fit a file are ignored for that file."""
    current = _CURRENT.get()
    return current is not None and current.inherited


def note(path: object, what: str, decided: str) -> None:
    """Record a decision on a file; a later decision on the same subject replaces it."""
    if (current := _CURRENT.get()) is not None:
        current.decisions.setdefault(Path(str(path)).name, {})[what] = decided


def warn(text: str) -> None:
    """Record a warning for the user."""
    if (current := _CURRENT.get()) is not None and text not in current.warnings:
        current.warnings.append(text)


def refuse(error: UserError) -> None:
    """Refuse a line of a file: raise the error, or record it if the reader is to continue with the next line."""
    current = _CURRENT.get()
    if current is None or not current.keep_going or len(current.errors) >= MOST_ERRORS:
        raise error
    current.errors.append(str(error))


def give_up() -> None:
    """End the reading of a file all of whose lines were refused: raise the error of the last one."""
    raise UserError(_CURRENT.get().errors.pop())
