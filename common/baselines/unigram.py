"""A unigram tagger: each word gets the tag that it has most often in train, whatever its neighbours are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence


def most_frequent_tags(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> dict[str, str]:
    """Word -> its most frequent tag; of tags that are equally frequent the one that comes first.

    Args:
        sentences, tags: words and tags of each training sentence.
    """
    return {word: found.most_common(1)[0][0] for word, found in _counts(sentences, tags).items()}


def tag_of_rare_words(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> str:
    """The most frequent tag of the words that occur once, or of all words if there are none: a guess for a new word.

    Args:
        sentences, tags: words and tags of each training sentence.
    """
    counts = _counts(sentences, tags).values()
    rare = Counter(tag for found in counts if found.total() == 1 for tag in found)
    return (rare or sum(counts, Counter())).most_common(1)[0][0]


def _counts(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> dict[str, Counter]:
    counts = defaultdict(Counter)
    for words, their_tags in zip(sentences, tags, strict=True):
        for word, tag in zip(words, their_tags, strict=True):
            counts[word][tag] += 1
    return counts
