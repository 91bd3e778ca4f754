"""Word-for-word translation with a dictionary learned from sentence pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from common.encoding.text import PADDING, SPECIAL, Vocabulary

ROUNDS = 5  # rounds of expectation maximisation, as is usual for model 1; more change few words
NOTHING = SPECIAL[PADDING]  # the null source token, which explains target words without a source word


def learn(pairs: Iterable[tuple[Sequence[str], Sequence[str]]], rounds: int = ROUNDS) -> dict[str, str]:
    """The most probable translation of every source token, by IBM's model 1 (Brown and others 1993).

    The model explains each target token by one token of its source sentence or by the null token, regardless of order:
    `p(target | source)` is initialised uniformly over the tokens that occur together, and every round distributes each
    target token over the source tokens of its sentence.

    Args:
        pairs: source tokens and target tokens of each sentence.
        rounds: of expectation maximisation.

    Returns:
        source token -> target token.
    """
    pairs = [((NOTHING, *source), target) for source, target in pairs]
    sources = Vocabulary.fit((source for source, _ in pairs), size=1 << 31)
    targets = Vocabulary.fit((target for _, target in pairs), size=1 << 31)
    encoded = [(sources.encode(source), targets.encode(target)) for source, target in pairs]

    # One entry per pair of a source and a target token of a sentence: the pair of words, and the target position.
    counts = [len(source) * len(target) for source, target in encoded]
    words = np.empty(sum(counts), np.int64)
    positions = np.empty(sum(counts), np.int64)
    entry = position = 0
    for (source, target), count in zip(encoded, counts, strict=True):
        words[entry : entry + count] = (source[:, None] * np.int64(len(targets)) + target).ravel()
        positions[entry : entry + count] = np.tile(np.arange(position, position + len(target)), len(source))
        entry, position = entry + count, position + len(target)

    known, words = np.unique(words, return_inverse=True)
    source_ids, target_ids = known // len(targets), known % len(targets)
    probabilities = np.ones(len(known))
    for _ in range(rounds):
        shares = probabilities[words]
        shares /= np.bincount(positions, shares, minlength=position)[positions]
        explained = np.bincount(words, shares, minlength=len(known))
        probabilities = explained / np.bincount(source_ids, explained)[source_ids]

    best = np.zeros(len(sources), np.int64)
    rising = np.lexsort((-target_ids, probabilities))  # of ties the more frequent target comes last, and is kept
    best[source_ids[rising]] = target_ids[rising]
    return {sources.tokens[i]: targets.tokens[best[i]] for i in range(len(SPECIAL), len(sources))}


def translate(dictionary: dict[str, str], tokens: Iterable[str]) -> list[str]:
    """Each token's translation, in the order of the source; tokens that are not in the dictionary are kept."""
    return [dictionary.get(token, token) for token in tokens]
