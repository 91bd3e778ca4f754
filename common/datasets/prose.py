"""Running text: passages of whole lines, and the prose that comes with every CPython, `pydoc_data.topics`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

PASSAGE = 500  # characters: enough for a score of its own
FEWEST_WORDS = 4  # of a sentence; anything shorter is a heading or a caption

_RULED = re.compile(r"([*=\-~^+#|])\1{2,}")  # a line of these underlines a heading or draws a table
_CODE = re.compile(r"::=|>>>|\.\.\. ")
_ITEM = re.compile(r"^(?:[*•] |\d+\. |\[\d+\] |\([\da-z]+\) )")
_BROKEN_WORD = re.compile(r"(?<=\w)-\n\s*")
_NOTE = re.compile(r" \[\d+\]")
_QUOTED_NAME = re.compile(r'"([A-Za-z_][\w. ]*)(?:\(\))?"')
_EMPHASIS = re.compile(r"\*{1,2}([^\s*](?:[^*]*[^\s*])?)\*{1,2}")
_SENTENCE_END = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<=[.!?:])\s+(?=[A-Z(_])")
_NO_PROSE = re.compile(r"[\"*=<>{}\[\]|\\@#$%^&+~`/]")  # signs of code that remain after names lost their quotes


def passages(lines: Iterable[str], shortest: int = PASSAGE) -> Iterator[str]:
    """A text cut into passages of whole lines, each of at least `shortest` characters except perhaps the last.

    Nothing is left out: every line ends in a line break, and the passages joined are the text.
    """
    together, length = [], 0
    for line in lines:
        together.append(f"{line}\n")
        length += len(together[-1])
        if length >= shortest:
            yield "".join(together)
            together, length = [], 0
    if together:
        yield "".join(together)


def without_blank_ends(lines: Iterable[str]) -> Iterator[str]:
    """The lines without blank ones at the start and the end."""
    blank, begun = 0, False
    for line in lines:
        if line.strip():
            yield from [""] * blank if begun else ()
            yield line
            blank, begun = 0, True
        else:
            blank += 1


def sentences(topics: Mapping[str, str]) -> Iterator[str]:
    """The sentences of all topics, in order, without code, tables, headings and markup; each occurs once.

    Topics quote each other at length (the one on types repeats all of customization), so only the first occurrence of a
    sentence is kept.
    """
    seen = set()
    for text in topics.values():
        for paragraph in re.split(r"\n\s*\n", text):
            for sentence in _prose(paragraph):
                if sentence.lower() not in seen:
                    seen.add(sentence.lower())
                    yield sentence


def _prose(paragraph: str) -> Iterator[str]:
    if _CODE.search(paragraph) or any(_RULED.match(line.strip()) for line in paragraph.splitlines()):
        return
    text = _NOTE.sub("", _ITEM.sub("", " ".join(_BROKEN_WORD.sub("-", paragraph).split())))
    text = text.translate({ord("’"): "'", ord("‘"): "'", ord("“"): "'", ord("”"): "'", ord("—"): "-", ord("–"): "-"})
    text = _EMPHASIS.sub(r"\1", _QUOTED_NAME.sub(r"\1", text))
    for sentence in _SENTENCE_END.split(text):
        if (
            sentence[-1:] in (".", "!", "?", ":")
            and sentence[0].isupper() | (sentence[0] == "_")
            and len(sentence.split()) >= FEWEST_WORDS
            and not _NO_PROSE.search(sentence)
        ):
            yield sentence
