"""Writing a sequence token by token: beam search, and greedy search as its narrowest case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from common.encoding.text import END, PADDING, START

States = Mapping[str, np.ndarray]


def beam_search(
    step: Callable[[np.ndarray, States], tuple[np.ndarray, States]],
    states: States,
    limits: np.ndarray,
    width: int = 1,
    length_penalty: float = 0.0,
) -> tuple[list[list[int]], np.ndarray]:
    """The best sequences that a search finds which follows `width` hypotheses of each at a time.

    A sequence is scored by its log-probability divided by `length ** length_penalty`, its end included: 0 favours short
    sequences, 1 compares by the mean. The search ends when no hypothesis can still become better than the best sequence
    that has ended; to stop after `width` ends would lose a probable long sequence to improbable short ones. Width 1 is
    greedy search, which takes the most probable token each time whatever the penalty.

    Args:
        step: `(token_ids, states) -> (log_probabilities, states)` of the next token. All have `batch * width` rows, of
            which `i * width` to `(i + 1) * width - 1` belong to batch row i all the time.
        states: name -> array `(batch, ...)` from which each row of the batch starts.
        limits: int array `(batch,)`, the most tokens a sequence may have with its end.
        width: hypotheses to follow.
        length_penalty: the exponent, not below 0.

    Returns:
        ids of each sequence, without start and end, and its score, float `(batch,)`.

    Raises:
        ValueError: for a width or limit below 1, or a length_penalty below 0.
    """
    limits = np.asarray(limits)
    if width < 1 or length_penalty < 0 or limits.min() < 1:
        raise ValueError(
            f"width and limits must be 1 or more and length_penalty 0 or more, not {width}, {limits.min()} and "
            f"{length_penalty}"
        )
    if width == 1:
        length_penalty = 0.0  # ends at the first end
    batch = len(limits)
    rows = np.arange(batch)[:, None]
    states = {name: np.repeat(state, width, axis=0) for name, state in states.items()}
    written = np.full((batch, width, 1), START, np.int32)  # (batch, width, timesteps)
    totals = np.full((batch, width), -np.inf)  # log-probability of each hypothesis; -inf where there is none
    totals[:, 0] = 0.0
    best, best_scores = [[] for _ in limits], np.full(batch, -np.inf)

    for length in range(1, limits.max() + 1):
        log_probabilities, states = step(written[:, :, -1].ravel(), states)
        vocab_size = log_probabilities.shape[-1]
        continued = totals[:, :, None] + log_probabilities.reshape(batch, width, vocab_size)
        continued[limits == length, :, :END] = continued[limits == length, :, END + 1 :] = -np.inf
        values, places = _largest(continued.reshape(batch, -1), 2 * width)
        parents, token_ids = places // vocab_size, places % vocab_size

        ended = (token_ids == END) & np.isfinite(values)
        for row, rank in np.argwhere(ended[:, :width]):
            score = values[row, rank] / length**length_penalty
            if score > best_scores[row]:
                best_scores[row] = score
                best[row] = written[row, parents[row, rank], 1:].tolist()

        # Of 2 * width continuations at most width end here, so width of them go on.
        going_on = np.argsort(ended, axis=1, kind="stable")[:, :width]
        totals, parents, token_ids = values[rows, going_on], parents[rows, going_on], token_ids[rows, going_on]
        written = np.concatenate([written[rows, parents], token_ids[:, :, None].astype(np.int32)], axis=2)
        states = {name: np.asarray(state)[(rows * width + parents).ravel()] for name, state in states.items()}

        reachable = totals[:, 0] / limits**length_penalty  # log-probabilities only fall
        totals[reachable <= best_scores] = -np.inf
        if not np.isfinite(totals).any():
            break
    return best, best_scores


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Log-softmax over what may be written: everything but padding, the unknown token and the start.

    Args:
        logits: float array `(..., vocab_size)`.

    Returns:
        float64 array of that shape, -inf for the three.
    """
    logits = np.asarray(logits, np.float64).copy()
    logits[..., :END] = -np.inf
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def with_start(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """The start and the ids of each sequence, padded on the right, int32 `(batch, timesteps)`."""
    target_ids = np.full((len(rows), 1 + max(map(len, rows))), PADDING, np.int32)
    for row, ids in zip(target_ids, rows, strict=True):
        row[: 1 + len(ids)] = [START, *ids]
    return target_ids


def nats(decode: Callable[[dict], dict], memory: States, rows: Sequence[Sequence[int]]) -> list[float]:
    """Minus the log-probability of each sequence and its end, among all tokens.

    Args:
        decode: from `target_ids` `(batch, timesteps)` and the memory to `logits` `(batch, timesteps, vocab_size)`.
        memory: name to array `(batch, ...)`, what the decoder knows of each source.
        rows: ids of each sequence, without start and end.
    """
    logits = np.asarray(decode({"target_ids": with_start(rows), **memory})["logits"], np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return [-float(each[np.arange(len(row) + 1), [*row, END]].sum()) for row, each in zip(rows, log_probs)]


def _largest(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest values of each row, falling, and their places."""
    count = min(count, values.shape[1])
    places = np.argpartition(-values, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(values, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(places, order, axis=1)
