"""Train the model of a task: keeps the best weights, and a state from which training can resume."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from common import files
from common.encoding.batching import Batches
from common.errors import UserError
from common.runs import state, weights
from common.runs.run import Run
from common.task import TrainConfig
from common.training import steps
from common.training.optimizers import CosineDecay
from common.training.workers import Cluster


def fit(
    model,
    train: Batches,
    validation: Batches,
    config: TrainConfig,
    run: Run | None,
    console: Console,
    cluster: Cluster | None = None,
) -> list[dict]:
    """Train until the validation loss has not fallen for `config.patience` epochs; resumes a run that was stopped.

    The model ends with the weights of its best epoch, which are also in `run.weights_file`. After every epoch the
    folder contains all that training needs to resume and arrive at the same weights, bit for bit.

    Args:
        model: compiled keras.Model.
        train, validation: batches; their `epoch` is set here.
        config: `epochs` and `patience` are used, and `learning_rate` in an error.
        run: the folder; a state in it is resumed. None in a worker that starts from scratch and does not write.
        console: where progress is shown.
        cluster: the workers with which this process trains; None if it trains alone.

    Returns:
        One row per epoch: `epoch` (from 1), `loss`, `validation_loss`, other metrics of the model, `seconds`.

    Raises:
        UserError: if the loss is no longer a number, or the state in the folder does not fit the model.
    """
    schedule = getattr(model.optimizer, "schedule", None)  # a task may use one of Keras's optimizers
    if isinstance(schedule, CosineDecay):
        schedule.steps = config.epochs * len(train) // (model.optimizer.gradient_accumulation_steps or 1)
    if model.optimizer.use_ema and not model.optimizer.ema_overwrite_frequency:
        raise ValueError("use_ema needs ema_overwrite_frequency: otherwise the saved weights are not the averages")
    model.optimizer.build(model.trainable_variables)
    keeper = _Keeper(config, run, writes=cluster is None or cluster.index == 0)
    first = keeper.resume(model)
    if first < config.epochs and not keeper.exhausted:
        epochs = range(first, config.epochs)
        with Progress(
            TextColumn("epoch {task.fields[epoch]}/" + str(config.epochs)),
            BarColumn(),
            TextColumn("loss {task.fields[loss]}"),
            TimeElapsedColumn(),
            TextColumn("left at most"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        ) as progress:
            callbacks = [keeper, _Display(progress, keeper, len(train), config.epochs)]
            passes = _together(model, train, cluster) if cluster else steps.passes(model, train, epochs)
            _run(model, epochs, passes, MeanMetrics(model, validation, epochs), callbacks)
    if keeper.writes:
        weights.load(model, run.weights_file)
    return keeper.history


def _run(model, epochs: range, passes: Callable[[int], Iterator], validate: MeanMetrics, callbacks: list) -> None:
    """Train like `model.fit`, but with one iterator over all epochs.

    Keras creates two iterators per epoch and uses one of them, which takes 30 ms; and its `fit` refuses to run under
    TensorFlow's strategy for several workers.

    Args:
        passes: runs the training steps of the epoch with the given number; yields the number done and the logs so far.
        validate: returns the validation metrics after each epoch.
    """
    callbacks = keras.callbacks.CallbackList(callbacks, model=model)
    model.stop_training = False
    for epoch in epochs:
        callbacks.on_epoch_begin(epoch)
        for done, logs in passes(epoch):
            callbacks.on_train_batch_end(done - 1, logs)
        logs |= {f"validation_{name}": value for name, value in validate().items()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break


def _together(model, train: Batches, cluster: Cluster) -> Callable[[int], Iterator]:
    """The training steps of one of several workers."""
    step = cluster.step(model)

    def passes(epoch):
        train.epoch, losses = epoch, []
        for batch in train:
            losses.append(float(step(*cluster.rows(batch))))
            yield len(losses), {"loss": float(np.mean(losses))}

    return passes


class _Keeper(keras.callbacks.Callback):
    """Keeps the best weights, the history and the state; stops when the validation loss no longer falls."""

    def __init__(self, config: TrainConfig, run: Run | None, writes: bool):
        super().__init__()
        self.config, self.run, self.writes = config, run, writes
        self.history: list[dict] = []

    @property
    def best(self) -> dict:
        return min(self.history, key=lambda row: row["validation_loss"])

    @property
    def exhausted(self) -> bool:
        return bool(self.history) and len(self.history) - self.best["epoch"] >= self.config.patience

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        row = {name: float(value) for name, value in logs.items()}
        for name in ("loss", "validation_loss"):
            if not math.isfinite(row[name]):
                raise UserError(
                    f"The {name.replace('_', ' ')} is {row[name]} in epoch {epoch + 1}: training has diverged. "
                    f"Try a smaller step, SET=learning_rate={self.config.learning_rate / 3:.2g}"
                )
        row = {"epoch": epoch + 1, **row, "seconds": round(time.perf_counter() - self.started, 3)}
        self.history.append(row)
        if self.exhausted:
            self.model.stop_training = True
        if self.writes:
            self._write(is_best=self.best is row)

    def _write(self, is_best: bool):
        """Write the state last: a resumed run rewrites everything that was written before it."""
        if is_best:
            with files.written(self.run.weights_file) as path:
                weights.save(self.model, path)
        files.write_text(self.run.history_file, history_csv(self.history))
        self._save_state()

    def _variables(self, model) -> dict:
        """Everything that changes in training: weights, random generators and the optimizer's variables."""
        variables = [*model.variables, *model.optimizer.variables]
        return {f"variable {number:04d}": variable for number, variable in enumerate(variables)}

    def _save_state(self):
        arrays = {name: np.asarray(variable) for name, variable in self._variables(self.model).items()}
        state.save(self.run.state_file, arrays, self.history)

    def resume(self, model) -> int:
        """Load the state in the folder, if there is one, into the model; returns the number of finished epochs."""
        if self.run is None or not self.run.state_file.exists():
            return 0
        variables = self._variables(model)
        expected = {name: np.asarray(variable) for name, variable in variables.items()}
        arrays, self.history = state.load(self.run.state_file, expected)
        weights.load(model, self.run.weights_file)  # the best epoch's, to find a damaged file now and not after hours
        for name, variable in variables.items():
            variable.assign(arrays[name])
        return len(self.history)


