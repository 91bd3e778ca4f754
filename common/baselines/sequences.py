"""Classifiers of sequences of vectors without a recurrence: statistics over time, and the nearest example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STRENGTHS = (0.003, 0.03, 0.3)  # C of logistic regression, chosen by cross-validation within train
FOLDS = 3


def statistics(sequence: np.ndarray) -> np.ndarray:
    """Statistics of a sequence, independent of its length.

    Args:
        sequence: float array `(timesteps, features)`.

    Returns:
        float array `(7 * features,)`: mean, standard deviation, minimum, maximum, mean absolute change from step to
        step, and the means of the first and of the last third, which distinguish the beginning from the end.
    """
    third = max(1, len(sequence) // 3)
    changes = np.abs(np.diff(sequence, axis=0)).mean(axis=0) if len(sequence) > 1 else np.zeros(sequence.shape[1])
    parts = [sequence.mean(axis=0), sequence.std(axis=0), sequence.min(axis=0), sequence.max(axis=0), changes]
    return np.concatenate([*parts, sequence[:third].mean(axis=0), sequence[-third:].mean(axis=0)])


def resampled(sequence: np.ndarray, timesteps: int = 16) -> np.ndarray:
    """Linear interpolation at `timesteps` evenly spaced times; flat, float array `(timesteps * features,)`."""
    places = np.linspace(0, len(sequence) - 1, timesteps)
    before = places.astype(int)
    after = np.minimum(before + 1, len(sequence) - 1)
    weight = (places - before)[:, None]
    return ((1 - weight) * sequence[before] + weight * sequence[after]).ravel()


def logistic_regression(
    train: np.ndarray, labels: Sequence[str], groups: Sequence[str], vectors: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Logistic regression on standardised features; its penalty is chosen by cross-validation within train.

    Args:
        train: float array `(examples, features)`.
        labels: of the training examples.
        groups: of the training examples; a fold never divides a group.
        vectors: float array `(n, features)`, the examples to predict.

    Returns:
        labels, sorted, and their probabilities, float64 `(n, labels)`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def pipeline(strength: float):
        return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=200, tol=1e-3))

    groups = [group or f"alone {i}" for i, group in enumerate(groups)]
    if len(set(groups)) < FOLDS:
        model = pipeline(STRENGTHS[0]).fit(train, labels)
    else:
        search = GridSearchCV(pipeline(1.0), {"logisticregression__C": STRENGTHS}, cv=GroupKFold(FOLDS))
        model = search.fit(train, labels, groups=groups).best_estimator_
    return [str(label) for label in model.classes_], model.predict_proba(vectors)


def nearest_neighbour(train: np.ndarray, labels: Sequence[str], vectors: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The label of the training example with the smallest Euclidean distance.

    Returns:
        labels, sorted, and their probabilities, float64 `(n, labels)`: 0.9 for the answer, the rest for other labels.
    """
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(1).fit(train, labels)
    votes = model.predict_proba(vectors)
    others = max(1, votes.shape[1] - 1)
    return [str(label) for label in model.classes_], np.where(votes > 0, 0.9, 0.1 / others)
