"""Encoded examples on disk: one folder for each set of examples, encoder and code."""

from __future__ import annotations

import hashlib
import inspect
import json
from pathlib import Path

from common import folders
from common.runs.examples import Source
from common.task import TrainConfig


def folder_of(source: Source, encoder, config: TrainConfig) -> Path:
    """Where the encoded arrays lie for these examples, this encoder and this code."""
    digest = hashlib.sha256(source.sha256.encode())
    sizes = [len(examples) for _, examples in source.splits]
    digest.update(json.dumps([encoder.to_json(), sizes, config.seed]).encode())
    for file in (Path(inspect.getfile(type(encoder))), *sorted((folders.REPOSITORY / "common").rglob("*.py"))):
        digest.update(file.read_bytes())
    return folders.CACHE_FOLDER / digest.hexdigest()[:16]
