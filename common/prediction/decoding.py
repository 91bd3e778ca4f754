"""Generate a sequence token by token: beam search, with greedy search as the case of width 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from common.encoding.text import END, PADDING, START
from common.prediction import classes

States = Mapping[str, np.ndarray]


def beam_search(
    step: Callable[[np.ndarray, States], tuple[np.ndarray, States]],
    states: States,
    limits: np.ndarray,
    width: int = 1,
    length_penalty: float = 0.0,
) -> tuple[list[list[int]], np.ndarray]:
    """The best sequences found by a search that keeps `width` hypotheses for each.

    The score of a sequence is its log-probability divided by `length ** length_penalty`, including its end: 0 favours
    short sequences, 1 compares means. The search stops when no hypothesis can still beat the best finished sequence;
    stopping after `width` ends would lose a probable long sequence to improbable short ones. Width 1 is greedy search,
    which always takes the most probable token regardless of the penalty.

    Args:
        step: `(token_ids, states) -> (log_probabilities, states)` of the next token. All have `batch * width` rows, of
            which `i * width` to `(i + 1) * width - 1` always belong to batch row i.
        states: name -> array `(batch, ...)`, the initial states of each row.
        limits: int array `(batch,)`, the maximum number of tokens of a sequence, including its end.
        width: number of hypotheses.
        length_penalty: the exponent, at least 0.

    Returns:
        ids of each sequence, without start and end, and the scores, float `(batch,)`.

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
        length_penalty = 0.0  # so that the search stops at the first end
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

        # At most `width` of the 2 * width continuations end here, so `width` of them continue.
        kept = np.argsort(ended, axis=1, kind="stable")[:, :width]
        totals, parents, token_ids = values[rows, kept], parents[rows, kept], token_ids[rows, kept]
        written = np.concatenate([written[rows, parents], token_ids[:, :, None].astype(np.int32)], axis=2)
        states = {name: np.asarray(state)[(rows * width + parents).ravel()] for name, state in states.items()}

        reachable = totals[:, 0] / limits**length_penalty  # an upper bound, since log-probabilities only fall
        totals[reachable <= best_scores] = -np.inf
        if not np.isfinite(totals).any():
            break
    return best, best_scores


def search(
    decode: Callable[[dict], dict], memory: States, limits: np.ndarray, width: int = 1, length_penalty: float = 0.0
) -> list[list[int]]:
    """The ids that `beam_search` finds with a decoder network, one sequence for each row of its memory.

    Args:
        decode: from `target_ids` `(batch, 1)` and the memory to `logits` `(batch, 1, vocab_size)` of the next token
            and, under the same names, the states after it.
        memory: name -> array `(batch, ...)`, the decoder's inputs from each source. Those named `state_...` are its
            first states; the others, such as the encoder's outputs, stay the same for all steps.
        limits, width, length_penalty: as for `beam_search`.
    """
    first = {name: part for name, part in memory.items() if name.startswith("state_")}
    fixed = {name: np.repeat(part, width, axis=0) for name, part in memory.items() if name not in first}

    def step(token_ids, states):
        outputs = decode({"target_ids": token_ids[:, None], **fixed, **states})
        return log_probabilities(outputs["logits"][:, 0]), {name: outputs[name] for name in states}

    return beam_search(step, first, limits, width, length_penalty)[0]


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Log-softmax over the tokens that may be generated: all but padding, the unknown token and the start.

    Args:
        logits: float array `(..., vocab_size)`.

    Returns:
        float64 array of the same shape, -inf for these three.
    """
    logits = np.asarray(logits, np.float64).copy()
    logits[..., :END] = -np.inf
    return classes.log_probabilities(logits)


def with_start(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """The start and the ids of each sequence, padded on the right, int32 `(batch, timesteps)`."""
    target_ids = np.full((len(rows), 1 + max(map(len, rows))), PADDING, np.int32)
    for row, ids in zip(target_ids, rows, strict=True):
        row[: 1 + len(ids)] = [START, *ids]
    return target_ids


def nats(decode: Callable[[dict], dict], memory: States, rows: Sequence[Sequence[int]]) -> list[float]:
    """The negative log-probability of each sequence including its end, over all tokens.

    Args:
        decode: from `target_ids` `(batch, timesteps)` and the memory to `logits` `(batch, timesteps, vocab_size)`.
        memory: name -> array `(batch, ...)`, the decoder's inputs from each source.
        rows: ids of each sequence, without start and end.
    """
    log_probs = classes.log_probabilities(decode({"target_ids": with_start(rows), **memory})["logits"])
    return [-float(each[np.arange(len(row) + 1), [*row, END]].sum()) for row, each in zip(rows, log_probs)]


def _largest(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest values of each row in descending order, and their indices."""
    count = min(count, values.shape[1])
    places = np.argpartition(-values, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(values, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(places, order, axis=1)
