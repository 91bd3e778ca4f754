"""Naive Bayes on character n-grams, which ignores the order of words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LONGEST = 4  # characters of an n-gram
ALPHA = 0.01  # added to every count


def naive_bayes(
    train_texts: Sequence[str], train_labels: Sequence[str], texts: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Multinomial naive Bayes on the n-grams of characters within words.

    Returns:
        labels, sorted, and their probabilities, float64 `(texts, labels)`.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    counter = CountVectorizer(analyzer="char_wb", ngram_range=(1, LONGEST), lowercase=False)
    model = MultinomialNB(alpha=ALPHA).fit(counter.fit_transform(train_texts), train_labels)
    return [str(label) for label in model.classes_], model.predict_proba(counter.transform(texts))
