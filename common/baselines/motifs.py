"""What the letters of a sequence tell without their order, or place by place: for DNA, RNA and proteins.

Every setting is chosen on the last tenth of the sequences that are given to learn from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LENGTHS = (2, 3, 4, 5, 6)  # of the pieces whose counts naive Bayes sees
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)  # inverse strengths of the penalty on the weights of a logistic regression
TREES = 300


def kmer_naive_bayes(
    train: Sequence[str], labels: Sequence[str], sequences: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Multinomial naive Bayes on how often every piece of k letters occurs, wherever it stands.

    Returns:
        labels, sorted, and their probabilities, float64 `(sequences, labels)`.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    def model(length):
        counts = CountVectorizer(analyzer="char", ngram_range=(length, length))
        return make_pipeline(counts, MultinomialNB())

    return _best([model(length) for length in LENGTHS], train, labels, sequences)


def position_logistic_regression(
    train: Sequence[str], labels: Sequence[str], sequences: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Logistic regression on which letter stands at which place: a weight matrix, as biologists call it.

    Returns:
        as `kmer_naive_bayes`.
    """
    from sklearn.linear_model import LogisticRegression

    inputs, others = places(train, sequences)
    return _best([LogisticRegression(C=c, max_iter=1000) for c in STRENGTHS], inputs, labels, others)


def random_forest(
    train: Sequence[str], labels: Sequence[str], sequences: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """A random forest (Breiman 2001) on which letter stands at which place.

    Returns:
        as `kmer_naive_bayes`.
    """
    from sklearn.ensemble import RandomForestClassifier

    inputs, others = places(train, sequences)
    models = [RandomForestClassifier(TREES, max_features=share, random_state=0, n_jobs=-1) for share in ("sqrt", 0.15)]
    return _best(models, inputs, labels, others)


def places(train: Sequence[str], sequences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """1 where a letter of train stands at a place, float32 `(sequences, places * letters)`, of both.

    Shorter sequences end early, longer ones than those of train are cut; other letters are passed over.
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
    """Probabilities of the model that is right most often on the last tenth, fitted again on everything."""
    labels = np.array(labels)
    first = round(0.9 * len(labels))

    def right(model):
        return np.mean(model.fit(inputs[:first], labels[:first]).predict(inputs[first:]) == labels[first:])

    best = max(models, key=right) if len(models) > 1 else models[0]
    best.fit(inputs, labels)
    return [str(label) for label in best.classes_], best.predict_proba(others)
