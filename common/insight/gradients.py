"""How an error fares on its way back through time, and how a difference of states grows or dies out.

All of it is measured on the cells of `reference`, in float64, with the weights of a layer and the inputs it really saw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.insight import reference

DIRECTIONS = 8  # random errors that are followed back from a step
MOST_DISTANCES = 400  # steps; longer sequences are followed back no further
VANISHED, EXPLODED = 1e-2, 1e2  # of an error's norm at its start


def vanished_at(norms: np.ndarray) -> int | None:
    """The first distance at which a norm is below a hundredth of its start, or None."""
    below = np.flatnonzero(norms < VANISHED)
    return int(below[0]) if len(below) else None


def exploded_at(norms: np.ndarray) -> int | None:
    """The first distance at which a norm is above a hundred times its start, or None."""
    above = np.flatnonzero(norms > EXPLODED)
    return int(above[0]) if len(above) else None


def norms_by_distance(cell: str, kept: Sequence[tuple], weights, seed: int = 0) -> np.ndarray:
    """The norm of dL/dh_(T-k) beside that of dL/dh_T, for losses L that read the last state alone.

    The errors dL/dh_T are random directions, so that no readout decides.

    Args:
        kept: of each step, as `reference.forward` gives it for one sequence `(1, timesteps, features)`.

    Returns:
        `(directions, distances)`: 1 at distance 0, then the norms k steps before the end. In an LSTM the error of c
        goes along; the norm is that of h and c together.
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


def jacobian(cell: str, of_step: tuple, weights) -> np.ndarray:
    """d(state after a step) / d(state before it), `(states * units, states * units)`, from one sequence."""
    kind, units = reference.CELLS[cell], weights[1].shape[0]
    errors = np.split(np.eye(kind.states * units), kind.states, axis=1)
    before, *_ = kind.back(tuple(errors), of_step, weights[1])
    return np.concatenate(before, axis=1)  # row i is the error of output i


def jacobian_product(cell: str, kept: Sequence[tuple], weights) -> np.ndarray:
    """d(last state) / d(state before the first step)."""
    product = np.eye(reference.CELLS[cell].states * weights[1].shape[0])
    for of_step in reversed(kept):
        product = product @ jacobian(cell, of_step, weights)
    return product


def lyapunov_exponents(cell: str, kept: Sequence[tuple], weights, count: int = 8, seed: int = 0) -> np.ndarray:
    """The largest Lyapunov exponents in nats a step, largest first (Vogt and others 2020).

    A frame of orthogonal errors goes back through the Jacobians and is made orthogonal again after each, by QR; the
    exponents are the mean logarithms of R's diagonal. The product of the transposed Jacobians has the same singular
    values as the product itself. Above 0 differences of states grow, and errors explode; below they die out.
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


def memory_curve(cell: str, weights, delays: int, timesteps: int = 3000, seed: int = 0) -> np.ndarray:
    """How well the input of k steps ago can be read from the state by linear regression, k = 1 to `delays`.

    The input is white noise along one direction. Each value is r2 on the second half of the steps, held out from the
    regression, and not below 0: on the steps it was fitted on it would be above 0 for any delay. The sum of all is the
    memory capacity, of a linear network at most its number of units (Jaeger 2001).
    """
    random = np.random.default_rng(seed)
    direction = random.normal(size=weights[0].shape[0])
    noise = random.normal(size=timesteps)
    inputs = noise[None, :, None] * direction / np.linalg.norm(direction)
    h = reference.outputs(reference.forward(cell, inputs, weights)[0])[0]  # (timesteps, units)
    middle, curve = timesteps // 2, []
    for delay in range(1, delays + 1):
        seen, wanted = np.column_stack([h[delay:], np.ones(timesteps - delay)]), noise[:-delay]
        solution = np.linalg.lstsq(seen[:middle], wanted[:middle], rcond=1e-8)[0]
        rest = wanted[middle:] - seen[middle:] @ solution
        curve.append(max(0.0, 1 - rest.var() / wanted[middle:].var()))
    return np.array(curve)
