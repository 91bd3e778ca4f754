"""Batches: every example once, little padding, few shapes, weights that say what is real."""

import dataclasses
import itertools
import os
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import files
from common.encoding import batching
from common.encoding.encoder import Encoder


class Counting:
    """Encodes a number n as n timesteps of n, with n as a scalar target."""

    def encode(self, example):
        return {"steps": np.full(example, example, np.int32)}, np.float32(example)


class Tagging:
    """Encodes a number n as n timesteps with n targets."""

    def encode(self, example):
        return {"steps": np.full((example, 2), example, np.float64)}, np.arange(example)


class Mixed:
    """Encodes an array as it is."""

    def encode(self, example):
        return {"steps": example}, None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=80), st.integers(1, 16), st.integers(0, 3))
def test_every_example_comes_once_an_epoch(lengths, batch_size, epoch):
    batches = batching.ByLength(batching.encode(Counting(), lengths), batch_size, seed=5)
    batches.epoch = epoch
    seen, shapes = [], set()
    for inputs, targets, weights in batches:
        shapes.add(inputs["steps"].shape)
        assert set(np.unique(weights)) <= {0.0, 1.0}
        for row, target, weight in zip(inputs["steps"], targets, weights, strict=True):
            real = row[row > 0]
            assert len(real) == (real[0] if weight else 0)
            if weight:
                assert target == len(real)
                seen.append(len(real))
    assert sorted(seen) == sorted(lengths)
    assert len(shapes) <= batching.GROUPS
    assert len(list(batches)) == len(batches)


def test_order_depends_on_seed_and_epoch_alone():
    encoded = batching.encode(Counting(), list(range(1, 101)))

    def order(seed, epoch):
        batches = batching.ByLength(encoded, 8, seed)
        batches.epoch = epoch
        return [numbers.tolist() for numbers in batches.examples()]

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)
    assert order(None, 0) == order(None, 1)


def test_targets_that_are_sequences_are_weighted_by_timestep():
    batches = batching.ByLength(batching.encode(Tagging(), [1, 3]), 2)
    (inputs, targets, weights) = next(iter(batches))
    np.testing.assert_array_equal(targets, [[0, 0, 0], [0, 1, 2]])
    np.testing.assert_array_equal(weights, [[1, 0, 0], [1, 1, 1]])
    assert inputs["steps"].shape == (2, 3, 2) and inputs["steps"].dtype == np.float32


def test_examples_of_one_length_are_not_padded():
    batches = batching.ByLength(batching.encode(Counting(), [7] * 40), 8, seed=0)
    assert batches.padding() == 0
    assert {inputs["steps"].shape for inputs, _, _ in batches} == {(8, 7)}


def test_padding_is_counted_by_hand():
    batches = batching.ByLength(batching.encode(Counting(), [1, 1, 3]), 3)
    assert batches.padding() == pytest.approx(1 - 5 / 9)


def test_grouping_saves_most_of_the_padding():
    lengths = np.random.default_rng(0).geometric(0.05, size=2000).clip(1, 200).tolist()
    encoded = batching.encode(Counting(), lengths)
    grouped = batching.ByLength(encoded, 32, seed=0).padding()
    shuffled = np.random.default_rng(1).permutation(lengths)[:1984].reshape(-1, 32)
    assert grouped < 0.5 * (1 - shuffled.sum() / (32 * shuffled.max(axis=1).sum()))


@settings(deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(1, 4))
def test_padded_lengths_are_the_best_there_are(lengths, groups):
    """Compared with every choice of that many lengths."""

    def padded(choice):
        return sum(min(length for length in choice if length >= needed) for needed in lengths)

    rivals = itertools.combinations(sorted(set(lengths)), min(groups, len(set(lengths))))
    best = min(padded(choice) for choice in rivals if choice[-1] == max(lengths))
    chosen = batching.padded_lengths(np.array(lengths), groups)
    assert len(chosen) <= groups and list(chosen) == sorted(set(chosen.tolist()))
    assert padded(chosen) == best


