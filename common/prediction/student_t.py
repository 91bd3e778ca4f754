"""Intervals of Student-t distributions."""

from __future__ import annotations

import numpy as np


def reach(scale: np.ndarray, df: np.ndarray, probability: float) -> np.ndarray:
    """Half the width of the central interval with the given probability.

    Args:
        scale: float array.
        df: float array of the same shape, degrees of freedom; inf for a normal distribution.
        probability: of the interval, from 0 to 1.
    """
    from scipy import special

    level = (1 + probability) / 2
    return scale * np.where(np.isinf(df), special.ndtri(level), special.stdtrit(df, level))
