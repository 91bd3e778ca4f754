"""Tests of every task, which also apply to every new folder in tasks/."""

import dataclasses
import json
import re

import numpy as np
import pytest

from common import folders
from common.commands import train
from common.encoding import batching
from common.errors import UserError
from common.metrics.scores import lower_is_better
from common.prediction import networks
from common.prediction.keras_networks import of_model
from common.reporting.results import CELL_NAMES
from common.runs import run as runs
from common.runs.examples import Request
from common.task import SHAPES, task_names
from common.training import fitting, steps
from tests import short_runs, small
from tests.small import every_task

TASKS = task_names()
EPOCHS = 100  # of a training on one batch


def test_every_folder_is_a_task():
    found = [path.name for path in folders.TASKS_FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert sorted(found) == TASKS
    assert len(TASKS) >= 5


@every_task
def test_the_settings_of_every_data_set_are_accepted(name):
    task, *_ = small.setting(name)
    for data, declared in task.datasets.items():
        assert declared.cell_settings.keys() <= CELL_NAMES.keys()
        for cell in CELL_NAMES:
            assert task.config_for(data, {"cell": cell}).cell == cell


@every_task
def test_sample_has_three_splits_that_share_nothing(name):
    task, *_ = small.setting(name)
    assert task.shape in SHAPES
    splits = [set(map(repr, examples)) for _, examples in small.sample(name)]
    assert all(splits)
    assert not splits[0] & splits[1] and not splits[0] & splits[2] and not splits[1] & splits[2]


@every_task
def test_examples_keep_the_contract(name):
    _, _, few, _ = small.setting(name)
    example = few.train[0]
    assert dataclasses.is_dataclass(example) and len(example) > 0 and str(example).strip()
    assert "array(" not in repr(example)  # NumPy leaves the middle of a long array out, so that others look equal


@every_task
def test_encoder_survives_json(name):
    task, _, few, encoder = small.setting(name)
    again = task.encoder.from_json(json.loads(json.dumps(encoder.to_json())), encoder.arrays())
    assert again.to_json() == encoder.to_json()
    for example in few.test:
        before, after = encoder.encode(example), again.encode(example)
        assert before[0].keys() == after[0].keys()
        assert all(np.array_equal(before[0][key], after[0][key]) for key in before[0])
        assert np.array_equal(before[1], after[1])


def numbers_as_texts(value):
    if isinstance(value, dict):
        return {key: numbers_as_texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [numbers_as_texts(each) for each in value]
    return str(value) if isinstance(value, (int, float)) else value


@every_task
def test_an_encoder_with_texts_for_numbers_is_refused(name):
    task, _, _, encoder = small.setting(name)
    written = encoder.to_json()
    damaged = {field: numbers_as_texts(value) for field, value in written.items()}
    for field in written:
        if damaged[field] != written[field]:
            with pytest.raises(UserError, match="train again"):
                task.encoder.from_json({**written, field: damaged[field]}, encoder.arrays())


@every_task
def test_model_overfits_one_batch_and_tells_inputs_apart(name, unoptimised):
    task, config, few, encoder = small.setting(name)
    no_dropout = {field.name: 0 for field in dataclasses.fields(config) if "dropout" in field.name}
    model, config = small.model(name, learning_rate=0.02, epochs=EPOCHS, **no_dropout)
    batches = encoder.batches(batching.encode(encoder, few.train[::3]), config.batch_size, 0)
    model.optimizer.build(model.trainable_variables)
    one_pass = steps.passes(model, batches, range(EPOCHS))
    before, *_, after = (logs["loss"] for epoch in range(EPOCHS) for _, logs in one_pass(epoch))
    assert after < before - 0.3 * abs(before)
    predictions = task.predict(config, of_model(model), encoder, few.train[::3])
    assert len({json.dumps(prediction) for prediction in predictions}) > 1


@every_task
def test_padding_and_batch_size_change_no_prediction(name, unoptimised, monkeypatch):
    task, config, few, encoder = small.setting(name)
    _, networks_of_keras = small.untrained(name)
    examples = sorted(few.test, key=len)
    together = task.predict(config, networks_of_keras, encoder, examples)
    alone = task.predict(config, networks_of_keras, encoder, examples[:1])
    _assert_close(alone[0], together[0])

    for size in (1, 8):
        monkeypatch.setattr(networks, "BATCH_SIZE", size)
        for one, other in zip(task.predict(config, networks_of_keras, encoder, examples), together):
            _assert_close(one, other)


@every_task
def test_padding_changes_no_loss(name, eagerly):
    """The loss over batches is the same whether examples are padded to each other or not."""
    _, _, few, encoder = small.setting(name)
    model, _ = small.untrained(name)
    encoded = batching.encode(encoder, few.test[:8])
    one, many = (fitting.MeanMetrics(model, encoder.batches(encoded, size))() for size in (1, 8))
    assert one == pytest.approx(many, rel=1e-4, abs=1e-5)


@every_task
def test_evaluate_repeats_a_run(name, trained, light_process):
    """Without TensorFlow, it measures what train measured."""
    with short_runs.working_in(trained(name), name, small.sample(name)):
        whole = runs.find(name)
    measured = json.loads(whole.metrics_file.read_text())
    assert measured["task"] == name and measured["metric"] in measured["test"]
    for key in ("interval", "baseline", "examples", "parameters", "epochs", "train_seconds", "versions", "data_sha256"):
        assert key in measured
    best = min if lower_is_better(measured["metric"]) else max
    alone = [scores[measured["metric"]] for scores in measured["baselines"].values()]
    assert measured["baseline"][measured["metric"]] == best(alone)
    report = whole.report_file.read_text()
    assert "could not be drawn" not in report and not re.search(r"--:? \|\n\n", report)  # no table without a row
    parity = json.loads(whole.networks_file.read_text())["parity"]
    assert parity["batches"] >= 3 and parity["decisions"] + parity["undecided"] >= 8
    again = light_process.submit(short_runs.evaluated, name, small.sample(name), trained(name)).result()
    assert again == pytest.approx(measured["test"], rel=1e-6, nan_ok=True)


@every_task
def test_a_run_that_was_stopped_ends_with_the_same_weights(name, trained, run_of, own_folders, unoptimised):
    whole = run_of(name)
    with short_runs.working_in(own_folders, name, small.sample(name)):
        stopped = short_runs.stop_again(name, trained(name) / "stopped", own_folders)
        assert runs.find(name).path == whole.path
        with pytest.raises(_Trained):
            _resume_and_stop(name)
        resumed = runs.unfinished(name)
    assert resumed.path == stopped.path
    assert [row["loss"] for row in resumed.history] == [row["loss"] for row in whole.history]
    for one, other in zip(_arrays(whole), _arrays(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


class _Trained(Exception):  # noqa: N818 - it is no error
    pass


def _resume_and_stop(name):
    """Go on with the run that was stopped, to the end of its training; the same weights would be measured again."""

    def stop(*arguments):
        raise _Trained

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "_networks", stop)
        train.run(name, Request(), {}, resume=True)


def _arrays(run):
    import h5py

    found = []
    with h5py.File(run.weights_file, "r") as file:
        file.visititems(lambda _, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    return found


def _assert_close(one, other):
    """Two predictions that differ by rounding at the most."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _assert_close(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for left, right in zip(one, other):
            _assert_close(left, right)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-4)
    else:
        assert one == other
