"""`evaluate`: the full report of a run, from its folder and the data alone."""

from __future__ import annotations

from pathlib import Path

from common.commands import console_output, steps
from common.runs import examples
from common.runs import run as runs
from common.runs.run import Run
from common.task import change_config, load_task


def run(task_name: str, run_name: str | None, data: str | None, settings: dict) -> dict:
    """Measure a run on its own test examples, or on other data; prints the scores.

    Nothing is fitted again: settings, encoder and weights are those of the run. With the run's own data its report
    and `metrics.json` are written anew; what is measured on other data gets a folder below the run.

    Args:
        run_name: None for the latest.
        data: a named set (its test side is used) or a file with targets (all of it is used); None for the run's own.
        settings: changes to settings that act after training, such as a beam width.

    Returns:
        The content of `metrics.json`.
    """
    console = console_output.console()
    task = load_task(task_name)
    folder = runs.find(task_name, run_name)
    config, encoder = runs.load_encoder(folder, task)
    config = change_config(config, settings)
    networks = runs.load_networks(folder, task, config, encoder)
    source = steps.reload_source(task, config, folder, console)
    test, name, into = source.splits.test, source.name, folder
    if data is not None and data != source.name:
        name, into = data, Run(folder.path / f"on-{Path(data).stem}")
        if data in task.datasets:
            test = steps.load_source(task, data, config, folder.config["quick"], console).splits.test
        else:
            test = task.own_file.read(examples.own_file(task, data), True)
    measured = steps.measure(task, config, networks, encoder, folder, source, test, name, into)
    console_output.scores(console, measured)
    console.print(f"The report is {console_output.relative(into.report_file)}", highlight=False)
    return measured
