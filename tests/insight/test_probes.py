"""The tests of memory: what stands where, the memoryless answers, and that what can be learned is learned."""

import dataclasses
import math

import numpy as np
import pytest

from common import layers
from common.insight import probes, probing

ROWS = 20_000


def made(name, length, rows=ROWS, held_out=False):
    return probes.PROBES[name].make(np.random.default_rng(0), rows, length, held_out)


def test_adding_marks_one_number_in_each_half():
    inputs, targets = made("adding", 11, rows=500)
    assert (inputs[:, :5, 1].sum(axis=1) == 1).all() and (inputs[:, 5:, 1].sum(axis=1) == 1).all()
    np.testing.assert_allclose((inputs[..., 0] * inputs[..., 1]).sum(axis=1), targets, rtol=1e-6)


def test_memoryless_answer_to_adding_is_a_sixth():
    _, targets = made("adding", 30, rows=200_000)
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.01)
    assert probes.PROBES["adding"].memoryless(30) == pytest.approx(0.408248, abs=1e-6)


def test_copy_repeats_what_it_began_with():
    inputs, wanted = made("copy", 7, rows=100)
    read = inputs.argmax(axis=-1)
    assert read.shape == wanted.shape == (100, 27)
    assert (wanted[:, -10:] == read[:, :10]).all() and (read[:, :10] < 8).all()
    assert (read[:, 16] == 9).all() and (read == 9).sum() == 100  # the marker, once
    assert (wanted[:, :-10] == 8).all() and (read[:, 10:16] == 8).all() and (read[:, 17:] == 8).all()


@pytest.mark.parametrize(("length", "nats"), [(10, 0.6931), (50, 0.2971), (100, 0.1733), (1000, 0.0204)])
def test_memoryless_answer_to_copy(length, nats):
    probe = probes.PROBES["copy"]
    assert probe.memoryless(length) == pytest.approx(nats, abs=5e-5)
    _, wanted = made("copy", length, rows=5)
    knows_the_task = np.full((*wanted.shape, 10), -50.0)
    knows_the_task[:, :-10, 8] = 0
    knows_the_task[:, -10:, :8] = 0
    assert probing.measure(probe, knows_the_task, wanted) == pytest.approx(10 * math.log(8) / (length + 20))


@pytest.mark.parametrize("length", [10, 55, 100])
def test_order_is_that_of_the_two_symbols(length):
    inputs, targets = made("order", length)
    read = inputs.argmax(axis=-1)
    rows, places = np.nonzero(read >= 4)
    assert (np.bincount(rows) == 2).all()
    first, second = places.reshape(-1, 2).T
    assert first.min() >= length // 10 and first.max() < 2 * length // 10
    assert second.min() >= 5 * length // 10 and second.max() < 6 * length // 10
    pairs = read[rows, places].reshape(-1, 2) - 4
    assert (targets == 2 * pairs[:, 0] + pairs[:, 1]).all()
    np.testing.assert_allclose(np.bincount(targets) / ROWS, 1 / 4, atol=0.02)


def test_held_out_digits_are_not_trained_on_and_all_tried():
    inputs, labels = made("pixels", 64, held_out=True)
    assert inputs.shape == (360, 64, 1) and len(labels) == 360
    held_out = {row.tobytes() for row in inputs}
    trained = {row.tobytes() for row in made("pixels", 64, rows=3000)[0]}
    assert len(trained) > 1000 and not held_out & trained
    shuffled, _ = made("permuted", 64, held_out=True)
    np.testing.assert_array_equal(np.sort(shuffled, axis=1), np.sort(inputs, axis=1))
    assert (shuffled != inputs).any()


def test_score_is_that_of_the_definition():
    numbers, classes = probes.PROBES["adding"], probes.PROBES["order"]
    assert probing.measure(numbers, np.array([[1.0], [2]]), np.array([1.0, 0])) == pytest.approx(2**0.5)
    assert probing.measure(classes, np.eye(4)[[0, 1, 2]], np.array([0, 1, 3])) == pytest.approx(2 / 3)


def test_a_cell_learns_a_short_order_and_is_tried_on_longer_ones(monkeypatch):
    monkeypatch.setattr(probing, "UNITS", 16)
    probe = dataclasses.replace(probes.PROBES["order"], steps=250, learning_rate=2e-2)
    trial = probing.train(probe, "gru", 10, seed=0)
    assert list(trial.scores) == [10, 20, 40]
    assert trial.scores[10] > 0.9  # by chance 0.25
    assert trial.parameters == 3 * (6 + 16 + 2) * 16 + (16 + 1) * 4


def test_every_probe_fits_its_network(monkeypatch):
    monkeypatch.setattr(probing, "UNITS", 4)
    for probe in probes.PROBES.values():
        length = probe.length or 10
        inputs, targets = probe.make(np.random.default_rng(0), 3, length, held_out=False)
        assert inputs.dtype == np.float32 and inputs.shape[2] == probe.features
        answers = probing.build(probe, layers.CELLS[0]).predict_on_batch(inputs)
        assert answers.shape == (*targets.shape, probe.outputs)
