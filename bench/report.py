"""The measurements as JSON, tables and pictures in docs/."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from common import files
from common.plots import style
from common.reporting.tables import markdown

PEERS = {"zoo": "zoo", "keras": "stock Keras", "pytorch": "PyTorch", "floor": "products alone"}
TITLES = {
    "step": "A training step at one length",
    "growth": "How seconds grow",
    "pipeline": "An epoch and its steps",
    "epoch": "Real sentences",
    "translation": "Translation with attention",
    "accuracy": "Time to an accuracy",
    "predict": "One sentence",
    "corpus": "Encoding a corpus",
    "memory": "Memory for a corpus",
}
EXPLAINED = {
    "step": (
        "Batch 64, 200 timesteps, embedding 10,000 x 64, 128 units, two logits, Adam, on one batch in memory; "
        "milliseconds per step. 'Products alone' computes the matrix products of such a step and nothing else."
    ),
    "growth": "The same SimpleRNN step with other sizes; milliseconds per step.",
    "pipeline": (
        "A SimpleRNN of 64 units, batch 64, 100 timesteps: a whole epoch of training, and as many steps on one "
        "batch in memory; a ratio above 1 is time lost between the steps. The zoo trains as `make train` does, stock "
        "Keras with `model.fit` on arrays, as most of its users do. All other tables spare Keras that loss. "
        "Milliseconds per epoch."
    ),
    "epoch": (
        "6,400 sentences, batch 64: the zoo groups by length, Keras pads all to the longest and masks, PyTorch pads "
        "each batch and packs. Milliseconds per epoch."
    ),
    "translation": "1,600 pairs, vocabularies of 4,000 words; the same layers in both. Milliseconds per epoch.",
    "accuracy": (
        "6,400 sentences of sst2, a bidirectional SimpleRNN of 64 units, mean over time, with the settings of the "
        "sentiment task and each library's own initial weights; building and tracing the model included. A seed for "
        "each turn, at most 6 epochs; a library that did not get there is shown with the time of all 6, so its ratio "
        "is too low. Milliseconds."
    ),
    "predict": "20 words, 64 units; the zoo's call in `make predict`, `model.predict`, a PyTorch module. Milliseconds.",
    "corpus": (
        "A generated text for next_word: its words are counted, then all of it is encoded to disk. Megabytes per "
        "second of each pass, and of both."
    ),
    "memory": (
        "next_word with 10,000 words on generated corpora: read, encoded to disk, 100 steps of training, 5,000 lines "
        "measured. Seconds of each stage, and the largest resident size of the process until its end."
    ),
}


def line(row: dict) -> str:
    """One measurement for the terminal."""
    return row["work"] + ": " + ", ".join(f"{PEERS[name]} {row[name]:.2f} ms" for name in PEERS if name in row)


def write(rows: list[dict], docs: Path) -> None:
    """Write benchmarks.json, benchmarks.md and the pictures; keep the rows that were not measured this time."""
    file = docs / "benchmarks.json"
    if file.exists():
        new = {row["kind"] for row in rows}
        rows = [row for row in json.loads(file.read_text()) if row["kind"] not in new] + rows
    for row in rows:
        row["ratio"] = {name: row[name] / row["zoo"] for name in PEERS if name in row and name != "zoo"}
    files.write_json(file, rows)
    files.write_text(docs / "benchmarks.md", "\n".join(_page(rows)) + "\n")
    _ratios(
        [row for row in rows if row["ratio"] and row["kind"] not in ("growth", "pipeline")],
        docs / "pictures" / "benchmarks.png",
    )
    _growth([row for row in rows if row["kind"] == "growth"], docs / "pictures" / "growth.png")
    _memory([row for row in rows if row["kind"] == "memory"], docs / "pictures" / "memory.png")


def _page(rows: list[dict]) -> list[str]:
    text = [
        "# Benchmarks",
        "",
        "Measured by `make bench`. Each library runs in a process of its own, and they take turns, so a slow minute",
        "slows all. Times are medians of the turns, lowest to highest in brackets. The ratio is the time of a library",
        "divided by that of the zoo. MB is the peak memory of each, in the order of the columns.",
        "",
        "![Times of all peers relative to the zoo](pictures/benchmarks.png)",
        "",
        "![Milliseconds a step over timesteps and over units](pictures/growth.png)",
    ]
    for kind, title in TITLES.items():
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            text += ["", f"## {title}", "", EXPLAINED[kind], *_where(mine), ""]
            text += _TABLES.get(kind, _times)(mine)
    return text


def _where(rows: list[dict]) -> list[str]:
    """Machine, commit, number of turns and, where they are recorded, versions; one line for each combination."""
    places = []
    for row in rows:
        if "turns" in row:
            turns = "one turn" if row["turns"] == 1 else f"{row['turns']} turns"
            versions = ", ".join(f"{name} {version}" for name, version in row.get("versions", {}).items())
            place = f"{row['machine']}, {row['cores']} cores; code {row['commit']}; {turns}"
            places.append(f"{place}; {versions}" if versions else place)
    return [f"Measured on {place}." for place in dict.fromkeys(places)]


def _times(rows: list[dict]) -> list[str]:
    """Milliseconds of each peer, how many times longer than the zoo, and memory."""
    peers = [name for name in PEERS if any(name in row for row in rows)]
    others = [name for name in peers if name != "zoo"]
    table = [["work", *(PEERS[name] for name in peers), *(f"ratio {PEERS[name]}" for name in others), "MB"]]
    for row in rows:
        ratios = [f"{row['ratio'][name]:.2f}" if name in row else "" for name in others]
        peaks = " / ".join(f"{row['peak_mb'][name]:.0f}" for name in peers if name in row)
        table.append([row["work"], *(_time(row, name) for name in peers), *ratios, peaks])
    text = markdown(table)
    if any("tokens_per_second" in row for row in rows):
        rates = [["real tokens a second", *(PEERS[name] for name in peers)]]
        rates += [[row["work"], *(f"{row['tokens_per_second'].get(name, 0):,.0f}" for name in peers)] for row in rows]
        text += ["", *markdown(rates)]
    return text


def _accuracies(rows: list[dict]) -> list[str]:
    """The times, and the accuracies with the number of epochs."""
    peers = [name for name in PEERS if any(name in row for row in rows)]
    reached = [["validation accuracy", *(PEERS[name] for name in peers)]]
    for row in rows:
        tries = {name: zip(row["epochs"][name], row["best"][name]) for name in peers}
        cells = ["; ".join(f"{best:.3f} in {epochs}" for epochs, best in tries[name]) for name in peers]
        reached.append([f"reached, and in how many epochs: {row['work']}", *cells])
    return [*_times(rows), "", *markdown(reached)]


def _pipelines(rows: list[dict]) -> list[str]:
    """Each peer's epoch, its steps alone, and how many times longer the epoch takes."""
    peers = [name for name in PEERS if any(name in row for row in rows)]
    table = [["work", *(f"{PEERS[name]}{what}" for name in peers for what in ("", ", steps alone", ", ratio"))]]
    for row in rows:
        cells = [
            [_time(row, name), f"{row['alone'][name]:.1f}", f"{row[name] / row['alone'][name]:.2f}"] for name in peers
        ]
        table.append([row["work"], *(cell for three in cells for cell in three)])
    return markdown(table)


