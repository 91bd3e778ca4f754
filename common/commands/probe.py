"""`probe`: how far back each recurrent cell remembers, by the memory probes of the literature."""

from __future__ import annotations

from common import backend, folders
from common.commands import console_output
from common.errors import UserError, unknown
from common.insight import reference
from common.insight.probes import PROBES
from common.task import LARGEST

LENGTHS = (10, 50, 100, 200, 400)
SHORTEST, LONGEST = 10, 2000  # length of the training sequences; those of the test are up to four times as long


def run(name: str, cells: list[str], lengths: list[int] | None, seeds: list[int], record: bool = False) -> None:
    """Train each cell on each length with each seed; after each, write its row, the tables and the plots.

    Args:
        lengths: of the training sequences; None: `LENGTHS`, or the fixed length of the probe.
        record: whether to write to `docs/`, replacing recorded rows, instead of `runs/probes/`.

    Raises:
        UserError: for an unknown probe or cell, a length or seed out of range, or an empty list.
    """
    lengths = _check(name, cells, lengths, seeds)
    console, done = console_output.console(), 0
    backend.load()
    from common.insight import probing
    from common.reporting import probes as recorded

    probe, folder = PROBES[name], recorded.DOCS if record else folders.RUNS_FOLDER / "probes"
    folder.mkdir(parents=True, exist_ok=True)
    for length in lengths:
        for cell in cells:
            for seed in seeds:
                trial = probing.train(probe, cell, length, seed)
                recorded.add(name, recorded.row(cell, length, seed, probe, trial), folder)
                done += 1
                scores = "  ".join(f"{steps} steps {score:.4f}" for steps, score in trial.scores.items())
                console.print(
                    f"{done} of {len(lengths) * len(cells) * len(seeds)}: {name} {cell} seed {seed}, "
                    f"trained on {length} steps in {trial.seconds:.0f} s: {probe.metric} {scores} "
                    f"(memoryless {probe.memoryless(length):.4f})",
                    highlight=False,
                )
                recorded.write(folder)
    console.print(f"wrote {console_output.relative(folder / recorded.DOCUMENT)}", highlight=False)


def _check(name: str, cells: list[str], lengths: list[int] | None, seeds: list[int]) -> list[int]:
    """The training lengths, after checking all arguments."""
    if name not in PROBES:
        raise UserError(unknown("probe", name, list(PROBES)))
    for cell in cells:
        if cell not in reference.CELLS:
            raise UserError(unknown("cell", cell, list(reference.CELLS)))
    fixed = PROBES[name].length
    if fixed and lengths not in (None, [fixed]):
        raise UserError(f"Sequences of the probe {name} always have {fixed} steps: leave LENGTHS out.")
    if lengths is None:
        lengths = [fixed] if fixed else list(LENGTHS)
    for what, given in (("CELLS", cells), ("LENGTHS", lengths), ("SEEDS", seeds)):
        if not given:
            raise UserError(f"{what} is empty: leave it out, or give at least one.")
    if wrong := [length for length in lengths if not SHORTEST <= length <= LONGEST]:
        raise UserError(f"A length is a whole number from {SHORTEST} to {LONGEST}, not {wrong[0]}.")
    if wrong := [seed for seed in seeds if not 0 <= seed <= LARGEST]:
        raise UserError(f"A seed is a whole number from 0 to {LARGEST}, not {wrong[0]}.")
    return lengths
