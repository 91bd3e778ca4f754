"""Counting and encoding many texts at a time gives the same result as one at a time."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.encoding import corpus
from common.encoding.text import words

END = 7
CUTS = {"words": words, "spaces": str.split}
# Short words of few letters, so that they come again; any text; lengths around those of the numbers compared.
texts = st.one_of(
    st.text("ab'.\u00e9\u65e5 \n\u3000\x00", max_size=30),
    st.text(max_size=30),
    st.integers(0, 40).map(lambda length: "x" * length + " y"),
)


def one_by_one(cut, lines, ids):
    """Counts and ids in the plainest way."""
    tokens = [cut(line) for line in lines]
    counts = Counter(token for line in tokens for token in line)
    counts["END"] += sum(map(bool, tokens))
    return counts, [[*ids(line), END] if line else [] for line in tokens]


def ids_of(counts):
    numbers = {token: number for number, token in enumerate(counts, 10)}
    return lambda tokens: np.array([numbers.get(token, 1) for token in tokens], np.int32)


def encoded(encoder, lines):
    found = []
    for ids, offsets in encoder.parts(lines):
        assert ids.dtype == np.int32 and offsets[-1] == len(ids)
        found += [part.tolist() for part in np.split(ids, offsets[1:-1])]
    return found


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@given(lines=st.lists(texts, max_size=12), size=st.sampled_from([1, 20, 1 << 16]), remembered=st.sampled_from([0, 400]))
@example(lines=["a", "a\x00", "x" * 23, "x" * 24, "x" * 23 + "y", "x" * 23 + "y"], size=1, remembered=400)
@example(lines=["\ud800 \x85a\x1cb\u2003c\u3000d", "", " "], size=1 << 16, remembered=400)
def test_same_tokens_as_one_text_after_the_other(cut, lines, size, remembered):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "_BLOCK", size)
        patch.setattr(corpus, "_REMEMBERED", remembered)
        counts = corpus.count(iter(lines), cut, "END")
        ids = ids_of(list(counts)[1:])  # one token is not known
        expected_counts, expected_ids = one_by_one(cut, lines, ids)
        assert list(counts.items()) == list(expected_counts.items())
        assert encoded(corpus.Encoder(cut, ids, END), lines) == expected_ids


def test_chunks_with_the_same_place_in_the_cache_are_told_apart(monkeypatch):
    monkeypatch.setattr(corpus, "_BITS", 1)
    lines = [" ".join(f"w{number % 50}" for number in range(start, start + 30)) for start in range(0, 300, 7)] * 2
    monkeypatch.setattr(corpus, "_BLOCK", 100)
    counts = corpus.count(lines, words, "END")
    assert counts == Counter(" ".join(lines).split()) + Counter(END=len(lines))


def test_white_space_is_what_parts_the_words_of_every_script():
    """A chunk ends where `str.split` and the regular expression of `words` end one."""
    for code in range(0x110000):
        is_space = chr(code).isspace()
        assert is_space == (chr(code).encode("utf-8", "surrogatepass") in corpus._SPACES)
        assert is_space == bool(re.match(r"\s", chr(code)))


def test_frequent_chunks_are_cut_once():
    cut = []

    def counting(text):
        cut.append(text)
        return text.split()

    corpus.count(["the cat", "the dog"] * 10_000, counting, "END")
    assert cut == ["the", "cat", "dog"]


def test_long_chunks_are_not_all_remembered(monkeypatch):
    monkeypatch.setattr(corpus, "_REMEMBERED", 10_000)
    encoder = corpus.Encoder(str.split, lambda tokens: np.zeros(len(list(tokens)), np.int32), END)
    for _ in encoder.parts(f"{number}" * 2000 for number in range(1000)):
        assert sum(map(len, encoder._chunks.numbers)) < 10_000 + 2 * corpus._BLOCK
