"""Drawing the next token from a model's logits, and going on from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from common.errors import UserError


def probabilities(logits: np.ndarray, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> np.ndarray:
    """The distribution to draw from.

    Args:
        logits: float array `(vocab_size,)`; -inf rules a token out.
        temperature: logits are divided by it: below 1 is bolder, above 1 more various; 0 leaves the likeliest alone.
        top_k: only the k likeliest stay; 0 for all.
        top_p: only the likeliest stay that together reach this probability (Holtzman et al. 2020,
            https://arxiv.org/abs/1904.09751); 1 for all. It counts after temperature and top_k.

    Returns:
        float64 array `(vocab_size,)` that sums to 1. Of equally likely tokens the first are kept.

    Raises:
        UserError: if a setting is out of range.
    """
    if temperature < 0:
        raise UserError(f"temperature must be 0 or more, not {temperature}")
    if top_k < 0:
        raise UserError(f"top_k must be 0 or more, not {top_k}")
    if not 0 < top_p <= 1:
        raise UserError(f"top_p must be above 0 and at most 1, not {top_p}")
    logits = np.asarray(logits, np.float64)
    if temperature == 0:
        return np.eye(1, len(logits), logits.argmax())[0]
    with np.errstate(over="ignore"):  # a temperature next to 0 leaves -inf, which is right
        unnormalised = np.exp((logits - logits.max()) / temperature)
    order = np.argsort(-unnormalised, kind="stable")
    if top_k:
        unnormalised[order[top_k:]] = 0
    if top_p < 1:
        shares = unnormalised[order] / unnormalised.sum()
        without = np.cumsum(shares) - shares  # of each: what the likelier ones reach without it
        unnormalised[order[without >= top_p]] = 0
    return unnormalised / unnormalised.sum()


def sample(
    logits: np.ndarray, random: np.random.Generator, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> int:
    """One token id, drawn from `probabilities`; one number is taken from `random` whatever the settings."""
    reached = np.cumsum(probabilities(logits, temperature, top_k, top_p))
    return int(np.searchsorted(reached, random.random() * reached[-1], side="right"))


def continuation(
    step: Callable[[dict], dict],
    token_ids: np.ndarray,
    states: dict[str, np.ndarray],
    draw: Callable[[np.ndarray], int],
    never: Sequence[int] = (),
) -> Iterator[tuple[int, np.ndarray]]:
    """Draw token after token, each given all before it; without end.

    Args:
        step: a model at rest: from `token_ids` `(1, timesteps)` and states to `logits` `(1, timesteps, vocab_size)`
            and, under the same names, the states after them.
        token_ids: int array `(timesteps,)` to go on from, at least one.
        states: state name to array `(1, units)` before the first of them.
        draw: `logits -> token id`, such as `sample` with its settings.
        never: ids that are never drawn.

    Yields:
        the token drawn, and the probabilities `(vocab_size,)` that the model gave to all, those of `never` set to 0.
    """
    while True:
        outputs = step({"token_ids": np.asarray(token_ids, np.int32)[None], **states})
        states = {name: outputs[name] for name in states}
        logits = outputs["logits"][0, -1].astype(np.float64)
        logits[list(never)] = -np.inf
        token = draw(logits)
        yield token, probabilities(logits)
        token_ids = [token]


def continuations(
    step: Callable[[dict], dict],
    states: dict[str, np.ndarray],
    token_ids: np.ndarray,
    draws: Sequence[Callable[[np.ndarray], int]],
    count: int,
    never: Sequence[int] = (),
) -> np.ndarray:
    """Several texts side by side, drawn token after token, each given all before it.

    Args:
        step: as for `continuation`, over several rows.
        states: state name to array `(rows, units)` before the first token.
        token_ids: int array `(rows, timesteps)` to go on from, at least one each.
        draws: of each row, `logits -> token id`, such as `sample` with its settings and a random generator of its own.
        count: tokens to draw.
        never: ids that are never drawn.

    Returns:
        int array `(rows, count)`.
    """
    drawn = np.zeros((len(draws), count), np.int32)
    for place in range(count):
        outputs = step({"token_ids": np.asarray(token_ids, np.int32), **states})
        states = {name: outputs[name] for name in states}
        logits = outputs["logits"][:, -1].astype(np.float64)
        logits[:, list(never)] = -np.inf
        drawn[:, place] = [draw(row) for draw, row in zip(draws, logits, strict=True)]
        token_ids = drawn[:, place : place + 1]
    return drawn


def at_temperatures(
    write: Callable[[np.ndarray, Sequence, int], np.ndarray],
    beginnings: np.ndarray,
    temperatures: Sequence[float],
    count: int,
    seed: int,
) -> np.ndarray:
    """How several texts go on at several temperatures; each row draws with a random generator of its own.

    Args:
        write: `(token_ids, draws, count) -> ids`, as `continuations` does.
        beginnings: int array `(texts, timesteps)`.

    Returns:
        int array `(texts, temperatures, count)`.
    """

    def draw(number: int, temperature: float) -> Callable[[np.ndarray], int]:
        random = np.random.default_rng([seed, number])
        return lambda logits: sample(logits, random, temperature)

    draws = [draw(number, temperature) for number in range(len(beginnings)) for temperature in temperatures]
    written = write(np.repeat(beginnings, len(temperatures), axis=0), draws, count)
    return written.reshape(len(beginnings), len(temperatures), count)


def describe(token: int, probabilities: np.ndarray, names: Sequence[str], alternatives: int = 5) -> dict:
    """A drawn token for a reader: `{"word", "probability", "alternatives": {word: probability}}`, likeliest first."""
    likeliest = np.argsort(-probabilities, kind="stable")[:alternatives]
    return {
        "word": names[token],
        "probability": float(probabilities[token]),
        "alternatives": {names[other]: float(probabilities[other]) for other in likeliest},
    }
