"""Files for one reader that atheris changes so that they reach other lines of its code. `make fuzz` starts it.

    python -m tests.guided_fuzz sentiment 50000 folder

The package is no requirement of the project: its wheels are for some versions of Python and for Linux alone.
"""

from __future__ import annotations

import atexit
import json
import random
import sys
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["common", "tasks"]):
    from common.task import load_task
    from tests import fuzz

    load_task(sys.argv[1])

SEEDS = 2_000  # files to begin with, as `fuzz.generate` makes them


def main(task: str, files: int, folder: Path) -> None:
    """Ends the process: with an error at the first file that is neither parsed nor refused."""
    counts, names = Counter(), fuzz.READERS[task]
    corpus = folder / f"corpus-{task}"
    corpus.mkdir()
    for number in range(min(SEEDS, files)):
        choices = random.Random(number).randbytes(3)
        (corpus / str(number)).write_bytes(choices + fuzz.generate(task, number))

    def try_one(data: bytes) -> None:
        name, labelled, columns = (*data[:3], 0, 0, 0)[:3]  # how the file is read; the rest is its content
        path = folder / f"guided-{names[name % len(names)]}"
        fuzz.written(path, data[3:], packed=True)
        try:
            counts[fuzz.outcome(task, path, labelled % 5 > 1, fuzz.COLUMNS[columns % len(fuzz.COLUMNS)])] += 1
        except Exception as error:
            raise AssertionError(f"{data!r} for {task} ({path.name}): {type(error).__name__}: {error}") from error

    atexit.register(lambda: print(json.dumps({"parsed": counts["parsed"], "refused": counts["refused"]}), flush=True))
    options = (f"-atheris_runs={files}", "-max_len=2000", "-verbosity=0", f"-artifact_prefix={folder}/")
    atheris.Setup([sys.argv[0], *options, str(corpus)], try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
