"""Words, vocabularies and labels: convert text to integers and back. Fitted on train only, saved as JSON."""

from __future__ import annotations

import dataclasses
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from common.errors import UserError

PADDING, UNKNOWN, START, END = range(4)  # the same ids in every vocabulary
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")

# Character classes for patterns of the package regex. Some scripts have no space between words: there every grapheme
# cluster, a letter with its marks, is a token. Elsewhere marks and joiners belong to the word that contains them.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\u30fc"
LETTER = rf"[[\w\p{{M}}\p{{No}}\u200c\u200d]--[{UNSPACED}]]"  # a part of a word
_SPACE = r"\s\x1c-\x1f"  # as in str.isspace
WORD = rf"(?=[{UNSPACED}])\X|{LETTER}+(?:['’]{LETTER}+)*|(?=[^{_SPACE}\p{{GCB=Prepend}}])\X|[^{_SPACE}]"

_ASCII_WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")  # the same for ASCII, three times as fast
_WIDE = "。，、；：！？（）「」『』【】《》"  # full-width marks, which include their own space
_NO_SPACE = rf" (?=[.,;:!?)\]।{_WIDE}])|(?<=[(\[{_WIDE}]) |(?<=[{UNSPACED}]\p{{M}}*) (?=[{UNSPACED}])"


@functools.cache
def pattern(text: str):
    """A compiled pattern of the package regex, which is imported only where a pattern is used."""
    import regex

    return regex.compile(text, regex.V1)


def words(text: str) -> list[str]:
    """The words and punctuation marks of a text; in scripts written without spaces, the characters.

    Example:
        >>> words("It isn't dull.")
        ['It', "isn't", 'dull', '.']
        >>> words("AI很好。")
        ['AI', '很', '好', '。']
    """
    return (_ASCII_WORD if text.isascii() else pattern(WORD)).findall(text)


def running_text(tokens: Iterable[str]) -> str:
    """Join words and punctuation marks to running text: `["It", "(", "too", ")", "is", "."] -> "It (too) is."`."""
    return pattern(_NO_SPACE).sub("", " ".join(tokens))


def is_unspaced(text: str) -> bool:
    """Whether most letters of a text belong to scripts that are written without spaces between words."""
    return 2 * len(pattern(f"[{UNSPACED}]").findall(text)) > sum(map(str.isalpha, text))


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """The tokens known to a model, by id; the first four are padding, unknown, start and end."""

    tokens: tuple[str, ...]

    def __post_init__(self):
        if self.tokens[: len(SPECIAL)] != SPECIAL:
            raise ValueError(f"tokens must begin with {SPECIAL}, not {self.tokens[: len(SPECIAL)]}")
        object.__setattr__(self, "_ids", {token: i for i, token in enumerate(self.tokens)})

    @classmethod
    def fit(cls, sequences: Iterable[Sequence[str]], size: int, min_count: int = 1) -> Vocabulary:
        """The most frequent tokens of the sequences.

        Args:
            sequences: tokens of each training example.
            size: maximum number of tokens, including the four special ones.
            min_count: rarer tokens are left out, and so become unknown.

        Returns:
            A vocabulary ordered by count, ties by first appearance.
        """
        counts = Counter()
        for tokens in sequences:
            counts.update(tokens)
        return cls.of_counts(counts, size, min_count)

    @classmethod
    def of_counts(cls, counts: Counter[str], size: int, min_count: int = 1) -> Vocabulary:
        """A vocabulary from counts of tokens; see `fit`."""
        known = [token for token, count in counts.most_common() if count >= min_count and token not in SPECIAL]
        return cls(SPECIAL + tuple(known[: size - len(SPECIAL)]))

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Ids of the tokens, int32 `(timesteps,)`; an unknown token becomes UNKNOWN."""
        ids = self._ids
        return np.array([ids.get(token, UNKNOWN) for token in tokens], np.int32)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Tokens of the ids."""
        return [self.tokens[i] for i in ids]

    def to_json(self) -> list[str]:
        return list(self.tokens)

    @classmethod
    def from_json(cls, data: list) -> Vocabulary:
        tokens = different_texts(data, "vocabulary")
        if tokens[: len(SPECIAL)] != SPECIAL:
            raise UserError(f"The vocabulary of this run does not begin with {', '.join(SPECIAL)}: train again.")
        return cls(tokens)


@dataclasses.dataclass(frozen=True)
class Labels:
    """The classes of a task, by number."""

    names: tuple[str, ...]

    def __post_init__(self):
        object.__setattr__(self, "_numbers", {name: i for i, name in enumerate(self.names)})

    @classmethod
    def fit(cls, labels: Iterable[str]) -> Labels:
        """All labels that occur, in alphabetical order."""
        return cls(tuple(sorted(set(labels))))

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, label: str) -> int:
        """The label's number.

        Raises:
            UserError: if the label did not occur in train.
        """
        try:
            return self._numbers[label]
        except KeyError:
            raise UserError(f"Label {label!r} does not occur in train, which has: {', '.join(self.names)}.") from None

    def to_json(self) -> list[str]:
        return list(self.names)

    @classmethod
    def from_json(cls, data: list) -> Labels:
        names = different_texts(data, "labels")
        if not names or any(unicodedata.category(character) == "Cc" for name in names for character in name):
            raise UserError("The labels of this run are none, or hold control characters: train again.")
        return cls(names)


def different_texts(data: object, what: str) -> tuple[str, ...]:
    """A list from a file of a run; a UserError, with `what` it should hold, if it is no list of different texts."""
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data) or len(set(data)) != len(data):
        raise UserError(f"The {what} of this run is not a list of different texts: train again.")
    return tuple(data)
