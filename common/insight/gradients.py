"""Vanishing and exploding gradients: norms by distance and Lyapunov exponents of a recurrent layer.

Both are computed in float64 by the cells of `reference`, from the weights of a layer and the inputs that it read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.insight import reference

DIRECTIONS = 8  # random directions of dL/dh at the last step
MOST_DISTANCES = 400  # maximum number of steps back
VANISHED, EXPLODED = 1e-2, 1e2  # relative to the norm at the last step


def vanished_at(norms: np.ndarray) -> int | None:
    """The first distance at which the norm is below a hundredth of that at the last step, or None."""
    below = np.flatnonzero(norms < VANISHED)
    return int(below[0]) if len(below) else None


def exploded_at(norms: np.ndarray) -> int | None:
    """The first distance at which the norm is above a hundred times that at the last step, or None."""
    above = np.flatnonzero(norms > EXPLODED)
    return int(above[0]) if len(above) else None


def norms_by_distance(cell: str, kept: Sequence[tuple], weights, seed: int = 0) -> np.ndarray:
    """The norm of dL/dh_(T-k) relative to that of dL/dh_T, for losses L that depend on the last state alone.

    dL/dh_T has random directions, so that the result depends on no readout and no task.

    Args:
        kept: of `reference.forward` for one sequence, `(1, timesteps, features)`.

    Returns:
        `(directions, distances)`: 1 at distance 0, then the norm k steps before the last. For an LSTM it is the norm of
        dL/dh and dL/dc together, where L does not depend on c_T directly: at distance 0 dL/dc is 0.
    """
    units = weights[1].shape[0]
    kind, random = reference.CELLS[cell], np.random.default_rng(seed)
    d_h = random.normal(size=(DIRECTIONS, units))
    errors = (d_h / np.linalg.norm(d_h, axis=1, keepdims=True), *kind.zeros(DIRECTIONS, weights)[1:])
    norms = [np.ones(DIRECTIONS)]
    for of_step in kept[: -MOST_DISTANCES - 1 : -1]:
        errors, *_ = kind.back(errors, of_step, weights[1])
        norms.append(np.linalg.norm(np.concatenate(errors, axis=1), axis=1))
    return np.stack(norms, axis=1)


def lyapunov_exponents(cell: str, kept: Sequence[tuple], weights, count: int = 8, seed: int = 0) -> np.ndarray:
    """The `count` largest Lyapunov exponents in nats per step, in descending order (Vogt and others 2020).

    Orthonormal vectors are propagated back through the Jacobians and orthonormalised by QR after each step; the
    exponents are the mean logarithms of R's diagonal. The product of the transposed Jacobians has the same singular
    values as the product itself. With an exponent above 0, small differences of states grow and gradients explode; if
    all are below 0, they decay. They are finite-time exponents, means over the steps of one sequence: chaos is a
    statement about the limit of long sequences.
    """
    kind, units = reference.CELLS[cell], weights[1].shape[0]
    size = kind.states * units
    frame = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, min(count, size))))[0]
    logs = np.zeros(frame.shape[1])
    for of_step in reversed(kept):
        before, *_ = kind.back(tuple(np.split(frame.T, kind.states, axis=1)), of_step, weights[1])
        frame, r = np.linalg.qr(np.concatenate(before, axis=1).T)
        logs += np.log(np.maximum(np.abs(np.diag(r)), 1e-300))
    return np.sort(logs / max(1, len(kept)))[::-1]