def test_many_lengths_are_told_apart_by_share():
    lengths = np.random.default_rng(0).integers(1, 5000, size=3000)
    chosen = batching.padded_lengths(lengths)
    assert len(chosen) == batching.GROUPS and chosen[-1] == lengths.max()
    assert chosen[np.searchsorted(chosen, lengths)].sum() < 1.15 * lengths.sum()


def test_arrays_on_disk_are_those_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(batching, "_CHUNK", 3)
    lengths = [3, 1, 4, 1, 5, 9, 2, 6]
    memory = batching.encode(Tagging(), lengths)
    written = batching.encode(Tagging(), lengths, tmp_path / "cache")
    again = batching.encode(None, None, tmp_path / "cache")  # neither encoder nor examples are asked
    for one, other, third in zip(memory.columns, written.columns, again.columns, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.values, third.values)
        np.testing.assert_array_equal(one.offsets, third.offsets)
    assert isinstance(again.targets.values, np.memmap)


def test_an_encoding_that_broke_off_is_not_taken_for_a_whole_one(tmp_path):
    def breaking():
        yield 3
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batching.encode(Tagging(), breaking(), tmp_path)
    assert len(batching.encode(Tagging(), [1, 2], tmp_path)) == 2


def test_what_a_killed_process_wrote_can_be_removed_and_two_processes_leave_one_copy(tmp_path, monkeypatch):
    ended = subprocess.Popen(["true"])
    ended.wait()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: ended.pid)
        with pytest.raises(ValueError, match="is float32"):
            batching.encode(Mixed(), [np.ones(2), np.ones(2, np.float32)], tmp_path / "killed")
        batching.encode(Tagging(), [1, 2], tmp_path / "both")
    assert list((tmp_path / "killed").iterdir())
    files.remove_abandoned(tmp_path)
    assert not list((tmp_path / "killed").iterdir())
    (tmp_path / "both" / "columns.json").unlink()  # as if this process had begun before the other ended
    assert len(batching.encode(Tagging(), [1, 2], tmp_path / "both")) == 2
    written = ["0.offsets", "0.values", "1.offsets", "1.values", "columns.json"]
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == written


def test_no_examples_are_refused():
    with pytest.raises(ValueError, match="no examples"):
        batching.encode(Counting(), [])


@dataclasses.dataclass(frozen=True)
class Pictures(Encoder):
    """Encodes a number n as a picture of one shape, n frames of it, and n labels that count as one example."""

    fixed = ("picture",)
    weight_per_example = True

    def encode(self, example):
        picture = np.full((4, 5, 3), example, np.uint8)
        return {"picture": picture, "frames": np.stack([picture] * example)}, np.arange(example, dtype=np.int32)


@pytest.mark.parametrize("cache", [False, True])
def test_pictures_keep_shape_and_type_and_examples_weigh_one(cache, tmp_path):
    folder = tmp_path / "cache" if cache else None
    for encoded in [batching.encode(Pictures(), [1, 3, 2], folder) for _ in range(2)]:
        batches = batching.ByLength(encoded, 2)
        (inputs, targets, weights), (last, _, last_weights) = batches
        assert inputs["picture"].shape == (2, 4, 5, 3) and inputs["picture"].dtype == np.uint8
        assert inputs["picture"][:, 0, 0, 0].tolist() == [inputs["frames"][i, 0, 0, 0, 0] for i in range(2)]
        assert inputs["frames"].dtype == np.uint8 and inputs["frames"].ndim == 5
        assert targets.ndim == 2 and weights.tolist() == [1, 1] and last_weights.tolist() == [1, 0]
        assert not last["picture"][1].any()  # the row that fills the batch up
        taken = next(iter(batches.dataset()))
        assert taken[0]["picture"].shape == (2, 4, 5, 3) and taken[2].shape == (2,)


@pytest.mark.parametrize(
    "arrays",
    [
        [np.array([1, 2]), np.array([0.5, 1.5])],
        [np.zeros((2, 3)), np.zeros((2, 4))],
        [np.float32(1), np.float64(1)],
    ],
    ids=["type", "features", "scalar type"],
)
def test_an_array_unlike_the_first_is_refused(arrays):
    with pytest.raises(ValueError, match=r"input steps of one example is .* and was .* before"):
        batching.encode(Mixed(), arrays)
