"""Linear classifiers on words and pairs of neighbouring words, which ignore all other order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def ngram_logistic_regression(
    train_texts: Sequence[str], train_labels: Sequence[str], texts: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Logistic regression on TF-IDF of lower-cased words and pairs of neighbours, with scikit-learn's defaults.

    Returns:
        labels, sorted, and their probabilities, float64 `(texts, labels)`.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from common.encoding.text import words

    features = TfidfVectorizer(ngram_range=(1, 2), tokenizer=words, token_pattern=None)
    model = make_pipeline(features, LogisticRegression(max_iter=1000))
    model.fit(train_texts, train_labels)
    return [str(label) for label in model.classes_], model.predict_proba(texts)


def naive_bayes_logistic_regression(
    train_texts: Sequence[str], train_labels: Sequence[str], texts: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Logistic regression on the presence of words and pairs, each scaled by its naive Bayes log-count ratio.

    Wang and Manning (2012), https://aclanthology.org/P12-2018/, "NBSVM", with logistic regression instead of the SVM;
    one model against the rest for each label.

    Returns:
        labels, sorted, and their probabilities, float64 `(texts, labels)`.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    from common.encoding.text import words

    counter = CountVectorizer(ngram_range=(1, 2), tokenizer=words, token_pattern=None, binary=True)
    train, inputs = counter.fit_transform(train_texts), counter.transform(texts)
    truths, columns = np.array(train_labels), []
    labels = sorted(set(train_labels))
    for label in labels:
        is_label = truths == label
        inside, outside = (np.asarray(train[rows].sum(0)).ravel() + 1 for rows in (is_label, ~is_label))
        ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        model = LogisticRegression(max_iter=1000).fit(train.multiply(ratio).tocsr(), is_label)
        columns.append(model.predict_proba(inputs.multiply(ratio).tocsr())[:, 1])
    scores = np.stack(columns, axis=1)
    return labels, scores / scores.sum(axis=1, keepdims=True)
