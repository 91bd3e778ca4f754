"""Linear classifiers: the words and pairs of words of each label decide."""

import numpy as np

from common.baselines.linear import naive_bayes_logistic_regression, ngram_logistic_regression


def test_naive_bayes_logistic_regression_goes_by_the_words_of_each_label():
    texts, labels = ["good fun", "fine good", "bad dull", "dull mess", "so so", "so what"] * 5, list("ppnnmm") * 5
    names, probabilities = naive_bayes_logistic_regression(texts, labels, ["good", "dull", "so"])
    assert names == ["m", "n", "p"]
    assert [names[row.argmax()] for row in probabilities] == ["p", "n", "m"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_logistic_regression_goes_by_pairs_of_neighbours_too():
    texts, labels = ["not bad but fun", "not fun but bad"] * 10, ["good", "poor"] * 10
    names, probabilities = ngram_logistic_regression(texts, labels, ["bad but fun", "Fun but bad"])
    assert names == ["good", "poor"]
    assert [names[row.argmax()] for row in probabilities] == names
