"""A short run of each task: trained once, stopped in the middle, and evaluated again."""

import contextlib
import dataclasses
import functools
import io
import shutil
import sys
from pathlib import Path

import pytest

from common import folders
from common.commands import evaluate
from common.datasets.splits import Splits
from common.metrics.scores import Scores
from common.reporting import report
from common.runs import examples
from common.runs import run as runs
from common.runs.examples import Request
from common.task import load_task
from tests import small

QUICK = {"train": 96, "validation": 32, "test": 32}


@contextlib.contextmanager
def unoptimised():
    """TensorFlow does not optimise graphs, which can take longer than a small model is trained."""
    import tensorflow as tf

    options, name = tf.config.optimizer, "disable_meta_optimizer"
    before = options.get_experimental_options().get(name, False)  # contexts may be nested
    options.set_experimental_options({name: True})
    try:
        yield
    finally:
        options.set_experimental_options({name: before})


@contextlib.contextmanager
def rough_reports():
    """Intervals of few resamples and coarse pictures, which are read by nobody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scores, "resamples", functools.partialmethod(Scores.resamples, count=50))
        if style := sys.modules.get("common.plots.style"):
            patch.setitem(style.matplotlib.rcParams, "savefig.dpi", 30)
        yield


@contextlib.contextmanager
def working_in(folder: Path, name: str, splits: Splits):
    """Runs are in `folder / "runs"`, trainings are short, and these are the splits of the sample of the task."""
    datasets = load_task(name).datasets
    first = next(iter(datasets))
    with rough_reports(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "RUNS_FOLDER", folder / "runs")
        patch.setattr(folders, "CACHE_FOLDER", folder / "cache")
        patch.setattr(examples, "QUICK", QUICK)
        patch.setitem(datasets, first, dataclasses.replace(datasets[first], load=lambda _: splits))
        yield


def train(name: str, folder: Path) -> None:
    """Train the task in `folder / "runs"`; `folder / "stopped"` is what the run had written before its second epoch."""
    from common.commands import train
    from common.plots import style  # noqa: F401 - `rough_reports` changes its settings
    from common.training import fitting

    begin = fitting._Keeper.on_epoch_begin

    def copied(self, epoch, logs=None):
        if epoch == 1:
            shutil.copytree(self.run.path, folder / "stopped")
        begin(self, epoch, logs)

    with working_in(folder, name, small.sample(name)), unoptimised(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting._Keeper, "on_epoch_begin", copied)
        train.run(name, Request(), small.settings_as_text(name), quick=True)


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
