"""The folder of one run: settings, encoder, weights, training state, measurements. Each file is written as a whole."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common import backend, files, folders
from common.encoding.encoder import Encoder
from common.errors import UserError
from common.prediction.networks import Networks
from common.runs import contents
from common.runs.examples import Request
from common.task import Task, TrainConfig, change_config

if TYPE_CHECKING:
    import numpy as np


@dataclasses.dataclass(frozen=True)
class Run:
    """One folder `runs/<task>/<run>/`. Every file in it has one name, given here."""

    path: Path

    config_file = property(lambda self: self.path / "config.json")
    encoder_file = property(lambda self: self.path / "encoder.json")
    arrays_file = property(lambda self: self.path / "encoder.npz")  # of an encoder that holds arrays
    weights_file = property(lambda self: self.path / "model.weights.h5")
    networks_file = property(lambda self: self.path / "networks.json")  # names the ONNX files
    state_file = property(lambda self: self.path / "state" / "state.npz")
    history_file = property(lambda self: self.path / "history.csv")
    metrics_file = property(lambda self: self.path / "metrics.json")
    curves_file = property(lambda self: self.path / "curves.png")
    inspection_file = property(lambda self: self.path / "inspection.json")  # what was found in the data
    report_file = property(lambda self: self.path / "report.md")

    @property
    def config(self) -> dict:
        """The content of the file that `create` wrote; a UserError if it is damaged."""
        return contents.config(self.config_file)

    def has_code(self, code_sha256: str) -> bool:
        """Whether the run was trained with this code. That of other code may have other fields in its files."""
        return files.read_json(self.config_file).get("code_sha256") == code_sha256

    @property
    def request(self) -> Request:
        """The data that the run was trained on."""
        return Request(**self.config["request"])

    @property
    def history(self) -> list[dict[str, float]]:
        """One row per epoch of the training; a UserError if the file is missing or damaged."""
        return contents.history(self.history_file)

    @property
    def metrics(self) -> dict:
        """What was measured; a UserError if the file is missing or damaged."""
        return contents.metrics(self.metrics_file)

    @property
    def finished(self) -> bool:
        return self.metrics_file.exists()

    @property
    def has_learned(self) -> bool:
        """Whether an epoch was finished: there is something to go on with, or to predict with."""
        return any(map(os.path.lexists, (self.state_file, self.weights_file, self.metrics_file)))


def create(task_name: str, cell: str, seed: int, config: dict) -> Run:
    """Create a run folder with `config`. Removes what killed trainings of the task left: see `beginning`."""
    started = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = folders.RUNS_FOLDER / task_name
    _remove_abandoned(folder)
    for number in range(1000):
        path = folder / (f"{started}-{cell}-{seed}" + (f"-{number}" if number else ""))
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            break
    run = Run(path)
    _mark(run).touch()
    files.write_json(run.config_file, config)
    return run


@contextlib.contextmanager
def beginning(run: Run) -> Iterator[None]:
    """A context for training a run: if it is refused or stopped before its first epoch ends, its folder is removed.

    A temporary file in the folder says that this process trains it. A process that is killed leaves the file; then the
    next `create` removes what it left of files half written, and the whole folder if nothing was learned.
    """
    files.remove_abandoned(run.path)
    _mark(run).touch()
    try:
        yield
    except BaseException:
        if not run.has_learned:
            shutil.rmtree(run.path)
        raise
    finally:
        _mark(run).unlink(missing_ok=True)


def _mark(run: Run) -> Path:
    return files.temporary_path(run.path / "begun")


def _remove_abandoned(folder: Path) -> None:
    for path in files.abandoned(folder):
        run = Run(path.parent)
        if path.name.endswith("-begun") and not run.has_learned:
            shutil.rmtree(run.path)
        else:
            path.unlink(missing_ok=True)


def make_latest(run: Run) -> None:
    """Point `latest` to this run, which has been measured: a run that was refused or stopped is never the latest."""
    files.write_link(run.path.parent / "latest", run.path.name)


def find(task_name: str, name: str | None = None) -> Run:
    """The run with this name or path; by default the latest whose training finished.

    Raises:
        UserError: if there is none; says how to create one.
    """
    folder = folders.RUNS_FOLDER / task_name
    path = folder / "latest" if name is None else next((p for p in (folder / name, Path(name)) if p.is_dir()), None)
    if path is None:
        raise UserError(f"There is no run {name!r} of {task_name}. Known: {', '.join(_names(folder)) or 'none'}.")
    if not (path / "config.json").exists():
        unfinished = _names(folder)[-1:]
        hint = f" {unfinished[0]} was stopped: go on with RESUME=1, or name it with RUN=." if unfinished else ""
        raise UserError(f"There is no trained run of {task_name} yet: make train TASK={task_name}.{hint}")
    return Run(path.resolve())


def last_trained() -> str:
    """The task that was trained last.

    Raises:
        UserError: if none was.
    """
    found = [link.parent for link in folders.RUNS_FOLDER.glob("*/latest") if (link / "metrics.json").exists()]
    if not found:
        raise UserError("There is no trained run yet: make train TASK=sentiment, for example; `make list` names tasks.")
    return max(found, key=lambda folder: (folder / "latest" / "config.json").stat().st_mtime_ns).name


def unfinished(task_name: str) -> Run:
    """The run that was started last, to be resumed.

    Raises:
        UserError: if there is none, or its training finished.
    """
    folder = folders.RUNS_FOLDER / task_name
    names = _names(folder)
    if not names:
        raise UserError(f"There is no run of {task_name} to go on with: make train TASK={task_name}")
    run = Run(folder / names[-1])
    if run.finished:
        raise UserError(f"Run {run.path.name} is finished: there is nothing to resume.")
    return run


def _names(folder: Path) -> list[str]:
    """Names of the runs of a task, oldest first."""
    found = [file for file in folder.glob("*/config.json") if file.parent.name != "latest"]
    # Names begin with the start time in seconds, 15 characters; within one second the file's own time decides.
    found.sort(key=lambda file: (file.parent.name[:15], file.stat().st_mtime_ns))
    return [file.parent.name for file in found]


def load_encoder(run: Run, task: Task) -> tuple[TrainConfig, Encoder]:
    """The settings and the encoder of a run, from its own files alone.

    Raises:
        UserError: if a file is missing, damaged, or does not fit the current task; if the encoder is not the one that
            the run was trained with, or contradicts the settings.
    """
    about = run.config
    config = change_config(task.config, about["settings"])
    arrays = files.read_arrays(run.arrays_file) if run.arrays_file.exists() else {}
    content = files.read_bytes(run.encoder_file, files.LARGEST_JSON)
    fields = files.parse_json(content, run.encoder_file)
    if _sha256(content, arrays) != about["encoder_sha256"]:
        raise UserError(f"{run.encoder_file} is not the encoder that this run was trained with: train again.")
    encoder = task.encoder.from_json(fields, arrays)
    encoder.check_settings(config)
    return config, encoder


def encoder_sha256(encoder: Encoder) -> str:
    """The checksum of an encoder, stored in `config.json` so that files of different runs cannot be mixed."""
    return _sha256(files.json_text(encoder.to_json()).encode(), encoder.arrays())


def _sha256(content: bytes, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(content)
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.shape} {array.dtype}".encode() + array.tobytes())
    return digest.hexdigest()


def save_encoder(run: Run, encoder: Encoder) -> None:
    """Write the encoder as JSON, and its arrays, if it has any, to a second file."""
    if arrays := encoder.arrays():
        files.write_arrays(run.arrays_file, arrays)
    files.write_json(run.encoder_file, encoder.to_json())


def load_networks(run: Run, task: Task, config: TrainConfig, encoder) -> Networks:
    """The networks of a trained run: from its ONNX files, or, if it has none, from its weights with Keras."""
    if os.path.lexists(run.networks_file):  # even if it is not a regular file
        from common.runs import onnx_files

        networks = onnx_files.load(run)
        for network in networks.values():
            encoder.check_sizes(network.sizes)
        return networks
    print(f"Run {run.path.name} has no ONNX files: Keras predicts, which takes longer to start.", file=sys.stderr)
    model = load_model(run, task, config, encoder)
    from common.prediction import keras_networks  # after TensorFlow was loaded quietly

    return keras_networks.of_model(model)


def load_model(run: Run, task: Task, config: TrainConfig, encoder) -> object:
    """The trained model: built by the task, then given the weights of the run once they are known to fit."""
    from common.runs import weights

    if not os.path.lexists(run.weights_file):
        raise UserError(f"Run {run.path.name} has no weights yet: its training did not finish an epoch. Train again.")
    backend.load()
    with weights.room(run.weights_file):
        model = task.build_model(config, encoder)
    weights.load(model, run.weights_file)
    return model
