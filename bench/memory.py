"""Memory that next_word needs for corpora of different sizes: reading, encoding, training, evaluation.

`python bench/memory.py corpus.txt` prints one line of JSON. Each corpus needs a new process, as a peak never falls.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

VOCABULARY = 50_000  # different words; the n-th most frequent comes about 1/n as often as the first (Zipf)
STEPS = 100  # of training: memory no longer grows after the first few


def write_corpus(path: Path, megabytes: int) -> None:
    """Write lines of 20 words, the same for the same size."""
    random = np.random.default_rng(0)
    words = np.array([f"w{number}" for number in range(VOCABULARY)])
    weights = 1 / np.arange(1, VOCABULARY + 1)
    bounds = np.cumsum(weights / weights.sum())
    with path.open("w") as file:
        while file.tell() < megabytes * 1_000_000:
            drawn = words[np.minimum(np.searchsorted(bounds, random.random((5000, 20))), VOCABULARY - 1)]
            file.write("\n".join(map(" ".join, drawn.tolist())) + "\n")


def rows(folder: Path, sizes: tuple[int, ...]) -> list[dict]:
    """The rows of the table: time and memory of training next_word on corpora of these sizes in megabytes."""
    from bench import turns

    made = []
    for megabytes in sizes:
        corpus = folder / "corpus.txt"
        write_corpus(corpus, megabytes)
        done = subprocess.run([sys.executable, __file__, corpus], check=True, stdout=subprocess.PIPE, text=True)
        row = {"work": f"next_word, {megabytes:,} MB", "kind": "memory", "megabytes": megabytes}
        made.append({**row, **json.loads(done.stdout), **turns.place(), "turns": 1})
        print(made[-1], flush=True)
    return made


def measure(path: Path) -> dict:
    """Seconds and megabytes of each stage of `make train TASK=next_word DATA=path`."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from common import backend

    backend.load()
    from common.encoding import batching
    from common.prediction import keras_networks
    from common.task import change_config, load_task
    from common.training import steps

    task, measured = load_task("next_word"), {}
    config = change_config(task.config, {"tokens": "spaces", "batch_size": 32})

    def stage(name, started):
        measured[f"{name} seconds"] = round(time.perf_counter() - started, 1)
        measured[f"{name} peak MB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        examples = task.own_file.split(task.own_file.read(path, True), 0)
        encoder = task.encoder.fit(config, examples.train)
        encoded = batching.encode(encoder, examples.train, Path(folder))
        stage("encoding", started)

        started = time.perf_counter()
        model, batches = task.build_model(config, encoder), encoder.batches(encoded, config.batch_size, 0)
        for _ in steps.calls(steps.training(model), iter(batches.dataset()), min(STEPS, len(batches))):
            pass
        stage("training", started)

        started = time.perf_counter()
        task.score(examples.test, task.predict(config, keras_networks.of_model(model), encoder, examples.test))
        stage("measuring", started)
    return measured


if __name__ == "__main__":
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    print(json.dumps(measure(Path(sys.argv[1]))))
