"""Random augmentation of batches: seed and epoch determine it, targets and weights stay with their examples."""

import numpy as np

from common.encoding import batching
from common.encoding.augmenting import Augmented


class Numbers:
    def encode(self, example):
        return {"numbers": np.array([example] * 3, np.float32)}, np.float32(example)


def added(random, inputs, targets):
    noise = random.normal(size=(len(targets), 1)).astype(np.float32)
    return {"numbers": inputs["numbers"] + noise}, targets


def batches(epoch, seed=3):
    made = Augmented(batching.encode(Numbers(), range(10)), 4, seed, added)
    made.epoch = epoch
    return list(made)


def test_the_same_epoch_is_changed_in_the_same_way_and_another_differently():
    for (one, targets, weights), (again, *_) in zip(batches(2), batches(2), strict=True):
        np.testing.assert_array_equal(one["numbers"], again["numbers"])
        assert weights.sum() in (4, 2)
        assert np.abs(one["numbers"][:, 0] - targets).max() > 0
    first, second = (np.concatenate([targets for _, targets, _ in batches(epoch)]) for epoch in (0, 1))
    assert sorted(first) == sorted(second) and not np.array_equal(first, second)
    noise = [batch[0]["numbers"][0, 0] - batch[1][0] for epoch in (0, 1) for batch in batches(epoch)]
    assert len(set(noise)) == len(noise)


def test_tensorflow_gets_the_changed_batches():
    made = Augmented(batching.encode(Numbers(), range(10)), 4, 0, added)
    inputs, targets, _ = next(iter(made.dataset()))
    assert inputs["numbers"].shape == (4, 3) and not np.allclose(inputs["numbers"][:, 0], targets)
