"""The memory of a recurrent layer for its past inputs, whatever it was trained for."""

from __future__ import annotations

import numpy as np

from common.insight import reference

STEPS = 4000  # of the noise; the first half fits the readouts, the second measures them
DELAYS = 40


def curve(cell: str, weights, direction: np.ndarray, delays: int = DELAYS, seed: int = 0) -> np.ndarray:
    """The memory curve: how well the state tells what the input was some steps before (Jaeger 2001).

    The layer reads white noise, a number per step. For each delay, a linear readout of the state is fitted by least
    squares; of an LSTM it reads h. The sum over all delays is at most the number of units.

    Args:
        direction: the input of a step is the number times this vector, `(features,)`.
        delays: the number of delays, from 0.

    Returns:
        `(delays,)`: r2 on steps that the readouts were not fitted on; 0 if a readout is worse than the mean.
    """
    noise = np.random.default_rng(seed).normal(size=STEPS)
    states, _ = reference.forward(cell, noise[None, :, None] * direction, weights)
    table = np.column_stack([reference.outputs(states)[0], np.ones(STEPS)])[delays:]
    past = np.stack([noise[delays - delay : STEPS - delay] for delay in range(delays)], axis=1)  # (steps, delays)
    half = len(table) // 2
    readout = np.linalg.lstsq(table[:half], past[:half], rcond=None)[0]
    errors = past[half:] - table[half:] @ readout
    return np.maximum(0, 1 - (errors**2).mean(axis=0) / past[half:].var(axis=0))
