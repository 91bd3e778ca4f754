"""The networks of a task as one function of an example, whichever library computes them, and what it answers.

What one network gives under a name is what another reads under that name: the memory of an encoder, say. A network from
which no other reads gives the answer. States that a stream would carry on begin at zero; a target that is not known is
written by the model itself, the likeliest token after each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from common.encoding.encoder import Encoder
from common.encoding.text import END, PADDING, START, UNKNOWN
from common.prediction.networks import BATCH_SIZE, Network

ALONE = "output"  # the name of what a network gives that gives one array
READOUTS = ("logits", "scores", ALONE)  # the output that holds the answer: the first of these that a network gives
LONGEST = 200  # tokens that a model writes

Arrays = Mapping[str, np.ndarray]


class Composition:
    """The networks of a trained model, composed by the names of what they read and give.

    Args:
        networks: by name, each with `inputs` by name.
        encoder: of the run.
    """

    def __init__(self, networks: Mapping[str, Network], encoder: Encoder):
        self.networks, self.encoder = dict(networks), encoder

    def complete(self, inputs: Arrays) -> dict[str, np.ndarray]:
        """One example as a batch of one row, with the states and the target that it lacks."""
        batch = {name: np.asarray(array)[None] for name, array in inputs.items()}
        _, missing = self._run(batch, None)
        if missing:
            (name,) = missing
            batch[name] = np.array([[START]], np.int32)
            while batch[name].shape[1] <= LONGEST:
                token = self.readout(self(batch))[0, -1].argmax()
                if token == END:
                    break
                batch[name] = np.append(batch[name], [[token]], axis=1).astype(np.int32)
        return batch

    def __call__(self, batch: Arrays, call: Callable | None = None) -> dict[str, dict]:
        """What each network gives for a batch that lacks nothing but states: its name to arrays by name.

        Args:
            call: `(name, network, inputs) -> outputs`, what to do in the place of calling a network.
        """
        return self._run(batch, call)[0]

    def _run(self, batch, call) -> tuple[dict[str, dict], set[str]]:
        """The same, and the names of what nothing gives."""
        values, found, waiting = dict(batch), {}, dict(self.networks)
        while waiting:
            ready = [name for name, network in waiting.items() if network.inputs.keys() <= values.keys()]
            if not ready:
                missing = {key: kind for network in waiting.values() for key, kind in network.inputs.items()}
                missing = {key: kind for key, kind in missing.items() if key not in values}
                states = {key: kind for key, kind in missing.items() if len(kind.shape) == 2 and kind.shape[1]}
                if not states:
                    return found, set(missing)
                rows = len(next(iter(batch.values())))
                values |= {key: np.zeros((rows, *kind.shape[1:]), kind.dtype) for key, kind in states.items()}
            for name in ready:
                network = waiting.pop(name)
                given = {key: values[key] for key in network.inputs}
                outputs = call(name, network, given) if call else network(given)
                found[name] = outputs if isinstance(outputs, dict) else {ALONE: outputs}
                values |= {key: value for key, value in found[name].items() if key not in given}
        return found, set()

    def answers(self, found: Mapping[str, dict]) -> list[tuple[str, str]]:
        """Network and output name of every array that holds an answer; several networks are members of a committee."""
        read = {name: set(network.inputs) for name, network in self.networks.items()}
        leaves = []
        for name, outputs in found.items():
            others = set().union(*(keys for other, keys in read.items() if other != name))
            if not others & (outputs.keys() - read[name]):
                leaves.append((name, next((key for key in READOUTS if key in outputs), next(iter(outputs)))))
        return leaves

    def readout(self, found: Mapping[str, dict]):
        """The array that holds the answers, the mean over the members: `(batch, ..., classes)`."""
        arrays = [found[network][output] for network, output in self.answers(found)]
        return sum(arrays[1:], arrays[0]) / len(arrays)

    def readers(self, inputs: Arrays) -> list[str]:
        """The networks that read the example itself, not what others make of it."""
        roots = [name for name, network in self.networks.items() if network.inputs.keys() <= inputs.keys()]
        return roots or list(self.networks)

    def steps(self, inputs: Arrays) -> list[str]:
        """The names of the inputs whose first axis, after the batch's, is the timesteps of the example."""
        read = set().union(*(self.networks[name].inputs for name in self.readers(inputs)))
        arrays = [name for name in inputs if name in read and np.ndim(inputs[name]) > 1]
        sequences = [name for name in arrays if name not in self.encoder.fixed]
        return sequences or [name for name in arrays if np.ndim(inputs[name]) > 2]

    def timesteps(self, inputs: Arrays) -> int:
        """Of the example in a batch."""
        return inputs[self.steps(inputs)[0]].shape[1]

    def names(self, example, inputs: Arrays) -> list[str]:
        """What stands at each timestep, for a person."""
        count = self.timesteps(inputs)
        names = self.encoder.step_names(example)
        return [str(number) for number in range(1, count + 1)] if names is None else names[:count]

    def hidden(self, inputs: Arrays, where: np.ndarray) -> dict[str, np.ndarray]:
        """The example with what stands at some timesteps hidden; that something stands there remains.

        A word or character becomes the unknown one, numbers their mean over the example.

        Args:
            inputs: a batch of one row.
            where: bool `(rows, timesteps)`.

        Returns:
            A batch of as many rows.
        """
        rows = {name: np.repeat(array, len(where), axis=0) for name, array in inputs.items()}
        for name in self.steps(inputs):
            array = rows[name]
            if name in self.encoder.positions:
                continue
            if array.dtype.kind == "f" or array.dtype == np.uint8:
                array[where] = inputs[name].mean(axis=1).astype(array.dtype)
            else:
                array[where] = np.where(array[where] == PADDING, PADDING, UNKNOWN)
        return rows

    def in_batches(self, batch: Arrays, most: int = BATCH_SIZE) -> np.ndarray:
        """The readout of many rows, of at most `most` at a time."""
        count = len(next(iter(batch.values())))
        parts = [slice(start, start + most) for start in range(0, count, most)]
        return np.concatenate([self.readout(self({key: a[part] for key, a in batch.items()})) for part in parts])


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a model answers to an example, and a number that says how strongly.

    The number is the log-odds of what the model decided, log(p / (1 - p)) in nats, or, where it answers with numbers,
    the mean of these. Log-odds tell a sure answer from a surer one, where probabilities are all near 1. A sequence of
    answers has a number for each.

    Attributes:
        kind: `Encoder.answers`.
        decided: what the model decided: int `(steps,)` of classes, bool `(steps, things)`, nothing of numbers.
        last: whether only the last answer counts: a prompt is read to its end before the model goes on.
    """

    kind: str
    decided: np.ndarray
    last: bool = False

    @classmethod
    def of(cls, readout: np.ndarray, kind: str, last: bool = False) -> Answer:
        """The answer in the readout of one row."""
        logits = _with_steps(readout, kind)[0]
        decided = {"class": logits.argmax(axis=-1), "each": logits > 0, "number": np.zeros(len(logits))}[kind]
        return cls(kind, decided[-1:] if last else decided, last)

    def values(self, readout: np.ndarray) -> np.ndarray:
        """The numbers in the readout of some rows, float64 `(rows, steps)`."""
        logits = self._cut(readout)
        if self.kind == "number":
            return logits.reshape(len(logits), len(self.decided), -1).mean(axis=-1)
        if self.kind == "each":
            return np.where(self.decided, logits, -logits).sum(axis=-1)
        own, others = self._own_and_others(logits)
        return own - np.logaddexp.reduce(others, axis=-1)

    def slope(self, readout: np.ndarray) -> np.ndarray:
        """d(sum of the values) / d(readout), of the readout's shape."""
        logits, slope = self._cut(readout), np.zeros(readout.shape)
        if self.kind == "number":
            slope[..., : 1 if readout.ndim > 2 else None] = 1 / (readout.shape[1] if readout.ndim > 1 else 1)
            return slope
        if self.kind == "each":
            found = np.where(self.decided, 1, -1)[None]
        else:
            _, others = self._own_and_others(logits)
            odds = np.exp(others - others.max(axis=-1, keepdims=True))
            found = np.isneginf(others) - odds / odds.sum(axis=-1, keepdims=True)
        whole = slope if slope.ndim > 2 else slope[:, None]
        whole[:, -1 if self.last else 0 :][:, : found.shape[1]] = found
        return slope

    def _own_and_others(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The logit of what was decided, and the logits of the other classes, with -inf in its place."""
        is_own = np.broadcast_to(np.arange(logits.shape[-1]) == self.decided[..., None], logits.shape)
        return logits[is_own].reshape(logits.shape[:-1]), np.where(is_own, -np.inf, logits)

    def _cut(self, readout: np.ndarray) -> np.ndarray:
        logits = _with_steps(readout, self.kind)
        return logits[:, -1:] if self.last else logits[:, : len(self.decided)]


def _with_steps(readout: np.ndarray, kind: str) -> np.ndarray:
    """The readout in float64 with an axis of steps, of length 1 if there is none; of a distribution its location."""
    readout = np.asarray(readout, np.float64)
    if kind == "number":
        return (readout[..., 0] if readout.ndim > 2 else readout)[:, None]
    return readout if readout.ndim > 2 else readout[:, None]
