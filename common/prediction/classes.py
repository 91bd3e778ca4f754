"""Predictions of classes: probabilities and their logarithms from logits, and answers from probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def probabilities(logits: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Softmax over the last axis, float64.

    Example:
        >>> probabilities(np.log([1.0, 3.0]))
        array([0.25, 0.75])
    """
    logits = np.asarray(logits, np.float64)
    unnormalised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return unnormalised / unnormalised.sum(axis=-1, keepdims=True)


def log_probabilities(logits: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Log-softmax over the last axis, float64; -inf excludes a class.

    Example:
        >>> log_probabilities(np.log([1.0, 3.0])).round(3)
        array([-1.386, -0.288])
    """
    logits = np.asarray(logits, np.float64)
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def answer(names: Sequence[str], probabilities: np.ndarray) -> dict:
    """`{"label", "probabilities": {label: probability}}`, the most probable label first.

    Args:
        names: of the classes; of equally probable ones the first is the answer.
        probabilities: float array `(classes,)`.
    """
    order = np.argsort(-probabilities, kind="stable")
    return {"label": names[order[0]], "probabilities": {names[i]: float(probabilities[i]) for i in order}}
