"""What all peers work on: the same arrays, read from a file that one process wrote."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def random_batch(batch: int, timesteps: int, vocab_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Token ids int32 `(batch, timesteps)` without padding, and labels int32 `(batch,)`."""
    random = np.random.default_rng(0)
    token_ids = random.integers(1, vocab_size, size=(batch, timesteps))
    return token_ids.astype(np.int32), random.integers(0, 2, size=batch).astype(np.int32)


def sentences(path: str, split: str = "train") -> tuple[list[np.ndarray], np.ndarray, int]:
    """Token ids of each sentence, a label for each, and the size of the vocabulary."""
    with np.load(path, allow_pickle=False) as data:
        texts = np.split(data[f"{split} values"], data[f"{split} offsets"][1:-1])
        return texts, data[f"{split} labels"], int(data["vocab_size"])


def pairs(path: str) -> tuple[list[np.ndarray], list[np.ndarray], tuple[int, int]]:
    """Token ids of sources and targets (with start and end), and the sizes of both vocabularies."""
    with np.load(path, allow_pickle=False) as data:
        texts = [np.split(data[f"{name} values"], data[f"{name} offsets"][1:-1]) for name in ("source", "target")]
        return *texts, tuple(data["vocab_sizes"].tolist())


def save(path: Path, **sequences) -> str:
    """Write lists of int arrays (as values and offsets) and plain arrays to one file; its path."""
    arrays = {}
    for name, value in sequences.items():
        name = name.replace("_of_", " ")
        if isinstance(value, list):
            arrays[f"{name} values"] = np.concatenate(value)
            arrays[f"{name} offsets"] = np.cumsum([0, *map(len, value)])
        else:
            arrays[name] = np.asarray(value)
    np.savez(path, **arrays)
    return str(path)


def untuned(dataset):
    """The `tf.data.Dataset` without autotuning, whose thread makes every pass wait for up to as long as it took."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def ready(dataset):
    """An iterator that gives the first element of the `tf.data.Dataset` for ever, from memory."""
    return iter(untuned(dataset.take(1).cache().repeat()))


def seconds(function: Callable, *arguments) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


class Accuracy:
    """Counts epochs until a validation accuracy is reached."""

    def __init__(self, target: float):
        self.target, self.best, self.epochs = target, 0.0, 0

    def reached(self, accuracy: float) -> bool:
        self.epochs += 1
        self.best = max(self.best, float(accuracy))
        return self.best >= self.target

    def answer(self, seconds: float) -> dict:
        return {"seconds": seconds, "epochs": self.epochs, "best": self.best}
