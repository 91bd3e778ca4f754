"""Recorded results: `results.json` of each task, and the tables in the READMEs that are made from it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from common import files, folders
from common.errors import UserError
from common.reporting.tables import markdown, number
from common.task import Task, load_task, task_names

START, END = "<!-- results -->", "<!-- /results -->"
ROOT_README = folders.REPOSITORY / "README.md"
CELL_NAMES = {"simple_rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def read(name: str) -> list[dict]:
    """The recorded rows of a task; none if nothing was recorded.

    Raises:
        UserError: if the file belongs to another task (a copied folder).
    """
    file = _file(name)
    if not file.exists():
        return []
    content = json.loads(file.read_text(encoding="utf-8"))
    if content["task"] != name:
        raise UserError(f"{file} holds the results of {content['task']}: delete it and record {name}'s own.")
    return content["rows"]


def add(name: str, row: dict) -> None:
    """Put a row in the place of the one of the same data, cell and changed settings, or at the end."""
    rows = read(name)
    keys = [_key(known) for known in rows]
    if _key(row) in keys:
        rows[keys.index(_key(row))] = row
    else:
        rows.append(row)
    order = list(load_task(name).datasets)
    rows.sort(key=lambda row: (order.index(row["data"]), list(CELL_NAMES).index(row["cell"]), row["changed"]))
    files.write_json(_file(name), {"task": name, "rows": rows})


def write_tables() -> list[Path]:
    """Make the tables of every README anew; the files that changed."""
    texts = {folders.TASKS_FOLDER / name / "README.md": task_table(name, load_task(name)) for name in task_names()}
    texts[ROOT_README] = index_table()
    changed = []
    for file, table in texts.items():
        if file.exists() and (text := with_table(file, table)) != file.read_text(encoding="utf-8"):
            files.write_text(file, text)
            changed.append(file)
    return changed


def with_table(file: Path, table: list[str]) -> str:
    """The text of a README with the lines of `table` between its markers.

    Raises:
        UserError: if the markers are not there.
    """
    text = file.read_text(encoding="utf-8")
    pattern = re.compile(f"{START}\n.*?{END}", re.DOTALL)
    if not pattern.search(text):
        raise UserError(f"{file} has no lines {START} and {END} to put the table of results between.")
    return pattern.sub(lambda _: "\n".join([START, *table, END]), text)


def task_table(name: str, task: Task) -> list[str]:
    """Every recorded row of a task beside baselines and published results, as Markdown."""
    rows = read(name)
    if not rows:
        return ["Nothing is recorded yet: `make record TASK=" + name + "`."]
    table = [["data", "model", rows[0]["metric"], "95 % interval", "seeds", "parameters", "training", "command"]]
    for data in dict.fromkeys(row["data"] for row in rows):
        mine = [row for row in rows if row["data"] == data]
        for baseline, value in mine[0]["baselines"].items():
            table.append([data, f"{baseline} (baseline)", number(value), "", "", "", "", ""])
        table.extend([data, *_cells_of(row)] for row in mine)
        for reference in task.datasets[data].references:
            if reference.metric == rows[0]["metric"]:
                published = f"{reference.model} (published: {reference.source})"
                table.append([data, published, number(reference.value), "", "", "", "", ""])
    machines = "; ".join(dict.fromkeys(row["machine"] for row in rows))
    return [*markdown(table), "", f"Measured on {machines}; test was scored once for each run."]


def _cells_of(row: dict) -> list[str]:
    low, high = row["interval"]
    spread = f" ± {row['sd']:.2g}" if len(row["seeds"]) > 1 else ""
    model = f"{CELL_NAMES[row['cell']]} {row['changed']}".strip()
    return [
        model,
        f"**{number(row['mean'])}**{spread}",
        f"{number(low)} to {number(high)}",
        str(len(row["seeds"])),
        f"{row['parameters']:,}",
        f"{row['train_seconds']:.0f} s",
        f"`{row['command']}`",
    ]


def index_table() -> list[str]:
    """One row for each task and data set, for the root README."""
    table = [["task", "shape", "data", "metric", *CELL_NAMES.values(), "baseline", "published", "minutes"]]
    for name in task_names():
        task, rows = load_task(name), read(name)
        for data in dict.fromkeys(row["data"] for row in rows):
            mine = {row["cell"]: row for row in rows if row["data"] == data and not row["changed"]}
            first = next(iter(mine.values()), None)
            if first is None:
                continue
            published = [r for r in task.datasets[data].references if r.metric == first["metric"]]
            table.append(
                [
                    f"[{name}](tasks/{name}/README.md)",
                    task.shape,
                    data,
                    first["metric"],
                    *(number(mine[cell]["mean"]) if cell in mine else "" for cell in CELL_NAMES),
                    f"{number(first['baseline'])} ({first['baseline_name']})",
                    "; ".join(f"{number(r.value)} {r.model}" for r in published[:2]),
                    f"{max(row['train_seconds'] for row in mine.values()) / 60:.1f}",
                ]
            )
    return markdown(table)


def _key(row: dict) -> tuple:
    return row["data"], row["cell"], row["changed"]


def _file(name: str) -> Path:
    return folders.TASKS_FOLDER / name / "results.json"