class MeanMetrics:
    """Loss and weighted metrics of a model at inference; each target counts once, and padding does not count.

    Keras averages the losses of batches as if all had the same weight, so that the mean would depend on the batch size.

    Args:
        model: compiled keras.Model.
        batches: what to measure on.
        epochs: numbers of the passes over the batches; each call measures one pass.
    """

    def __init__(self, model, batches: Batches, epochs: range = range(1)):
        self.model, self.batches, dataset = model, batches, batches.dataset(epochs)
        steps.build_metrics(model, dataset)
        self.iterator, self.several = iter(dataset), steps.measuring(model)

    def __call__(self) -> dict[str, float]:
        """The means by name, including `loss`."""
        self.model.reset_metrics()
        total, sums = 0.0, {}
        for _, (weight, found) in steps.calls(self.several, self.iterator, len(self.batches)):
            total += float(weight)
            sums = {name: sums.get(name, 0.0) + float(value) for name, value in found.items()}
        return {name: value / total for name, value in sums.items()}


class _Display(keras.callbacks.Callback):
    """Shows progress over all epochs, and prints a line for each."""

    def __init__(self, progress: Progress, keeper: _Keeper, steps: int, epochs: int):
        super().__init__()
        self.progress, self.keeper, self.steps = progress, keeper, steps
        self.done = steps * len(keeper.history)  # in finished epochs
        self.bar = progress.add_task("", total=steps * epochs, completed=self.done, epoch=1, loss="")

    def on_epoch_begin(self, epoch, logs=None):
        self.progress.update(self.bar, epoch=epoch + 1)

    def on_train_batch_end(self, batch, logs=None):
        self.progress.update(self.bar, completed=self.done + batch + 1, loss=f"{logs['loss']:.4f}")

    def on_epoch_end(self, epoch, logs=None):
        self.done += self.steps
        figures = "  ".join(f"{name} {value:.4g}" for name, value in self.keeper.history[-1].items() if name != "epoch")
        self.progress.console.print(f"epoch {epoch + 1:3d}  {figures}", highlight=False)


def history_csv(history: list[dict]) -> str:
    """The history as CSV text with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, history[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
