"""Numbers of the documents from language models over the characters of the sentiment sample, by hand in float64.

Rounding differs between machines and a training amplifies the difference, so most numbers have a tolerance.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

import numpy as np

from common.insight import network, reference
from common.insight.network import Network
from common.lessons.documents import Measured, number
from common.task import load_task

ALPHABET = "abcdefghijklmnopqrstuvwxyz .,"
WINDOW, STREAMS, UNITS = 40, 32, 64
LEARNING_RATE = 5e-3
PROMPT, CONTINUATION = 40, 41  # characters
DROPPED, EVERY = 0.3, 20  # fraction dropped; batches between two evaluations of its curves


def measure() -> dict[str, Measured]:
    """All of them by name."""
    return {**_losses(), **_writing(), **_seeds(), **_dropout()}


@functools.cache
def text() -> tuple[str, str]:
    """The reviews of the sentiment sample in lower case, as one text each of train and test."""
    splits = load_task("sentiment").datasets["sample"].load(None)
    return tuple(
        re.sub(f"[^{ALPHABET}]", "", " ".join(review.text for review in part).lower())
        for part in (splits.train, splits.test)
    )


def encoded(characters: str) -> np.ndarray:
    """Their ids, int `(characters,)`."""
    return np.array([ALPHABET.index(character) for character in characters])


def decoded(ids: Iterable[int]) -> str:
    """The characters with these ids."""
    return "".join(ALPHABET[i] for i in ids)


def one_hot(ids) -> np.ndarray:
    """Inputs `(..., characters of the alphabet)`."""
    return np.eye(len(ALPHABET))[ids]


def windows(ids: np.ndarray, count: int, dropout: float = 0.0, seed: int = 0) -> Iterator[tuple]:
    """Batches of windows at random positions.

    Dropout is that of Keras's layers: it zeroes features of the input, the same ones at all steps of a window, and
    scales the others up. With one-hot inputs a feature is a character of the alphabet.

    Args:
        ids: of the text, int `(characters,)`.
        count: number of batches.
        dropout: fraction of the features.
        seed: of the positions and of the features.

    Yields:
        inputs `(STREAMS, WINDOW, features)`, targets `(STREAMS, WINDOW)`, and weights of 1 in the same shape.
    """
    random = np.random.default_rng(seed)
    for _ in range(count):
        starts = random.integers(0, len(ids) - WINDOW - 1, STREAMS)
        rows = ids[starts[:, None] + np.arange(WINDOW + 1)]
        mask = (random.random((STREAMS, 1, len(ALPHABET))) >= dropout) / (1 - dropout)
        yield one_hot(rows[:, :-1]) * mask, rows[:, 1:], np.ones((STREAMS, WINDOW))


@functools.cache
def model(seed: int = 0, batches: int = 500) -> tuple[Network, list[tuple[float, float]]]:
    """A trained GRU that predicts the next character, and its history."""
    one = Network("gru", len(ALPHABET), UNITS, len(ALPHABET), seed)
    return one, network.train(one, windows(encoded(text()[0]), batches, seed=seed), LEARNING_RATE)


def nats(one: Network, ids: np.ndarray) -> float:
    """Mean cross-entropy per character of one text, read in windows with the state carried over."""
    state, total, count = None, 0.0, 0
    for start in range(0, len(ids) - WINDOW - 1, WINDOW):
        outputs, states, _ = one.forward(one_hot(ids[None, start : start + WINDOW]), state)
        loss, _ = reference.cross_entropy(outputs, ids[None, start + 1 : start + WINDOW + 1])
        total, count = total + loss, count + WINDOW
        state = states[-1]
    return total / count


def _losses() -> dict[str, Measured]:
    """The loss before and after training."""
    one, history = model()
    trained = nats(one, encoded(text()[1][:12_000]))
    return {
        "characters": number(len(ALPHABET), 0),
        "uniform_nats": number(float(np.log(len(ALPHABET)))),
        "first_nats": number(history[0][0], 2, 0.05),
        "trained_nats": number(trained, 2, 0.08),
        "character_perplexity": number(float(np.exp(trained)), 2, 0.25),
    }


# -------------------------------------------------------------------------------------------------------- Writing


def continued(one: Network, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The most probable characters after a prompt, with teacher forcing and free-running.

    Args:
        ids: the prompt and its true continuation, `(PROMPT + CONTINUATION,)`.

    Returns:
        The predictions with teacher forcing and free-running, int `(CONTINUATION,)` each, and the logits of the
        free-running network.
    """
    outputs, states, _ = one.forward(one_hot(ids[None, :-1]))
    state, written, logits = states[PROMPT - 2], [], []
    token = ids[PROMPT - 1]
    for _ in range(CONTINUATION):
        output, after, _ = one.forward(one_hot([[token]]), state)
        state, token = after[-1], output[0, 0].argmax()
        written.append(token)
        logits.append(output[0, 0])
    return outputs[0, PROMPT - 1 :].argmax(axis=-1), np.array(written), np.array(logits)


