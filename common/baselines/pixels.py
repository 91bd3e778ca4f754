"""Classifiers of pictures from all pixels at once, without their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STRENGTHS = {"logistic": (0.01, 0.1, 1.0), "support vectors": (1.0, 3.0, 10.0)}  # C, chosen within train
WIDTHS = (0.5, 1.0, 2.0)  # gamma of the Gaussian kernel, in multiples of scikit-learn's "scale"
FOLDS = 4
Answers = tuple[list[str], np.ndarray]


def logistic(train: Sequence, labels: Sequence[str], pictures: Sequence) -> Answers:
    """Multinomial logistic regression; its strength is chosen by cross-validation within train.

    Args:
        train, pictures: brightness of each pixel, 0 to 255, `(n, pixels)`.
        labels: of the training pictures.

    Returns:
        labels, sorted, and their probabilities, float64 `(pictures, labels)`.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=500)
    return _best(model, {"C": STRENGTHS["logistic"]}, train, labels, pictures)


def support_vectors(train: Sequence, labels: Sequence[str], pictures: Sequence) -> Answers:
    """A support vector machine with a Gaussian kernel; its probabilities are a softmax of its decision values.

    Arguments and result are as for `logistic`; C and the width of the kernel are chosen in the same way.
    """
    from sklearn.svm import SVC

    scaled = np.array(train, float) / 255
    scale = 1 / max(scaled.shape[1] * scaled.var(), 1e-9)
    grid = {"C": STRENGTHS["support vectors"], "gamma": [width * scale for width in WIDTHS]}
    return _best(SVC(decision_function_shape="ovr"), grid, train, labels, pictures)


def _best(model, grid: dict, train: Sequence, labels: Sequence[str], pictures: Sequence) -> Answers:
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    train, pictures = np.array(train, float) / 255, np.array(pictures, float) / 255
    rarest = min(np.unique(labels, return_counts=True)[1])
    if rarest >= 2:
        folds = StratifiedKFold(min(FOLDS, int(rarest)), shuffle=True, random_state=0)
        model = GridSearchCV(model, grid, cv=folds)
    model.fit(train, labels)
    names = [str(label) for label in model.classes_]
    if hasattr(model, "predict_proba"):
        return names, model.predict_proba(pictures)
    values = model.decision_function(pictures)
    values = values if values.ndim == 2 else np.stack([-values, values], axis=1)
    unnormalised = np.exp(3 * (values - values.max(axis=1, keepdims=True)))  # one more vote is a factor of about 20
    return names, unnormalised / unnormalised.sum(axis=1, keepdims=True)
