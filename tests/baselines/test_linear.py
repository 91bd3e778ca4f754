"""Linear classifiers on words: the words of each label decide."""

import numpy as np

from common.baselines.linear import naive_bayes_logistic_regression


def test_naive_bayes_logistic_regression_goes_by_the_words_of_each_label():
    texts, labels = ["good fun", "fine good", "bad dull", "dull mess", "so so", "so what"] * 5, list("ppnnmm") * 5
    names, probabilities = naive_bayes_logistic_regression(texts, labels, ["good", "dull", "so"])
    assert names == ["m", "n", "p"]
    assert [names[row.argmax()] for row in probabilities] == ["p", "n", "m"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
