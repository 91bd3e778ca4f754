"""Classifiers of DNA, RNA and protein sequences by counts of k-mers, or by the letter at each position.

Every setting is chosen on the last tenth of the training sequences, or on a random tenth if the last lacks a label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LENGTHS = (2, 3, 4, 5, 6)  # lengths of the k-mers for naive Bayes
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)  # inverse strengths of the penalty of logistic regression
TREES = 300


def kmer_naive_bayes(
    train: Sequence[str], labels: Sequence[str], sequences: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Multinomial naive Bayes on counts of k-mers, regardless of their position.

    No k-mer is longer than the median training sequence, so that most sequences have some.

    Returns:
        labels, sorted, and their probabilities, float64 `(sequences, labels)`.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    def model(length):
        counts = CountVectorizer(analyzer="char", ngram_range=(length, length))
        return make_pipeline(counts, MultinomialNB())

    median = int(np.median([len(sequence) for sequence in train]))
    lengths = sorted({min(length, median) for length in LENGTHS})
    return _best([model(length) for length in lengths], train, labels, sequences)


def position_logistic_regression(
    train: Sequence[str], labels: Sequence[str], sequences: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Logistic regression on the letter at each position: a position weight matrix.

    Returns:
        as `kmer_naive_bayes`.
    """
    from sklearn.linear_model import LogisticRegression

    inputs, others = places(train, sequences)
    return _best([LogisticRegression(C=c, max_iter=1000) for c in STRENGTHS], inputs, labels, others)


def random_forest(
    train: Sequence[str], labels: Sequence[str], sequences: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """A random forest (Breiman 2001) on the letter at each position.

    Returns:
        as `kmer_naive_bayes`.
    """
    from sklearn.ensemble import RandomForestClassifier

    inputs, others = places(train, sequences)
    models = [RandomForestClassifier(TREES, max_features=share, random_state=0, n_jobs=-1) for share in ("sqrt", 0.15)]
    return _best(models, inputs, labels, others)


def places(train: Sequence[str], sequences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """One-hot letters at each position, float32 `(sequences, positions * letters)`, for `train` and `sequences`.

    Shorter sequences are padded with zeros, sequences longer than those of train are cut, and other letters ignored.
    """
    longest, letters = max(map(len, train)), {letter: i for i, letter in enumerate(sorted(set("".join(train))))}

    def matrix(some):
        ones = np.zeros((len(some), longest, len(letters)), np.float32)
        for row, sequence in enumerate(some):
            for place, letter in enumerate(sequence[:longest]):
                if letter in letters:
                    ones[row, place, letters[letter]] = 1
        return ones.reshape(len(some), -1)

    return matrix(train), matrix(sequences)


def _best(models: list, inputs, labels: Sequence[str], others) -> tuple[list[str], np.ndarray]:
    """Probabilities by the model that is most accurate on the held-out tenth, refitted on all training sequences."""
    rows, labels = np.asarray(inputs), np.array(labels)
    order, first = np.arange(len(labels)), round(0.9 * len(labels))
    if set(labels[first:]) != set(labels):  # a file may be sorted by label
        order = np.random.default_rng(0).permutation(order)
    learned, held_out = order[:first], order[first:]

    def right(model):
        return np.mean(model.fit(rows[learned], labels[learned]).predict(rows[held_out]) == labels[held_out])

    best = max(models, key=right) if len(models) > 1 else models[0]
    best.fit(inputs, labels)
    return [str(label) for label in best.classes_], best.predict_proba(others)
