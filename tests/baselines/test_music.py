"""Baselines of music: what they say of the next frame is a distribution."""

import numpy as np

from common.baselines import music


def test_the_probabilities_of_the_classes_of_a_melody_add_up_to_one():
    random = np.random.default_rng(0)
    train, asked = ([[(int(key),) for key in random.integers(60, 66, 40)] for _ in range(count)] for count in (5, 2))
    for name, pieces in music.of_melodies(train, asked).items():
        for logs in pieces:
            np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, rtol=1e-9, err_msg=name)
