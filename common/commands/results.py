"""`results`: train every recorded row again, and fail if a recorded result no longer holds."""

from __future__ import annotations

from common.commands import console_output, record
from common.errors import UserError
from common.reporting import results
from common.task import parse_settings, task_names


def run(names: list[str]) -> None:
    """Train the first seed of every recorded row again.

    A row holds if the score stays within what the spread of the seeds explains (without one, within the row's
    interval), and a model that beat its strongest baseline still does. The tables of the READMEs must be those that
    `results.json` makes.

    Raises:
        UserError: if something no longer holds; names every case.
    """
    console = console_output.console()
    problems = [f"{file} does not agree with results.json: make record writes it" for file in results.stale_tables()]
    for name in names or task_names():
        rows = results.read(name)
        for row in rows:
            settings = parse_settings(row["changed"])
            settings |= {"cell": row["cell"], "seed": next(iter(row["seeds"]))}
            measured = record.measure(name, row["data"], settings, anew=True)
            found = results.departures(row, rows, measured)
            console.print(f"{name} {row['data']} {row['cell']}: {'; '.join(found) or 'holds'}", highlight=False)
            problems += [f"{name} {row['data']} {row['cell']}: {problem}" for problem in found]
    if problems:
        raise UserError("Recorded results no longer hold: " + "; ".join(problems))
