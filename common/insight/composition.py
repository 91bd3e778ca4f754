"""The networks of a task composed into one function of an example, and the answer it gives.

The networks may run in Keras or ONNX Runtime. The output of one network is the input of another if both have the same
name, such as the memory of an encoder. A network whose outputs no other reads gives the answer. States of a language
model start at zero. A target sequence that is not given is decoded greedily.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from common.encoding.encoder import Encoder
from common.encoding.text import END, PADDING, START, UNKNOWN
from common.insight.reference import softmax
from common.prediction.networks import ALONE, BATCH_SIZE, Network

READOUTS = ("logits", "scores", ALONE)  # names of the output with the answer; the first that a network has counts
LONGEST = 200  # maximum number of tokens decoded

Arrays = Mapping[str, np.ndarray]


class Composition:
    """The networks of a trained model, composed by the names of their inputs and outputs.

    Args:
        networks: by name, each with `inputs` by name.
        encoder: of the run.
    """

    def __init__(self, networks: Mapping[str, Network], encoder: Encoder):
        self.networks, self.encoder = dict(networks), encoder

    def complete(self, inputs: Arrays) -> dict[str, np.ndarray]:
        """One example as a batch of one row, with its target sequence decoded if a network needs one."""
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
        """The outputs of all networks for a batch from `complete`: network name -> output name -> array.

        Args:
            call: `(name, network, inputs) -> outputs`, used instead of calling a network directly.
        """
        return self._run(batch, call)[0]

    def _run(self, batch, call) -> tuple[dict[str, dict], set[str]]:
        """The outputs of all networks that can run, and the names of the inputs that the others lack."""
        values, outputs_of, waiting = dict(batch), {}, dict(self.networks)
        while waiting:
            ready = [name for name, network in waiting.items() if network.inputs.keys() <= values.keys()]
            if not ready:
                missing = {key: kind for network in waiting.values() for key, kind in network.inputs.items()}
                missing = {key: kind for key, kind in missing.items() if key not in values}
                states = {key: kind for key, kind in missing.items() if len(kind.shape) == 2 and kind.shape[1]}
                if not states:
                    return outputs_of, set(missing)
                rows = len(next(iter(batch.values())))
                values |= {key: np.zeros((rows, *kind.shape[1:]), kind.dtype) for key, kind in states.items()}
            for name in ready:
                network = waiting.pop(name)
                given = {key: values[key] for key in network.inputs}
                outputs = call(name, network, given) if call else network(given)
                outputs_of[name] = outputs if isinstance(outputs, dict) else {ALONE: outputs}
                values |= {key: value for key, value in outputs_of[name].items() if key not in given}
        return outputs_of, set()

    def answers(self, outputs_of: Mapping[str, dict]) -> list[tuple[str, str]]:
        """Network and output name of each array with the answer; there are several if the model is an ensemble."""
        read = {name: set(network.inputs) for name, network in self.networks.items()}
        leaves = []
        for name, outputs in outputs_of.items():
            others = set().union(*(keys for other, keys in read.items() if other != name))
            if not others & (outputs.keys() - read[name]):
                leaves.append((name, next((key for key in READOUTS if key in outputs), next(iter(outputs)))))
        return leaves

    def readout(self, outputs_of: Mapping[str, dict]):
        """The array with the answers, averaged over an ensemble: `(batch, ..., classes)`."""
        arrays = [outputs_of[network][output] for network, output in self.answers(outputs_of)]
        return sum(arrays[1:], arrays[0]) / len(arrays)

    def readers(self, inputs: Arrays) -> list[str]:
        """The networks that read the example itself rather than outputs of other networks."""
        roots = [name for name, network in self.networks.items() if network.inputs.keys() <= inputs.keys()]
        return roots or list(self.networks)

    def steps(self, inputs: Arrays) -> list[str]:
        """The names of the inputs whose second axis, after the batch, is the timesteps of the example."""
        read = set().union(*(self.networks[name].inputs for name in self.readers(inputs)))
        arrays = [name for name in inputs if name in read and np.ndim(inputs[name]) > 1]
        sequences = [name for name in arrays if name not in self.encoder.fixed]
        return sequences or [name for name in arrays if np.ndim(inputs[name]) > 2]

    def timesteps(self, inputs: Arrays) -> int:
        """The number of timesteps of the example in a batch."""
        return inputs[self.steps(inputs)[0]].shape[1]

    def answers_each_step(self, inputs: Arrays, outputs_of: Mapping[str, dict], answer: Answer) -> bool:
        """Whether each timestep of the example has an answer of its own, as in a tagger or a language model.

        The answers of a decoder belong to its own output, even if that is as long as the example.

        Args:
            outputs_of: the outputs for `inputs`.
            answer: to `inputs`.
        """
        readers = self.readers(inputs)
        if answer.kind == "number" or answer.last or self.readout(outputs_of).ndim < 3:
            return False
        by_reader = all(network in readers for network, _ in self.answers(outputs_of))
        return by_reader and len(answer.decided) == self.timesteps(inputs)

    def names(self, example, inputs: Arrays) -> list[str]:
        """A readable name for each timestep: the word, say, or its number."""
        count = self.timesteps(inputs)
        names = self.encoder.step_names(example)
        return [str(number) for number in range(1, count + 1)] if names is None else names[:count]

    def occluded(self, inputs: Arrays, where: np.ndarray) -> dict[str, np.ndarray]:
        """Copies of the example in which some timesteps are occluded; its length stays.

        A word or character is replaced by the unknown token, a number by its mean over the example.

        Args:
            inputs: a batch of one row.
            where: bool `(rows, timesteps)`, True = occluded.

        Returns:
            A batch of `rows` rows.
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
        """The readout of a batch, computed for at most `most` rows at a time."""
        count = len(next(iter(batch.values())))
        parts = [slice(start, start + most) for start in range(0, count, most)]
        return np.concatenate([self.readout(self({key: a[part] for key, a in batch.items()})) for part in parts])


