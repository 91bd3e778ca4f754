"""Scores of a text, divided into those of its lines."""

import numpy as np

from common.prediction import language_model


def test_the_scores_of_a_text_are_those_of_its_lines():
    logs, guesses = np.arange(5) / 10, np.arange(5)
    found = list(language_model.by_line((logs, guesses), [2, 0, 3]))
    assert [(a.tolist(), b.tolist()) for a, b in found] == [
        ([0.0, 0.1], [0, 1]),
        ([], []),
        ([0.2, 0.3, 0.4], [2, 3, 4]),
    ]
