"""Encoded examples on disk: one folder per combination of examples, encoder and encoding code."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import shutil
import time
from pathlib import Path

from common import files, folders
from common.encoding.encoder import Encoder
from common.runs.examples import Source

LARGEST = 4 << 30  # bytes of all folders; the least recently used ones are removed
YOUNGEST = 24 * 3600  # seconds for which a folder is kept after use: another process may be reading it


def folder_of(source: Source, encoder: Encoder) -> Path:
    """The folder of the encoded arrays for these examples, this encoder and this code.

    The seed of the run matters only where it drew the split: runs with different seeds share the arrays of a declared
    set.
    """
    digest = hashlib.sha256(source.sha256.encode())
    sizes = [len(examples) for _, examples in source.splits]
    digest.update(json.dumps([encoder.to_json(), sizes, source.request.fold, source.seed]).encode())
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