@dataclasses.dataclass(frozen=True)
class Answer:
    """The answer of a model to an example, and a scalar value for it that explanations attribute to the steps.

    The value is the log-odds of the prediction, log(p / (1 - p)) in nats, or the mean of the outputs in regression.
    Unlike probabilities, log-odds do not saturate near 1. A sequence of answers has a value for each.

    Attributes:
        kind: "class", "each" (independent binary labels) or "number"; see `Encoder.answers`.
        decided: the prediction: int `(steps,)` of classes, bool `(steps, labels)` of binary labels, zeros for numbers.
        last: whether only the last answer counts, as for a prompt.
    """

    kind: str
    decided: np.ndarray
    last: bool = False

    @classmethod
    def of(cls, readout: np.ndarray, kind: str, last: bool = False) -> Answer:
        """The answer from the readout of one row."""
        logits = _with_steps(readout, kind)[0]
        decided = {"class": logits.argmax(axis=-1), "each": logits > 0, "number": np.zeros(len(logits))}[kind]
        return cls(kind, decided[-1:] if last else decided, last)

    def values(self, readout: np.ndarray) -> np.ndarray:
        """The values of the answers, float64 `(rows, steps)`, from the readout of some rows."""
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
            d_logits = np.where(self.decided, 1, -1)[None]
        else:
            _, others = self._own_and_others(logits)
            d_logits = np.isneginf(others) - softmax(others)
        by_step = slope if slope.ndim > 2 else slope[:, None]
        by_step[:, -1 if self.last else 0 :][:, : d_logits.shape[1]] = d_logits
        return slope

    def _own_and_others(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The logit of the predicted class, and all logits with -inf in its place."""
        is_own = np.broadcast_to(np.arange(logits.shape[-1]) == self.decided[..., None], logits.shape)
        return logits[is_own].reshape(logits.shape[:-1]), np.where(is_own, -np.inf, logits)

    def _cut(self, readout: np.ndarray) -> np.ndarray:
        logits = _with_steps(readout, self.kind)
        return logits[:, -1:] if self.last else logits[:, : len(self.decided)]


def _with_steps(readout: np.ndarray, kind: str) -> np.ndarray:
    """The readout in float64, with an axis of steps of length 1 if it has none; of a distribution its location."""
    readout = np.asarray(readout, np.float64)
    if kind == "number":
        return (readout[..., 0] if readout.ndim > 2 else readout)[:, None]
    return readout if readout.ndim > 2 else readout[:, None]
