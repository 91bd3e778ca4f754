"""Numbers of the documents that come from short trainings, all of them with the network by hand, in float64.

Two machines add up in another order, so that a training of some hundred steps ends elsewhere: each number has a
tolerance.
"""

from __future__ import annotations

import functools
import re

import numpy as np

from common.insight import gradients, lesson, reference
from common.insight.probes import PROBES
from common.lessons import network
from common.lessons.documents import Measured, number
from common.lessons.network import Network
from common.task import load_task

WINDOW, STREAMS, CHARACTER_UNITS = 40, 32, 64
SIZES = (4, 16, 64, 256)
LENGTH = 50  # of the order probe for gradients


def measure() -> dict[str, Measured]:
    """All of them by name."""
    parts = (_characters, _seeds, _sizes, _clipping, _memory, _causes, _forecasts, _rare, _unmasked, _dropout)
    return {name: value for part in parts for name, value in part().items()}


# ------------------------------------------------------------------------------------------------ Next characters


@functools.cache
def text() -> tuple[str, str]:
    """The reviews of the sentiment sample in small letters: of train and of test."""
    splits = load_task("sentiment").datasets["sample"].load(None)
    return tuple(
        re.sub("[^a-z .,]", "", " ".join(r.text for r in part).lower()) for part in (splits.train, splits.test)
    )


LETTERS = "abcdefghijklmnopqrstuvwxyz .,"


def encoded(characters: str) -> np.ndarray:
    return np.array([LETTERS.index(character) for character in characters])


