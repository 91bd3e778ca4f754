"""The number of weights of a recurrent layer, and of a perceptron that reads the same sequence at once."""

from __future__ import annotations

from common.insight import reference


def weights(cell: str, features: int, units: int) -> int:
    """The number of weights of one direction of a recurrent layer: blocks x (features + units + biases) x units.

    A block computes a gate or the candidate: 1 in a SimpleRNN, 3 in a GRU, 4 in an LSTM.
    """
    return reference.CELLS[cell].gates * (features + units + biases(cell)) * units


def biases(cell: str) -> int:
    """The number of biases per unit and block; a GRU has one for the input and one for the state."""
    return 2 if cell == "gru" else 1


def formula(cell: str, features: int, units: int) -> str:
    """The formula of `weights` with its numbers, as text."""
    return f"{reference.CELLS[cell].gates} x ({features} + {units} + {biases(cell)}) x {units}"


def perceptron(timesteps: int, vocabulary: int, units: int) -> int:
    """The number of weights of a dense layer over a whole padded sequence.

    Args:
        timesteps: of the padded sequence.
        vocabulary: size of the one-hot vector of a step, or its number of features.
        units: of the layer.
    """
    return (timesteps * vocabulary + 1) * units
