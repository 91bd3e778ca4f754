"""Scores of predicted steering angles, and the distance that a car steered by the predictions stays on the road."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.metrics.regression import Regression


class Steering(Regression):
    """The scores of `Regression`, and `road_kept`: the share of the road driven before the car leaves it.

    `road_kept` is the mean over the drives in which the predictions themselves steered (closed loop), and is missing
    if there are none.

    Attributes:
        kept: float array `(examples,)`, the share of the road kept in the drive that begins with the example; NaN if no
            drive begins there.
    """

    def __init__(self, truths: Sequence[float], predictions: Sequence[float], *, kept: Sequence[float], **options):
        """Scores of these angles; `options` are those of `Regression`."""
        super().__init__(np.array(truths, float), np.array(predictions, float), **options)
        self.kept = np.array(kept, float)
        drives = ~np.isnan(self.kept)
        if not drives.any():
            return

        def reduce(rows: np.ndarray, scores: dict[str, float]) -> dict[str, float]:
            total, count = rows.sum(axis=0)
            return {**scores, "road_kept": float(total / count) if count else float("nan")}

        self.extend(np.column_stack([np.where(drives, self.kept, 0), drives]), reduce)