def windows(ids: np.ndarray, count: int, hidden: float = 0.0, seed: int = 0):
    """Batches of windows from random places; a share `hidden` of the inputs is zeros."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        starts = random.integers(0, len(ids) - WINDOW - 1, STREAMS)
        rows = ids[starts[:, None] + np.arange(WINDOW + 1)]
        inputs = np.eye(len(LETTERS))[rows[:, :-1]] * (random.random((STREAMS, WINDOW, 1)) >= hidden)
        yield inputs, rows[:, 1:], np.ones((STREAMS, WINDOW))


@functools.cache
def character_model(seed: int = 0, steps: int = 500, cell: str = "gru"):
    """A network that says the next character, trained, and its history."""
    one = Network(cell, len(LETTERS), CHARACTER_UNITS, len(LETTERS), seed)
    return one, network.train(one, windows(encoded(text()[0]), steps, seed=seed), rate=5e-3)


def nats(one: Network, ids: np.ndarray, carry: bool) -> float:
    """Cross-entropy a character over one text, read in windows; the state is carried on, or zeros at each."""
    state, total, count = None, 0.0, 0
    for start in range(0, len(ids) - WINDOW - 1, WINDOW):
        inputs = np.eye(len(LETTERS))[None, ids[start : start + WINDOW]]
        outputs, states, _ = one.read(inputs, state)
        loss, _ = reference.cross_entropy(outputs, ids[None, start + 1 : start + WINDOW + 1])
        total, count = total + loss, count + WINDOW
        state = states[-1] if carry else None
    return total / count


def _characters() -> dict[str, Measured]:
    """Cross-entropy over time, carried state, teacher forcing, one step at a time."""
    one, history = character_model()
    ids = encoded(text()[1][:12_000])
    free, forced, starts = [], [], range(0, 4000, 80)
    for start in starts:
        truth = ids[start : start + 81]
        outputs, states, _ = one.read(np.eye(len(LETTERS))[None, truth[:-1]])
        forced.append(outputs[0, 39:].argmax(axis=-1) == truth[40:])
        state, last, said = states[38], truth[39], []
        for _ in range(41):
            outputs, after, _ = one.read(np.eye(len(LETTERS))[None, [last]], state)
            state, last = after[-1], outputs[0, 0].argmax()
            said.append(last)
        free.append(np.array(said) == truth[40:])
    inputs = np.eye(len(LETTERS))[None, ids[:60]]
    whole, states = one.read(inputs)[0], None
    steps = []
    for t in range(60):
        outputs, after, _ = one.read(inputs[:, t : t + 1], states)
        states = after[-1]
        steps.append(outputs[0, 0])
    carried = nats(one, ids, carry=True)
    return {
        "characters": number(len(LETTERS), 0),
        "uniform_nats": number(float(np.log(len(LETTERS)))),
        "first_nats": number(history[0][0], 2, 0.05),
        "trained_nats": number(carried, 2, 0.08),
        "perplexity_carried": number(float(np.exp(carried)), 2, 0.25),
        "perplexity_reset": number(float(np.exp(nats(one, ids, carry=False))), 2, 0.25),
        "forced_right": number(100 * float(np.mean(forced)), 0, 5),
        "free_right": number(100 * float(np.mean(free)), 0, 8),
        "stepwise_difference": number(float(np.abs(whole[0] - np.array(steps)).max()), 10, 1e-9),
    }


def _seeds() -> dict[str, Measured]:
    """Three seeds, and one of them twice."""
    ids = encoded(text()[1][:6000])
    ends = [nats(character_model(seed, 120)[0], ids, carry=True) for seed in range(3)]
    again = character_model.__wrapped__(0, 120)[0]
    same = max(np.abs(again.weights[n] - character_model(0, 120)[0].weights[n]).max() for n in again.weights)
    return {
        "seed_lowest": number(min(ends), 3, 0.05),
        "seed_highest": number(max(ends), 3, 0.05),
        "same_seed_difference": number(float(same), 1),
    }


def _dropout() -> dict[str, Measured]:
    """Loss on test after training on a short text, where a share of inputs or of the state is hidden."""
    found, short, test = {}, encoded(text()[0][:3000]), encoded(text()[1][:6000])
    for kind in ("none", "input", "state"):
        one = Network("gru", len(LETTERS), CHARACTER_UNITS, len(LETTERS))
        if kind == "state":
            _train_with_hidden_state(one, windows(short, 400), 0.3)
        else:
            network.train(one, windows(short, 400, hidden=0.3 if kind == "input" else 0.0), rate=5e-3)
        found[f"dropout_{kind}"] = number(nats(one, test, carry=True), 2, 0.2)
    return found


def _train_with_hidden_state(one: Network, batches, share: float) -> None:
    """Hide units of the state where they enter W, the same ones at all steps of a batch (Gal and Ghahramani 2016)."""
    adam, random = lesson.Adam(one.weights), np.random.default_rng(0)
    for inputs, targets, weights in batches:
        mask = (random.random(len(one.weights["W"])) >= share)[:, None] / (1 - share)
        whole = one.weights["W"].copy()
        one.weights["W"] *= mask
        outputs, states, kept = one.read(inputs)
        _, d_outputs = reference.cross_entropy(outputs, targets, weights)
        found = one.gradient(inputs, states, kept, d_outputs / weights.sum())
        found["W"] *= mask
        one.weights["W"][...] = whole
        adam.step(lesson.clipped(found)[0], 5e-3)


# ---------------------------------------------------------------------------------------------- Probes of memory


def accuracy(one: Network, length: int, rows: int = 500, more: int = 0, masked: bool = True) -> float:
    """Share of right pairs in the order probe; `more` zeros follow each sequence, and are read unless masked."""
    inputs, targets = PROBES["order"].make(np.random.default_rng(99), rows, length, held_out=True)
    inputs = np.pad(inputs.astype(float), ((0, 0), (0, more), (0, 0)))
    outputs, *_ = one.read(inputs)
    return float(np.mean(outputs[:, length - 1 if masked else -1].argmax(axis=-1) == targets))


@functools.cache
def order_model(cell: str, length: int, units: int, steps: int, seed: int = 0, rate: float = 1e-2) -> Network:
    one = Network(cell, 6, units, 4, seed)
    network.train(one, network.of_probe(PROBES["order"], 32, length, steps, seed), rate)
    return one


def _sizes() -> dict[str, Measured]:
    """Accuracy of GRUs of several sizes in the order probe over 20 steps, mean of three seeds."""
    found = {}
    for units in SIZES:
        scores = [accuracy(order_model("gru", 20, units, 150, seed), 20) for seed in range(3)]
        found[f"units_{units}"] = number(100 * float(np.mean(scores)), 0, 8)
    return found


def clipping_history(limit: float) -> list[tuple[float, float]]:
    """Loss and norm in each step of a SimpleRNN whose kernel begins 1.5 times orthogonal."""
    one = Network("simple_rnn", 6, 32, 4, gain=1.5)
    batches = network.of_probe(PROBES["order"], 32, LENGTH, 150)
    return network.train(one, batches, rate=0.5, limit=limit, plain=True)


def _clipping() -> dict[str, Measured]:
    """Plain gradient descent from a kernel that explodes, with and without clipping."""
    found = {}
    for name, limit in (("unclipped", np.inf), ("clipped", 1.0)):
        losses, norms = zip(*clipping_history(limit))
        found[f"loss_{name}"] = Measured(f"{np.mean(losses[-20:]):.2g}", tolerance=0.6 * float(np.mean(losses[-20:])))
        if limit == np.inf:
            found["norm_unclipped"] = number(max(norms), 0, tolerance=2 * float(max(norms)))
    return found


def trained_norms(cell: str) -> np.ndarray:
    """The norms of errors by distance in a cell trained on the order probe, `(directions, distances)`."""
    one = order_model(cell, LENGTH, 32, 300)
    inputs, _ = PROBES["order"].make(np.random.default_rng(5), 1, LENGTH, held_out=True)
    return gradients.norms_by_distance(cell, one.read(inputs.astype(float))[2], one.recurrent)


def _memory() -> dict[str, Measured]:
    """Three cells after the same training on the order probe: accuracy, and the error 40 steps before the end."""
    found = {}
    for cell in reference.CELLS:
        found[f"order_{cell}"] = number(100 * accuracy(order_model(cell, LENGTH, 32, 300), LENGTH), 0, 15)
        median = float(np.median(trained_norms(cell)[:, 40]))
        found[f"trained_{cell}_40"] = Measured(f"{median:.1g}", tolerance=20 * median)
    return found


def _unmasked() -> dict[str, Measured]:
    """The same sequences with padding behind them, read at their end or at the end of the padding."""
    one = order_model("gru", 20, 16, 300)
    found = {f"masked_{more}": number(100 * accuracy(one, 20, more=more), 0, 5) for more in (0, 5, 50)}
    unmasked = {f"unmasked_{n}": number(100 * accuracy(one, 20, more=n, masked=False), 0, 15) for n in (5, 50)}
    return {**found, **unmasked}


def _causes() -> dict[str, Measured]:
    """The share of the most frequent answer in the order probe over 10 steps, where something is wrong."""

    def share(one: Network, change=lambda inputs: inputs) -> Measured:
        inputs, _ = PROBES["order"].make(np.random.default_rng(9), 500, 10, held_out=True)
        outputs, *_ = one.read(change(inputs.astype(float)))
        return number(100 * np.bincount(outputs[:, -1].argmax(axis=-1)).max() / 500, 0, 12)

    good = order_model("gru", 10, 16, 200)
    rare = Network("gru", 6, 16, 4)
    random = np.random.default_rng(1)
    batches = network.of_probe(PROBES["order"], 32, 10, 40)
    mostly = ((x, np.where(random.random((len(y), 1)) < 0.98, 0, y), w) for x, y, w in batches)
    network.train(rare, mostly, 1e-2)
    return {
        "same_good": share(good),
        "same_unknown": share(good, np.zeros_like),
        "same_rate": share(order_model("gru", 10, 16, 200, rate=3.0)),
        "same_unequal": share(rare),
        "same_untrained": share(order_model("gru", 10, 16, 2)),
    }


# ------------------------------------------------------------------------------------------------------- Numbers


def forecast_history(kind: str, ahead: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """A noisy sine, or noise that keeps half of its last value, and what a GRU forecasts that reads its own answers."""
    random, steps = np.random.default_rng(0), 3000
    series = np.sin(2 * np.pi * np.arange(steps) / 25) + 0.1 * random.normal(size=steps)
    if kind == "noise":
        series = random.normal(size=steps)
        for t in range(1, steps):
            series[t] += 0.5 * series[t - 1]
    one = Network("gru", 1, 8, 1)

    def batches():
        for _ in range(200):
            rows = series[random.integers(0, steps - 51, 32)[:, None] + np.arange(51)]
            yield rows[:, :-1, None], rows[:, 1:], np.ones((32, 50))

    network.train(one, batches(), 1e-2, loss=network.squares)
    outputs, states, _ = one.read(series[None, -100:, None])
    state, value, said = states[-1], outputs[0, -1, 0], []
    for _ in range(ahead):
        said.append(value)
        outputs, after, _ = one.read(np.array([[[value]]]), state)
        state, value = after[-1], outputs[0, 0, 0]
    return series, np.array(said)


def _forecasts() -> dict[str, Measured]:
    """How much a forecast of 200 steps still moves at its end, beside the series itself."""
    found = {}
    for kind in ("sine", "noise"):
        series, said = forecast_history(kind)
        found[f"moves_{kind}"] = number(float(said[-50:].std() / series.std()), 2, 0.25 if kind == "sine" else 0.05)
    return found


def _rare() -> dict[str, Measured]:
    """F1 of a tag that 40 of 100 places of one kind bear, with the tag's steps counted once and three times."""
    found = {}
    for name, weight in (("plain", 1.0), ("weighted", 3.0)):
        random, one = np.random.default_rng(0), Network("gru", 6, 16, 2)

        def batch(random, rows=32):
            read = random.integers(0, 6, (rows, 20))
            due = np.zeros(read.shape, bool)
            due[:, 1:] = (read[:, 1:] == 4) & (read[:, :-1] == 5)
            tags = (due & (random.random(read.shape) < 0.4)).astype(int)
            return np.eye(6)[read], tags, np.where(tags == 1, weight, 1.0)  # noqa: B023 - used in this round alone

        network.train(one, (batch(random) for _ in range(200)), 1e-2)
        inputs, tags, _ = batch(np.random.default_rng(7), 500)
        said = one.read(inputs)[0].argmax(axis=-1)
        right, total = ((said == 1) & (tags == 1)).sum(), (said == 1).sum() + (tags == 1).sum()
        found[f"rare_{name}"] = number(2 * right / total, 2, 0.05)
    found["rare_share"] = number(100 * float(np.mean(tags)), 1, 0.3)
    return found
