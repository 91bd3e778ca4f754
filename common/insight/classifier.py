"""A text classifier by hand: embedding, recurrent layer, readout, and the mean of its logits over all steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from common.insight import network, reference

UNITS, BATCH, LEARNING_RATE = 32, 32, 1e-2


class Classifier:
    """Logits of a sequence of ids.

    The readout is linear, so the mean of its logits is the readout of the mean state: mean pooling.

    Attributes:
        weights: the embedding E and those of the network, by name.
    """

    def __init__(self, cell: str, vocab_size: int, classes: int, seed: int = 0):
        self.network = network.Network(cell, UNITS, UNITS, classes, seed)
        embedding = np.random.default_rng([seed, 1]).normal(0, 0.05, (vocab_size, UNITS))
        self.weights = {"E": embedding, **self.network.weights}

    def forward(self, sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, tuple]:
        """Logits `(batch, classes)` of sequences of ids, and what the backward pass needs."""
        lengths = np.array([[len(sequence)] for sequence in sequences])  # (batch, 1)
        ids = np.zeros((len(sequences), lengths.max()), int)
        for row, sequence in zip(ids, sequences):
            row[: len(sequence)] = sequence
        pooling = (np.arange(ids.shape[1]) < lengths) / lengths  # (batch, timesteps): 1 / length, 0 for padding
        inputs = self.weights["E"][ids]
        outputs, states, kept = self.network.forward(inputs)
        return np.einsum("bt,btc->bc", pooling, outputs), (ids, pooling, inputs, states, kept)

    def backward(self, d_logits: np.ndarray, seen: tuple) -> dict[str, np.ndarray]:
        """The gradient of each weight by name, from dL/dlogits."""
        ids, pooling, inputs, states, kept = seen
        d_outputs = pooling[..., None] * d_logits[:, None]
        gradients, d_inputs = self.network.backward(inputs, states, kept, d_outputs)
        d_embedding = np.zeros_like(self.weights["E"])
        np.add.at(d_embedding, ids, d_inputs)
        return {"E": d_embedding, **gradients}

    def predict(self, sequences: Sequence[np.ndarray]) -> np.ndarray:
        """The most probable label of each sequence, int `(examples,)`."""
        return self.forward(sequences)[0].argmax(axis=-1)


def train(one: Classifier, sequences, labels: np.ndarray, epochs: int = 6, seed: int = 0) -> Iterator[float]:
    """Train with Adam and the gradient clipped to norm 1; yields the mean loss of each epoch in nats.

    Args:
        sequences: int ids of each example.
        labels: int `(examples,)`, from 0.
    """
    random, adam = np.random.default_rng(seed), network.Adam(one.weights)
    lengths, step, steps = np.array(list(map(len, sequences))), 0, epochs * (len(sequences) // BATCH)
    for _ in range(epochs):
        loss = 0.0
        by_length = np.argsort(lengths + random.random(len(lengths)))  # little padding in a batch
        batches = np.array_split(by_length, len(sequences) // BATCH)
        for number in random.permutation(len(batches)):
            batch = batches[number]
            logits, seen = one.forward([sequences[i] for i in batch])
            nats, d_logits = reference.cross_entropy(logits, labels[batch])
            gradients, _ = network.clipped(one.backward(d_logits / len(batch), seen))
            step, loss = step + 1, loss + nats
            adam.step(gradients, LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * step / steps)))
        yield loss / len(sequences)
