"""A classifier of sequences made of nothing but `reference`: embedding, recurrent network, mean over time, softmax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from common.insight import reference

UNITS, BATCH, RATE = 32, 32, 1e-2


def new_weights(cell: str, vocab_size: int, classes: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Embedding E, recurrent weights U, W and b, and the readout V and c, by name."""
    gates = reference.CELLS[cell].gates
    orthogonal = [np.linalg.qr(random.normal(size=(UNITS, UNITS)))[0] for _ in range(gates)]
    return {
        "E": random.normal(0, 0.05, (vocab_size, UNITS)),
        "U": random.normal(0, UNITS**-0.5, (UNITS, gates * UNITS)),
        "W": np.concatenate(orthogonal, axis=1),
        "b": np.zeros((2, gates * UNITS) if cell == "gru" else gates * UNITS),
        "V": random.normal(0, UNITS**-0.5, (UNITS, classes)),
        "c": np.zeros(classes),
    }


def read(cell: str, weights: dict, sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, tuple]:
    """Logits `(batch, classes)` of sequences of ids, and what the way back needs."""
    lengths = np.array([[len(sequence)] for sequence in sequences])  # (batch, 1)
    ids = np.zeros((len(sequences), lengths.max()), int)
    for row, sequence in zip(ids, sequences):
        row[: len(sequence)] = sequence
    share = (np.arange(ids.shape[1]) < lengths) / lengths  # (batch, timesteps): of each real step in the mean
    x = weights["E"][ids]
    states, kept = reference.forward(cell, x, [weights[name] for name in "UWb"])
    mean = np.einsum("bt,btu->bu", share, reference.outputs(states))
    return mean @ weights["V"] + weights["c"], (ids, share, x, states, kept, mean)


def gradient(cell: str, weights: dict, d_logits: np.ndarray, seen: tuple) -> dict[str, np.ndarray]:
    """dL/dweight by name, from dL/dlogits."""
    ids, share, x, states, kept, mean = seen
    d_outputs = share[..., None] * (d_logits @ weights["V"].T)[:, None]
    shares, d_x, _ = reference.back_propagate(cell, x, [weights[n] for n in "UWb"], states, kept, d_outputs)
    d_embedding = np.zeros_like(weights["E"])
    np.add.at(d_embedding, ids, d_x)
    d_readout = {"V": mean.T @ d_logits, "c": d_logits.sum(axis=0)}
    return {"E": d_embedding, **dict(zip("UWb", reference.total(shares))), **d_readout}


def clipped(gradients: dict, limit: float = 1.0) -> tuple[dict, float]:
    """Gradients whose common norm is `limit` at most, in the same direction (Pascanu and others 2013), and the norm."""
    norm = float(np.sqrt(sum((g**2).sum() for g in gradients.values())))
    return {name: g / max(1.0, norm / limit) for name, g in gradients.items()}, norm


class Adam:
    """Adam (Kingma and Ba 2015), which changes arrays in place."""

    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights, self.steps = weights, 0
        self.first, self.second = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))

    def step(self, gradients: dict[str, np.ndarray], rate: float) -> None:
        self.steps += 1
        for name, g in gradients.items():
            self.first[name] += 0.1 * (g - self.first[name])
            self.second[name] += 0.001 * (g**2 - self.second[name])
            mean, square = self.first[name] / (1 - 0.9**self.steps), self.second[name] / (1 - 0.999**self.steps)
            self.weights[name] -= rate * mean / (np.sqrt(square) + 1e-7)


def train(sequences, labels: np.ndarray, vocab_size: int, cell="gru", epochs=4, seed=0) -> Iterator[tuple[float, dict]]:
    """The mean loss of each pass over the examples and the weights after it; Adam with the gradient clipped to norm 1.

    Args:
        sequences: int ids of each example.
        labels: int `(examples,)`, from 0.
    """
    random = np.random.default_rng(seed)
    weights = new_weights(cell, vocab_size, int(labels.max()) + 1, random)
    adam = Adam(weights)
    lengths, step, steps = np.array(list(map(len, sequences))), 0, epochs * (len(sequences) // BATCH)
    for _ in range(epochs):
        loss = 0.0
        by_length = np.argsort(lengths + random.random(len(lengths)))  # little padding in a batch
        batches = np.array_split(by_length, len(sequences) // BATCH)
        for number in random.permutation(len(batches)):
            batch = batches[number]
            logits, seen = read(cell, weights, [sequences[i] for i in batch])
            nats, d_logits = reference.cross_entropy(logits, labels[batch])
            gradients = gradient(cell, weights, d_logits / len(batch), seen)
            step, loss = step + 1, loss + nats
            adam.step(clipped(gradients)[0], RATE * 0.5 * (1 + np.cos(np.pi * step / steps)))
        yield loss / len(sequences), weights


def predict(cell: str, weights: dict, sequences: Sequence[np.ndarray]) -> np.ndarray:
    """The likeliest label of each sequence, int `(examples,)`."""
    return read(cell, weights, sequences)[0].argmax(axis=-1)
