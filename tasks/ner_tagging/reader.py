"""Plain text, tokenised like tweets and comments."""

from __future__ import annotations

from common.encoding.text import LETTER, WORD, pattern

# Web addresses, @names and #tags stay whole; so do initials before a name, and words with hyphen or apostrophe.
_TOKEN = rf"https?://\S+|[@#]{LETTER}+|\b[A-Z]\.(?= [A-Z])|['’]s\b|{LETTER}+(?:[-'’](?!s\b){LETTER}+)*|{WORD}"


def tokens_of(line: str) -> tuple[str, ...]:
    """The words and punctuation marks of a line of text: `"J. Rook left." -> ("J.", "Rook", "left", ".")`."""
    return tuple(pattern(_TOKEN).findall(line))
