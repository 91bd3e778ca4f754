"""The results of `make probe`: rows in `probes.json`, from which the tables and plots of `probes.md` are made."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from common import backend, files, folders
from common.insight.probes import PROBES, Probe
from common.reporting import results, tables
from common.runs import provenance

DOCS = folders.REPOSITORY / "docs"  # where the recorded rows are
JSON, DOCUMENT = "probes.json", "probes.md"


def read(folder: Path) -> dict[str, list[dict]]:
    """The rows of each probe in a folder."""
    return files.read_json(folder / JSON)["probes"] if (folder / JSON).exists() else {}


def row(cell: str, length: int, seed: int, probe: Probe, trial) -> dict:
    """The row for one trained network.

    Args:
        trial: `insight.probing.Trial`.
    """
    return {
        "cell": cell,
        "length": length,
        "seed": seed,
        "metric": probe.metric,
        "scores": {str(steps): score for steps, score in trial.scores.items()},
        "memoryless": {str(steps): probe.memoryless(steps) for steps in trial.scores},
        "steps": probe.steps,
        "parameters": trial.parameters,
        "train_seconds": round(trial.seconds, 1),
        "machine": provenance.machine(),
        "cores": backend.cores(),
        "versions": provenance.versions(),
    }


def add(name: str, measured: dict, folder: Path) -> None:
    """Store a row; it replaces the one with the same cell, length and seed."""
    recorded = read(folder)
    rows = [one for one in recorded.get(name, []) if _key(one) != _key(measured)]
    recorded[name] = sorted([*rows, measured], key=_key)
    files.write_json(folder / JSON, {"probes": {probe: recorded[probe] for probe in PROBES if probe in recorded}})


def _key(one: dict) -> tuple:
    return one["length"], list(results.CELL_NAMES).index(one["cell"]), one["seed"]


def write(folder: Path) -> None:
    """Regenerate the tables and plots of a folder from its rows; text around the tables is kept."""
    from common.plots import probes as plots
    from common.plots import style

    recorded = read(folder)
    (folder / "pictures").mkdir(exist_ok=True)
    for name, rows in recorded.items():
        probe, scores = PROBES[name], grouped(rows)
        if probe.length:
            of_cells = {results.CELL_NAMES[cell]: tried[probe.length] for (_, cell), tried in scores.items()}
            figure = plots.by_cell(probe, of_cells)
        else:
            figure = plots.by_length(probe, scores)
        style.save(figure, folder / "pictures" / f"probe_{name}.png")
    document = folder / DOCUMENT
    if not document.exists():
        files.write_text(document, f"{results.START}\n{results.END}\n")
    files.write_text(document, results.with_table(document, table(recorded)))


def grouped(rows: Sequence[dict]) -> dict[tuple[int, str], dict[int, list[float]]]:
    """(training length, cell) -> test length -> scores of all seeds."""
    groups = {}
    for one in rows:
        by_length = groups.setdefault((one["length"], one["cell"]), {})
        for steps, score in one["scores"].items():
            by_length.setdefault(int(steps), []).append(score)
    return groups


def table(recorded: dict[str, list[dict]]) -> list[str]:
    """For each probe, as Markdown, a heading, its plot, and a table with a row for each cell and length."""
    if not recorded:
        return ["Nothing is recorded yet: `make probe NAME=adding`."]
    lines = []
    for name, rows in recorded.items():
        probe, machines = PROBES[name], "; ".join(dict.fromkeys(one["machine"] for one in rows))
        lines += ["", f"## {name}: {probe.title}", "", f"![{name}](pictures/probe_{name}.png)", ""]
        cells = [["trained on", "cell", "tested on", probe.metric, "memoryless", "seeds", "training seconds"]]
        for (length, cell), by_length in grouped(rows).items():
            mine = [one for one in rows if (one["length"], one["cell"]) == (length, cell)]
            seconds = statistics.fmean(one["train_seconds"] for one in mine)
            for steps, scores in by_length.items():
                trained = [f"{length} steps", results.CELL_NAMES[cell]] if steps == length else ["", ""]
                cost = [str(len(mine)), f"{seconds:.0f}"] if steps == length else ["", ""]
                memoryless = mine[0]["memoryless"][str(steps)]
                cells.append([*trained, f"{steps} steps", _score(scores), f"{memoryless:.4f}", *cost])
        lines += tables.markdown(cells)
        batches = sorted({one["steps"] for one in rows})
        lines += ["", f"{' or '.join(f'{count:,}' for count in batches)} training batches. Measured on {machines}."]
    return lines[1:]


def _score(scores: Sequence[float]) -> str:
    """The mean, and the lowest and highest if there are several."""
    several = f" ({min(scores):.4f} to {max(scores):.4f})" if len(scores) > 1 else ""
    return f"{statistics.fmean(scores):.4f}{several}"
