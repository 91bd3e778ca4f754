"""Baselines of sequences and pictures: their features by hand, and that they find what is there to find."""

import numpy as np
import pytest

from common.baselines import angles, pixels, sequences


def test_statistics_by_hand():
    mean, spread, least, most, change, first, last = sequences.statistics(np.array([[0.0], [3.0], [0.0], [9.0]]))
    assert (mean, least, most, change, first, last) == (3, 0, 9, 5, 0, 9)
    assert spread == pytest.approx(np.sqrt(13.5))
    assert np.isfinite(sequences.statistics(np.ones((1, 2)))).all()


def test_resampled_by_interpolation():
    assert sequences.resampled(np.array([[0.0], [4.0]]), 5).tolist() == [0, 1, 2, 3, 4]
    assert sequences.resampled(np.array([[7.0, 8.0]]), 2).tolist() == [7, 8, 7, 8]


def test_classifiers_find_a_threshold():
    random = np.random.default_rng(0)
    train, asked = random.normal(size=(60, 3)), random.normal(size=(200, 3))
    labels = ["high" if row[0] > 0 else "low" for row in train]
    groups = [f"group {i % 6}" for i in range(60)]
    truth = np.where(asked[:, 0] > 0, "high", "low")
    for names, rows in (
        sequences.logistic_regression(train, labels, groups, asked),
        sequences.nearest_neighbour(train, labels, asked),
        pixels.logistic(100 * train, labels, 100 * asked),
        pixels.support_vectors(100 * train, labels, 100 * asked),
    ):
        assert names == ["high", "low"]
        np.testing.assert_allclose(rows.sum(axis=1), 1)
        assert (np.array(names)[rows.argmax(axis=1)] == truth).mean() > 0.8


def test_no_fold_divides_a_group(monkeypatch):
    """30 features identify the group of an example. Folds that divide groups reward a weak penalty for them."""
    random = np.random.default_rng(0)
    truths = np.repeat(random.permutation(np.resize([-1.0, 1.0], 24)), 10)
    features = np.column_stack([truths + random.normal(size=240), np.repeat(random.normal(size=(24, 30)), 10, axis=0)])
    order, groups = random.permutation(240), np.repeat([f"group {number}" for number in range(24)], 10)
    features, truths, groups = features[order], truths[order], groups[order]
    labels = np.where(truths > 0, "high", "low").tolist()

    def answers():
        _, probabilities = sequences.logistic_regression(features, labels, groups.tolist(), features)
        return probabilities, angles.ridge(features, truths, groups, features)

    found = answers()
    monkeypatch.setattr(sequences, "STRENGTHS", (0.003,))  # 0.3 if folds divide groups
    monkeypatch.setattr(angles, "STRENGTHS", (300.0,))  # 10
    for one, other in zip(found, answers()):
        np.testing.assert_array_equal(one, other)


def test_regressions_find_a_slope():
    random = np.random.default_rng(0)
    train, asked = random.normal(size=(300, 5)), random.normal(size=(100, 5))
    groups = np.array([f"drive {i // 50}" for i in range(300)])
    for model, least in ((angles.ridge, 0.9), (angles.boosting, 0.6)):
        said = model(train, 2 * train[:, 1], groups, asked)
        assert np.corrcoef(said, asked[:, 1])[0, 1] > least
