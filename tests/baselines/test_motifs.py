"""Baselines of sequences: each finds what it can see and nothing else, and sees no test label."""

import numpy as np
import pytest

from common.baselines import motifs


def right(model, train, test):
    labels, probabilities = model(*zip(*train), [bases for bases, _ in test])
    answers = np.array(labels)[probabilities.argmax(axis=1)]
    return np.mean(answers == [label for _, label in test])


@pytest.mark.parametrize(
    ("model", "sees_places"),
    [
        (motifs.kmer_naive_bayes, False),
        (motifs.position_logistic_regression, True),
        (motifs.random_forest, True),
    ],
)
def test_a_letter_at_a_place_and_a_piece_anywhere(draw, model, sees_places):
    def drawn(count):
        return "".join(draw.choice(list("ACGT"), count))

    placed = [(drawn(9) + letter + drawn(10), letter) for letter in "AC" * 150]
    pieces = []
    for piece in ("GATTACA", "CATTAGA") * 150:
        before = draw.integers(20)
        pieces.append((drawn(before) + piece + drawn(20 - before), piece))
    for examples, high in ((placed, sees_places), (pieces, not sees_places)):
        assert (right(model, examples[:200], examples[200:]) > 0.85) == high


@pytest.mark.parametrize("length", [1, 3])
def test_sequences_may_be_shorter_than_the_longest_kmer(length):
    train = [(letter * length, letter) for letter in "AC" * 10]
    long = [(letter * 8, letter) for letter in "AC"]  # these end up in the held-out tenth
    assert right(motifs.kmer_naive_bayes, train + long, [("AA", "A"), ("CCCC", "C")]) == 1


def test_letters_and_places_that_train_lacks_are_passed_over():
    inputs, others = motifs.places(["AC", "CA"], ["ACCCC", "N", ""])
    assert inputs.tolist() == [[1, 0, 0, 1], [0, 1, 1, 0]]
    assert others.tolist() == [[1, 0, 0, 1], [0] * 4, [0] * 4]


def test_a_setting_is_not_chosen_on_one_label_because_the_file_is_sorted():
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    labels = ["a"] * 50 + ["b"] * 50
    inputs = np.array([[label == "b"] for label in labels], float)
    models = [DummyClassifier(strategy="constant", constant="b"), LogisticRegression()]
    names, probabilities = motifs._best(models, inputs, labels, inputs[[0, -1]])
    assert [names[row.argmax()] for row in probabilities] == ["a", "b"]
