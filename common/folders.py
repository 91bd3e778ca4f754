"""Paths of the repository's folders. Read them as `folders.RUNS_FOLDER`, so that a test can replace them."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TASKS_FOLDER = REPOSITORY / "tasks"
DATA_FOLDER = REPOSITORY / "data"
CACHE_FOLDER = DATA_FOLDER / "cache"  # encoded examples, recreated when missing
RUNS_FOLDER = REPOSITORY / "runs"
