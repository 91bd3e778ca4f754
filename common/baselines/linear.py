"""What can be read off words and pairs of words alone, whatever order they stand in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def ngram_logistic_regression(
    train_texts: Sequence[str], train_labels: Sequence[str], texts: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Logistic regression on TF-IDF of lower-cased words and pairs of neighbours, as scikit-learn sets them by default.

    Returns:
        labels, sorted, and their probabilities, float64 `(texts, labels)`.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from common.text import words

    features = TfidfVectorizer(ngram_range=(1, 2), tokenizer=words, token_pattern=None)
    model = make_pipeline(features, LogisticRegression(max_iter=1000))
    model.fit(train_texts, train_labels)
    return [str(label) for label in model.classes_], model.predict_proba(texts)
