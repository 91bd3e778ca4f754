"""Classification scores of answers given before the end of a sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.metrics.classification import Classification, numbered
from common.metrics.scores import group_numbers


class RunningClassification(Classification):
    """The scores of `Classification`, and `half_seen_accuracy`, the accuracy of answers after half of each sequence.

    Attributes:
        shares: float array `(points,)`, rising to 1: the part of a sequence that was seen at each answer.
        right: bool array `(examples, points)`, whether the answer at that point was right.
    """

    def __init__(self, *given, running: Sequence[Sequence[Mapping]]):
        """The scores of the answers at the end, and of those before.

        Args:
            given: the arguments of `Classification`, with the answers at the end.
            running: of each example, its answers, with `seen` (a share of the sequence) and `label`.
        """
        super().__init__(*given)
        self.shares = np.array([answer["seen"] for answer in running[0]])
        answers = [[answer["label"] for answer in row] for row in running]
        self.right = np.array(answers) == np.array(self.truths)[:, None]
        half = self.right[:, [np.abs(self.shares - 0.5).argmin()]]
        self.extend(half, lambda rows, scores: {**scores, "half_seen_accuracy": float(rows.mean())})


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
    given = (*numbered(truth, predictions), lengths, group_numbers(groups))
    if "running" in predictions[0]:
        scores = RunningClassification(*given, running=[prediction["running"] for prediction in predictions])
    else:
        scores = Classification(*given)
    if groups is not None:
        names = np.array(groups)
        scores.breakdowns["by group"] = {str(name): np.flatnonzero(names == name) for name in sorted(set(groups))}
    return scores
