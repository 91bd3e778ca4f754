"""A recurrent layer with a linear readout after each step, in NumPy and float64, and its training.

It consists of `reference` alone, so every value can be inspected; a small one trains in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from common.insight import reference


class Network:
    """o_t = h_t V + c over one recurrent layer.

    Args:
        cell: name in `reference.CELLS`.
        features, units, outputs: sizes.
        seed: of the initial weights.
        gain: the recurrent kernel of each gate is initialised to `gain` times a random orthogonal matrix.

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
        """U, W and b, the weights of the recurrent layer."""
        return [self.weights[name] for name in "UWb"]

    def forward(self, inputs: np.ndarray, state=None) -> tuple[np.ndarray, list, list]:
        """Read a batch of sequences.

        Args:
            inputs: `(batch, timesteps, features)`.
            state: before the first step, as in `reference.forward`; None: zeros.

        Returns:
            The outputs `(batch, timesteps, outputs)`, the states, and what the backward pass needs of each step.
        """
        states, kept = reference.forward(self.cell, inputs, self.recurrent, state)
        return reference.outputs(states) @ self.weights["V"] + self.weights["c"], states, kept

    def backward(self, inputs, states, kept, d_outputs: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The gradient of each weight by name, and dL/dinputs `(batch, timesteps, features)`.

        Args:
            inputs, states, kept: of `forward`.
            d_outputs: dL/do, `(batch, timesteps, outputs)`.
        """
        h, V = reference.outputs(states), self.weights["V"]  # noqa: N806
        by_step, d_inputs, _ = reference.back_propagate(
            self.cell, inputs, self.recurrent, states, kept, d_outputs @ V.T
        )
        d_readout = {"V": np.einsum("btu,bto->uo", h, d_outputs), "c": d_outputs.sum(axis=(0, 1))}
        return {**dict(zip("UWb", reference.total(by_step))), **d_readout}, d_inputs


def squared_error(outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """The squared error, averaged over the outputs of a step and summed over all steps, and its derivative dL/do.

    The counterpart of `reference.cross_entropy` for numbers.

    Args:
        outputs, targets: `(batch, timesteps, outputs)`.
        weights: `(batch, timesteps)`, 0 where a step does not count.
    """
    errors, of_step = outputs - targets, weights[..., None] / outputs.shape[-1]
    return float((errors**2 * of_step).sum()), 2 * errors * of_step


def clipped(gradients: dict, norm: float = 1.0) -> tuple[dict, float]:
    """Gradients, scaled down if their joint norm is above `norm` (Pascanu and others 2013), and that joint norm."""
    own = float(np.sqrt(sum((g**2).sum() for g in gradients.values())))
    return {name: g / max(1.0, own / norm) for name, g in gradients.items()}, own


class Adam:
    """Adam (Kingma and Ba 2015); updates the weights in place."""

    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights, self.steps = weights, 0
        self.first, self.second = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))

    def step(self, gradients: dict[str, np.ndarray], learning_rate: float) -> None:
        self.steps += 1
        for name, g in gradients.items():
            self.first[name] += 0.1 * (g - self.first[name])
            self.second[name] += 0.001 * (g**2 - self.second[name])
            mean, square = self.first[name] / (1 - 0.9**self.steps), self.second[name] / (1 - 0.999**self.steps)
            self.weights[name] -= learning_rate * mean / (np.sqrt(square) + 1e-7)


class GradientDescent:
    """Plain gradient descent; updates the weights in place."""

    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights = weights

    def step(self, gradients: dict[str, np.ndarray], learning_rate: float) -> None:
        for name, g in gradients.items():
            self.weights[name] -= learning_rate * g


def train(
    network: Network,
    batches: Iterable[tuple],
    learning_rate: float,
    loss: Callable = reference.cross_entropy,
    clip_norm: float = 1.0,
    optimizer: type = Adam,
) -> list[tuple[float, float]]:
    """Train a network in place.

    Args:
        batches: `(inputs, targets, weights)`; weights `(batch, timesteps)` are 0 where a step does not count.
        loss: `(outputs, targets, weights) -> (sum over the steps, its derivative)`.
        clip_norm: the norm to which gradients are clipped.
        optimizer: `Adam` or `GradientDescent`.

    Returns:
        For each batch the mean loss of a step and the norm of the gradient before clipping.
    """
    updates, history = optimizer(network.weights), []
    for inputs, targets, weights in batches:
        outputs, states, kept = network.forward(inputs)
        value, d_outputs = loss(outputs, targets, weights)
        count = weights.sum()
        gradients, _ = network.backward(inputs, states, kept, d_outputs / count)
        gradients, norm = clipped(gradients, clip_norm)
        history.append((value / count, norm))
        updates.step(gradients, learning_rate)
    return history
