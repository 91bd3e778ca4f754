"""How many weights a recurrent layer has, and how many a perceptron would need that reads the same sequence at once."""

from __future__ import annotations

from common.insight import reference


def weights(cell: str, features: int, units: int) -> int:
    """Of one direction of a recurrent layer: gates x (features + units + biases) x units."""
    return reference.CELLS[cell].gates * (features + units + biases(cell)) * units


def biases(cell: str) -> int:
    """Biases of each unit in each gate; a GRU has one for the input and one for the state."""
    return 2 if cell == "gru" else 1


def formula(cell: str, features: int, units: int) -> str:
    """The same in numbers, as text."""
    return f"{reference.CELLS[cell].gates} x ({features} + {units} + {biases(cell)}) x {units}"


def perceptron(timesteps: int, vocabulary: int, units: int) -> int:
    """Of a dense layer of that width over the whole sequence, each step one-hot (or its features) and padded."""
    return (timesteps * vocabulary + 1) * units
