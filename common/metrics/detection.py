"""Scores of the detection of true sites among decoys: correlation, sensitivity and specificity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.metrics.classification import Classification, confusion_matrix, numbered
from common.metrics.scores import group_numbers


class Detection(Classification):
    """Scores of a classifier, including some that do not reward always predicting the most frequent label.

    There is no breakdown by class, over which the correlation is always 0; `classes` says how many are found.

    - `matthews`: the correlation of truth and answer (Matthews 1975), for more than two labels R_K of Gorodkin (2004,
      https://doi.org/10.1016/j.compbiolchem.2004.09.006); 0 if all answers are one label.
    - `sensitivity` (Sn): share of the sites that are found; `specificity` (Sp): share of the others that are rejected.
      The sites have the second of two labels, which the signature names. With more than two labels there is a
      `<label> sensitivity` for each.

    Example:
        >>> answers = [{"label": label, "probabilities": {label: 1.0}} for label in ("no", "yes", "yes", "yes")]
        >>> scores = detection(["no", "no", "yes", "yes"], answers, [4] * 4, ("no", "yes"))
        >>> scores["sensitivity"], scores["specificity"], round(scores["matthews"], 3)
        (1.0, 0.5, 0.577)
    """

    def __init__(self, *given):
        """Scores of these answers; `given` are the arguments of `Classification`."""
        super().__init__(*given)
        if len(self.labels) == 2:
            self.signatures = {"sensitivity": f"of {self.labels[1]}", "specificity": f"of {self.labels[0]}"}

        def reduce(rows: np.ndarray, scores: dict[str, float]) -> dict[str, float]:
            truth, answer = rows.T.astype(int)
            confusion = confusion_matrix(truth, answer, len(self.labels))
            return {"matthews": matthews(confusion), **_found(self.labels, confusion), **scores}

        del self.breakdowns["by class"]
        self.extend(np.column_stack([self.truth, self.answer]), reduce)


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
    return Detection(*numbered(truth, predictions, labels), lengths, group_numbers(groups))


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
