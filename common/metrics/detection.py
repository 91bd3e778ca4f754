"""Scores of the detection of true sites among decoys: correlation, sensitivity and specificity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.metrics.classification import Classification


class Detection(Classification):
    """Scores of a classifier, including some that do not reward always predicting the most frequent label.

    - `matthews`: the correlation of truth and answer (Matthews 1975), for more than two labels R_K of Gorodkin (2004,
      https://doi.org/10.1016/j.compbiolchem.2004.09.006); 0 if all answers are one label.
    - `sensitivity` (Sn): share of the sites that are found; `specificity` (Sp): share of the others that are rejected.
      With more than two labels there is a `<label> sensitivity` for each.

    Example:
        >>> answers = [{"label": label, "probabilities": {label: 1.0}} for label in ("no", "yes", "yes", "yes")]
        >>> scores = detection(["no", "no", "yes", "yes"], answers, [4] * 4, ("no", "yes"))
        >>> scores["sensitivity"], scores["specificity"], round(scores["matthews"], 3)
        (1.0, 0.5, 0.577)
    """

    def __init__(
        self,
        labels: Sequence[str],
        truth: np.ndarray,
        answer: np.ndarray,
        probabilities: np.ndarray,
        lengths: Sequence[int],
        groups: np.ndarray | None = None,
    ):
        super().__init__(labels, truth, answer, probabilities, lengths)
        classification = self.reduce

        def reduce(rows: np.ndarray) -> dict[str, float]:
            scores = classification(rows)
            numbers = rows[:, 0].astype(int) * len(labels) + rows[:, 1].astype(int)
            confusion = np.bincount(numbers, minlength=len(labels) ** 2).reshape(len(labels), -1)
            return {"matthews": matthews(confusion), **_found(labels, confusion), **scores}

        self.reduce, self.groups = reduce, groups
        self._values = reduce(self.rows)


def detection(
    truth: Sequence[str],
    predictions: Sequence[Mapping],
    lengths: Sequence[int],
    labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> Detection:
    """Scores of predicted labels, with arguments as for `classification.classification`.

    Args:
        labels: all labels; the second of two is that of the sites. None: those that occur, sorted.
        groups: of each example, such as its gene: examples of one group are resampled together; one with the group ""
            is independent.
    """
    if labels is None:
        labels = sorted({*truth, *(label for prediction in predictions for label in prediction["probabilities"])})
    numbers = {label: i for i, label in enumerate(labels)}
    named = None
    if groups is not None and any(groups):
        named = np.unique([group or f" {i}" for i, group in enumerate(groups)], return_inverse=True)[1]
    return Detection(
        labels,
        np.array([numbers[label] for label in truth], int),
        np.array([numbers[prediction["label"]] for prediction in predictions], int),
        np.array([[prediction["probabilities"].get(label, 0.0) for label in labels] for prediction in predictions]),
        lengths,
        named,
    )


def matthews(confusion: np.ndarray) -> float:
    """Correlation of truth and answer.

    Args:
        confusion: int array `(labels, labels)`, examples by truth (rows) and answer (columns).
    """
    counts = confusion.astype(float)
    total, right = counts.sum(), np.trace(counts)
    true, answered = counts.sum(axis=1), counts.sum(axis=0)
    below = np.sqrt(total**2 - true @ true) * np.sqrt(total**2 - answered @ answered)
    return float((right * total - true @ answered) / below) if below else 0.0


def _found(labels: Sequence[str], confusion: np.ndarray) -> dict[str, float]:
    """The share of the examples of each label that are found; NaN for a label that does not occur."""
    with np.errstate(invalid="ignore"):
        shares = np.diag(confusion) / confusion.sum(axis=1)
    if len(labels) == 2:
        return {"sensitivity": float(shares[1]), "specificity": float(shares[0])}
    return {f"{label} sensitivity": float(share) for label, share in zip(labels, shares)}
