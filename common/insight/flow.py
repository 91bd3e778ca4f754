"""The gradient through time of real layers: curves to draw, and what clipping does to a gradient that explodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from common.insight import gradients, lesson, reference
from common.insight.recurrences import Recurrence

GAINS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
CLIP = 1.0  # the norm to which the tasks clip
START = 1.5  # gain of the kernel from which a short training begins
TRAINING_STEPS, TRAINING_RATE, TRAINING_READS = 30, 0.5, 40  # the last: steps of the sequence


@dataclasses.dataclass(frozen=True)
class Flow:
    """How an error fares in one recurrence, over several sequences and directions.

    Attributes:
        label: the cell, and whether it is trained.
        norms: float `(sequences * directions, distances)`, 1 at distance 0.
        exponents: the largest Lyapunov exponents in nats a step, largest first.
    """

    label: str
    norms: np.ndarray
    exponents: np.ndarray

    @property
    def median(self) -> np.ndarray:
        return np.median(self.norms, axis=0)

    @property
    def spread(self) -> tuple[np.ndarray, np.ndarray]:
        """The 10th and 90th percentile."""
        low, high = np.percentile(self.norms, (10, 90), axis=0)
        return low, high

    def in_words(self) -> str:
        """Where the error vanishes or explodes."""
        vanished, exploded = gradients.vanished_at(self.median), gradients.exploded_at(self.median)
        if vanished is not None:
            return f"below a hundredth from {vanished} steps on"
        if exploded is not None:
            return f"a hundred times as large from {exploded} steps on"
        return f"still {self.median[-1]:.2g} times its size after {len(self.median) - 1} steps"


def flow(label: str, recurrence: Recurrence) -> Flow | None:
    """The flow in a recurrence over the rows that it read; None if it read nothing."""
    rows = [row for row in range(len(recurrence.inputs)) if len(recurrence.inputs[row])]
    if not rows:
        return None
    kept = [recurrence.kept(row) for row in rows]
    found = [
        gradients.norms_by_distance(recurrence.cell, one, recurrence.weights, seed=i) for i, one in enumerate(kept)
    ]
    exponents = gradients.lyapunov_exponents(recurrence.cell, max(kept, key=len), recurrence.weights)
    enough = sorted((norms.shape[1] for norms in found), reverse=True)[len(found) // 2]  # half of the rows are as long
    norms = np.concatenate([norms[:, :enough] for norms in found if norms.shape[1] >= enough])
    return Flow(label, norms, exponents)


def with_gain(recurrence: Recurrence, gain: float, orthogonal: bool, seed: int = 0) -> list[np.ndarray]:
    """The weights of a recurrence with a fresh recurrent kernel, so many times orthogonal or Gaussian of that size."""
    random, units = np.random.default_rng(seed), recurrence.units
    blocks = []
    for _ in range(reference.CELLS[recurrence.cell].gates):
        block = random.normal(0, units**-0.5, (units, units))
        blocks.append(gain * (np.linalg.qr(block)[0] if orthogonal else block))
    return [recurrence.weights[0], np.concatenate(blocks, axis=1), recurrence.weights[2]]


def kernel_gradients(recurrence: Recurrence, orthogonal: bool, gains: Sequence[float] = GAINS) -> np.ndarray:
    """The norm of dL/dW for each gain of a fresh recurrent kernel; L reads the last state of the first row.

    Clipped, a gradient of this norm would have the norm min(norm, CLIP) and the same direction.
    """
    inputs, norms = recurrence.inputs[0][None], []
    error = np.random.default_rng(0).normal(size=recurrence.units)
    for gain in gains:
        weights = with_gain(recurrence, gain, orthogonal)
        states, kept = reference.forward(recurrence.cell, inputs, weights, recurrence.initial and _first(recurrence))
        d_outputs = np.zeros((1, len(states), recurrence.units))
        d_outputs[:, -1] = error / np.linalg.norm(error)
        shares, *_ = reference.back_propagate(recurrence.cell, inputs, weights, states, kept, d_outputs)
        norms.append(np.linalg.norm(reference.total(shares)[1]))
    return np.array(norms)


def _first(recurrence: Recurrence) -> tuple:
    return tuple(state[:1] for state in recurrence.initial)


def training(recurrence: Recurrence, limit: float) -> np.ndarray:
    """The loss in a short training from a kernel that explodes: gradient descent with the gradient clipped to `limit`.

    The recurrence learns to say its next input, as a mean squared error beside the inputs' mean square. U, W, b and a
    readout V are trained, on the first steps of the first row. Where numbers overflow, the loss is infinite from there.

    Returns:
        The loss before each step of the training, float64 `(TRAINING_STEPS,)`.
    """
    inputs, units = recurrence.inputs[0][None, : TRAINING_READS + 1], recurrence.units
    inputs = inputs / max(np.sqrt(np.mean(inputs**2)), 1e-12) if inputs.size else inputs
    read, wanted = inputs[:, :-1], inputs[:, 1:]
    losses = np.full(TRAINING_STEPS, np.inf if read.size else 0.0)
    weights = dict(zip("UWb", map(np.copy, with_gain(recurrence, START, orthogonal=True))))
    weights["V"] = np.random.default_rng(1).normal(0, units**-0.5, (units, recurrence.features))
    for step in range(TRAINING_STEPS if read.size else 0):
        arrays = [weights[name] for name in "UWb"]
        with np.errstate(over="ignore", invalid="ignore"):
            states, kept = reference.forward(recurrence.cell, read, arrays)
            h = reference.outputs(states)
            errors = h @ weights["V"] - wanted
            losses[step] = np.mean(errors**2)
            if not np.isfinite(losses[step]):
                losses[step:] = np.inf
                break
            d_o = 2 * errors / errors.size
            shares, *_ = reference.back_propagate(recurrence.cell, read, arrays, states, kept, d_o @ weights["V"].T)
            found = {**dict(zip("UWb", reference.total(shares))), "V": np.einsum("btu,btf->uf", h, d_o)}
            found, _ = lesson.clipped(found, limit)
            for name, gradient in found.items():
                weights[name] = weights[name] - TRAINING_RATE * gradient
    return losses


def one_unit(inputs: np.ndarray, w_x: float = 0.8, w_h: float = 0.5, b: float = 0.1) -> list[dict[str, float]]:
    """A network of one unit followed by hand: h_t = tanh(w_x x_t + w_h h_(t-1) + b), a row for each step.

    Args:
        inputs: x, float `(timesteps,)`.
    """
    rows, h = [], 0.0
    for x in map(float, inputs):
        total = w_x * x + w_h * h + b
        rows.append({"x": x, "w_x x": w_x * x, "w_h h": w_h * h, "sum": total, "h": float(np.tanh(total))})
        h = rows[-1]["h"]
    return rows
