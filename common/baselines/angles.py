"""Predict a number from one picture: ridge regression on its pixels, and boosted trees on its principal components."""

from __future__ import annotations

import numpy as np

STRENGTHS = (10.0, 30.0, 100.0, 300.0, 1000.0)  # ridge penalties, chosen by cross-validation within train
COMPONENTS = 60
FOLDS = 4
SEVERAL = ({"max_leaf_nodes": 7}, {"max_leaf_nodes": 15}, {"max_leaf_nodes": 31})  # tree sizes, chosen likewise


def ridge(train: np.ndarray, truths: np.ndarray, groups: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Ridge regression; its penalty is chosen by cross-validation over whole groups of train.

    Args:
        train, pictures: float arrays `(n, pixels)`.
        truths: float array, of the training pictures.
        groups: of the training pictures; a fold never divides a group.

    Returns:
        float array `(pictures,)`.
    """
    from sklearn.linear_model import Ridge

    model = _chosen(Ridge(), {"alpha": STRENGTHS}, train, truths, groups)
    return model.predict(pictures)


def boosting(train: np.ndarray, truths: np.ndarray, groups: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Histogram gradient boosting on principal components; arguments and result as for `ridge`."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import HistGradientBoostingRegressor

    components = PCA(min(COMPONENTS, *train.shape), random_state=0).fit(train)
    model = HistGradientBoostingRegressor(max_iter=150, learning_rate=0.06, random_state=0)
    grid = {name: [one[name] for one in SEVERAL] for name in SEVERAL[0]}
    model = _chosen(model, grid, components.transform(train), truths, groups)
    return model.predict(components.transform(pictures))


def _chosen(model, grid: dict, train: np.ndarray, truths: np.ndarray, groups: np.ndarray):
    from sklearn.model_selection import GridSearchCV, GroupKFold

    if len(set(groups)) >= FOLDS:
        search = GridSearchCV(model, grid, cv=GroupKFold(FOLDS), scoring="neg_mean_squared_error")
        return search.fit(train, truths, groups=groups).best_estimator_
    return model.fit(train, truths)
