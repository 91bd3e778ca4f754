"""Check that exported networks give the outputs of Keras, on examples not used in training."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import keras
import numpy as np

from common.prediction import keras_networks
from common.prediction.networks import Network, Networks, Outputs
from common.task import Task, TrainConfig

TOLERANCE = 1e-4  # the largest difference that is always allowed; relative for values above 1
NOISES = 10  # multiple of the model's own noise that is allowed if it is larger
ROWS = (1, 3, 64)  # sizes of the batches that are compared
EXAMPLES = 24  # examples whose predictions are compared
_CANDIDATES = 512  # held-out examples from which they are chosen
_MOST_TIMESTEPS = 2048  # of a compared batch, over all rows: a language model has 10,000 outputs for each timestep
_PERTURBATIONS = 3
_ROUNDING = 3e-7  # relative change of the weights, about the rounding error of a dot product of a hundred terms


class ParityError(Exception):
    """A difference between the exported networks and Keras, in one line."""


@dataclasses.dataclass(frozen=True)
class Parity:
    """What was compared and found equal.

    Attributes:
        largest_difference: between the outputs, relative for values above 1.
        largest_tolerance: the largest difference that was allowed for an output.
        batches: the number of batches compared.
        decisions: the number of predictions compared; their floats are not.
        undecided: the number of predictions left out because changes of this size alter them in Keras too.
    """

    largest_difference: float
    largest_tolerance: float
    batches: int
    decisions: int
    undecided: int


def check(
    task: Task, config: TrainConfig, encoder, model: keras.Model, exported: Networks, held_out: Sequence
) -> Parity:
    """Compare the outputs of each network, and the predictions made with all of them.

    Rounding errors grow in a recurrent network, in some models so much that no fixed tolerance is right. So a row of an
    output may differ by TOLERANCE, or by NOISES times the change in the model's own outputs when the last digits of its
    weights are changed. The predictions must be equal in everything but their floats.

    Args:
        held_out: examples not used in training.

    Raises:
        ParityError: if something differs.
    """
    examples = _chosen(held_out)
    own = keras_networks.of_model(model)
    recorded = {name: _Recorder(network) for name, network in own.items()}
    expected = task.predict(config, _of(own, recorded), encoder, examples)
    batches = [(name, batch) for name, recorder in recorded.items() for batch in _batches(own[name], recorder.longest)]
    outputs = [own[name](batch) for name, batch in batches]
    noisy = []
    for seed in range(_PERTURBATIONS):
        with _perturbed(model, seed):
            noisy.append([own[name](batch) for name, batch in batches])
    compared = [
        _compared(name, exported[name](batch), output, noises)
        for (name, batch), output, noises in zip(batches, outputs, zip(*noisy, strict=True), strict=True)
    ]
    differences, tolerances = zip(*compared, strict=True)
    moved = []
    # Where rounding errors grow, few predictions are stable, and it takes more draws to find those that are not.
    for seed in range(_PERTURBATIONS if max(tolerances) <= TOLERANCE else 5 * _PERTURBATIONS):
        jittered = _of(own, {name: _Jittered(network, max(tolerances), seed) for name, network in own.items()})
        with _perturbed(model, seed):
            moved.append(task.predict(config, jittered, encoder, examples))
    decided = [_same(*predictions) for predictions in zip(expected, *moved, strict=True)]
    found = task.predict(config, exported, encoder, examples)
    for example, one, other, counts in zip(examples, expected, found, decided, strict=True):
        if counts and not _same(one, other):
            raise ParityError(f"the prediction for {str(example)!r:.60} is another")
    return Parity(max(differences), max(tolerances), len(batches), sum(decided), len(decided) - sum(decided))


def _chosen(held_out: Sequence) -> list:
    """A sample of the examples that includes the shortest and the longest."""
    candidates = sorted(islice(held_out, _CANDIDATES), key=len)
    places = np.unique(np.linspace(0, len(candidates) - 1, EXAMPLES).round().astype(int))
    return [candidates[place] for place in places]


class _Recorder:
    """A network that keeps the longest batch it was given."""

    def __init__(self, network: Network):
        self.network, self.inputs, self.longest = network, network.inputs, None

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        if self.longest is None or _size(inputs) > _size(self.longest):
            self.longest = {name: np.array(inputs[name]) for name in self.inputs}
        return self.network(inputs)


def _size(inputs: Mapping[str, np.ndarray]) -> int:
    return sum(array.size for array in inputs.values())


def _of(own: Networks, networks: Mapping[str, Network]) -> Networks:
    return Networks(networks, own.engine, own.parameters)


def _batches(network: Network, longest: Mapping[str, np.ndarray] | None) -> Iterator[dict[str, np.ndarray]]:
    """The batch, and its rows in batches of several sizes, whose second row has no timestep and third row has one."""
    if longest is None:
        raise ParityError("the predictions did not use all of the networks")
    yield dict(longest)
    for rows in ROWS:
        batch = {}
        for name, array in longest.items():
            array = np.take(array, np.arange(rows) % len(array), axis=0)
            if array.ndim > 1 and network.inputs[name].shape[1] is None:
                array = array[:, : max(1, _MOST_TIMESTEPS // rows)]
                array[1:2] = 0
                array[2:3, 1:] = 0
            batch[name] = array
        yield batch


@contextlib.contextmanager
def _perturbed(model: keras.Model, seed: int) -> Iterator[None]:
    """Change the last digits of the model's weights within the block."""
    random = np.random.default_rng(seed)
    weights = model.get_weights()
    model.set_weights(
        [
            w * (1 + _ROUNDING * random.choice((-1, 1), w.shape)).astype(w.dtype) if w.dtype.kind == "f" else w
            for w in weights
        ]
    )
    try:
        yield
    finally:
        model.set_weights(weights)


