"""One text as batches: every token once, each row continuing where it stopped."""

import math
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.encoding import batching
from common.encoding.streams import Stream


class Identity:
    """Encodes a line of numbers as inputs, and the numbers after them as targets."""

    def encode(self, line):
        return {"token_ids": np.array(line, np.int32)}, np.array(line, np.int32) + 1


def text(total, seed=0):
    """Numbers from 1 to `total` in lines of random length."""
    random = np.random.default_rng(seed)
    cuts = np.sort(random.integers(0, total + 1, total // 5))
    return batching.encode(Identity(), np.split(np.arange(1, total + 1), cuts))


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 12), st.integers(1, 40))
def test_every_token_comes_once_in_its_place(total, rows, timesteps):
    stream = Stream(text(total), rows, timesteps)
    batches = list(stream)
    assert len(batches) == len(stream) == math.ceil(total / (rows * timesteps))
    inputs = np.concatenate([batch[0]["token_ids"] for batch in batches], axis=1)
    targets = np.concatenate([batch[1] for batch in batches], axis=1)
    weights = np.concatenate([batch[2] for batch in batches], axis=1)
    assert inputs.shape == targets.shape == weights.shape
    assert batches[0][0]["token_ids"].shape[1] <= timesteps
    # Rows one after the other, without padding, are the text.
    np.testing.assert_array_equal(inputs[weights > 0], np.arange(1, total + 1))
    np.testing.assert_array_equal(targets[weights > 0], np.arange(2, total + 2))
    assert not inputs[weights == 0].any() and not targets[weights == 0].any()
    assert stream.padding() == pytest.approx((weights == 0).mean())


def test_only_the_first_batch_starts_afresh():
    for _ in range(2):  # every pass
        carried = [batch[0]["carried"] for batch in Stream(text(100), 4, 10)]
        assert [set(flags) for flags in carried] == [{0}, {1}, {1}]
        assert all(flags.shape == (4,) for flags in carried)


def test_dataset_gives_the_same_batches():
    stream = Stream(text(100), 4, 10)
    for mine, theirs in zip(stream, stream.dataset(), strict=True):
        np.testing.assert_array_equal(mine[0]["token_ids"], theirs[0]["token_ids"].numpy())
        np.testing.assert_array_equal(mine[2], theirs[2].numpy())


def test_a_mapped_text_does_not_stay_in_memory(tmp_path):
    total = 16_000_000  # 64 MB each of inputs and targets
    offsets = np.array([0, total])
    columns = []
    for name in ("inputs", "targets"):
        values = np.memmap(tmp_path / name, np.int32, "w+", shape=(total,))
        values[:] = 1
        values.flush()
        del values
        columns.append(batching.Column(np.memmap(tmp_path / name, np.int32, "r", shape=(total,)), offsets, True))
    stream = Stream(batching.Encoded({"token_ids": columns[0]}, columns[1]), 32, 500)
    before = _resident()
    largest = max(_resident() - before for _ in stream)
    assert largest < 100e6  # the system maps pages around those that were asked for


def _resident() -> float:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        pytest.skip("this system does not say how much memory a process has")
