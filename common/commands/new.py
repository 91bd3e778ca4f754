"""`new`: start a task as a copy of another."""

from __future__ import annotations

import re
import shutil

from common import folders
from common.errors import UserError, unknown
from common.task import task_names

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def run(name: str, source: str) -> None:
    """Copy `tasks/<source>` to `tasks/<name>`, without its recorded results.

    Raises:
        UserError: if the name is taken or not lower-case words joined by underscores, or there is no such source.
    """
    if not _NAME.fullmatch(name):
        raise UserError(f"A task's name is lower-case words joined by underscores, not {name!r}.")
    if (folders.TASKS_FOLDER / name).exists():
        raise UserError(f"tasks/{name} exists already.")
    if source not in task_names():
        raise UserError(unknown("task", source, task_names()))
    ignored = shutil.ignore_patterns("__pycache__", "results.json")
    shutil.copytree(folders.TASKS_FOLDER / source, folders.TASKS_FOLDER / name, ignore=ignored)
    print(f"tasks/{name} is a copy of tasks/{source}. Train it: make train TASK={name}")
    print("Make it yours: task.py from top to bottom, then README.md; `make check` lists what is still the original's.")
