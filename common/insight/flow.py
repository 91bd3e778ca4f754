"""The gradient through time of the layers of a model, their memory, and the effect of clipping a gradient."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from common.insight import gradients, memory, network, reference
from common.insight.recurrences import Recurrence

GAINS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
CLIP = 1.0  # the norm to which the tasks clip
TRAINING_GAIN = 1.5  # of the orthogonal kernel from which a short training starts
TRAINING_STEPS, TRAINING_TIMESTEPS = 30, 40
TRAINING_CLIP = 0.02  # of a short training, as a fraction of the norm of its first gradient
CLIPPED_CHANGE = 0.3  # norm of the change of the weights by a clipped gradient


@dataclasses.dataclass(frozen=True)
class Flow:
    """How the gradient propagates back through one recurrence, from several sequences and directions; and its memory.

    Attributes:
        label: the cell, and whether it is trained.
        norms: float `(sequences * directions, distances)`, of `gradients.norms_by_distance`.
        exponents: the largest Lyapunov exponents in nats per step, in descending order: means over `steps` steps.
        steps: number of steps of the longest sequence, over which the exponents are means.
        memory: of `memory.curve`.
    """

    label: str
    norms: np.ndarray
    exponents: np.ndarray
    steps: int
    memory: np.ndarray

    @property
    def median(self) -> np.ndarray:
        return np.median(self.norms, axis=0)

    def in_words(self) -> str:
        """Whether the gradient vanishes or explodes, and after how many steps."""
        vanished, exploded = gradients.vanished_at(self.median), gradients.exploded_at(self.median)
        if vanished is not None:
            return f"below a hundredth after {vanished} steps"
        if exploded is not None:
            return f"above a hundredfold after {exploded} steps"
        return f"still {self.median[-1]:.2g} times its norm after {len(self.median) - 1} steps"


def flow(label: str, recurrence: Recurrence) -> Flow | None:
    """The flow through a recurrence over the rows that it read; None if it read nothing.

    The curve ends at the median length, so that at least half of the rows contribute at every distance.
    """
    rows = [row for row in range(len(recurrence.inputs)) if len(recurrence.inputs[row])]
    if not rows:
        return None
    kept = [recurrence.kept(row) for row in rows]
    by_row = [
        gradients.norms_by_distance(recurrence.cell, one, recurrence.weights, seed=i) for i, one in enumerate(kept)
    ]
    longest = max(kept, key=len)
    exponents = gradients.lyapunov_exponents(recurrence.cell, longest, recurrence.weights)
    distances = sorted((norms.shape[1] for norms in by_row), reverse=True)[len(by_row) // 2]
    norms = np.concatenate([norms[:, :distances] for norms in by_row if norms.shape[1] >= distances])
    size = np.sqrt(np.mean(np.sum(np.concatenate(recurrence.inputs) ** 2, axis=1)))
    direction = np.random.default_rng(0).normal(size=recurrence.features)
    direction *= size / np.linalg.norm(direction)
    curve = memory.curve(recurrence.cell, recurrence.weights, direction)
    return Flow(label, norms, exponents, len(longest), curve)


def with_gain(recurrence: Recurrence, gain: float, orthogonal: bool, seed: int = 0) -> list[np.ndarray]:
    """The weights of a recurrence with a newly initialised kernel: `gain` times an orthogonal or a Gaussian matrix.

    The entries of the Gaussian matrix have the variance 1 / units, like those of an orthogonal one.
    """
    random, units = np.random.default_rng(seed), recurrence.units
    blocks = []
    for _ in range(reference.CELLS[recurrence.cell].gates):
        block = random.normal(0, units**-0.5, (units, units))
        blocks.append(gain * (np.linalg.qr(block)[0] if orthogonal else block))
    return [recurrence.weights[0], np.concatenate(blocks, axis=1), recurrence.weights[2]]


def kernel_gradients(recurrence: Recurrence, orthogonal: bool, gains: Sequence[float] = GAINS) -> np.ndarray:
    """The norm of dL/dW for each gain of a newly initialised recurrent kernel; L depends on the last state of row 0."""
    inputs, norms = recurrence.inputs[0][None], []
    initial = recurrence.initial and tuple(state[:1] for state in recurrence.initial)
    d_last = np.random.default_rng(0).normal(size=recurrence.units)
    for gain in gains:
        weights = with_gain(recurrence, gain, orthogonal)
        states, kept = reference.forward(recurrence.cell, inputs, weights, initial)
        d_outputs = np.zeros((1, len(states), recurrence.units))
        d_outputs[:, -1] = d_last / np.linalg.norm(d_last)
        by_step, *_ = reference.back_propagate(recurrence.cell, inputs, weights, states, kept, d_outputs)
        norms.append(np.linalg.norm(reference.total(by_step)[1]))
    return np.array(norms)


def training(recurrence: Recurrence) -> dict[str, np.ndarray]:
    """The loss of a short training by plain gradient descent, without and with clipping.

    The recurrence learns to predict its next input, scaled to a mean square of 1, on the first steps of its first row.
    The norms of gradients differ widely between tasks. The limit is therefore TRAINING_CLIP of the norm of the first
    gradient, and the learning rate, the same for both, lets a gradient of that norm change the weights by
    CLIPPED_CHANGE; the first gradient changes them 1 / TRAINING_CLIP times as far if it is not clipped.

    Returns:
        "without clipping" and "clipped" -> the mean squared error before each step of the training, float64
        `(TRAINING_STEPS,)`; infinite once numbers overflow, zeros if there are fewer than two inputs.
    """
    inputs = recurrence.inputs[0][None, : TRAINING_TIMESTEPS + 1]
    if inputs.shape[1] < 2:
        return {label: np.zeros(TRAINING_STEPS) for label in ("without clipping", "clipped")}
    inputs = inputs / max(np.sqrt(np.mean(inputs**2)), 1e-12)
    batch = (inputs[:, :-1], inputs[:, 1:], np.ones((1, inputs.shape[1] - 1)))

    def train(steps: int, learning_rate: float, clip_norm: float) -> list[tuple[float, float]]:
        one = network.Network(recurrence.cell, recurrence.features, recurrence.units, recurrence.features)
        one.weights |= dict(zip("UWb", map(np.copy, with_gain(recurrence, TRAINING_GAIN, orthogonal=True))))
        batches, descent = [batch] * steps, network.GradientDescent
        with np.errstate(over="ignore", invalid="ignore"):
            return network.train(one, batches, learning_rate, network.squared_error, clip_norm, descent)

    ((_, first_norm),) = train(1, 0.0, np.inf)
    limit = max(TRAINING_CLIP * first_norm, 1e-12)
    histories = {
        "without clipping": train(TRAINING_STEPS, CLIPPED_CHANGE / limit, np.inf),
        "clipped": train(TRAINING_STEPS, CLIPPED_CHANGE / limit, limit),
    }
    return {
        label: np.nan_to_num([loss for loss, _ in history], nan=np.inf, posinf=np.inf)
        for label, history in histories.items()
    }


def one_unit(inputs: np.ndarray, w_x: float = 0.8, w_h: float = 0.5, b: float = 0.1) -> list[dict[str, float]]:
    """The intermediate results of a network of one unit, h_t = tanh(w_x x_t + w_h h_(t-1) + b): a row per step.

    Args:
        inputs: x, float `(timesteps,)`.
    """
    rows, h = [], 0.0
    for x in map(float, inputs):
        total = w_x * x + w_h * h + b
        rows.append({"x": x, "w_x x": w_x * x, "w_h h": w_h * h, "sum": total, "h": float(np.tanh(total))})
        h = rows[-1]["h"]
    return rows
