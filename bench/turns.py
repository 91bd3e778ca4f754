"""Peers as processes that take turns, so that a slow minute slows them all."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench.plan import Piece
from common import backend
from common.runs import provenance

REPOSITORY = Path(__file__).resolve().parent.parent
TORCH = REPOSITORY / ".venv-torch"
TORCH_VERSION = "2.13.0"


def available() -> list[str]:
    """The peers that can run here; PyTorch is among them if it is there or can be installed."""
    if not (TORCH / "ready").exists():
        print(f"Setting up {TORCH.name} with PyTorch {TORCH_VERSION} (one time) ...", flush=True)
        steps = (
            [sys.executable, "-m", "venv", "--clear", TORCH],
            [TORCH / "bin/python", "-m", "pip", "install", "-q", f"torch=={TORCH_VERSION}", "numpy"],
        )
        for step in steps:
            done = subprocess.run(step, check=False, capture_output=True, text=True)
            if done.returncode:
                print(f"PyTorch cannot be had, its column stays empty: {done.stderr.strip().splitlines()[-1]}")
                return ["zoo", "keras", "floor"]
        (TORCH / "ready").touch()
    return ["zoo", "keras", "floor", "pytorch"]


def measure(piece: Piece, available: list[str]) -> dict:
    """Let every peer of a piece of work take its turns.

    Returns:
        The row of the table: milliseconds of one repeat for each peer, median and spread, and where they were measured.
    """
    names = [name for name in available if name in piece.peers]
    answers = {name: [] for name in names}
    with contextlib.ExitStack() as started:  # closes all that were started, also if one fails
        peers = {name: started.enter_context(contextlib.closing(_Peer(name))) for name in names}
        for request in ({"prepare": piece.told}, *([{"run": 1}] if piece.warm else [])):
            for peer in peers.values():
                peer.send(request)
            for peer in peers.values():
                peer.receive()
        for _ in range(piece.turns):
            for name, peer in peers.items():
                peer.send({"run": piece.repeats})
                answers[name].append(peer.receive())
    return row(piece, answers)


def row(piece: Piece, answers: dict[str, list[dict]]) -> dict:
    """Medians over the turns; `answers` are those of each peer."""
    sizes = {name: piece.told[name] for name in ("cell", "timesteps", "units", "megabytes") if name in piece.told}
    made = {"work": piece.name, "kind": piece.kind, **sizes, "spread": {}, "peak_mb": {}}
    for name, found in answers.items():
        milliseconds = [1000 * answer["seconds"] / piece.repeats for answer in found]
        made[name] = statistics.median(milliseconds)
        made["spread"][name] = [min(milliseconds), max(milliseconds)]
        made["peak_mb"][name] = max(answer["peak_mb"] for answer in found)
        for part in found[0].get("parts", ()):
            middle = statistics.median(answer["parts"][part] for answer in found)
            made.setdefault(part, {})[name] = 1000 * middle / piece.repeats
        for reached in ("epochs", "best"):
            if reached in found[0]:
                made.setdefault(reached, {})[name] = [answer[reached] for answer in found]
    if piece.tokens:
        made["tokens_per_second"] = {name: 1000 * piece.tokens / made[name] for name in answers}
    return {**made, **place(answers), "turns": piece.turns}


def place(peers: Iterable[str] = ()) -> dict:
    """What a measurement of these peers depends on beside the work."""
    versions = provenance.versions() | ({"pytorch": TORCH_VERSION} if "pytorch" in peers else {})
    return {
        "machine": provenance.machine(),
        "cores": backend.cores(),
        "commit": provenance.code(),
        "versions": versions,
    }


class _Peer:
    """A process that works when it is asked to, and waits without work while others do."""

    def __init__(self, name: str):
        python = TORCH / "bin" / "python" if name == "pytorch" else sys.executable
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        command = [python, REPOSITORY / "bench" / "peer.py", name]
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors}
        self.process = subprocess.Popen(command, env=environment, text=True, **pipes)
        self.name = name

    def send(self, request: dict) -> None:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def receive(self) -> dict:
        answer = self.process.stdout.readline()
        if not answer:
            self.errors.seek(0)
            sys.exit(f"error: {self.name} failed: {self.errors.read()[-2000:].decode(errors='replace')}")
        return json.loads(answer)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()
