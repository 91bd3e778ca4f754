"""Where things lie. Read them as `folders.RUNS_FOLDER`, so that a test can put them elsewhere."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TASKS_FOLDER = REPOSITORY / "tasks"
DATA_FOLDER = REPOSITORY / "data"
CACHE_FOLDER = DATA_FOLDER / "cache"  # encoded examples, made again when they are missing
RUNS_FOLDER = REPOSITORY / "runs"
