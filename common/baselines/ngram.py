"""What the last few words say of the next: interpolated Kneser-Ney smoothing, in NumPy alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from common.encoding.text import PADDING, START


class KneserNey:
    """Probabilities of the next word given the `order - 1` words before it, interpolated with those given fewer.

    Every order discounts its counts three ways: for what was seen once, twice and more often. All orders but the
    highest count in how many places a word was seen instead of how often (Chen and Goodman 1999, "modified
    Kneser-Ney", https://doi.org/10.1006/csla.1999.0128). Order zero gives every word the same. A line knows nothing of
    the line before it.

    Args:
        lines: int arrays `(words,)`, the ids of each line; the last is END.
        order: int, words in the longest n-gram; 3 makes trigrams.
        vocab_size: int.
        most: int, no line is read once so many words are; they and their n-grams live in memory.
    """

    def __init__(self, lines: Iterable[np.ndarray], order: int, vocab_size: int, most: int = 2_000_000):
        if order < 1:
            raise ValueError(f"order must be at least 1, not {order}")
        self.vocab_size = vocab_size
        ids, places = _joined(lines, most)
        numbers = {1: ids}  # length -> for each place in the text, the number of the n-gram that ends there
        keys, counts, first = {}, {1: np.bincount(ids[places > 0], minlength=vocab_size)}, {}
        for length in range(2, order + 1):
            ends = np.flatnonzero(places >= length - 1)
            # A context's n-grams lie side by side when sorted by (number of the context, last word).
            contexts = numbers[length - 1][ends - 1]
            keys[length], where, inverse, counts[length] = np.unique(
                contexts * vocab_size + ids[ends], return_index=True, return_inverse=True, return_counts=True
            )
            numbers[length] = np.full(len(ids), -1)
            numbers[length][ends] = inverse
            first[length] = ends[where]
        for length in range(1, order):
            endings = numbers[length][first[length + 1]]  # the n-gram within each that is one word longer
            distinct = np.bincount(endings, minlength=len(counts[length]))
            # Only the start of a line comes before its first words, so these keep their counts.
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
        """Float array `(vocab_size,)` that sums to 1: the next word after these ids, from START on."""
        probabilities = self.unigrams
        for length, level in enumerate(self.levels, 2):
            context = self._number(before[-(length - 1) :]) if len(before) >= length - 1 else None
            if context is None:
                break
            words = level.after(context, self.vocab_size)
            if words.start == words.stop:
                break
            probabilities = probabilities * level.left[context]
            probabilities[level.words[words]] += level.shares[words]
        return probabilities

    def _number(self, context: Sequence[int]) -> int | None:
        """Number of the n-gram that these words are, None if it was never seen."""
        number = int(context[0])
        for level, word in zip(self.levels, context[1:]):
            key = number * self.vocab_size + int(word)
            number = int(np.searchsorted(level.keys, key))
            if number == len(level.keys) or level.keys[number] != key:
                return None
        return number

    def score(self, line: np.ndarray, top: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The probability of each word of a line, and of the most probable words in its place.

        Args:
            line: int array `(words,)`, ids; the last is END.

        Returns:
            Three arrays `(words,)`: log-probabilities in nats, the most probable word in the place of each, and
            whether each was among the `top` most probable (of equally probable ones the smaller id comes first).
        """
        ids = np.append(START, line)
        logs, guesses, in_top = np.zeros(len(line)), np.zeros(len(line), int), np.zeros(len(line), bool)
        for i, word in enumerate(line):
            probabilities = self.probabilities(ids[: i + 1])
            own = probabilities[word]
            before = (probabilities > own).sum() + (probabilities[:word] == own).sum()
            logs[i], guesses[i], in_top[i] = np.log(own), probabilities.argmax(), before < top
        return logs, guesses, in_top


@dataclasses.dataclass(frozen=True)
class _Level:
    """The n-grams of one length, sorted by context and then by last word."""

    keys: np.ndarray  # number of the context * vocab_size + last word
    words: np.ndarray  # the last word of each
    shares: np.ndarray  # its discounted count over that of its context
    left: np.ndarray  # of each context: the share that goes to the next lower order

    @classmethod
    def of(cls, keys: np.ndarray, counts: np.ndarray, vocab_size: int) -> _Level:
        contexts, words = np.divmod(keys, vocab_size)
        discounts = _discounts(counts)[np.minimum(counts, 3)]
        totals = np.maximum(np.bincount(contexts, counts), 1)
        return cls(keys, words, (counts - discounts) / totals[contexts], np.bincount(contexts, discounts) / totals)

    def after(self, context: int, vocab_size: int) -> slice:
        """Where the n-grams of a context lie."""
        return slice(*np.searchsorted(self.keys, (context * vocab_size, (context + 1) * vocab_size)))


def _joined(lines: Iterable[np.ndarray], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Lines end to end, START before each; ids and places in the line, both int64 `(n,)`."""
    marked, total = [], 0
    for line in lines:
        marked.append(np.append(START, line))
        total += len(line)
        if total >= most:
            break
    places = [np.arange(len(line)) for line in marked]
    return np.concatenate(marked).astype(np.int64), np.concatenate(places)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """What is taken off the counts 0, 1, 2 and 3 or more; estimated from how many n-grams have counts 1 to 4."""
    n1, n2, n3, n4 = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return np.array([0, 0.5, 0.75, 0.75])  # too little text for an estimate
    y = n1 / (n1 + 2 * n2)
    discounts = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return np.clip(discounts, 0, [0, 1, 2, 3])
