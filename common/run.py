"""The folder of one run: settings, encoder, weights, training state, measurements; written whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from common import backend
from common.errors import UserError
from common.task import TASKS_FOLDER, Task, TrainConfig, change_config

RUNS_FOLDER = Path(__file__).resolve().parent.parent / "runs"
_LARGEST_JSON = 256 << 20  # bytes; a vocabulary of a million words takes 20 MB


@dataclasses.dataclass(frozen=True)
class Run:
    """One folder `runs/<task>/<run>/`. Every file in it has one name, given here."""

    path: Path

    config_file = property(lambda self: self.path / "config.json")
    encoder_file = property(lambda self: self.path / "encoder.json")
    weights_file = property(lambda self: self.path / "model.weights.h5")
    state_file = property(lambda self: self.path / "state" / "state.npz")
    history_file = property(lambda self: self.path / "history.csv")
    metrics_file = property(lambda self: self.path / "metrics.json")
    curves_file = property(lambda self: self.path / "curves.png")
    report_file = property(lambda self: self.path / "report.md")

    @property
    def config(self) -> dict:
        """What `create` was given, as the file says it."""
        return read_json(self.config_file)

    @property
    def history(self) -> list[dict[str, float]]:
        """One row an epoch of the training."""
        with self.history_file.open(encoding="utf-8") as file:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]

    @property
    def finished(self) -> bool:
        return self.metrics_file.exists()


def create(task_name: str, cell: str, seed: int, config: dict) -> Run:
    """A new run folder that holds `config`; `latest` names it from now on."""
    started = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = RUNS_FOLDER / task_name
    for number in range(1000):
        path = folder / (f"{started}-{cell}-{seed}" + (f"-{number}" if number else ""))
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            break
    run = Run(path)
    write_json(run.config_file, config)
    link = folder / f".latest.{os.getpid()}"
    link.symlink_to(path.name)
    os.replace(link, folder / "latest")
    return run


def find(task_name: str, name: str | None = None) -> Run:
    """The run of that name or path; by default the latest.

    Raises:
        UserError: if there is none; says how to make one.
    """
    folder = RUNS_FOLDER / task_name
    path = folder / "latest" if name is None else next((p for p in (folder / name, Path(name)) if p.is_dir()), None)
    if path is None:
        known = sorted(p.name for p in folder.glob("*-*-*") if p.is_dir())
        raise UserError(f"There is no run {name!r} of {task_name}. Known: {', '.join(known) or 'none'}.")
    if not (path / "config.json").exists():
        raise UserError(f"There is no trained run of {task_name} yet: make train TASK={task_name}")
    return Run(path.resolve())


def load_encoder(run: Run, task: Task) -> tuple[TrainConfig, object]:
    """The settings and the encoder of a run, from its own files alone.

    Raises:
        UserError: if a file is missing, damaged, or does not fit the task as it is now.
    """
    config = change_config(task.config, run.config["settings"])
    return config, task.encoder.from_json(read_json(run.encoder_file))


def load_model(run: Run, task: Task, config: TrainConfig, encoder) -> object:
    """The trained model: built by the task, then given the weights of the run once they are known to fit."""
    from common import weights

    if not run.weights_file.exists():
        raise UserError(f"Run {run.path.name} has no weights yet: its training did not finish an epoch. Train again.")
    backend.load()
    model = task.build_model(config, encoder)
    weights.load(model, run.weights_file)
    return model


@contextlib.contextmanager
def written(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends well, and vanishes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict:
    """The JSON object in a file of a run.

    Raises:
        UserError: if the file is missing, too large, or not JSON.
    """
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise UserError(f"{path} is larger than {_LARGEST_JSON >> 20} MiB: it was not written by a run.")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: the run is not complete; train again.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path} is damaged ({error}): train again.") from None


def code_sha256(task_name: str) -> str:
    """Checksum of the code that a run depends on: the task's own and all of `common`."""
    digest = hashlib.sha256()
    files = [*(TASKS_FOLDER / task_name).glob("*.py"), *(TASKS_FOLDER.parent / "common").rglob("*.py")]
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


def machine() -> str:
    """The processor and the number of cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return f"{name}, {cores} core{'s' if cores != 1 else ''}"
