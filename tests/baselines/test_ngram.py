"""Kneser-Ney smoothing: probabilities that sum to one, counts worked out by hand, a published perplexity."""

import numpy as np
import pytest

from common.baselines.ngram import KneserNey
from common.encoding.text import END, PADDING, START

A, B, C, D = 4, 5, 6, 7
LINES = [np.array(line) for line in ([A, B, C, END], [A, B, D, END], [B, C, END], [C, C, C, END], [])]


def random_lines(seed, count, vocab_size):
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, vocab_size - 3)
    lengths = random.integers(1, 12, count)
    return [np.append(4 + random.choice(vocab_size - 4, length, p=weights / weights.sum()), END) for length in lengths]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("vocab_size", [8, 40])
def test_probabilities_sum_to_one_after_any_words(order, vocab_size):
    model = KneserNey(random_lines(0, 300, vocab_size), order, vocab_size)
    random = np.random.default_rng(1)
    for length in range(order + 2):
        before = [START, *random.integers(3, vocab_size, length)]
        probabilities = model.probabilities(before)
        assert probabilities.sum() == pytest.approx(1, abs=1e-12)
        assert probabilities[[PADDING, START]].tolist() == [0, 0]
        assert (np.delete(probabilities, [PADDING, START]) > 0).all()


def test_bigram_by_hand():
    """Discounts are 0.5, 0.75, 0.75: so little text gives no estimate of them."""
    model = KneserNey(LINES, 2, 8)
    # Words that come before each, START included: A 1 (START), B 2 (START, A), C 3 (B, START, C), D 1, END 2.
    counts = np.array([0, 0, 0, 2, 1, 2, 3, 1])
    discounted = counts - np.array([0, 0, 0, 0.75, 0.5, 0.75, 0.75, 0.5])
    uniform = np.array([0, 1, 0, 1, 1, 1, 1, 1]) / 6
    unigrams = (discounted + 3.25 * uniform) / 9
    np.testing.assert_allclose(model.probabilities([]), unigrams)
    # After B: C twice, D once.
    after_b = np.array([0, 0, 0, 0, 0, 0, 2 - 0.75, 1 - 0.5]) / 3 + (0.75 + 0.5) / 3 * unigrams
    np.testing.assert_allclose(model.probabilities([START, A, B]), after_b)
    # D was never followed by B: only END came after it, once.
    assert model.probabilities([D])[B] == pytest.approx(0.5 * unigrams[B])


def test_frequent_successors_leave_some_probability_to_unseen_ones():
    """Many bigrams that occur four times make the estimated discount of frequent ones negative."""
    other = [4 + number for number in range(11)]
    lines = [np.array([word, word, END]) for word in other[:8] for _ in range(4)]
    lines += [np.array([other[8 + number], other[8 + number], END]) for number in range(3) for _ in range(number + 1)]
    probabilities = KneserNey(lines, 2, 15).probabilities([START, other[0]])
    assert (np.delete(probabilities, [PADDING, START]) > 0).all()


def test_trigram_backs_off_to_the_context_it_knows():
    trigram, bigram = KneserNey(LINES, 3, 8), KneserNey(LINES, 2, 8)
    unseen = trigram.probabilities([START, D, B])  # D B was never seen, B was
    assert unseen[C] > unseen[A]
    np.testing.assert_allclose(trigram.probabilities([A, PADDING]), bigram.unigrams)
    # Longer contexts matter: after A B, both C and D came once; after B, C came more often.
    after = trigram.probabilities([START, A, B])
    assert after[C] / after[D] < bigram.probabilities([B])[C] / bigram.probabilities([B])[D]


def test_score_agrees_with_probabilities():
    lines = random_lines(2, 200, 30)
    model = KneserNey(lines[:150], 3, 30)
    for line in lines[150:]:
        logs, guesses, in_top = model.score(line)
        ids = [START, *line]
        for i, word in enumerate(ids[1:]):
            probabilities = model.probabilities(ids[: i + 1])
            order = np.argsort(-probabilities, kind="stable")
            assert logs[i] == np.log(probabilities[word])
            assert guesses[i] == order[0]
            assert in_top[i] == (word in order[:5])


def test_more_context_predicts_better_where_order_matters():
    lines = [np.array([*[A, B, C, D] * 3, END])] * 20 + [np.array([*[B, A, D, C] * 3, END])] * 20
    held_out = np.array([A, B, C, D, A, B, C, D, END])
    nats = [-KneserNey(lines, order, 8).score(held_out)[0].sum() for order in (1, 2, 3)]
    assert nats[0] > nats[1] > nats[2]


def test_order_must_be_positive():
    with pytest.raises(ValueError, match="order"):
        KneserNey(LINES, 0, 8)


@pytest.mark.real_data
def test_penn_treebank_as_published(real_splits):
    """148.3 for interpolated modified Kneser-Ney of order 3 (Mikolov 2012, PhD thesis, table 4.1)."""
    from tasks.next_word.task import TASK, Encoder

    splits = real_splits("next_word", "ptb")
    encoder = Encoder.fit(TASK.config_for("ptb", {}), splits.train)
    ids = [encoder.encode(line)[1] for line in splits.train]
    model = KneserNey(ids, 3, len(encoder.vocabulary))
    test = [encoder.encode(line)[1] for line in splits.test]
    logs = np.concatenate([model.score(line)[0] for line in test])
    assert len(logs) == 82_430
    assert np.exp(-logs.mean()) == pytest.approx(148.3, abs=0.3)


def test_distributions_and_along_agree_with_probabilities():
    lines = random_lines(3, 200, 30)
    model = KneserNey(lines[:150], 4, 30)
    line = lines[160]
    for i, row in enumerate(model.along(line)):
        np.testing.assert_array_equal(row, model.probabilities([START, *line[:i]]))
    before = np.random.default_rng(0).integers(4, 30, (5, 7))
    rows = model.distributions(before)
    for ids, row in zip(before, rows, strict=True):
        np.testing.assert_array_equal(row, model.probabilities(ids.tolist()))


def test_a_text_shorter_than_the_order_is_scored():
    logs, *_ = KneserNey([np.array([A, END])], 7, 8).score(np.array([A, B, END]))
    assert len(logs) == 3 and np.isfinite(logs).all()


def test_a_continuation_follows_the_text():
    model = KneserNey([np.array([*[A, B, C] * 50, END])], 3, 8)
    assert model.continuations(np.array([[A, B], [B, C]]), lambda logits: logits.argmax(axis=1), 4).tolist() == [
        [C, A, B, C],
        [A, B, C, A],
    ]
