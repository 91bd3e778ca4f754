"""The character model of the documents: dropout of the state, teacher forcing and free-running."""

import numpy as np
import pytest

from common.insight import reference
from common.insight.network import Network
from common.lessons import characters


def test_gradient_with_state_dropout_is_the_numerical_one():
    random, one = np.random.default_rng(0), characters.StateDropout("gru", 3, 4, 2)
    one.mask = np.array([[2.0], [0], [2], [0]])
    inputs, targets = random.normal(size=(2, 5, 3)), random.integers(0, 2, (2, 5))
    outputs, states, kept = one.forward(inputs)
    gradients, _ = one.backward(inputs, states, kept, reference.cross_entropy(outputs, targets)[1])
    assert np.abs(outputs - Network.forward(characters.StateDropout("gru", 3, 4, 2), inputs)[0]).max() > 1e-3
    for place in [(0, 0), (1, 5), (2, 11)]:  # the second row of W is dropped
        step, losses = 1e-6, []
        for sign in (1, -2):
            one.weights["W"][place] += sign * step
            losses.append(reference.cross_entropy(one.forward(inputs)[0], targets)[0])
        one.weights["W"][place] += step
        numerical = (losses[0] - losses[1]) / (2 * step)
        assert gradients["W"][place] == pytest.approx(numerical, rel=1e-5, abs=1e-8)


def test_input_dropout_drops_the_same_features_at_all_steps_and_scales_the_others():
    ids = np.arange(500) % len(characters.ALPHABET)  # each window has every character at least once
    ((inputs, targets, _),) = characters.windows(ids, 1, dropout=0.25)
    read = np.roll(targets, 1, axis=1)[:, 1:]  # the character at each step but the first
    kept = np.take_along_axis(inputs[:, 1:], read[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(np.unique(kept), [0, 1 / 0.75])
    for row, values in zip(read, kept):
        for character in range(len(characters.ALPHABET)):
            assert len(set(values[row == character])) == 1
    assert inputs.sum(axis=1).astype(bool).mean() == pytest.approx(0.75, abs=0.05)


def test_free_running_reads_its_own_characters():
    one = Network("gru", len(characters.ALPHABET), 8, len(characters.ALPHABET))
    ids = np.random.default_rng(0).integers(0, len(characters.ALPHABET), characters.PROMPT + characters.CONTINUATION)
    forced, written, logits = characters.continued(one, ids)
    assert forced[0] == written[0]  # the first one follows the same prompt
    own = np.concatenate([ids[: characters.PROMPT], written])
    again, written_again, _ = characters.continued(one, own)
    np.testing.assert_array_equal(again, written)  # with teacher forcing on its own text it predicts this text
    np.testing.assert_array_equal(written_again, written)
    assert logits.shape == (characters.CONTINUATION, len(characters.ALPHABET))
