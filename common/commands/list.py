"""`list`: every task in one table."""

from __future__ import annotations

from rich.table import Table

from common.commands import console_output
from common.reporting import results
from common.task import Task, load_task, task_names


def run() -> None:
    """Print shape, data sets, metric, recorded result and baseline of every task."""
    table = Table()
    for column in ("task", "shape", "data", "metric", "recorded", "baseline"):
        table.add_column(column)
    for name in task_names():
        table.add_row(name, *_row(name, load_task(name)))
    console_output.console().print(table)


def _row(name: str, task: Task) -> list[str]:
    wanted = next(iter(task.datasets)), task.config.cell, ""
    own = [row for row in results.read(name) if (row["data"], row["cell"], row["changed"]) == wanted]
    recorded = [f"{own[0]['mean']:.3f}", f"{own[0]['baseline']:.3f}"] if own else ["-", "-"]
    return [task.shape, ", ".join(task.datasets), task.metric, *recorded]
