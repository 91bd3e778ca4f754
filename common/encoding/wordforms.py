"""What a tagger sees of a word beside its identity: how it is spelled and what it looks like, whoever cut the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_CHARS = 16  # of a word that is spelled; a longer one keeps its two ends
SHAPES = 8  # features of what a word looks like
APOSTROPHES, CLITICS = ("'", "’", "´"), ("s", "t", "m", "d", "re", "ve", "ll")


def joined(tokens: Sequence[str]) -> list[str]:
    """As many tokens, each with the mark before it that some cut off: `@ anna isn ' t -> @ @anna isn ' 't`.

    So `@anna` looks the same to the network, whoever cut the text: WNUT-17 cuts train otherwise than the other sides.
    """
    return [
        mark + token if mark in ("@", "#") or (mark in APOSTROPHES and token in CLITICS) else token
        for mark, token in zip(("", *tokens), tokens)
    ]


def normal(token: str) -> str:
    """The word as the vocabulary has it: what its letters look like is left to the characters."""
    return re.sub(r"\d", "0", token.lower())


def shape(token: str) -> tuple[bool, ...]:
    """What the token looks like, in SHAPES features."""
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
    """The token, or the two halves of MAX_CHARS from its beginning and its end."""
    half = MAX_CHARS // 2
    return token if len(token) <= MAX_CHARS else token[:half] + token[-half:]
