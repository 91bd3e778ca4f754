"""Score a text with a language model that reads it as one stream and carries its states over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from common.prediction.networks import Network

WINDOW = 512  # timesteps per call of the network; their logits over 10,000 words take 20 MB
_ROWS = 32  # timesteps scored at a time, so that their logits stay in the processor's cache


def fresh_states(network: Network, rows: int) -> dict[str, np.ndarray]:
    """State name -> zeros `(rows, units)`, for all inputs of the network except `token_ids`."""
    states = {name: kind for name, kind in network.inputs.items() if name != "token_ids"}
    return {name: np.zeros((rows, *kind.shape[1:]), kind.dtype) for name, kind in states.items()}


def score(network: Network, token_ids: np.ndarray, targets: np.ndarray, top: int = 5) -> tuple[np.ndarray, ...]:
    """Score a text, starting from fresh states.

    Args:
        network: from `token_ids` `(1, timesteps)` and states to `logits` `(1, timesteps, vocab_size)` and, under the
            names of the states, the states after them.
        token_ids, targets: int32 arrays `(timesteps,)`; a target is the token after its token id.

    Returns:
        Three arrays `(timesteps,)`: the log-probability of each target in nats, the most probable token at its
        position, and whether the target was among the `top` most probable tokens (of ties the smaller id comes first).
    """
    logs, guesses, in_top = (np.zeros(len(targets), kind) for kind in (np.float32, int, bool))
    states = fresh_states(network, 1)
    for start in range(0, len(targets), WINDOW):
        # All windows have the same size: a matrix product of another size may round differently, and no score may
        # depend on later text.
        window = np.zeros((1, WINDOW), np.int32)
        real = token_ids[start : start + WINDOW]
        window[0, : len(real)] = real
        outputs = network({"token_ids": window, **states})
        states = {name: outputs[name] for name in states}
        for row in range(0, len(real), _ROWS):
            part = slice(start + row, start + min(row + _ROWS, len(real)))
            logits = outputs["logits"][0, row : row + _ROWS][: len(targets[part])]
            logs[part], guesses[part], in_top[part] = _scored(logits, targets[part], top)
    return logs, guesses, in_top


def score_lines(network: Network, lines: Iterable[tuple[dict, np.ndarray]]) -> Iterator[tuple[np.ndarray, ...]]:
    """The results of `score` for each line of a text; each line continues from the states of the one before.

    Args:
        lines: inputs with `token_ids` and targets of each line, from `Encoder.encode`.
    """
    lines = [(inputs["token_ids"], targets) for inputs, targets in lines]
    if lines:
        token_ids, targets = map(np.concatenate, zip(*lines))
        yield from by_line(score(network, token_ids, targets), [len(targets) for _, targets in lines])


def by_line(scores: Iterable[np.ndarray], lengths: Sequence[int]) -> Iterator[tuple[np.ndarray, ...]]:
    """The arrays of `score` for each line, from those of a whole text whose lines have these numbers of targets."""
    return zip(*(np.split(array, np.cumsum(lengths)[:-1]) for array in scores), strict=True)


def _scored(logits: np.ndarray, targets: np.ndarray, top: int) -> tuple[np.ndarray, ...]:
    """The results of `score` for some timesteps, from their logits `(timesteps, vocab_size)`."""
    own = np.take_along_axis(logits, targets[:, None], axis=1)
    guesses = logits.argmax(axis=1)
    largest = np.take_along_axis(logits, guesses[:, None], axis=1)
    logs = own - largest - np.log(np.exp(logits - largest).sum(axis=1, keepdims=True))
    before = np.count_nonzero(logits > own, axis=1)
    equal = logits == own
    for row in np.flatnonzero(np.count_nonzero(equal, axis=1) > 1):
        before[row] += np.count_nonzero(equal[row, : targets[row]])
    return logs[:, 0], guesses, before < top
