"""Features of a word's form for a tagger, in addition to its identity: spelling and shape, for any tokenisation."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from common.encoding.text import Vocabulary

MAX_CHARS = 16  # characters of a word that the network reads; a longer word keeps its two ends
SHAPES = 8  # features of a word's shape
APOSTROPHES, CLITICS = ("'", "’", "´"), ("s", "t", "m", "d", "re", "ve", "ll")


def joined(tokens: Sequence[str]) -> list[str]:
    """The tokens, each with a mark before it that some tokenisers split off: `@ anna isn ' t -> @ @anna isn ' 't`.

    So `@anna` looks the same to the network for any tokeniser: that of WNUT-17's train differs from that of its other
    splits.
    """
    return [
        mark + token if mark in ("@", "#") or (mark in APOSTROPHES and token in CLITICS) else token
        for mark, token in zip(("", *tokens), tokens)
    ]


def normal(token: str) -> str:
    """The word as in the vocabulary, in lower case and with digits as 0; case is left to the character features."""
    return re.sub(r"\d", "0", token.lower())


def shape(token: str) -> tuple[bool, ...]:
    """The shape of the token, as SHAPES features."""
    inner = token[1:]
    return (
        token[0].isupper(),
        token.isupper(),
        token.islower(),
        inner != inner.lower(),
        any(character.isdigit() for character in token),
        not token.isalnum(),
        token[0] in "@#",
        token.startswith(("http:", "https:", "www.")),
    )


def ends(token: str) -> str:
    """The token, shortened to MAX_CHARS, half from its beginning and half from its end, if it is longer."""
    half = MAX_CHARS // 2
    return token if len(token) <= MAX_CHARS else token[:half] + token[-half:]


def char_ids(tokens: Sequence[str], characters: Vocabulary) -> np.ndarray:
    """Ids of the characters of each token, shortened as by `ends`: int32 `(tokens, MAX_CHARS)`, padded with 0."""
    ids = np.zeros((len(tokens), MAX_CHARS), np.int32)
    for row, token in zip(ids, tokens):
        known = characters.encode(ends(token))
        row[: len(known)] = known
    return ids
