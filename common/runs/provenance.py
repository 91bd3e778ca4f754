"""What a result depends on: code, libraries, machine."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import platform
import subprocess
from pathlib import Path

from common import folders


def code_sha256(task_name: str) -> str:
    """Checksum of the code that a run depends on: that of the task and all of `common`."""
    digest = hashlib.sha256()
    files = [*(folders.TASKS_FOLDER / task_name).glob("*.py"), *(folders.REPOSITORY / "common").rglob("*.py")]
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Python and the libraries that a result depends on, by name."""
    found = {"python": platform.python_version()}
    for name in ("tensorflow", "tensorflow-cpu", "keras", "numpy", "scikit-learn"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name.removesuffix("-cpu")] = importlib.metadata.version(name)
    return found


def code() -> str:
    """The commit of the checkout, with "and changes" if Python files differ from it; "unknown" outside of git."""
    status = ("status", "--porcelain", "--untracked-files=all", "--", "common", "tasks")  # the files of new folders too
    try:
        commit, changes = (
            subprocess.run(["git", *arguments], cwd=folders.REPOSITORY, capture_output=True, text=True, check=True)
            for arguments in (("rev-parse", "--short=12", "HEAD"), status)
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    python = [line for line in changes.stdout.splitlines() if line.endswith(".py")]
    return commit.stdout.strip() + (" and changes" if python else "")


def machine() -> str:
    """The name of the processor."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return name
