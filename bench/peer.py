"""One peer of a comparison: a separate process that prepares a piece of work and times it on request.

    python bench/peer.py zoo|keras|pytorch|floor

It reads one JSON object per line, `{"prepare": work}` or `{"run": repeats}`, and answers each with one line. The peers
take turns, so all are measured in the same minutes on the same machine.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path


def main(name: str) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of libraries goes to stderr
    peer = importlib.import_module(f"bench.peers.{name}")
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            work = dict(request["prepare"])
            run = getattr(peer, work.pop("does"))(**work)
            answer = {}
        else:
            started = time.perf_counter()
            answer = run(request["run"])
            answer = {"seconds": time.perf_counter() - started, **(answer or {})}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB
        answers.write(json.dumps({**answer, "peak_mb": peak}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
