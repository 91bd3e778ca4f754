"""Classification scores of answers given before the end of a sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.metrics.classification import Classification, classification


class RunningClassification(Classification):
    """The scores of `Classification`, and `half_seen_accuracy`, the accuracy of answers after half of each sequence.

    Attributes:
        shares: float array `(points,)`, rising to 1: the part of a sequence that was seen at each answer.
        right: bool array `(examples, points)`, whether the answer at that point was right.
    """

    def __init__(self, whole: Classification, predictions: Sequence[Mapping]):
        """The scores of `whole`, and of the answers before the end.

        Args:
            whole: scores of the answers at the end.
            predictions: each has `running`, answers with `seen` (a share of the sequence) and `label`.
        """
        vars(self).update(vars(whole))
        self.shares = np.array([answer["seen"] for answer in predictions[0]["running"]])
        answers = [[answer["label"] for answer in prediction["running"]] for prediction in predictions]
        self.right = np.array(answers) == np.array(self.truths)[:, None]
        half = self.right[:, np.abs(self.shares - 0.5).argmin()]
        self.rows = np.column_stack([whole.rows, half])
        self.reduce = lambda rows: {**whole.reduce(rows[:, :-1]), "half_seen_accuracy": float(rows[:, -1].mean())}
        self._values = self.reduce(self.rows)


def running_classification(
    truth: Sequence[str],
    predictions: Sequence[Mapping],
    lengths: Sequence[int],
    groups: Sequence[str] | None = None,
) -> Classification:
    """Scores of predicted labels, and of running answers if there are any (baselines give none).

    Args:
        truth, predictions, lengths, groups: as for `classification`; a prediction may have `running`, a list of
            `{"seen": share of the sequence, "label", "probability"}`, with the same shares in all predictions.
    """
    scores = classification(truth, predictions, lengths, groups=groups)
    if groups is not None:
        names = np.array(groups)
        scores.breakdowns["by group"] = {str(name): np.flatnonzero(names == name) for name in sorted(set(groups))}
    return RunningClassification(scores, predictions) if "running" in predictions[0] else scores
