"""`train`: from a source of examples to a run folder with a measured model."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from common import backend, files
from common.commands import console_output, steps
from common.encoding import batching
from common.errors import UserError, unknown
from common.prediction.networks import Networks
from common.runs import cache, examples, inspection, onnx_files, provenance, weights
from common.runs import run as runs
from common.runs.examples import Request, Source
from common.runs.inspection import Inspection
from common.runs.run import Run
from common.task import Task, TrainConfig, load_task
from common.training import word_vectors, workers

QUICK_EPOCHS = 2


def run(task_name: str, request: Request, settings: dict, quick: bool = False, resume: bool = False) -> Run | None:
    """Train, evaluate and report; prints what it does.

    Args:
        request: the data, and how it is split.
        settings: changes to the task's config, as text.
        quick: few examples, few epochs; for trying things out.
        resume: continue the latest run, with its own settings.

    Returns:
        The run; None in workers other than the one that writes.

    Raises:
        UserError: for an unknown name, a bad file, or nothing to resume.
    """
    cluster = workers.join()
    writes = cluster is None or cluster.index == 0
    console = console_output.console()
    task = load_task(task_name)
    if resume:
        folder = _unfinished(task_name, request != Request() or bool(settings or quick))
        config, encoder = runs.load_encoder(folder, task)
        source = steps.reload_source(task, config, folder, console)
        done = len(folder.history) if folder.history_file.exists() else 0
        console.print(f"{folder.path.name} continues after epoch {done} of {config.epochs}", highlight=False)
    else:
        few = {"epochs": QUICK_EPOCHS} if quick else {}
        config = task.config_for(request.data, {**few, **settings})
        source = steps.load_source(task, request, config, quick, console)
        if not quick:
            inspection.refuse(source.splits)
        encoder = task.encoder.fit(config, source.splits.train)
        check_class_weight(config, encoder)
        found = inspection.inspect(source, encoder)
        folder = None
    _show(source, config, console)
    validation = inspection.learnable(source.splits.train, source.splits.validation)
    encoded = cache.encoded(task, source, encoder, validation)
    if not resume and source.is_file:
        found.warnings.extend(inspection.alike(source, encoder, encoded[0]))
        console_output.inspection(console, found)
    model = build(task, config, encoder, folder, console)
    if not resume and writes:
        folder = _start(task_name, config, source, quick, encoder, found, cluster.count if cluster else 1)
    with runs.beginning(folder) if folder else contextlib.nullcontext():
        fit(config, *encoded, encoder, model, folder, console, cluster)
    if not writes:
        return None
    networks = _networks(task, config, model, encoder, folder, validation, console)
    measured = steps.measure(task, config, networks, encoder, folder, source, folder)
    runs.make_latest(folder)
    console_output.scores(console, measured)
    console.print(f"Everything is in {console_output.relative(folder.path)}: read report.md there", highlight=False)
    return folder


def _unfinished(task_name: str, changed: bool) -> Run:
    if changed:
        raise UserError("RESUME goes on with the settings of the run: leave DATA, CELL, SET, SEED and QUICK out.")
    return runs.unfinished(task_name)


def _start(
    task_name: str, config: TrainConfig, source: Source, quick: bool, encoder, found: Inspection, count: int
) -> Run:
    """Create a run folder with all that is needed to repeat the run, the encoder and the findings about the data.

    Args:
        count: number of workers.
    """
    folder = runs.create(
        task_name,
        config.cell,
        config.seed,
        {
            "task": task_name,
            "data": source.home if source.is_file else source.name,
            "request": dataclasses.asdict(source.request),
            "data_sha256": source.sha256,
            "encoder_sha256": runs.encoder_sha256(encoder),
            "quick": quick,
            "settings": dataclasses.asdict(config),
            "versions": provenance.versions(),
            "code": provenance.code(),
            "code_sha256": provenance.code_sha256(task_name),
            "machine": provenance.machine(),
            "cores": backend.cores(),
            "workers": count,
        },
    )
    runs.save_encoder(folder, encoder)
    files.write_json(folder.inspection_file, found.to_json())
    return folder


def build(task: Task, config: TrainConfig, encoder, folder: Run | None, console: Console):
    """The model before its training. Settings that cannot be met are refused here, before a run folder exists.

    Args:
        folder: of a run that goes on: its weights are loaded later. None for a new one.
    """
    backend.load()
    import keras

    keras.utils.set_random_seed(config.seed)
    has_weights = folder is not None and os.path.lexists(folder.weights_file)
    with weights.room(folder.weights_file if has_weights else None):
        model = task.build_model(config, encoder)
    if config.embeddings != "none" and not (folder and folder.state_file.exists()):
        covered = word_vectors.initialise(model, encoder, config)
        console.print(covered, highlight=False)
    console_output.layers(console, model)
    return model


def fit(
    config: TrainConfig,
    train: batching.Encoded,
    validation: batching.Encoded,
    encoder,
    model,
    folder: Run | None,
    console: Console,
    cluster,
) -> None:
    """Train the model; it ends with the weights of the epoch that is best on the validation examples."""
    from common.training import fitting

    batches = encoder.batches(train, config.batch_size, config.seed)
    validated = encoder.batches(validation, config.batch_size)
    if config.class_weight == "balanced":
        batches.class_weights = validated.class_weights = _class_weights(encoder, train)
    console.print(f"{len(batches):,} batches per epoch, {batches.padding():.1%} padding", highlight=False)
    fitting.fit(model, batches, validated, config, folder, console, cluster)


def _class_weights(encoder, train: batching.Encoded) -> np.ndarray:
    """The weight of each class in the loss, one per label of the encoder."""
    (count,) = map(len, encoder.label_fields().values())
    found = batching.balanced(train.targets.values)
    return np.pad(found, (0, count - len(found)), constant_values=1)


def check_class_weight(config: TrainConfig, encoder) -> None:
    """Refuse unknown values, and class weights for a task without classes."""
    if config.class_weight not in ("none", "balanced"):
        raise UserError(unknown("class_weight", config.class_weight, ["none", "balanced"]))
    has_classes = encoder.label_fields() and not encoder.weight_per_example
    if config.class_weight != "none" and not has_classes:
        raise UserError("class_weight=balanced is for tasks that predict classes; this one has none.")


def _networks(
    task: Task, config: TrainConfig, model, encoder, folder: Run, validation: Sequence, console: Console
) -> Networks:
    """The networks for prediction: ONNX files written to the run, or, if that is impossible, Keras's."""
    from common.prediction import keras_networks

    reason = onnx_files.write(folder, task, config, encoder, model, validation)
    if reason is None:
        return onnx_files.load(folder)
    console.print(f"This run predicts with Keras, which takes longer to start: {reason}.", highlight=False)
    return keras_networks.of_model(model)


def _show(source: Source, config: TrainConfig, console: Console) -> None:
    """Print the source and size of the data, one example, and the settings."""
    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_row("data", f"{source.title} ({source.home})")
    table.add_row("licence", source.licence)
    table.add_row("examples", ", ".join(f"{split} {len(part):,}" for split, part in source.splits))
    if any(source.shared.values()):
        table.add_row("shared", examples.describe_shared(source.shared))
    for name, value in examples.fields(source.splits.train[0]).items():
        if value:
            table.add_row(f"  {name}", value)
    table.add_row("settings", " ".join(f"{name}={value}" for name, value in dataclasses.asdict(config).items()))
    console.print(table, highlight=False)
