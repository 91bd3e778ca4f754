"""Naive Bayes on characters."""

import pytest

from common.baselines.characters import ALPHA, naive_bayes


def test_texts_go_to_the_language_whose_ngrams_they_have():
    labels, probabilities = naive_bayes(["sju tjugo", "sieben zwanzig"], ["sv", "de"], ["tjugosju", "zwanzig"])
    assert labels == ["de", "sv"]
    assert probabilities.argmax(axis=1).tolist() == [1, 0]
    assert probabilities.sum(axis=1) == pytest.approx(1)


def test_probabilities_by_hand():
    """One text of one letter each: the n-grams of " a " are a, " ", " a", "a " and " a "."""
    labels, probabilities = naive_bayes(["a", "b"], ["one", "two"], ["a", "c"])
    odds = ((1 + ALPHA) / ALPHA) ** 4  # a, " a", "a ", " a "; the spaces are as many in both
    assert labels == ["one", "two"] and probabilities[0, 0] == pytest.approx(odds / (1 + odds))
    assert probabilities[1].tolist() == pytest.approx([0.5, 0.5])
