"""`make bench`: zoo, stock Keras, PyTorch and the floor in turns, medians and spread to docs/benchmarks.md and .json.

    python -m bench [--rounds 3] [--only step,growth,predict,epoch,translation,accuracy,memory] [--quick]

Memory, of which a corpus of 1 GB takes ten minutes, is measured only when it is named. PyTorch gets an environment of
its own, `.venv-torch`, made here; where it cannot be had its column stays empty.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench import memory, report, work
from common.task import change_config, load_task

REPOSITORY = Path(__file__).resolve().parent.parent
TORCH = REPOSITORY / ".venv-torch"
TORCH_PACKAGES = ("torch==2.13.0", "numpy")
CELLS = ("simple_rnn", "gru", "lstm")
STEP = {"kind": "step", "batch": 64, "timesteps": 200, "vocab_size": 10_000, "embedding_size": 64, "units": 128}

# A validation accuracy on sst2, when a peer gives up, and a rate that suits words which begin by chance in every peer.
GOAL = {"target": 0.78, "most_epochs": 10, "learning_rate": 5e-4}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="turns that every peer gets")
    parser.add_argument("--only", default="", help="kinds of work, separated by commas")
    parser.add_argument("--quick", action="store_true", help="two rounds of little work, to see that all of it runs")
    arguments = parser.parse_args()
    rounds = 2 if arguments.quick else arguments.rounds
    kinds = arguments.only.split(",") if arguments.only else [kind for kind in report.TITLES if kind != "memory"]
    with tempfile.TemporaryDirectory() as folder:
        plan = [piece for piece in _plan(Path(folder), arguments.quick) if piece["kind"] in kinds]
        names = ["zoo", "keras", "floor", *(["pytorch"] if _torch() else [])]
        rows = []
        for number, piece in enumerate(plan, 1):
            row = _measure(piece, [name for name in names if name in piece["peers"]], rounds)
            rows.append(row)
            print(f"{number}/{len(plan)}  {report.line(row)}", flush=True)
        if "memory" in kinds:
            rows += _memory(Path(folder), (1, 2) if arguments.quick else (10, 100, 1000))
    if not arguments.quick:
        report.write(rows, REPOSITORY / "docs")


def _plan(folder: Path, quick: bool):
    """Every piece of work: its name, what the peers are told, how often a turn repeats it, who takes part."""
    all_peers, no_torch = ("zoo", "keras", "pytorch"), ("zoo", "keras")
    for cell in CELLS:
        name = f"training step, {cell}"
        yield _piece(name, {**STEP, "cell": cell}, 2 if quick else 8, (*all_peers, "floor"))
    for timesteps, units in ((50, 128), (100, 128), (200, 128), (400, 128), (100, 64), (100, 256)):
        changed = {**STEP, "cell": "simple_rnn", "timesteps": timesteps, "units": units}
        name = f"simple_rnn, {timesteps} timesteps, {units} units"
        yield _piece(name, changed, 2 if quick else 8, all_peers, kind="growth")
    for cell in CELLS:
        one = {
            "kind": "predict",
            "cell": cell,
            "timesteps": 20,
            "vocab_size": 10_000,
            "embedding_size": 64,
            "units": 128,
        }
        yield _piece(f"one sentence, {cell}", one, 5 if quick else 30, all_peers)
    sizes = {"batch": 64, "embedding_size": 64, "units": 128}
    sets = _real_sentences(folder, quick)
    for name, (data, tokens) in sets.items():
        for cell in CELLS:
            told = {"kind": "epoch", "cell": cell, "data": data, **sizes}
            yield _piece(f"sentences of {name}, {cell}", told, 1, all_peers, tokens)
    if "multi30k" in sets:
        data = str(folder / "pairs.npz")
        for cell in CELLS:
            told = {"kind": "translation", "cell": cell, "data": data, **sizes}
            yield _piece(f"translation with attention, multi30k, {cell}", told, 1, no_torch)
    if "sst2" in sets and not quick:
        task = load_task("sentiment")
        config = change_config(task.config, task.settings_for("sst2"))
        told = {name: getattr(config, name) for name in ("embedding_size", "units", "dropout")}
        told |= {"kind": "accuracy", "cell": config.cell, "batch": config.batch_size, "data": sets["sst2"][0], **GOAL}
        yield _piece(f"validation accuracy of {GOAL['target']} on sst2", told, 1, all_peers)


def _piece(name, told, repeats, peers, tokens=0, kind=None) -> dict:
    kind = kind or told["kind"]
    return {"name": name, "kind": kind, "work": told, "repeats": repeats, "peers": peers, "tokens": tokens}


def _memory(folder: Path, sizes: tuple[int, ...]) -> list[dict]:
    """What a process needs that trains next_word on corpora of so many megabytes."""
    rows = []
    for megabytes in sizes:
        corpus = folder / "corpus.txt"
        memory.write_corpus(corpus, megabytes)
        command = [sys.executable, REPOSITORY / "bench" / "memory.py", corpus]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        row = {"work": f"next_word, {megabytes:,} MB", "kind": "memory", "megabytes": megabytes}
        rows.append({**row, **json.loads(done.stdout)})
        print(rows[-1], flush=True)
    return rows


def _measure(piece: dict, names: list[str], rounds: int) -> dict:
    """Let every peer take its turn `rounds` times; milliseconds of one repeat, median and spread."""
    is_accuracy = piece["kind"] == "accuracy"
    rounds = min(rounds, 3) if is_accuracy else rounds  # each is minutes long
    peers = {name: _Peer(name) for name in names}
    try:
        for peer in peers.values():
            peer.send({"prepare": piece["work"]})
        for peer in peers.values():
            peer.receive()
        answers = {name: [] for name in names}
        for number in range(rounds):
            for name, peer in peers.items():
                # Training to an accuracy takes the number as its seed.
                repeats = number + 1 if is_accuracy else piece["repeats"]
                answers[name].append(peer.ask({"run": repeats}))
    finally:
        for peer in peers.values():
            peer.close()
    repeats = 1 if is_accuracy else piece["repeats"]
    sizes = {name: piece["work"][name] for name in ("timesteps", "units") if name in piece["work"]}
    row = {"work": piece["name"], "kind": piece["kind"], "cell": piece["work"]["cell"], **sizes, "spread": {}}
    for name, found in answers.items():
        milliseconds = [1000 * answer["seconds"] / repeats for answer in found]
        row[name] = statistics.median(milliseconds)
        row["spread"][name] = [min(milliseconds), max(milliseconds)]
        row.setdefault("peak_mb", {})[name] = max(answer["peak_mb"] for answer in found)
        if "epochs" in found[0]:
            row.setdefault("epochs", {})[name] = [answer["epochs"] for answer in found]
            row.setdefault("best", {})[name] = [answer["best"] for answer in found]
    if piece["tokens"]:
        row["tokens_per_second"] = {name: 1000 * piece["tokens"] / row[name] for name in names}
    return row


class _Peer:
    """A process that works when it is asked to, and waits without work while others do."""

    def __init__(self, name: str):
        python = TORCH / "bin" / "python" if name == "pytorch" else sys.executable
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
        }
        command = [python, REPOSITORY / "bench" / "peer.py", name]
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors}
        self.process = subprocess.Popen(command, env=environment, text=True, **pipes)
        self.name = name

    def ask(self, request: dict) -> dict:
        self.send(request)
        return self.receive()

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


def _torch() -> bool:
    """Whether PyTorch is there, after trying to bring it."""
    if not (TORCH / "ready").exists():
        print(f"Setting up {TORCH.name} with {TORCH_PACKAGES[0]} (one time) ...", flush=True)
        steps = (
            [sys.executable, "-m", "venv", "--clear", TORCH],
            [TORCH / "bin/python", "-m", "pip", "install", "-q", *TORCH_PACKAGES],
        )
        for step in steps:
            done = subprocess.run(step, check=False, capture_output=True, text=True)
            if done.returncode:
                print(f"PyTorch cannot be had, its column stays empty: {done.stderr.strip().splitlines()[-1]}")
                return False
        (TORCH / "ready").touch()
    return True


def _real_sentences(folder: Path, quick: bool) -> dict[str, tuple[str, int]]:
    """Encoded sentences of sst2 and multi30k in files all peers read; name -> (path, real tokens). Empty off-line."""
    from common.datasets import fetching
    from common.encoding.text import END, START, Vocabulary
    from common.errors import UserError

    found, most = {}, 640 if quick else 6400
    try:
        task = load_task("sentiment")
        sides = dict(task.datasets["sst2"].load(fetching.fetch("sst2", task.datasets["sst2"])))
        vocabulary = Vocabulary.fit((review.text.split() for review in sides["train"]), 10_000)
        stored = {"vocab_size": len(vocabulary)}
        for side in ("train", "validation"):
            chosen = sides[side][:most]
            stored[f"{side}"] = [vocabulary.encode(review.text.split()) for review in chosen]
            stored[f"{side}_of_labels"] = [review.label == "positive" for review in chosen]
        found["sst2"] = _stored(folder / "sst2.npz", stored)

        task = load_task("translation")
        name = "multi30k_en_fr"
        pairs = task.datasets[name].load(fetching.fetch(name, task.datasets[name])).train[:most]
        texts = {side: [getattr(pair, side).split() for pair in pairs] for side in ("source", "target")}
        known = {side: Vocabulary.fit(texts[side], 4000) for side in texts}
        source = [known["source"].encode(tokens) for tokens in texts["source"]]
        target = [known["target"].encode(tokens) for tokens in texts["target"]]
        target = [np.concatenate([[START], ids, [END]]).astype("int32") for ids in target]
        sizes = np.array([len(known["source"]), len(known["target"])])
        work.save(folder / "pairs.npz", source=source, target=target, vocab_sizes=sizes)
        labels = [len(ids) % 2 for ids in target]
        stored = {"train": source, "train_of_labels": labels, "vocab_size": sizes[0]}
        found["multi30k"] = _stored(folder / "multi30k.npz", stored)
    except UserError as error:
        print(f"No real sentences: {error}")
    return found


def _stored(path: Path, stored: dict) -> tuple[str, int]:
    labels = {name: np.array(value, "int32") for name, value in stored.items() if name.endswith("labels")}
    work.save(path, **{**stored, **labels})
    return str(path), sum(map(len, stored["train"]))


if __name__ == "__main__":
    main()
