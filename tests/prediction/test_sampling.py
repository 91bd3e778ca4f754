"""Drawing the next token: what temperature, top-k and top-p leave, worked out by hand; the seed decides."""

import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import UserError
from common.prediction import sampling

LOGITS = np.log([0.5, 0.1, 0.3, 0.1])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [0.5, 0.1, 0.3, 0.1]),
        ({"temperature": 0.5}, np.array([25, 1, 9, 1]) / 36),
        ({"temperature": 0}, [1, 0, 0, 0]),
        ({"top_k": 2}, [0.625, 0, 0.375, 0]),
        ({"top_k": 3}, [5 / 9, 1 / 9, 3 / 9, 0]),  # of equals the first
        ({"top_k": 9}, [0.5, 0.1, 0.3, 0.1]),
        ({"top_p": 0.5}, [1, 0, 0, 0]),
        ({"top_p": 0.6}, [0.625, 0, 0.375, 0]),
        ({"top_p": 0.01}, [1, 0, 0, 0]),
        ({"top_k": 2, "top_p": 0.62}, [1, 0, 0, 0]),  # top_p counts what top_k left
    ],
)
def test_probabilities_by_hand(changes, expected):
    np.testing.assert_allclose(sampling.probabilities(LOGITS, **changes), expected, atol=1e-12)


@settings(deadline=None)
@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=30),
    st.floats(0, 5),
    st.integers(0, 40),
    st.floats(0.001, 1),
    st.integers(0, 99),
)
def test_what_is_left_sums_to_one_and_is_drawn(logits, temperature, top_k, top_p, seed):
    kept = sampling.probabilities(np.array(logits), temperature, top_k, top_p)
    assert kept.sum() == pytest.approx(1)
    assert not top_k or (kept > 0).sum() <= top_k
    assert kept[np.argmax(logits)] == kept.max() > 0
    drawn = sampling.sample(np.array(logits), np.random.default_rng(seed), temperature, top_k, top_p)
    assert kept[drawn] > 0


def test_a_token_that_is_ruled_out_is_never_drawn():
    logits = np.array([-np.inf, 0, -np.inf, 0])
    random = np.random.default_rng(0)
    assert {sampling.sample(logits, random) for _ in range(200)} == {1, 3}


def test_draws_follow_the_probabilities_and_the_seed():
    def draw(seed):
        random = np.random.default_rng(seed)
        return [sampling.sample(LOGITS, random) for _ in range(4000)]

    assert draw(1) == draw(1) != draw(2)
    np.testing.assert_allclose(np.bincount(draw(1)) / 4000, [0.5, 0.1, 0.3, 0.1], atol=0.03)


def test_rows_drawn_together_are_those_drawn_one_by_one():
    logits = np.random.default_rng(0).normal(0, 2, (40, 7))
    logits[:, 3] = -np.inf
    temperatures = np.linspace(0.3, 2, 40)
    randoms, again = ([np.random.default_rng([5, row]) for row in range(40)] for _ in range(2))
    for _ in range(5):
        alone = [sampling.sample(*row) for row in zip(logits, again, temperatures)]
        assert sampling.sample_rows(logits, randoms, temperatures).tolist() == alone


@pytest.mark.parametrize("changes", [{"temperature": -1}, {"top_k": -1}, {"top_p": 0}, {"top_p": 1.1}])
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(UserError, match=next(iter(changes))):
        sampling.probabilities(LOGITS, **changes)


def test_continuation_hands_the_states_on():
    """A model that counts: its state is the sum of what it read, its logits point at that sum."""

    def step(inputs):
        total = inputs["state"] + inputs["token_ids"].sum()
        return {"logits": np.eye(20)[None, [int(total[0, 0])]] * 9, "state": total}

    greedy = sampling.continuation(step, np.array([1, 2]), {"state": np.zeros((1, 1))}, np.argmax)
    assert [next(greedy)[0] for _ in range(3)] == [3, 6, 12]
    token, probabilities = next(
        sampling.continuation(step, np.array([3]), {"state": np.zeros((1, 1))}, np.argmax, never=[3])
    )
    assert token == 0 and probabilities[3] == 0 and probabilities.sum() == pytest.approx(1)


def test_the_settings_of_a_run_decide_what_is_drawn():
    config = types.SimpleNamespace(seed=3, temperature=0.7, top_k=3, top_p=0.9)
    draw, random = sampling.by_settings(config), np.random.default_rng(3)
    assert [draw(LOGITS) for _ in range(50)] == [sampling.sample(LOGITS, random, 0.7, 3, 0.9) for _ in range(50)]
