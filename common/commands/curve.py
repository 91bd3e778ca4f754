"""`curve`: the validation score against the number of training examples, which shows whether more data would help."""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from rich.console import Console

from common import backend, folders
from common.commands import console_output, steps, train
from common.encoding import batching
from common.errors import UserError
from common.metrics.scores import best
from common.plots import curves
from common.reporting import results
from common.reporting.tables import number
from common.runs import inspection, provenance
from common.runs.examples import Request
from common.runs.run import Run
from common.task import Task, TrainConfig, change_config, load_task

SHARES = 1 / 8, 1 / 4, 1 / 2, 1  # of the training examples
FEWEST = 64  # training examples
MOST_RUNS = 32  # of eight blocks


def run(name: str, request: Request, settings: dict, seeds: Sequence[int]) -> Path:
    """Train on an eighth, a quarter, half and all of the training examples, and score each on all of validation.

    The test set is not scored. The best epoch of a network is chosen on validation too, so its scores are slightly too
    good, for all shares alike. The baselines learn from the same examples. Each example of a series contains the
    whole series before it, so a baseline that learns from that, such as GARCH, hardly depends on the share. The curve
    of a declared data set is recorded in `results.json` and appears in the README of the task.

    Args:
        request: the data, and how it is split.
        settings: changes to the task's config, as text.
        seeds: of the networks; the training examples of each share are the same for all.

    Returns:
        The picture of the curve.

    Raises:
        UserError: for an unknown name, a bad file, a seed out of range, or too few training examples.
    """
    console, task = console_output.console(), load_task(name)
    config = task.config_for(request.data, settings)
    seeded = [change_config(config, {"seed": seed}) for seed in seeds]
    source = steps.load_source(task, request, config, False, console)
    examples, validation = source.splits.train, source.splits.validation
    if len(examples) < FEWEST:
        raise UserError(f"{source.name} has {len(examples)} training examples: a curve needs at least {FEWEST}.")
    points = []
    for share in SHARES:
        part = drawn(examples, share)
        inspection.refuse(dataclasses.replace(source.splits, train=part))
        scores = [_score(task, each, part, validation, console) for each in seeded]
        baseline, bar = _baseline(task, config, part, validation)
        points.append({"examples": len(part), "scores": scores, "baseline": bar, "baseline_name": baseline})
        console.print(
            f"{len(part):,} training examples: {task.metric} {number(statistics.fmean(scores))} on validation, "
            f"{baseline} {number(bar)}",
            highlight=False,
        )
    if not source.is_file:
        about = {"machine": provenance.machine(), "code": provenance.code(), "versions": provenance.versions()}
        changed = {key: value for key, value in settings.items() if key != "cell"}
        if source.request.fold:
            changed["fold"] = source.request.fold
        results.add_curve(name, results.curve(source.name, config.cell, changed, list(seeds), points) | about)
        for file in results.write_tables():
            console.print(f"wrote {console_output.relative(file)}", highlight=False)
    picture = folders.RUNS_FOLDER / name / "curves" / f"{Path(source.name).stem}-{config.cell}.png"
    curves.examples(points, task.metric, results.CELL_NAMES[config.cell], picture)
    console.print(f"The picture is {console_output.relative(picture)}", highlight=False)
    return picture


def drawn(examples: Sequence, share: float) -> list:
    """Some of the examples, in their order; the choice for a smaller share is part of that for a larger one.

    They are drawn in blocks of at least eight neighbours, since a line of a text or a window of a series says much
    about the next one, which would then hardly be missing. Of any eight blocks in a row the same number is drawn, so
    that no part of sorted examples is left out.

    Args:
        share: of the examples, in eighths.
    """
    count = 8 * min(max(len(examples) // FEWEST, 1), MOST_RUNS)
    edges = [block * len(examples) // count for block in range(count + 1)]
    random = Random(0)
    chosen = [
        first + block
        for first in range(0, count, 8)
        for block in sorted(random.sample(range(8), 8)[: round(8 * share)])
    ]
    return [examples[number] for block in chosen for number in range(edges[block], edges[block + 1])]


def _score(task: Task, config: TrainConfig, part: Sequence, validation: Sequence, console: Console) -> float:
    """The task's metric on validation of a network that learned from part of the training examples."""
    backend.load()
    import keras

    from common.prediction import keras_networks

    keras.backend.clear_session()
    encoder = task.encoder.fit(config, part)
    train.check_class_weight(config, encoder)
    encoded = (batching.encode(encoder, each) for each in (part, inspection.learnable(part, validation)))
    with tempfile.TemporaryDirectory() as folder:
        model = train.build(task, config, encoder, None, Console(quiet=True))
        train.fit(config, *encoded, encoder, model, Run(Path(folder)), console, None)
        predictions = task.predict(config, keras_networks.of_model(model), encoder, validation)
    return task.score(validation, predictions)[task.metric]


def _baseline(task: Task, config: TrainConfig, part: Sequence, validation: Sequence) -> tuple[str, float]:
    """Name and score on validation of the baseline that is best there, fitted on the same examples."""
    answers = task.baseline(config, part, validation)
    scores = {name: task.score(validation, answer)[task.metric] for name, answer in answers.items()}
    name = best(scores, task.metric)
    return name, scores[name]
