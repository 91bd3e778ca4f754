"""N-gram language models with interpolated Kneser-Ney smoothing, in NumPy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from common.encoding.text import PADDING, START

CELLS = 1 << 20  # probabilities held in memory at a time


class KneserNey:
    """Probabilities of the next word given the `order - 1` words before it, interpolated with those given fewer.

    Every order has three discounts: for n-grams seen once, twice and more often. All orders but the highest count the
    distinct contexts of a word instead of its occurrences (Chen and Goodman 1999, "modified Kneser-Ney",
    https://doi.org/10.1006/csla.1999.0128). Order zero is uniform. Lines are independent of each other.

    Args:
        lines: int arrays `(words,)`, the ids of each line; the last is END.
        order: int, words in the longest n-gram; 3 makes trigrams.
        vocab_size: int.
        most: int, maximum number of words to read, since words and n-grams are held in memory.
    """

    def __init__(self, lines: Iterable[np.ndarray], order: int, vocab_size: int, most: int = 2_000_000):
        if order < 1:
            raise ValueError(f"order must be at least 1, not {order}")
        self.vocab_size = vocab_size
        ids, places = _joined(lines, most)
        numbers = {1: ids}  # length -> for each position in the text, the number of the n-gram that ends there
        keys, counts, first = {}, {1: np.bincount(ids[places > 0], minlength=vocab_size)}, {}
        for length in range(2, order + 1):
            ends = np.flatnonzero(places >= length - 1)
            # A context's n-grams are contiguous when sorted by (number of the context, last word).
            contexts = numbers[length - 1][ends - 1]
            keys[length], where, inverse, counts[length] = np.unique(
                contexts * vocab_size + ids[ends], return_index=True, return_inverse=True, return_counts=True
            )
            numbers[length] = np.full(len(ids), -1)
            numbers[length][ends] = inverse
            first[length] = ends[where]
        for length in range(1, order):
            endings = numbers[length][first[length + 1]]  # the suffix of each n-gram that is one word longer
            distinct = np.bincount(endings, minlength=len(counts[length]))
            # N-grams at the start of a line have no context to count, so they keep their counts.
            starts_line = places[first[length]] == length - 1 if length > 1 else False
            counts[length] = np.where(starts_line, counts[length], distinct)
        self.unigrams = self._unigrams(counts[1])
        self.levels = [_Level.of(keys[length], counts[length], vocab_size) for length in range(2, order + 1)]

    def _unigrams(self, counts: np.ndarray) -> np.ndarray:
        possible = np.ones(self.vocab_size)
        possible[[PADDING, START]] = 0
        discounted = counts - _discounts(counts)[np.minimum(counts, 3)]
        return (discounted + (counts.sum() - discounted.sum()) * possible / possible.sum()) / counts.sum()

    def probabilities(self, before: Sequence[int]) -> np.ndarray:
        """Distribution of the next word after these ids, which begin with START; float array `(vocab_size,)`."""
        return self.distributions(np.asarray(before, np.int64)[None])[0]

    def distributions(self, before: np.ndarray) -> np.ndarray:
        """The distributions after several texts, int array `(rows, words)`; float array `(rows, vocab_size)`."""
        nearest = before[:, max(0, before.shape[1] - len(self.levels)) :]
        apart = np.pad(nearest, ((0, 0), (1, 0)), constant_values=-1)  # no n-gram spans -1
        contexts = self._contexts(apart.ravel())
        return self._rows([found[nearest.shape[1] :: apart.shape[1]] for found in contexts], len(before))

    def along(self, line: np.ndarray) -> np.ndarray:
        """The distributions at each word of a line, float array `(words, vocab_size)`."""
        return self._rows(self._before(line), len(line))

    def continuations(
        self, before: np.ndarray, draw: Callable[[np.ndarray], np.ndarray], count: int, never: Sequence[int] = ()
    ) -> np.ndarray:
        """Continuations of several texts; arguments and result are as for `prediction.sampling.continuations`."""
        drawn = np.asarray(before, np.int64)
        for _ in range(count):
            unnormalised = self.distributions(drawn)
            unnormalised[:, list(never)] = 0
            with np.errstate(divide="ignore"):
                logits = np.log(unnormalised)
            drawn = np.column_stack([drawn, draw(logits)])
        return drawn[:, -count:]

    def score(self, line: np.ndarray, top: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The log-probability of each word of a line, and the most probable words at its position.

        Args:
            line: int array `(words,)`, ids; the last is END.

        Returns:
            Three arrays `(words,)`: log-probabilities in nats, the most probable word at each position, and whether
            each word was among the `top` most probable ones (of ties the smaller id comes first).
        """
        contexts, line = self._before(line), np.asarray(line)
        together = max(1, CELLS // self.vocab_size)
        parts = [slice(start, start + together) for start in range(0, len(line), together)]
        scores = [self._score(contexts, line, part, top) for part in parts]
        if not scores:
            return np.zeros(0), np.zeros(0, int), np.zeros(0, bool)
        return tuple(np.concatenate(arrays) for arrays in zip(*scores))

    def _score(self, contexts: list[np.ndarray], line: np.ndarray, part: slice, top: int) -> tuple[np.ndarray, ...]:
        words = line[part]
        rows = self._rows([found[part] for found in contexts], len(words))
        own = rows[np.arange(len(words)), words][:, None]
        smaller = np.arange(self.vocab_size) < words[:, None]
        before = ((rows > own) | ((rows == own) & smaller)).sum(axis=1)
        return np.log(own[:, 0]), rows.argmax(axis=1), before < top

    def _before(self, line: np.ndarray) -> list[np.ndarray]:
        """The contexts of each word of a line."""
        return self._contexts(np.append(START, line[:-1]).astype(np.int64)[: len(line)])

    def _contexts(self, ids: np.ndarray) -> list[np.ndarray]:
        """For each length of n-grams from 2: the number of the context that ends at each position, -1 if never seen."""
        numbers = ids  # of the n-gram of this length that ends at each position
        found = []
        for level in self.levels:
            found.append(numbers)
            before = np.append(-1, numbers[:-1])
            keys = before * self.vocab_size + ids
            places = np.searchsorted(level.keys, keys)
            numbers = np.where((level.keys[places] == keys) & (before >= 0) & (ids >= 0), places, -1)
        return found

    def _rows(self, contexts: list[np.ndarray], count: int) -> np.ndarray:
        """The distributions `(count, vocab_size)` after the contexts of each position."""
        rows = np.tile(self.unigrams, (count, 1))
        reached = np.ones(count, bool)  # a longer context is used only if the shorter one is known
        for level, context in zip(self.levels, contexts):
            starts = np.searchsorted(level.keys, context * self.vocab_size)
            counts = np.searchsorted(level.keys, (context + 1) * self.vocab_size) - starts
            reached &= (context >= 0) & (counts > 0)
            places, starts, counts = np.flatnonzero(reached), starts[reached], counts[reached]
            rows[places] *= level.left[context[places], None]
            each = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
            rows[np.repeat(places, counts), level.words[each]] += level.shares[each]
        return rows


@dataclasses.dataclass(frozen=True)
class _Level:
    """The n-grams of one length, sorted by context and then by last word."""

    keys: np.ndarray  # number of the context * vocab_size + last word; a larger sentinel ends them
    words: np.ndarray  # the last word of each
    shares: np.ndarray  # its discounted count divided by that of its context
    left: np.ndarray  # for each context, the weight of the next lower order

    @classmethod
    def of(cls, keys: np.ndarray, counts: np.ndarray, vocab_size: int) -> _Level:
        contexts, words = np.divmod(keys, vocab_size)
        discounts = _discounts(counts)[np.minimum(counts, 3)]
        totals = np.maximum(np.bincount(contexts, counts), 1)
        left = np.bincount(contexts, discounts) / totals
        return cls(np.append(keys, np.iinfo(np.int64).max), words, (counts - discounts) / totals[contexts], left)


def _joined(lines: Iterable[np.ndarray], most: int) -> tuple[np.ndarray, np.ndarray]:
    """The concatenated lines with START before each; ids and positions in the line, both int64 `(n,)`."""
    marked, total = [], 0
    for line in lines:
        marked.append(np.append(START, line))
        total += len(line)
        if total >= most:
            break
    places = [np.arange(len(line)) for line in marked]
    return np.concatenate(marked).astype(np.int64), np.concatenate(places)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Discounts of the counts 0, 1, 2 and 3 or more, estimated from the numbers of n-grams with counts 1 to 4.

    They are positive, so that unseen n-grams keep some probability: where an estimate is not, it is replaced.
    """
    usual = np.array([0, 0.5, 0.75, 0.75])
    n1, n2, n3, n4 = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return usual  # too little text for an estimate
    y = n1 / (n1 + 2 * n2)
    discounts = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return np.where(discounts > 0, np.minimum(discounts, [0, 1, 2, 3]), usual)
