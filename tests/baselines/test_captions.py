"""Captions without a network: the most typical one, and those of the nearest pictures."""

import numpy as np

from common.baselines import captions


def test_the_nearest_picture_and_the_most_likely_caption():
    random = np.random.default_rng(0)

    def walls(colour):
        return [np.clip(np.array(colour) + random.normal(0, 9, (16, 16, 3)), 0, 255).astype(np.uint8) for _ in range(9)]

    red, blue = walls((220, 30, 30)), walls((30, 30, 220))
    texts = [["a red wall", "red bricks"]] * 8 + [["the blue sea", "blue water"]] * 8
    found = captions.nearest(red[:8] + blue[:8], texts, [red[8], blue[8], red[8]])
    assert "red" in found[0] and "blue" in found[1] and found[2] == found[0]
    assert captions.most_likely(["a dog runs", "a dog runs fast", "a dog sits", "two cats"]) == "a dog runs"
