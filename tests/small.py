"""Every task at a small size for tests: few examples of its embedded sample, few units."""

import contextlib
import dataclasses
import functools
import io
import shutil
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from common import folders
from common.commands import evaluate
from common.datasets.splits import Splits
from common.reporting import report
from common.runs import examples
from common.runs import run as runs
from common.runs.examples import Request
from common.task import change_config, load_task, task_names

EXAMPLES = {"train": 48, "validation": 16, "test": 16}
QUICK = {"train": 96, "validation": 32, "test": 32}  # of a training


def params(names) -> list:
    """Parameters of tests; all tests of one task run in one process, which makes its sample and its run once."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


every_task = pytest.mark.parametrize("name", params(task_names()))


def settings(config) -> dict:
    """Changes to a config: eight units and features wherever it counts units or features, narrow beams; same seed."""
    names = [field.name for field in dataclasses.fields(config)]
    sizes = [name for name in names if name.endswith(("units", "embedding_size"))]
    beams = [name for name in names if name == "beam_width"]
    return {**dict.fromkeys(sizes, 8), **dict.fromkeys(beams, 2), "batch_size": 16, "epochs": 2}


@functools.cache
def sample(name: str) -> Splits:
    """The whole embedded sample of a task."""
    task = load_task(name)
    return next(iter(task.datasets.values())).load(None)


@functools.cache
def setting(name: str):
    """Task, small config, few examples of each split, and the encoder fitted on the few of train."""
    task = load_task(name)
    config = change_config(task.config, settings(task.config))
    few = Splits(*(list(islice(examples, EXAMPLES[split])) for split, examples in sample(name)))
    return task, config, few, task.encoder.fit(config, few.train)


@functools.cache
def untrained(name: str):
    """A model of the task with random weights, kept as it is, and its networks, which are traced once."""
    from common.prediction.keras_networks import of_model

    made, _ = model(name)
    random = np.random.default_rng(0)
    for weight in made.trainable_variables:  # some outputs begin with a kernel of zeros
        weight.assign_add(random.normal(0, 0.1, weight.shape))
    return made, of_model(made)


def model(name: str, **changes):
    """A fresh model of the task with seed 0, and its config."""
    import keras

    task, config, _, encoder = setting(name)
    config = change_config(config, changes)
    keras.utils.set_random_seed(0)
    return task.build_model(config, encoder), config


@contextlib.contextmanager
def working_in(folder: Path, name: str, splits: Splits):
    """Runs are in `folder / "runs"`, trainings are short, and these are the splits of the sample of the task."""
    datasets = load_task(name).datasets
    first = next(iter(datasets))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "RUNS_FOLDER", folder / "runs")
        patch.setattr(folders, "CACHE_FOLDER", folder / "cache")
        patch.setattr(examples, "QUICK", QUICK)
        patch.setitem(datasets, first, dataclasses.replace(datasets[first], load=lambda _: splits))
        yield


def train(name: str, folder: Path) -> None:
    """Train the task in `folder / "runs"`; `folder / "stopped"` is what the run had written before its second epoch."""
    from common.commands import train
    from common.training import fitting

    begin = fitting._Keeper.on_epoch_begin

    def copied(self, epoch, logs=None):
        if epoch == 1:
            shutil.copytree(self.run.path, folder / "stopped")
        begin(self, epoch, logs)

    written = {key: str(value) for key, value in settings(load_task(name).config).items()}
    with working_in(folder, name, sample(name)), pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting._Keeper, "on_epoch_begin", copied)
        train.run(name, Request(), written, quick=True)


def stop_again(name: str, stopped: Path, folder: Path) -> runs.Run:
    """Place a run that was stopped in `folder / "runs"`, as the latest of its task."""
    return runs.Run(shutil.copytree(stopped, folder / "runs" / name / "99991231-235959-stopped"))


def evaluated(name: str, splits: Splits, folder: Path) -> dict:
    """What `evaluate` measures on test, in a process that has not loaded TensorFlow."""
    with working_in(folder, name, splits), pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "_pictures", lambda *given: ([], []))  # they are drawn by the training
        with contextlib.redirect_stdout(io.StringIO()):
            measured = evaluate.run(name, None, None, {})
    loaded = {"tensorflow", "onnx", "keras"} & set(sys.modules)
    assert not loaded, loaded
    return measured["test"]
