"""The folder of one run: settings, encoder, weights, training state, measurements; written whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import os
import sys
from pathlib import Path

from common import backend, files, folders
from common.errors import UserError
from common.prediction.networks import Networks
from common.task import Task, TrainConfig, change_config


@dataclasses.dataclass(frozen=True)
class Run:
    """One folder `runs/<task>/<run>/`. Every file in it has one name, given here."""

    path: Path

    config_file = property(lambda self: self.path / "config.json")
    encoder_file = property(lambda self: self.path / "encoder.json")
    weights_file = property(lambda self: self.path / "model.weights.h5")
    networks_file = property(lambda self: self.path / "networks.json")  # names the ONNX files
    state_file = property(lambda self: self.path / "state" / "state.npz")
    history_file = property(lambda self: self.path / "history.csv")
    metrics_file = property(lambda self: self.path / "metrics.json")
    curves_file = property(lambda self: self.path / "curves.png")
    report_file = property(lambda self: self.path / "report.md")

    @property
    def config(self) -> dict:
        """What `create` was given, as the file says it."""
        return files.read_json(self.config_file)

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
    folder = folders.RUNS_FOLDER / task_name
    for number in range(1000):
        path = folder / (f"{started}-{cell}-{seed}" + (f"-{number}" if number else ""))
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            break
    run = Run(path)
    files.write_json(run.config_file, config)
    link = folder / f".latest.{os.getpid()}"
    link.symlink_to(path.name)
    os.replace(link, folder / "latest")
    return run


def find(task_name: str, name: str | None = None) -> Run:
    """The run of that name or path; by default the latest.

    Raises:
        UserError: if there is none; says how to make one.
    """
    folder = folders.RUNS_FOLDER / task_name
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
    return config, task.encoder.from_json(files.read_json(run.encoder_file))


def load_networks(run: Run, task: Task, config: TrainConfig, encoder) -> Networks:
    """The networks of a trained run: from its ONNX files, or, if it has none, from its weights through Keras."""
    if run.networks_file.exists():
        from common.runs import onnx_files

        return onnx_files.load(run)
    print(f"Run {run.path.name} has no ONNX files: Keras predicts, which takes longer to start.", file=sys.stderr)
    model = load_model(run, task, config, encoder)
    from common.prediction import keras_networks  # once TensorFlow has been loaded quietly

    return keras_networks.of_model(model)


def load_model(run: Run, task: Task, config: TrainConfig, encoder) -> object:
    """The trained model: built by the task, then given the weights of the run once they are known to fit."""
    from common.runs import weights

    if not run.weights_file.exists():
        raise UserError(f"Run {run.path.name} has no weights yet: its training did not finish an epoch. Train again.")
    backend.load()
    model = task.build_model(config, encoder)
    weights.load(model, run.weights_file)
    return model
