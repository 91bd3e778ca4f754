"""Output shared by the commands: tables of scores, downloads, paths."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from common.reporting import report, tables
from common.runs.inspection import Inspection


def console() -> Console:
    """Standard output, made wide enough for a table if it is not a terminal."""
    found = Console(markup=False)
    return found if found.is_terminal else Console(markup=False, width=120)


@contextlib.contextmanager
def download_progress(console: Console):
    """Yield a callback `(file, bytes done, bytes in total)` that draws one bar per file."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    # Outside a terminal nothing is drawn, but an empty line would remain.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars = {}

        def show(file: str, done: int, total: int) -> None:
            if file not in bars:
                bars[file] = progress.add_task(file, total=total or None)
            progress.update(bars[file], completed=done)

        yield show


def layers(console: Console, model) -> None:
    """Print the layers of a model in order, with the output shape and the number of weights of each."""
    table = Table(title=f"model: {model.count_params():,} parameters", title_justify="left")
    for column, justify in (("layer", "left"), ("kind", "left"), ("gives", "left"), ("parameters", "right")):
        table.add_column(column, justify=justify)
    for depth, layer in _nested(model):
        shapes = [tensor.shape for tensor in _flat(layer.output)]
        gives = ", ".join(str(shape).replace("None", "?") for shape in shapes)
        table.add_row("  " * depth + layer.name, type(layer).__name__, gives, f"{layer.count_params():,}")
    console.print(table)


def _nested(model, depth: int = 0):
    """`(depth, layer)` of every layer in order; a nested model is followed by its own layers."""
    for layer in model.layers:
        yield depth, layer
        yield from _nested(layer, depth + 1) if hasattr(layer, "layers") else ()


def _flat(output) -> list:
    if isinstance(output, dict):
        output = list(output.values())
    return [tensor for part in output for tensor in _flat(part)] if isinstance(output, (list, tuple)) else [output]


def inspection(console: Console, found: Inspection) -> None:
    """Print the findings about the data, and the warnings."""
    table = Table(show_header=False, box=None, padding=(0, 1))
    for what, how in found.decisions.items():
        table.add_row(what, how)
    console.print(table, highlight=False)
    for warning in found.warnings:
        console.print(f"warning: {warning}", highlight=False)


def scores(console: Console, measured: dict) -> None:
    """Print every score beside the baselines, and which is better."""
    baselines = {**measured["baselines"], **{f"{name} (mixture)": s for name, s in measured["mixtures"].items()}}
    table = Table(title=f"test: {measured['examples']['test']:,} examples", title_justify="left")
    table.add_column("score")
    for name in ("model", "95 % interval", *baselines):
        table.add_column(name, justify="right", overflow="fold")
    for name, value in measured["test"].items():
        others = (tables.number(values.get(name)) for values in baselines.values())
        table.add_row(name, tables.number(value), tables.bounds(measured["interval"][name]), *others)
    console.print(table)
    console.print(report.verdict(measured), highlight=False)
    for remark in measured["remarks"]:
        console.print(remark, highlight=False)


def coloured(names: Sequence[str], shares: Sequence[float]) -> Text:
    """The steps of an input, green if they support the answer and red if they oppose it, the strongest brightest."""
    largest = max(map(abs, shares), default=0.0) or 1.0
    between = "" if all(len(name) == 1 for name in names) else " "  # characters, or words
    text = Text("  ")
    for name, share in zip(names, shares):
        strength = round(160 * abs(share) / largest)
        colour = f"rgb({40 if share > 0 else 40 + strength},{40 + strength if share > 0 else 40},40)"
        text.append(name.replace("\n", "⏎"), style=f"white on {colour}" if strength else "")
        text.append(between)
    return text


def relative(path: Path) -> Path:
    """The path relative to the current folder, if it lies below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
