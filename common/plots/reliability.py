"""Plot of the calibration of predicted probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from common.metrics.classification import calibration_error, reliability
from common.plots import style


def diagram(confidence: np.ndarray, right: np.ndarray, path: Path) -> None:
    """Write how often answers with a given probability are right, and the expected calibration error.

    Args:
        confidence: float array `(answers,)`, from 0 to 1.
        right: bool array `(answers,)`.
    """
    counts, predicted, observed = reliability(confidence, right)
    figure, axes = style.new_figure(5.2, 4.8, xlabel="predicted probability", ylabel="share of right answers")
    axes.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", linewidth=1.5, label="perfect calibration")
    axes.plot(predicted, observed, color=style.BLUE, linewidth=1, zorder=2)
    axes.scatter(predicted, observed, s=20 + 400 * counts / counts.sum(), color=style.BLUE, alpha=0.8, zorder=3)
    axes.set(xlim=(0, 1.04), ylim=(0, 1.04), aspect="equal")
    axes.set_title(f"calibration error {calibration_error(confidence, right):.3f}")
    axes.legend(loc="upper left")
    style.save(figure, path)
