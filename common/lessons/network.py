"""A recurrent layer with a readout after each step, made of `reference` alone: it trains in seconds, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from common.insight import lesson, reference


class Network:
    """o_t = h_t V + c over one recurrent layer.

    Args:
        cell: of `reference.CELLS`.
        features, units, outputs: sizes.
        gain: the recurrent kernel begins as so many times an orthogonal matrix.

    Attributes:
        weights: U, W, b, V and c by name.
    """

    def __init__(self, cell: str, features: int, units: int, outputs: int, seed: int = 0, gain: float = 1.0):
        random, gates = np.random.default_rng(seed), reference.CELLS[cell].gates
        orthogonal = [gain * np.linalg.qr(random.normal(size=(units, units)))[0] for _ in range(gates)]
        bias = np.zeros((2, gates * units) if cell == "gru" else gates * units)
        if cell == "lstm":
            bias[units : 2 * units] = 1  # of the forget gate (Jozefowicz and others 2015)
        self.cell = cell
        self.weights = {
            "U": random.normal(0, (2 / (features + units)) ** 0.5, (features, gates * units)),
            "W": np.concatenate(orthogonal, axis=1),
            "b": bias,
            "V": random.normal(0, units**-0.5, (units, outputs)),
            "c": np.zeros(outputs),
        }

    @property
    def recurrent(self) -> list[np.ndarray]:
        return [self.weights[name] for name in "UWb"]

    def read(self, inputs: np.ndarray, state=None) -> tuple[np.ndarray, list, list]:
        """Outputs `(batch, timesteps, outputs)`, and states and what the way back needs, of each step."""
        states, kept = reference.forward(self.cell, inputs, self.recurrent, state)
        return reference.outputs(states) @ self.weights["V"] + self.weights["c"], states, kept

    def gradient(self, inputs, states, kept, d_outputs: np.ndarray) -> dict[str, np.ndarray]:
        """dL/dweight by name, from dL/do `(batch, timesteps, outputs)`."""
        h, V = reference.outputs(states), self.weights["V"]  # noqa: N806
        shares, *_ = reference.back_propagate(self.cell, inputs, self.recurrent, states, kept, d_outputs @ V.T)
        d_readout = {"V": np.einsum("btu,bto->uo", h, d_outputs), "c": d_outputs.sum(axis=(0, 1))}
        return {**dict(zip("UWb", reference.total(shares))), **d_readout}


def squares(outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Squared errors summed over all steps, and their derivative; `reference.cross_entropy` for numbers."""
    errors = (outputs[..., 0] - targets) * weights
    return float((errors**2).sum()), 2 * (errors * weights)[..., None]


def train(
    network: Network,
    batches: Iterable[tuple],
    rate: float,
    loss: Callable = reference.cross_entropy,
    limit: float = 1.0,
    plain: bool = False,
) -> list[tuple[float, float]]:
    """Loss and norm of the gradient in each batch.

    Args:
        batches: `(inputs, targets, weights)`; a weight is 0 where no answer counts.
        limit: the norm to which a gradient is clipped.
        plain: whether to go down the gradient itself, without Adam.
    """
    adam, history = lesson.Adam(network.weights), []
    for inputs, targets, weights in batches:
        outputs, states, kept = network.read(inputs)
        value, d_outputs = loss(outputs, targets, weights)
        count = weights.sum()
        gradients, norm = lesson.clipped(network.gradient(inputs, states, kept, d_outputs / count), limit)
        history.append((value / count, norm))
        if plain:
            for name, gradient in gradients.items():
                network.weights[name] -= rate * gradient
        else:
            adam.step(gradients, rate)
    return history


def of_probe(probe, rows: int, length: int, count: int, seed: int = 0):
    """Batches of a probe with one answer, due after the last step."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        inputs, targets = probe.make(random, rows, length, held_out=False)
        weights = np.zeros((rows, length))
        weights[:, -1] = 1
        yield inputs.astype(float), np.repeat(targets[:, None], length, axis=1), weights
