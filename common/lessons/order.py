"""Numbers of the documents from short trainings on memory probes, by hand in float64.

Rounding differs between machines and a training amplifies the difference, so each number has a tolerance.
"""

from __future__ import annotations

import functools

import numpy as np

from common.insight import gradients, network, probes, reference
from common.insight.network import Network
from common.lessons.documents import Measured, number

ADDING, ORDER = probes.PROBES["adding"], probes.PROBES["order"]
LENGTH, BATCH = 50, 32
SIZES = (4, 16, 64, 256)
EXPLODING_GAIN, VANISHING_GAIN = 1.5, 0.9
DISTANCE = 40  # steps before the last, at which gradients are given


def measure() -> dict[str, Measured]:
    """All of them by name."""
    return {**_sizes(), **_clipping(), **_memory(), **_causes(), **_unmasked()}


@functools.cache
def model(cell: str, length: int, units: int, batches: int, seed: int = 0, learning_rate: float = 1e-2) -> Network:
    """A network trained on the order probe."""
    one = Network(cell, ORDER.features, units, ORDER.outputs, seed)
    network.train(one, probes.batches(ORDER, BATCH, length, batches, seed), learning_rate)
    return one


def accuracy(one: Network, length: int, padding: int = 0, masked: bool = True) -> float:
    """Accuracy on 500 test sequences with so many steps of zeros behind them, which are read unless masked."""
    inputs, targets = ORDER.make(np.random.default_rng(99), 500, length, held_out=True)
    inputs = np.pad(inputs.astype(float), ((0, 0), (0, padding), (0, 0)))
    outputs, *_ = one.forward(inputs)
    return float(np.mean(outputs[:, length - 1 if masked else -1].argmax(axis=-1) == targets))


def _sizes() -> dict[str, Measured]:
    """Accuracy of GRUs of several sizes over 20 steps, mean of three seeds."""
    return {
        f"units_{units}": number(
            100 * float(np.mean([accuracy(model("gru", 20, units, 150, seed), 20) for seed in range(3)])), 0, 8
        )
        for units in SIZES
    }


@functools.cache
def descent(clip_norm: float, gain: float) -> tuple[Network, np.ndarray]:
    """A SimpleRNN trained by plain gradient descent on the adding probe.

    Args:
        clip_norm: the norm to which gradients are clipped.
        gain: the recurrent kernel is initialised to `gain` times an orthogonal matrix.

    Returns:
        The network, and for each batch the loss and the norm of the gradient before clipping, `(batches, 2)`.
    """
    one = Network("simple_rnn", ADDING.features, 32, ADDING.outputs, gain=gain)
    batches = probes.batches(ADDING, BATCH, LENGTH, 300)
    with np.errstate(over="ignore", invalid="ignore"):  # without clipping it overflows: that is the point
        history = network.train(one, batches, 0.1, network.squared_error, clip_norm, network.GradientDescent)
    return one, np.array(history)


def _clipping() -> dict[str, Measured]:
    """A loss that becomes NaN without clipping; with clipping, an exploding and a vanishing gradient."""
    losses, norms = descent(np.inf, EXPLODING_GAIN)[1].T
    clipped, _ = descent(1.0, EXPLODING_GAIN)[1].T
    small, small_history = descent(1.0, VANISHING_GAIN)
    in_float32 = np.argmax(~(losses <= np.finfo(np.float32).max))
    return {
        "first_norm": number(norms[0], 0, 1),
        "float32_batch": number(in_float32 + 1, 0, 20),
        "nan_batch": number(np.argmax(np.isnan(losses)) + 1, 0, 100),
        "clipped_loss": number(float(clipped[-20:].mean()), 2, 0.1),
        "small_gain_loss": number(float(small_history[-20:, 0].mean()), 2, 0.02),
        "small_gain_40": _distant(norms_by_distance(small, ADDING)),
        "adding_memoryless": number(ADDING.memoryless(LENGTH) ** 2, 2),
    }


def trained(cell: str, seed: int = 0) -> Network:
    """A cell trained on the order probe.

    With a learning rate of 0.01 the training of the SimpleRNN is chaotic: a change of its initial weights by 1e-14
    changes its gradient 40 steps back by a factor of 1e8. With 0.003, a change by 1e-12 changes it by less than 1 %.
    """
    return model(cell, LENGTH, 32, 300, seed, learning_rate=3e-3)


def norms_by_distance(one: Network, probe: probes.Probe) -> np.ndarray:
    """Norms of the gradient by distance on a test sequence of a probe, `(directions, distances)`."""
    inputs, _ = probe.make(np.random.default_rng(5), 1, LENGTH, held_out=True)
    return gradients.norms_by_distance(one.cell, one.forward(inputs.astype(float))[2], one.recurrent)


def _distant(norms: np.ndarray) -> Measured:
    """The median norm 40 steps before the last."""
    median = float(np.median(norms[:, DISTANCE]))
    return Measured(f"{median:.2g}", tolerance=0.5 * median)


def _memory() -> dict[str, Measured]:
    """The three cells after the same training, and the SimpleRNN with another seed: accuracy, and distant gradient."""
    networks = {cell: trained(cell) for cell in reference.CELLS}
    networks["simple_rnn_seed_1"] = trained("simple_rnn", seed=1)
    measured = {}
    for name, one in networks.items():
        measured[f"order_{name}"] = number(100 * accuracy(one, LENGTH), 0, 15)
        measured[f"trained_{name}_40"] = _distant(norms_by_distance(one, ORDER))
    return measured


def _unmasked() -> dict[str, Measured]:
    """Accuracy with padding behind the sequences, read at the last real step or at the end of the padding."""
    one = model("gru", 20, 16, 300)
    masked = {f"masked_{padding}": number(100 * accuracy(one, 20, padding), 0, 5) for padding in (0, 5, 50)}
    unmasked = {f"unmasked_{n}": number(100 * accuracy(one, 20, n, masked=False), 0, 15) for n in (5, 50)}
    return {**masked, **unmasked}


def _causes() -> dict[str, Measured]:
    """The fraction of the most frequent prediction over 10 steps, for models with different faults."""

    def percent(one: Network, change=lambda inputs: inputs) -> float:
        inputs, _ = ORDER.make(np.random.default_rng(9), 500, 10, held_out=True)
        outputs, *_ = one.forward(change(inputs.astype(float)))
        return float(100 * np.bincount(outputs[:, -1].argmax(axis=-1)).max() / 500)

    def share(*given) -> Measured:
        return number(percent(*given), 0, 12)

    # Such trainings are chaotic: rounding, which differs between processors, decides about one of them.
    fast = [percent(model("gru", 10, 16, 200, learning_rate=rate)) for rate in np.linspace(2.9, 3.1, 9)]
    good = model("gru", 10, 16, 200)
    imbalanced, random = Network("gru", ORDER.features, 16, ORDER.outputs), np.random.default_rng(1)
    batches = probes.batches(ORDER, BATCH, 10, 40)
    mostly = ((x, np.where(random.random((len(y), 1)) < 0.98, 0, y), w) for x, y, w in batches)
    network.train(imbalanced, mostly, 1e-2)
    return {
        "same_good": share(good),
        "same_unknown": share(good, np.zeros_like),
        "same_rate": number(float(np.mean(fast)), 0, 20),
        "same_unequal": share(imbalanced),
        "same_untrained": share(model("gru", 10, 16, 2)),
    }