def _rates(rows: list[dict]) -> list[str]:
    """Megabytes per second of each pass over a corpus."""
    table = [["text", "counting", "encoding", "both", "peak MB"]]
    for row in rows:
        times = row["counting"]["zoo"], row["encoding"]["zoo"], row["zoo"]
        rates = [f"{1000 * row['megabytes'] / milliseconds:.1f}" for milliseconds in times]
        table.append([row["work"], *rates, f"{row['peak_mb']['zoo']:.0f}"])
    return markdown(table)


def _memories(rows: list[dict]) -> list[str]:
    return [*markdown(_stages(rows)), "", "![Peak memory over the size of the corpus](pictures/memory.png)"]


_TABLES = {"pipeline": _pipelines, "accuracy": _accuracies, "corpus": _rates, "memory": _memories}


def _time(row: dict, name: str) -> str:
    if name not in row:
        return ""
    low, high = row["spread"][name]
    digits = 1 if row[name] >= 1 else 3
    return f"{row[name]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


STAGES = ("encoding", "training", "measuring")


def _stages(rows: list[dict]) -> list[list[str]]:
    header = ["corpus", *(f"{stage}, s" for stage in STAGES), *(f"{stage}, MB" for stage in STAGES)]
    units = [f"{stage} seconds" for stage in STAGES] + [f"{stage} peak MB" for stage in STAGES]
    return [header, *([row["work"], *(f"{row[name]:,.0f}" for name in units)] for row in rows)]


def _ratios(rows: list[dict], path: Path) -> None:
    """Horizontal bars: how many times longer than the zoo each peer takes."""
    figure, axes = style.new_figure(8, 0.32 * len(rows) + 1.2)
    for offset, name in ((-0.2, "keras"), (0.2, "pytorch")):
        bars = [(i + offset, row["ratio"][name]) for i, row in enumerate(rows) if name in row]
        axes.barh(*zip(*bars), height=0.38, label=PEERS[name]) if bars else None
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [row["work"] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("times as long as the zoo")
    axes.set_xticks(ticks := [0.5, 1, 2, 3, 5, 10, 20, 50], [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.legend()
    style.save(figure, path)


def _growth(rows: list[dict], path: Path) -> None:
    """Milliseconds a step over timesteps and over units, a line for each peer."""
    figure = Figure(figsize=(9, 3.6))
    for axes, over, fixed, value in zip(
        figure.subplots(1, 2), ("timesteps", "units"), ("units", "timesteps"), (128, 100)
    ):
        line = sorted((row for row in rows if row[fixed] == value), key=lambda row: row[over])
        for name in ("zoo", "keras", "pytorch"):
            if all(name in row for row in line):
                axes.plot([row[over] for row in line], [row[name] for row in line], marker="o", label=PEERS[name])
        axes.set_xlabel(f"{over} ({value} {fixed})")
        axes.set_ylabel("milliseconds a step")
        axes.set_ylim(bottom=0)
        axes.legend()
    style.save(figure, path)


def _memory(rows: list[dict], path: Path) -> None:
    """Peak megabytes until the end of each stage over the size of the corpus."""
    figure, axes = style.new_figure(6, 3.6, xlabel="corpus, MB", ylabel="peak resident size, MB", xscale="log")
    sizes = [row["megabytes"] for row in rows]
    for stage in STAGES:
        axes.plot(sizes, [row[f"{stage} peak MB"] for row in rows], marker="o", label=f"until the end of {stage}")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right")
    style.save(figure, path)
