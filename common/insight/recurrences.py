"""The recurrent layers of a trained model, recomputed by `reference` to get every state and gate."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import keras
import numpy as np

from common.insight import reference, walk
from common.layers import Recurrent


@dataclasses.dataclass(frozen=True)
class Recurrence:
    """One direction of a recurrent layer, and its inputs in a batch.

    Attributes:
        network, layer: names.
        cell: name in `reference.CELLS`.
        direction: "forward" or "backward".
        weights: U, W and b, float64.
        inputs: of each row, in the order of reading, float64 `(timesteps, features)`.
        initial: initial states, each `(rows, units)`; None: zeros.
    """

    network: str
    layer: str
    cell: str
    direction: str
    weights: list[np.ndarray]
    inputs: list[np.ndarray]
    initial: tuple | None = None

    @property
    def units(self) -> int:
        return len(self.weights[1])

    @property
    def features(self) -> int:
        return len(self.weights[0])

    @property
    def title(self) -> str:
        return f"{self.network}/{self.layer}, {self.direction}"

    def states(self) -> list[np.ndarray]:
        """h of each row, `(timesteps, units)`, in the order of time."""
        lengths = [len(row) for row in self.inputs]
        padded = np.zeros((len(lengths), max([1, *lengths]), self.features))
        for row, read in zip(padded, self.inputs):
            row[: len(read)] = read
        h = reference.outputs(reference.forward(self.cell, padded, self.weights, self.initial)[0])
        rows = (row[:length] for row, length in zip(h, lengths))
        return [row[::-1] if self.direction == "backward" else row for row in rows]

    def kept(self, row: int = 0) -> list[tuple]:
        """What the backward pass of `reference` needs of each step of a row, in the order of reading."""
        initial = None if self.initial is None else tuple(state[row : row + 1] for state in self.initial)
        return reference.forward(self.cell, self.inputs[row][None], self.weights, initial)[1]

    def gates(self, row: int = 0) -> dict[str, np.ndarray]:
        """Gate -> its values for a row, `(timesteps, units)`, in the order of time; nothing for a SimpleRNN."""
        kept, places = self.kept(row), reference.CELLS[self.cell].gate_names
        gates = {name: np.concatenate([step[place] for step in kept]) for name, place in places.items() if kept}
        return {name: gate[::-1] if self.direction == "backward" else gate for name, gate in gates.items()}


def find(model: keras.Model, encoder, batch: Mapping[str, np.ndarray], lengths: list[int]) -> list[Recurrence]:
    """Every recurrence over the timesteps of a batch, in the order of the model, without those inside a timestep.

    Args:
        lengths: timesteps of each example, for layers without a mask.
    """
    return [
        one
        for call in walk.calls(model, encoder, batch)
        if isinstance(call.layer, Recurrent)
        for one in _directions(call, lengths)
    ]


def _directions(call: walk.Call, lengths: list[int]) -> list[Recurrence]:
    layer, read = call.layer, np.asarray(call.arguments["inputs"], np.float64)  # (rows, timesteps, features)
    mask, states = call.arguments.get("padding_mask"), call.arguments.get("initial_state")
    if mask is not None:
        lengths = np.asarray(mask).sum(axis=1).astype(int).tolist()
    rows = [row[:length] for row, length in zip(read, lengths)]
    states = [] if states is None else states if isinstance(states, (list, tuple)) else [states]
    halves = [np.split(np.asarray(state, np.float64), len(layer.directions), axis=-1) for state in states]
    arrays, recurrences = [np.asarray(weight, np.float64) for weight in layer.get_weights()], []
    for number, direction in enumerate(layer.directions):
        inputs = [row[::-1] for row in rows] if direction == "backward" else rows
        initial = tuple(half[number] for half in halves) or None
        weights = arrays[3 * number : 3 * number + 3]
        recurrences.append(Recurrence(call.network, layer.name, layer.cell, direction, weights, inputs, initial))
    return recurrences