def _compared(name: str, found: Outputs, expected: Outputs, noisy: Sequence[Outputs]) -> tuple[float, float]:
    """The largest difference and the largest tolerance of one batch; `noisy` are the outputs of perturbed models."""
    if isinstance(expected, dict):
        if found.keys() != expected.keys():
            raise ParityError(f"network {name} gives {', '.join(found)} and not {', '.join(expected)}")
        pairs = [
            _compared(f"{name}, {key},", found[key], expected[key], [one[key] for one in noisy]) for key in expected
        ]
        differences, tolerances = zip(*pairs, strict=True)
        return max(differences), max(tolerances)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise ParityError(f"network {name} gives {found.shape} {found.dtype} and not {expected.shape} {expected.dtype}")
    differences = _by_row(found, expected)
    tolerances = np.maximum(TOLERANCE, NOISES * np.max([_by_row(one, expected) for one in noisy], axis=0))
    if not (differences <= tolerances).all():
        row = int(np.argmax(~(differences <= tolerances)))
        allowed = f"{tolerances[row]:.2g} is allowed"
        raise ParityError(f"network {name} differs by {differences[row]:.2g} in row {row} of {len(found)}: {allowed}")
    return float(differences.max()), float(tolerances.max())


def _by_row(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The largest difference in each row, relative to the expected value where that is above 1."""
    found, expected = found.astype(np.float64), expected.astype(np.float64)  # a truth value counts as 0 or 1
    with np.errstate(invalid="ignore"):
        differences = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    differences[found == expected] = 0  # infinite ones may be equal
    return differences.reshape(len(found), -1).max(axis=1, initial=0.0)


class _Jittered:
    """A network whose outputs are changed by up to `most`, in proportion for values above 1."""

    def __init__(self, network: Network, most: float, seed: int):
        self.network, self.inputs, self.most, self.random = network, network.inputs, most, np.random.default_rng(seed)

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        outputs = self.network(inputs)
        if isinstance(outputs, dict):
            return {name: self._moved(output) for name, output in outputs.items()}
        return self._moved(outputs)

    def _moved(self, output: np.ndarray) -> np.ndarray:
        if output.dtype.kind != "f":
            return output
        noise = self.random.uniform(-self.most, self.most, output.shape).astype(output.dtype)
        return output + noise * np.maximum(1, np.abs(output))


def _same(*predictions: dict) -> bool:
    """Whether predictions are equal except for their floats."""
    first, *others = map(_without_numbers, predictions)
    return all(other == first for other in others)


def _without_numbers(prediction):
    """What a prediction decides: everything but its floats."""
    if isinstance(prediction, dict):
        return {name: _without_numbers(value) for name, value in prediction.items()}
    if isinstance(prediction, (list, tuple)):
        return [_without_numbers(value) for value in prediction]
    return None if isinstance(prediction, float) else prediction
