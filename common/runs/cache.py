"""Encoded examples on disk: one folder per combination of examples, encoder and encoding code."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from common import files, folders
from common.encoding import batching
from common.encoding.batching import Encoded
from common.encoding.encoder import Encoder
from common.runs.examples import Source
from common.task import Task

LARGEST = 4 << 30  # bytes of all folders; the least recently used ones are removed
YOUNGEST = 24 * 3600  # seconds for which a folder is kept after use: another process may be reading it


def encoded(task: Task, source: Source, encoder: Encoder, validation: Sequence) -> tuple[Encoded, Encoded]:
    """The training and these validation examples as arrays; those of an embedded set stay in memory.

    Raises:
        UserError: for an example that cannot be encoded.
    """
    is_large = source.is_file or task.datasets[source.name].files
    kept = folder_of(source, encoder) if is_large else None
    train = batching.encode(encoder, source.splits.train, kept and kept / "train")
    return train, batching.encode(encoder, validation, kept and kept / "validation")


def folder_of(source: Source, encoder: Encoder) -> Path:
    """The folder of the encoded arrays for these examples, this encoder and this code.

    The seed of the run matters only where it drew the split: runs with different seeds share the arrays of a declared
    set.
    """
    digest = hashlib.sha256(source.sha256.encode())
    sizes = [len(examples) for _, examples in source.splits]
    request = dataclasses.asdict(source.request)  # COLUMNS may read other labels from the same file
    digest.update(json.dumps([encoder.to_json(), sizes, request, source.seed]).encode())
    for name, array in sorted(encoder.arrays().items()):
        digest.update(name.encode() + array.tobytes())
    task_folder = Path(inspect.getfile(type(encoder))).parent
    for file in (*sorted(task_folder.glob("*.py")), *sorted((folders.REPOSITORY / "common").rglob("*.py"))):
        digest.update(file.read_bytes())
    folder = folders.CACHE_FOLDER / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    prune(keep=folder)
    return folder


def prune(keep: Path) -> None:
    """Remove files of killed processes, and the least recently used folders until at most `LARGEST` bytes remain."""
    files.remove_abandoned(folders.CACHE_FOLDER)
    kept = sorted(folders.CACHE_FOLDER.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    total = 0
    for folder in kept:
        total += sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        old = time.time() - folder.stat().st_mtime > YOUNGEST
        if total > LARGEST and folder != keep and old:
            shutil.rmtree(folder, ignore_errors=True)
