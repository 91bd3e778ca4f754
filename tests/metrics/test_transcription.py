"""Word error against jiwer over any choice of utterances, and cases counted by hand."""

import random

import jiwer
import numpy as np
import pytest

from common.metrics.transcription import transcription

WORDS = ["one", "two", "three", "four"]


def corpus(count=40, seed=0):
    draw = random.Random(seed)
    truths = [" ".join(draw.choices(WORDS, k=draw.randint(1, 7))) for _ in range(count)]
    answers = []
    for text in truths:
        words = [draw.choice(WORDS) if draw.random() < 0.2 else word for word in text.split() if draw.random() > 0.1]
        answers.append(" ".join(words + draw.choices(WORDS, k=draw.choice([0, 0, 1]))))
    return truths, answers


def test_word_error_is_that_of_jiwer_for_any_choice():
    truths, answers = corpus()
    scores = transcription(truths, answers)
    assert scores["word_error"] == pytest.approx(jiwer.wer(truths, answers))
    for drawn in scores.resamples(10):
        expected = jiwer.wer([truths[i] for i in drawn], [answers[i] for i in drawn])
        assert scores.over(drawn)["word_error"] == pytest.approx(expected)


def test_by_hand():
    scores = transcription(["one two three", "four", "two"], ["one too three", "four four", ""])
    assert scores["word_error"] == pytest.approx(3 / 5)
    assert scores["substitution_error"] == scores["insertion_error"] == scores["deletion_error"] == pytest.approx(1 / 5)
    assert scores["exact_match"] == 0
    assert scores.confusions["two", "too"] == scores.confusions["", "four"] == scores.confusions["two", ""] == 1
    assert transcription(["one"], ["one two three"])["word_error"] == 2, "it may exceed 1"


def test_speakers_are_resampled_together():
    truths, answers = ["one"] * 6, ["one", "one", "two", "two", "one", "one"]
    groups = ["ann", "ann", "bob", "bob", "cat", "cat"]
    scores = transcription(truths, answers, groups, groups)
    assert all(np.bincount(scores.groups[drawn]).max() % 2 == 0 for drawn in scores.resamples(20))
    assert set(scores.breakdowns["by speaker"]) == {"ann", "bob", "cat"}
