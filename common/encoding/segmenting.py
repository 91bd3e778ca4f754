"""Raw text of scripts without spaces, cut into the words that the training sentences were cut into."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from common.encoding.text import UNSPACED, different_texts, pattern
from common.encoding.wordforms import normal


@dataclasses.dataclass(frozen=True)
class Segmenter:
    """The words of train in which a letter of such a script stands, whatever their case and digits."""

    words: tuple[str, ...]

    def __post_init__(self):
        object.__setattr__(self, "_known", frozenset(self.words))
        object.__setattr__(self, "_longest", max(map(len, self.words), default=0))

    @classmethod
    def fit(cls, sentences: Iterable[Sequence[str]]) -> Segmenter:
        """The words of the training sentences, as their file cuts them; none where it cuts text into characters."""
        unspaced = pattern(f"[{UNSPACED}]")
        words = {normal(token) for tokens in sentences for token in tokens if len(token) > 1 and unspaced.search(token)}
        return cls(tuple(sorted(words)))

    def cut(self, sentence):
        """A sentence that came as raw text, with the words of train put together; one from a file stays as it is.

        Args:
            sentence: a dataclass with the fields `tokens` and `text` as `joined` takes them.
        """
        return dataclasses.replace(sentence, tokens=self.joined(sentence.tokens, sentence.text), text="")

    def joined(self, tokens: Sequence[str], text: str) -> tuple[str, ...]:
        """The tokens of a raw text with neighbours put together that are a word of train.

        Forward maximum matching: the longest word that begins at a token is taken, and the next one begins behind it. A
        token that begins no word stays as it is, a character say.

        Args:
            tokens: as they follow each other in the text.
            text: "" where a file gives the tokens, which then stay as they are.

        Example:
            >>> Segmenter(("北京", "北京大学")).joined(tuple("在北京大学"), "在北京大学")
            ('在', '北京大学')
        """
        if not self.words or not text:
            return tuple(tokens)
        places, end = [], 0
        for token in tokens:
            start = text.index(token, end)
            end = start + len(token)
            places.append((start, end))
        found, first = [], 0
        while first < len(places):
            last = self._end_of_word(places, first, text)
            found.append(text[places[first][0] : places[last][1]])
            first = last + 1
        return tuple(found)

    def _end_of_word(self, places: Sequence[tuple[int, int]], first: int, text: str) -> int:
        """The last token of the longest word of train that begins at a token; the token itself if there is none."""
        start, found = places[first][0], first
        for last in range(first + 1, len(places)):
            if places[last][0] != places[last - 1][1] or places[last][1] - start > self._longest:
                break
            if normal(text[start : places[last][1]]) in self._known:
                found = last
        return found

    def to_json(self) -> list[str]:
        return list(self.words)

    @classmethod
    def from_json(cls, data: object) -> Segmenter:
        return cls(different_texts(data, "words"))
