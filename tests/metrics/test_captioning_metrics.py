"""Scores of captions: BLEU and chrF are sacrebleu's, CIDEr and what a picture is worth are worked out by hand."""

import numpy as np
import pytest
import sacrebleu

from common.metrics.captioning import captioning, cider_d

REFERENCES = [
    ["a dog runs on the grass", "a brown dog is running"],
    ["two men play football", "men with a ball on the grass", "a game of football"],
    ["a red circle above a blue square", "a blue square below a red circle"],
]
TEXTS = ["a dog runs on grass", "two men play with a ball", "a blue square below a red circle"]


def scores_of(texts=TEXTS, references=REFERENCES, **keywords):
    return captioning([{"text": text} for text in texts], references, **keywords)


def test_bleu_and_chrf_are_those_of_sacrebleu():
    scores = scores_of()
    streams = [[given[i] if i < len(given) else None for given in REFERENCES] for i in range(3)]
    expected = sacrebleu.corpus_bleu(TEXTS, streams, tokenize="none", smooth_method="none")
    assert scores["bleu_4"] == pytest.approx(expected.score)
    assert scores["chrf"] == pytest.approx(sacrebleu.corpus_chrf(TEXTS, streams).score)
    right, total = expected.counts, expected.totals
    for order in (1, 2, 3):
        mean = np.exp(np.mean(np.log(np.array(right[:order]) / np.array(total[:order]))))
        assert scores[f"bleu_{order}"] == pytest.approx(100 * expected.bp * mean)
    assert scores["exact_match"] == pytest.approx(1 / 3)


def test_cider_by_hand():
    """One reference each, which no other picture shares: equal texts give 10, different ones 0."""
    references = [["one two three four five"], ["six seven eight nine ten"]]
    assert cider_d(["one two three four five", "one two three four five"], references).tolist() == pytest.approx(
        [10, 0]
    )
    # Half of the words: of 1-grams 2 of 5 are shared, cosine 2 / sqrt(2 * 5); of 2-grams 1 of 4, cosine 1 / 2.
    close = np.exp(-(3**2) / (2 * 36))
    expected = 10 / 4 * close * (2 / 10**0.5 + 1 / 2)
    assert cider_d(["one two", "six"], references)[0] == pytest.approx(expected)


def test_words_that_every_picture_has_count_for_nothing():
    references = [["the cat"], ["the dog"], ["the bird"]]
    assert cider_d(["the", "dog", "the bird"], references)[0] == 0


def test_what_the_picture_is_worth():
    surprise = [
        {"own_picture": 2.0, "wrong_picture": 6.0, "words": 4},
        {"own_picture": 4.0, "wrong_picture": 6.0, "words": 4},
    ]
    scores = captioning([{"text": "a", "surprise": one} for one in surprise], [["a"], ["b"]])
    assert scores["perplexity"] == pytest.approx(np.exp(6 / 8))
    assert scores["shuffled_perplexity"] == pytest.approx(np.exp(12 / 8))
    assert scores["picture_gain"] == pytest.approx(6 / 8)
    assert "perplexity" not in scores_of()


def test_a_picture_with_seven_captions_counts_once():
    surprise = [{"own_picture": nats, "wrong_picture": nats, "words": 1} for nats in range(1, 10)]
    texts, references = [TEXTS[0]] * 7 + TEXTS[1:], [REFERENCES[0]] * 7 + REFERENCES[1:]
    predictions = [{"text": text, "surprise": one} for text, one in zip(texts, surprise)]
    scores = captioning(predictions, references, ["x"] * 7 + ["y", "z"])
    assert {name: scores[name] for name in scores_of()} == pytest.approx(dict(scores_of()))
    assert scores["perplexity"] == pytest.approx(np.exp(45 / 9))  # over the words of all captions
    drawn = scores.over(np.array([*range(7), *range(7), 8]))  # the first picture twice, and the last
    expected = scores_of().over(np.array([0, 0, 2]))
    assert {name: drawn[name] for name in expected} == pytest.approx(expected)


def test_captions_of_one_picture_are_resampled_together():
    scores = scores_of([TEXTS[0]] * 2 + TEXTS[1:], [REFERENCES[0]] * 2 + REFERENCES[1:], groups=["x", "x", "y", "z"])
    for drawn in scores.resamples(20):
        assert np.count_nonzero(drawn == 0) == np.count_nonzero(drawn == 1)
