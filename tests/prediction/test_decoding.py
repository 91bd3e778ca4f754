"""Beam search against all sequences there are, and against greedy search written out."""

import itertools

import numpy as np
import pytest

from common.encoding.text import END, PADDING, START, UNKNOWN
from common.prediction.decoding import beam_search, log_probabilities, search

VOCAB_SIZE = 7  # four special tokens and three that can be written
LONGEST = 4  # tokens with the end


def tables(seed, batch):
    """A language of each batch row: log-probabilities of the next token by the two before it."""
    random = np.random.default_rng(seed)
    return log_probabilities(random.normal(0, 2, (batch, VOCAB_SIZE, VOCAB_SIZE, VOCAB_SIZE)))


def stepper(languages, width):
    """A step whose state is the token before the last; it must follow the hypotheses as the search reorders them."""
    numbers = np.repeat(np.arange(len(languages)), width)

    def step(token_ids, states):
        return languages[numbers, states["before"], token_ids], {"before": token_ids}

    return step, {"before": np.zeros(len(languages), int)}


def every_sequence(language, limit):
    """`(tokens, log-probability, length with the end)` of every sequence that fits the limit."""
    for count in range(limit):
        for tokens in itertools.product(range(END + 1, VOCAB_SIZE), repeat=count):
            path = [PADDING, START, *tokens, END]
            yield list(tokens), sum(language[i, j, k] for i, j, k in zip(path, path[1:], path[2:])), count + 1


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0])
def test_a_wide_beam_finds_the_best_of_all_sequences(length_penalty):
    languages = tables(seed=1, batch=20)
    width = 3**LONGEST
    step, states = stepper(languages, width)
    limits = np.array([1, 2, 3, LONGEST] * 5)
    found, scores = beam_search(step, states, limits, width, length_penalty)
    for language, limit, tokens, score in zip(languages, limits, found, scores, strict=True):
        best, value = max(
            ((tokens, total / length**length_penalty) for tokens, total, length in every_sequence(language, limit)),
            key=lambda pair: pair[1],
        )
        assert tokens == best
        assert score == pytest.approx(value)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_width_one_is_greedy_search(length_penalty):
    languages = tables(seed=2, batch=50)
    step, states = stepper(languages, 1)
    found, scores = beam_search(step, states, np.full(50, 9), 1, length_penalty)
    for language, tokens, score in zip(languages, found, scores, strict=True):
        before, last, total, greedy = PADDING, START, 0.0, []
        for length in range(1, 10):
            following = END if length == 9 else int(language[before, last].argmax())
            total += language[before, last, following]
            before, last = last, following
            if following == END:
                break
            greedy.append(following)
        assert tokens == greedy
        assert score == pytest.approx(total)


def test_wider_is_seldom_worse():
    languages = tables(seed=3, batch=200)
    scores = []
    for width in (2, 5, 20):
        step, states = stepper(languages, width)
        scores.append(beam_search(step, states, np.full(200, 8), width, 1.0)[1].mean())
    assert scores == sorted(scores) and scores[0] < scores[-1]


def test_a_row_does_not_depend_on_the_others():
    languages = tables(seed=4, batch=8)
    limits = np.array([3, 9, 2, 5, 9, 1, 4, 7])
    step, states = stepper(languages, 3)
    together, _ = beam_search(step, states, limits, 3, 1.0)
    for row in range(8):
        step, states = stepper(languages[row : row + 1], 3)
        assert beam_search(step, states, limits[row : row + 1], 3, 1.0)[0] == together[row : row + 1]


def test_a_decoder_is_searched_with_the_memory_of_each_row():
    """The language of a row is the part of its memory that stays the same; the token before the last is its state."""
    languages = tables(seed=5, batch=6)
    limits = np.array([3, 9, 2, 5, 1, 7])

    def decode(inputs):
        last = inputs["target_ids"][:, 0]
        logits = inputs["language"][np.arange(len(last)), inputs["state_before"], last]
        return {"logits": logits[:, None], "state_before": last, "attention": None}

    step, states = stepper(languages, 3)
    found = search(decode, {"language": languages, "state_before": states["before"]}, limits, 3, 1.0)
    assert found == beam_search(step, states, limits, 3, 1.0)[0]


def test_improbable_short_sequences_do_not_end_the_search():
    """Token 4 follows itself five times almost surely; an end before that is possible and bad."""

    def step(token_ids, states):
        count = states["count"]
        chances = np.full((len(count), VOCAB_SIZE), 1e-6)
        chances[:, 4] = np.where(count < 5, 1.0, 1e-6)
        chances[:, END] = np.where(count < 5, 1e-5, 1.0)
        return np.log(chances), {"count": count + 1}

    found, _ = beam_search(step, {"count": np.zeros(1, int)}, np.array([20]), width=4, length_penalty=1.0)
    assert found == [[4] * 5]


def test_forbidden_tokens_take_no_probability():
    rows = log_probabilities(np.array([[9.0, 9.0, 9.0, 1.0, 2.0], [0.0, 0.0, 0.0, 1000.0, -1000.0]]))
    assert np.all(np.isneginf(rows[:, [PADDING, UNKNOWN, START]]))
    np.testing.assert_allclose(np.exp(rows).sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(rows[0, END:]), [1 / (1 + np.e), np.e / (1 + np.e)])


@pytest.mark.parametrize("wrong", [{"width": 0}, {"length_penalty": -1.0}, {"limits": np.array([0])}])
def test_bad_arguments_are_named(wrong):
    step, states = stepper(tables(0, 1), 1)
    with pytest.raises(ValueError, match="width and limits must be 1 or more"):
        beam_search(step, states, **{"limits": np.array([3]), "width": 1, "length_penalty": 0.0, **wrong})
