"""`export`: a folder with a trained run that does not need this repository."""

from __future__ import annotations

from pathlib import Path

from common.errors import UserError
from common.reporting import card
from common.runs import export
from common.runs import run as runs
from common.task import load_task


def run(task_name: str | None, run_name: str | None, to: str) -> Path:
    """Write the folder and list its content.

    Args:
        task_name: None for the task that was trained last.
        run_name: None for the latest.
        to: path of the folder, which must not exist or be empty.

    Raises:
        UserError: if there is no such run, it was not measured, it has no ONNX files, or the folder is not empty.
    """
    task_name = task_name or runs.last_trained()
    task = load_task(task_name)
    folder = runs.find(task_name, run_name)
    if not folder.finished:
        raise UserError(f"Run {folder.path.name} was not measured: its training did not end.")
    measured, path = folder.metrics, Path(to).expanduser()
    written = export.write(folder, task, path, lambda *given: card.text(task, folder, measured, *given))
    print(f"{folder.path.name} of {task_name}, in {path}: {', '.join(written)}")
    return path
