"""CTC: the loss against a sum over all paths, and the searches against all labels that paths can spell."""

import itertools

import numpy as np
import pytest

from common.prediction import ctc
from common.prediction.classes import log_probabilities


def random_log_probs(timesteps, classes, seed):
    logits = np.random.default_rng(seed).normal(0, 1.5, (timesteps, classes))
    return log_probabilities(logits)


def spelled(path):
    return tuple(label for label, _ in itertools.groupby(path) if label)


def sums(log_probs):
    """Labels -> summed probability of all paths that spell them, by trying every path."""
    found = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        probability = np.exp(sum(row[label] for row, label in zip(log_probs, path, strict=True)))
        found[spelled(path)] = found.get(spelled(path), 0) + probability
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_search_finds_the_most_probable_labels(seed):
    log_probs = random_log_probs(5, 3, seed)
    every = sums(log_probs)
    best = max(every, key=every.get)
    labels, log_probability = ctc.prefix_beam_search(log_probs, width=100)
    assert tuple(labels) == best
    assert np.exp(log_probability) == pytest.approx(every[best])


@pytest.mark.parametrize("seed", range(5))
def test_greedy_spells_the_most_probable_path(seed):
    log_probs = random_log_probs(6, 4, seed)
    assert tuple(ctc.greedy(log_probs)) == spelled(log_probs.argmax(axis=1))


def test_a_repeat_needs_a_blank_between():
    certain = log_probabilities(20 * np.eye(3)[[1, 1, 0, 1, 2]])
    assert ctc.greedy(certain) == ctc.prefix_beam_search(certain, 3)[0] == [1, 1, 2]
    assert ctc.alignment(certain, [1, 1, 2]) == [(0, 2), (3, 4), (4, 5)]


def test_search_of_width_one_is_greedy():
    log_probs = random_log_probs(8, 4, 0)
    assert ctc.search(log_probs, 1)[0] == ctc.greedy(log_probs)
    assert ctc.search(log_probs, 4) == ctc.prefix_beam_search(log_probs, 4)


@pytest.mark.parametrize("seed", range(5))
def test_alignment_is_the_most_probable_path_that_spells_the_labels(seed):
    log_probs, labels = random_log_probs(6, 3, seed), (1, 2, 1)
    paths = [path for path in itertools.product(range(3), repeat=6) if spelled(path) == labels]
    best = max(paths, key=lambda path: sum(row[label] for row, label in zip(log_probs, path, strict=True)))
    runs = [(label, len(list(run))) for label, run in itertools.groupby(best)]
    ends = np.cumsum([length for _, length in runs]).tolist()
    spans = [(end - length, end) for (label, length), end in zip(runs, ends, strict=True) if label]
    assert ctc.alignment(log_probs, labels) == spans


def test_nothing_is_found_in_silence():
    silence = log_probabilities(20 * np.eye(3)[[0, 0, 0]])
    assert ctc.search(silence, 4)[0] == ctc.search(silence, 1)[0] == ctc.alignment(silence, []) == []


def test_characters_become_words():
    spans = [(i, i + 1) for i in range(6)]
    assert ctc.spelled(" no ya", spans) == [("no", 1, 3), ("ya", 4, 6)]
