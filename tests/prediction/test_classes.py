"""Probabilities from logits, and answers from probabilities."""

import numpy as np
import pytest

from common.prediction import classes


def test_probabilities_by_hand_and_for_huge_logits():
    np.testing.assert_allclose(classes.probabilities(np.log([[1.0, 3.0], [2.0, 2.0]])), [[0.25, 0.75], [0.5, 0.5]])
    np.testing.assert_allclose(classes.probabilities(np.float32([1e30, 0])), [1, 0])
    assert classes.probabilities(np.float32([0, 1])).dtype == np.float64


def test_log_probabilities_of_huge_and_excluded_logits():
    found = classes.log_probabilities(np.float32([[1e30, 0, 1e30], [-np.inf, 2, 2]]))
    np.testing.assert_allclose(np.exp(found), [[0.5, 0, 0.5], [0, 0.5, 0.5]])
    assert found.dtype == np.float64


def test_the_most_probable_label_comes_first_and_of_equals_the_first():
    answer = classes.answer(["a", "b", "c"], np.array([0.2, 0.4, 0.4]))
    assert answer["label"] == "b" and list(answer["probabilities"]) == ["b", "c", "a"]
    assert answer["probabilities"]["a"] == pytest.approx(0.2)
