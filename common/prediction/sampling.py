"""Sample tokens from a model's logits, and generate continuations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from common.errors import UserError


def probabilities(logits: np.ndarray, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> np.ndarray:
    """The distribution to sample from.

    Args:
        logits: float array `(vocab_size,)`; -inf excludes a token.
        temperature: divides the logits: below 1 the distribution is sharper, above 1 flatter; 0 keeps only the
            likeliest token.
        top_k: keep only the k likeliest tokens; 0 keeps all.
        top_p: keep only the likeliest tokens that together reach this probability (Holtzman et al. 2020,
            https://arxiv.org/abs/1904.09751); 1 keeps all. Applied after temperature and top_k.

    Returns:
        float64 array `(vocab_size,)` that sums to 1. Of ties the first tokens are kept.

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
    with np.errstate(over="ignore"):  # a temperature close to 0 gives -inf, which is correct
        unnormalised = np.exp((logits - logits.max()) / temperature)
    order = np.argsort(-unnormalised, kind="stable")
    if top_k:
        unnormalised[order[top_k:]] = 0
    if top_p < 1:
        shares = unnormalised[order] / unnormalised.sum()
        without = np.cumsum(shares) - shares  # for each token, the total probability of the likelier ones
        unnormalised[order[without >= top_p]] = 0
    return unnormalised / unnormalised.sum()


def sample(
    logits: np.ndarray, random: np.random.Generator, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> int:
    """One token id drawn from `probabilities`; uses exactly one number of `random` for any settings."""
    reached = np.cumsum(probabilities(logits, temperature, top_k, top_p))
    return int(np.searchsorted(reached, random.random() * reached[-1], side="right"))


def by_settings(config) -> Callable[[np.ndarray], int]:
    """A function that draws a token id from logits as `sample` does, with the settings of a run.

    Args:
        config: has `seed`, from which the random numbers come, `temperature`, `top_k` and `top_p`.
    """
    random = np.random.default_rng(config.seed)
    return lambda logits: sample(logits, random, config.temperature, config.top_k, config.top_p)


def sample_rows(logits: np.ndarray, randoms: Sequence[np.random.Generator], temperatures: np.ndarray) -> np.ndarray:
    """What `sample` draws from each row at its temperature, all rows in one computation.

    Args:
        logits: float array `(rows, vocab_size)`; -inf excludes a token.
        randoms: the random generator of each row, which gives one number.
        temperatures: float array `(rows,)`, above 0.

    Returns:
        int array `(rows,)`.
    """
    logits = np.asarray(logits, np.float64)
    unnormalised = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperatures[:, None])
    reached = np.cumsum(unnormalised / unnormalised.sum(axis=1, keepdims=True), axis=1)
    drawn = np.array([random.random() for random in randoms]) * reached[:, -1]
    return (reached <= drawn[:, None]).sum(axis=1)


def continuation(
    step: Callable[[dict], dict],
    token_ids: np.ndarray,
    states: dict[str, np.ndarray],
    draw: Callable[[np.ndarray], int],
    never: Sequence[int] = (),
) -> Iterator[tuple[int, np.ndarray]]:
    """Draw tokens one by one, each given all before it, without end.

    Args:
        step: a model at inference: from `token_ids` `(1, timesteps)` and states to `logits`
            `(1, timesteps, vocab_size)` and, under the same names, the states after them.
        token_ids: int array `(timesteps,)` to continue, at least one.
        states: state name -> array `(1, units)` before the first of them.
        draw: `logits -> token id`, such as that of `by_settings`.
        never: ids that are never drawn.

    Yields:
        the token drawn, and the model's probabilities `(vocab_size,)`, renormalised without those of `never`.
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
    draw: Callable[[np.ndarray], np.ndarray],
    count: int,
    never: Sequence[int] = (),
) -> np.ndarray:
    """Draw the continuations of several texts in parallel, token by token.

    Args:
        step: as for `continuation`, over several rows.
        states: state name -> array `(rows, units)` before the first token.
        token_ids: int array `(rows, timesteps)` to continue, at least one each.
        draw: `logits (rows, vocab_size) -> token ids (rows,)`, such as `sample_rows` with its settings.
        count: number of tokens to draw.
        never: ids that are never drawn.

    Returns:
        int array `(rows, count)`.
    """
    drawn = np.zeros((len(token_ids), count), np.int32)
    for place in range(count):
        outputs = step({"token_ids": np.asarray(token_ids, np.int32), **states})
        states = {name: outputs[name] for name in states}
        logits = outputs["logits"][:, -1].astype(np.float64)
        logits[:, list(never)] = -np.inf
        drawn[:, place] = draw(logits)
        token_ids = drawn[:, place : place + 1]
    return drawn


def at_temperatures(
    write: Callable[[np.ndarray, Callable, int], np.ndarray],
    prompts: np.ndarray,
    temperatures: Sequence[float],
    count: int,
    seed: int,
) -> np.ndarray:
    """Continuations of several texts at several temperatures; each row has its own random generator.

    Args:
        write: `(token_ids, draw, count) -> ids`, such as `continuations`.
        prompts: int array `(texts, timesteps)`.
        temperatures: above 0.

    Returns:
        int array `(texts, temperatures, count)`.
    """
    randoms = [np.random.default_rng([seed, number]) for number in range(len(prompts)) for _ in temperatures]
    of_rows = np.tile(np.asarray(temperatures, np.float64), len(prompts))
    rows = np.repeat(prompts, len(temperatures), axis=0)
    written = write(rows, lambda logits: sample_rows(logits, randoms, of_rows), count)
    return written.reshape(len(prompts), len(temperatures), count)


def describe(token: int, probabilities: np.ndarray, names: Sequence[str], alternatives: int = 5) -> dict:
    """A drawn token in readable form: `{"word", "probability", "alternatives": {word: probability}}`, best first."""
    likeliest = np.argsort(-probabilities, kind="stable")[:alternatives]
    return {
        "word": names[token],
        "probability": float(probabilities[token]),
        "alternatives": {names[other]: float(probabilities[other]) for other in likeliest},
    }
