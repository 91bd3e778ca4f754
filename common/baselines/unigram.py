"""A unigram tagger: each word gets the tag that it has most often in train, whatever its neighbours are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence


def count(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> dict[str, Counter[str]]:
    """Word -> how often it has each tag.

    Args:
        sentences, tags: words and tags of each training sentence.
    """
    counts = defaultdict(Counter)
    for words, their_tags in zip(sentences, tags, strict=True):
        for word, tag in zip(words, their_tags, strict=True):
            counts[word][tag] += 1
    return counts


def most_frequent_tags(counts: Mapping[str, Counter[str]]) -> dict[str, str]:
    """Word -> its most frequent tag, from `count`; of tags that are equally frequent the one that comes first."""
    return {word: found.most_common(1)[0][0] for word, found in counts.items()}


def tag_of_rare_words(counts: Mapping[str, Counter[str]]) -> str:
    """The most frequent tag of the words that occur once, or of all words if there are none: a guess for a new word."""
    rare = Counter(tag for found in counts.values() if found.total() == 1 for tag in found)
    return (rare or sum(counts.values(), Counter())).most_common(1)[0][0]
