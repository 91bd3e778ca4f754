"""CoNLL-U files, and plain text tokenised like the English and French Universal Dependencies."""

from __future__ import annotations

import re
from pathlib import Path

from common.datasets import readers
from common.datasets.lines import Text, lines
from common.encoding.text import LETTER, WORD, pattern

COLUMNS = 10  # columns of CoNLL-U; https://universaldependencies.org/format.html
ID, FORM, UPOS = 0, 1, 3  # columns

# Web addresses and numbers stay whole. English is cut before n't, 's and their like; French after l', d', qu'.
_ELISION = rf"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?={LETTER})"
_TOKEN = (
    rf"(?i)https?://\S+|\w+@[\w.]+\w|[@#]{LETTER}+|\d+(?:[.,:]\d+)+|n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|\b{_ELISION}"
    rf"|{LETTER}+?(?=n['’]t\b)|(?:{LETTER}\.){{2,}}|{LETTER}+|\.{{2,}}|{WORD}"
)


def tokens_of(line: str) -> tuple[str, ...]:
    """The words and punctuation marks of a line of text: `"They can't." -> ("They", "ca", "n't", ".")`."""
    return tuple(pattern(_TOKEN).findall(line))


def is_conllu(path: Path | Text) -> bool:
    """Whether the first line that is neither blank nor a comment has the ten columns of CoNLL-U, the first an id."""
    for line in lines(path):
        cells = line.split("\t")
        if line.strip() and not (line.startswith("#") and len(cells) == 1):
            return len(cells) == COLUMNS and re.match(r"\d+", cells[ID]) is not None
    return False


def conllu(path: Path | Text, labelled: bool) -> list[readers.TaggedSentence]:
    """Forms and universal tags of every sentence of a CoNLL-U file, or the columns that COLUMNS names."""
    return readers.conll(path, FORM, UPOS, spans=False, labelled=labelled)