def _writing() -> dict[str, Measured]:
    """Teacher forcing against free-running: over 50 passages, and the loss and text of one."""
    one, ids = model()[0], encoded(text()[1])
    passages = [ids[start : start + PROMPT + CONTINUATION] for start in range(0, 4000, 80)]
    predicted = [continued(one, passage) for passage in passages]
    right = [passage[PROMPT:] for passage in passages]
    forced = np.mean([written == truth for (written, _, _), truth in zip(predicted, right)])
    free = np.mean([written == truth for (_, written, _), truth in zip(predicted, right)])
    shown, (_, written, logits) = passages[0], predicted[0]
    outputs, *_ = one.forward(one_hot(shown[None, :-1]))
    forced_loss, _ = reference.cross_entropy(outputs[0, PROMPT - 1 :], shown[PROMPT:])
    free_loss, _ = reference.cross_entropy(logits, shown[PROMPT:])
    return {
        "forced_right": number(100 * float(forced), 0, 5),
        "free_right": number(100 * float(free), 0, 8),
        "shown_prompt": Measured(decoded(shown[:PROMPT]).strip()),
        "shown_truth": Measured(decoded(shown[PROMPT:]).strip()),
        "shown_free": Measured(decoded(written).strip()),
        "shown_forced_nats": number(forced_loss / CONTINUATION, 2, 0.1),
        "shown_free_nats": number(free_loss / CONTINUATION, 2, 1.0),
    }


# ------------------------------------------------------------------------------------------- Seeds and dropout


def _seeds() -> dict[str, Measured]:
    """The spread over three seeds."""
    ids = encoded(text()[1][:6000])
    losses = [nats(model(seed, 120)[0], ids) for seed in range(3)]
    return {"seed_lowest": number(min(losses), 3, 0.05), "seed_highest": number(max(losses), 3, 0.05)}


class StateDropout(Network):
    """A network that multiplies the state by a mask where it enters the recurrent kernel.

    Attributes:
        mask: `(units, 1)`, or 1.0 for none.
    """

    mask = 1.0

    @property
    def recurrent(self) -> list[np.ndarray]:
        U, W, b = super().recurrent  # noqa: N806
        return [U, W * self.mask, b]

    def backward(self, inputs, states, kept, d_outputs):
        gradients, d_inputs = super().backward(inputs, states, kept, d_outputs)
        return {**gradients, "W": gradients["W"] * self.mask}, d_inputs


@functools.cache
def dropout_curves() -> dict[str, tuple[StateDropout, list[float]]]:
    """Dropout of "none", "input" or "state" -> a model trained with it on a short text, and its test losses."""
    short, (test, targets, _) = encoded(text()[0][:3000]), next(windows(encoded(text()[1]), 1, seed=2))
    curves = {}
    for kind in ("none", "input", "state"):
        one, losses = StateDropout("gru", len(ALPHABET), UNITS, len(ALPHABET)), []

        def batches(one=one, losses=losses, kind=kind) -> Iterator[tuple]:
            random = np.random.default_rng(0)
            for count, batch in enumerate(windows(short, 400, dropout=DROPPED if kind == "input" else 0.0)):
                one.mask = 1.0
                if count % EVERY == 0:
                    losses.append(reference.cross_entropy(one.forward(test)[0], targets)[0] / targets.size)
                if kind == "state":  # the same mask at all steps of a batch (Gal and Ghahramani 2016)
                    one.mask = (random.random((UNITS, 1)) >= DROPPED) / (1 - DROPPED)
                yield batch
            one.mask = 1.0

        network.train(one, batches(), LEARNING_RATE)
        curves[kind] = one, losses
    return curves


def _dropout() -> dict[str, Measured]:
    """The test loss after training on a short text with dropout of inputs or of the state."""
    test = encoded(text()[1][:6000])
    return {f"dropout_{kind}": number(nats(one, test), 2, 0.2) for kind, (one, _) in dropout_curves().items()}
