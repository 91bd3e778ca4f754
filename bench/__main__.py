"""`make bench`: measures zoo, stock Keras, PyTorch and the floor in turns, for docs/benchmarks.md and .json.

    python -m bench [--only step,growth,pipeline,epoch,translation,accuracy,predict,corpus,memory] [--quick]

A full measurement takes about 15 minutes on two otherwise idle cores. Memory, which takes minutes for a corpus of
1 GB, is measured only on request. PyTorch is installed into a separate environment, `.venv-torch`; if that fails, its
column is empty.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench import memory, plan, report, turns

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="kinds of work, separated by commas")
    parser.add_argument("--quick", action="store_true", help="two turns of little work, as a test")
    arguments = parser.parse_args()
    kinds = arguments.only.split(",") if arguments.only else [kind for kind in report.TITLES if kind != "memory"]
    if unknown := set(kinds) - set(report.TITLES):
        parser.error(f"There is no kind {', '.join(sorted(unknown))}. Known: {', '.join(report.TITLES)}")
    rows, peers = [], turns.available()
    with tempfile.TemporaryDirectory() as folder:
        pieces = plan.pieces(Path(folder), kinds, arguments.quick)
        for number, piece in enumerate(pieces, 1):
            rows.append(turns.measure(piece, peers))
            print(f"{number}/{len(pieces)}  {report.line(rows[-1])}", flush=True)
        if "memory" in kinds:
            rows += memory.rows(Path(folder), (1, 2) if arguments.quick else (10, 100, 1000))
    if not arguments.quick:
        report.write(rows, DOCS)


if __name__ == "__main__":
    main()
