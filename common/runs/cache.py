"""Encoded examples on disk: one folder for each list of examples, encoder and code that encodes."""

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

LARGEST = 4 << 30  # bytes of all folders; the ones used longest ago are removed
YOUNGEST = 24 * 3600  # seconds for which a folder that was used is kept: another process may be reading it


def folder_of(source: Source, encoder: Encoder) -> Path:
    """Where the encoded arrays lie for these examples, this encoder and this code.

    The seed of the run counts only where it drew the split: runs with other seeds share the arrays of a declared set.
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
    """Remove what killed processes left, and the folders used longest ago, until all take at most `LARGEST` bytes."""
    files.remove_abandoned(folders.CACHE_FOLDER)
    kept = sorted(folders.CACHE_FOLDER.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    total = 0
    for folder in kept:
        total += sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        old = time.time() - folder.stat().st_mtime > YOUNGEST
        if total > LARGEST and folder != keep and old:
            shutil.rmtree(folder, ignore_errors=True)
