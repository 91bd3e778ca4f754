"""A tagger without memory: logistic regression on a word and its neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

WINDOW = 2  # neighbours on each side
AFFIXES = 4  # maximum length of prefixes and suffixes, in characters
FEATURES = 1 << 18  # number of hashed features


def window_logistic_regression(
    train_tokens: Sequence[Sequence[str]], train_tags: Sequence[Sequence[str]], sentences: Sequence[Sequence[str]]
) -> list[list[str]]:
    """Tags by logistic regression on each word, its affixes and shape, and the words and shapes of its neighbours.

    Args:
        train_tokens, train_tags: tokens and tags of each training sentence.
        sentences: tokens of each sentence to tag.

    Returns:
        tags of each sentence.
    """
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    hasher = FeatureHasher(FEATURES, input_type="string", alternate_sign=False)
    model = SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=5, tol=None, random_state=0)
    model.fit(
        hasher.transform(row for tokens in train_tokens for row in features(tokens)),
        [tag for tags in train_tags for tag in tags],
    )
    answers = iter(model.predict(hasher.transform(row for tokens in sentences for row in features(tokens))))
    return [[str(next(answers)) for _ in tokens] for tokens in sentences]


def features(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Names of the features of each token."""
    edge = [""] * WINDOW
    words = [*edge, *(token.lower() for token in tokens), *edge]
    shapes = [*edge, *map(shape, tokens), *edge]
    for here in range(WINDOW, WINDOW + len(tokens)):
        word = words[here]
        row = [f"{kind}{i - here}={found[i]}" for kind, found in (("word", words), ("shape", shapes))
               for i in range(here - WINDOW, here + WINDOW + 1)]  # fmt: skip
        row += [f"begins={word[:size]}" for size in range(1, AFFIXES + 1)]
        row += [f"ends={word[-size:]}" for size in range(1, AFFIXES + 1)]
        row += [f"pair={words[here - 1]} {word}", f"pair={word} {words[here + 1]}"]
        yield row


def shape(token: str) -> str:
    """Runs of characters of one kind as one letter each: `"Kerib-400" -> "Xx-0"`, `"OK" -> "X"`."""
    token = re.sub(r"\d+", "0", token)
    token = re.sub(r"[^\W\d_a-z]+", lambda found: "X" if found[0].isupper() else "x", token)
    return re.sub("[a-z]+", "x", token)
