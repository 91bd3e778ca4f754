"""The command line: every flag is defined once, here, for all tasks."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated

import typer

from common.errors import UserError, one_line
from common.task import parse_settings

app = typer.Typer(
    help="Recurrent networks on many kinds of sequence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

STOPPED = 130  # exit code after Ctrl-C
LONGEST = 1000  # characters of an error

TaskName = Annotated[str, typer.Argument(metavar="TASK", help="Folder below tasks/, as `list` shows.")]
TrainedTask = Annotated[str | None, typer.Argument(metavar="[TASK]", help="By default the one trained last.")]
Data = Annotated[str | None, typer.Option(help="A named data set, or the path of a file of yours.")]
Columns = Annotated[str | None, typer.Option(help="For a file of yours: text,label, or text=review label=sentiment.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change settings.")]
RunName = Annotated[str | None, typer.Option("--run", help="A run of the task; the latest by default.")]


@app.command("list")
def list_tasks():
    """Every task with its shape, data sets, metric, baseline and recorded result."""
    from common.commands import list as command

    command.run()


@app.command()
def train(
    task: TaskName,
    data: Data = None,
    validation: Annotated[str | None, typer.Option(help="A file of yours to choose the best epoch on.")] = None,
    test: Annotated[str | None, typer.Option(help="A file of yours to measure on.")] = None,
    fold: Annotated[int | None, typer.Option(help="For a set with cross-validation, counted from 0.")] = None,
    columns: Columns = None,
    cell: Annotated[str | None, typer.Option(help="simple_rnn, gru or lstm.")] = None,
    set: Set = None,
    seed: Annotated[int | None, typer.Option(help="For weights, batches and dropout.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few hundred examples, two epochs.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the latest run.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine that train together.")] = 1,
):
    """Train a model, then measure it on test beside the baseline."""
    if workers > 1 and "TF_CONFIG" not in os.environ:
        from common.training.workers import start

        start(workers, sys.argv[1:])
        return
    from common.commands import train as command
    from common.runs.examples import Request

    request = Request(data, validation, test, fold, columns)
    command.run(task, request, {**_settings(set), **_given(cell=cell, seed=seed)}, quick, resume)


@app.command()
def validate(
    task: TaskName,
    data: Data = None,
    validation: Annotated[str | None, typer.Option(help="A file of yours to choose the best epoch on.")] = None,
    test: Annotated[str | None, typer.Option(help="A file of yours to measure on.")] = None,
    columns: Columns = None,
    set: Set = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
):
    """Read data as a training would, and report what is in it and what is wrong."""
    from common.commands import validate as command
    from common.runs.examples import Request

    request = Request(data, validation, test, None, columns)
    raise typer.Exit(0 if command.run(task, request, _settings(set), json) else 2)


@app.command()
def evaluate(
    task: TrainedTask = None, run: RunName = None, data: Data = None, columns: Columns = None, set: Set = None
):
    """Measure a trained run on test, and write its report."""
    from common.commands import evaluate as command

    command.run(task, run, data, _settings(set), columns)


@app.command()
def predict(
    task: TrainedTask = None,
    text: Annotated[str | None, typer.Option(help="One input.")] = None,
    input: Annotated[str | None, typer.Option(help="A file of inputs.")] = None,
    run: RunName = None,
    columns: Columns = None,
    set: Set = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="The share of each input step in the answer.")] = False,
):
    """Predict new inputs with a trained run: --text, --input, or standard input, one per line."""
    from common.commands import predict as command

    command.run(task, text, input, run, _settings(set), json, explain, columns)


@app.command()
def inspect(
    task: TrainedTask = None,
    run: RunName = None,
    text: Annotated[str | None, typer.Option(help="An input; by default an example of the test set.")] = None,
    input: Annotated[str | None, typer.Option(help="A file, whose first input is inspected.")] = None,
):
    """Show what the network of a trained run does with one example, as pages with pictures."""
    from common.commands import inspect as command

    command.run(task, run, text, input)


@app.command()
def export(
    to: Annotated[str, typer.Option(metavar="FOLDER", help="Must not exist, or be empty.")],
    task: TrainedTask = None,
    run: RunName = None,
):
    """Write a folder with a trained run that predicts without this repository."""
    from common.commands import export as command

    command.run(task, run, to)


@app.command()
def strip(to: Annotated[str, typer.Option(metavar="FILE", help="The picture, a PNG.")] = "docs/pictures/zoo.png"):
    """Draw one picture of all tasks, from the reports of their latest runs."""
    from common.commands import strip as command

    command.run(to)


@app.command()
def record(
    task: TaskName,
    data: Data = None,
    cells: Annotated[str, typer.Option(help="Names separated by spaces.")] = "simple_rnn gru lstm",
    seeds: Annotated[str, typer.Option(help="Numbers separated by spaces.")] = "0 1 2",
    set: Set = None,
):
    """Train cells and seeds, and write their results to results.json and the READMEs."""
    from common.commands import record as command

    command.run(task, data, cells.split(), _numbers(seeds, "Seeds"), _settings(set))


@app.command()
def curve(
    task: TaskName,
    data: Data = None,
    validation: Annotated[str | None, typer.Option(help="A file of yours to choose the best epoch on.")] = None,
    fold: Annotated[int | None, typer.Option(help="For a set with cross-validation, counted from 0.")] = None,
    columns: Columns = None,
    cell: Annotated[str | None, typer.Option(help="simple_rnn, gru or lstm.")] = None,
    seeds: Annotated[str, typer.Option(help="Numbers separated by spaces.")] = "0",
    set: Set = None,
):
    """The score on validation against the number of training examples."""
    from common.commands import curve as command
    from common.runs.examples import Request

    request = Request(data, validation, fold=fold, columns=columns)
    command.run(task, request, {**_settings(set), **_given(cell=cell)}, _numbers(seeds, "Seeds"))


@app.command()
def results(tasks: Annotated[list[str] | None, typer.Argument(metavar="[TASK]...")] = None):
    """Repeat every recorded result; fails if one no longer holds."""
    from common.commands import results as command

    command.run(tasks or [])


@app.command()
def probe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="adding, copy, order, pixels or permuted.")],
    cells: Annotated[str, typer.Option(help="Names separated by spaces.")] = "simple_rnn gru lstm",
    lengths: Annotated[str | None, typer.Option(help="Numbers separated by spaces; 10 50 100 200 400 if none.")] = None,
    seeds: Annotated[str, typer.Option(help="Numbers separated by spaces.")] = "0 1 2",
    record: Annotated[bool, typer.Option("--record", help="Replace rows in docs/; by default runs/probes/.")] = False,
):
    """A test of memory: train each cell on sequences of each length, and try it on longer ones."""
    from common.commands import probe as command

    lengths = None if lengths is None else _numbers(lengths, "Lengths")
    command.run(name, cells.split(), lengths, _numbers(seeds, "Seeds"), record)


@app.command()
def docs():
    """The teaching documents with every number and picture computed anew; fails where one was another."""
    from common.commands import docs as command

    command.run()


@app.command()
def new(
    task: Annotated[str, typer.Argument(metavar="NAME", help="The new folder below tasks/.")],
    source: Annotated[str, typer.Option("--from", help="The task to copy.")],
):
    """Start a new task as a copy of another; it trains at once."""
    from common.commands import new as command

    command.run(task, source)


@app.command()
def check():
    """Check the rules of the repository that a linter cannot see."""
    from common.commands import check as command

    raise typer.Exit(command.run())


def main() -> None:
    """Run the command line; errors that a user can fix end in one line and exit code 2."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a character that the terminal lacks is not an error
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"  # the layers are written for it
    try:
        app()
    except UserError as error:
        print(f"error: {one_line(error, LONGEST)}", file=sys.stderr)  # the message may quote a file
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as ended:
        if isinstance(ended, SystemExit) and ended.code != STOPPED:  # Typer's own exit, with any other code
            raise
        print("\nstopped. A training continues after its last epoch: make train TASK=... RESUME=1", file=sys.stderr)
        sys.exit(STOPPED)
    except Exception as error:
        if (problem := _problem(error)) is None:
            raise
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)


def _problem(error: Exception) -> str | None:
    """A lack of memory or a failure of the file system, in one line; None for other errors."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # the latter is TensorFlow's
        return 'There is not enough memory: make the model or its batches smaller, SET="units=32 batch_size=8" say.'
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        hdf5 = re.search(r"error message = '([^']*)'", str(error))  # HDF5 puts the reason inside a long line
        kept = " A training that has begun continues with RESUME=1." if "train" in sys.argv[1:2] else ""
        return f"{one_line(f'{place}{error.strerror or (hdf5 and hdf5[1]) or error}')}.{kept}"
    return None


def _settings(given: list[str] | None) -> dict[str, str]:
    return parse_settings(" ".join(given or ()))


def _numbers(text: str, what: str) -> list[int]:
    try:
        numbers = [int(number) for number in text.split()]
    except ValueError:
        raise UserError(f"{what} are whole numbers separated by spaces, not {text!r}.") from None
    if not numbers:
        raise UserError(f"{what.upper()} is empty: leave it out, or give at least one.")
    return numbers


def _given(**flags) -> dict:
    return {name: value for name, value in flags.items() if value is not None}
