"""Words, vocabularies and labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.encoding.text import PADDING, SPECIAL, UNKNOWN, Labels, Vocabulary, running_text, words
from common.errors import UserError


def test_words_keep_apostrophes_and_part_punctuation():
    assert words("It isn't dull, it’s 3D!") == ["It", "isn't", "dull", ",", "it’s", "3D", "!"]


def test_running_text_puts_punctuation_back():
    text = "It (too) is [quite] dull, isn't it?"
    assert running_text(words(text)) == text


def test_vocabulary_keeps_the_most_frequent():
    vocabulary = Vocabulary.fit([["a", "b", "a"], ["c", "b", "a"]], size=6)
    assert vocabulary.tokens == (*SPECIAL, "a", "b")
    assert vocabulary.encode(["a", "c", "b"]).tolist() == [4, UNKNOWN, 5]
    assert vocabulary.decode([4, 5]) == ["a", "b"]


def test_rare_words_are_left_out():
    assert Vocabulary.fit([["a", "a", "b"]], size=100, min_count=2).tokens == (*SPECIAL, "a")


@given(st.lists(st.lists(st.text(max_size=3))))
def test_no_word_of_a_text_becomes_padding(sequences):
    """Not even one that is spelt like it."""
    vocabulary = Vocabulary.fit([*sequences, ["<pad>x"]], size=1000)
    for tokens in sequences:
        ordinary = [token for token in tokens if token not in SPECIAL]
        assert PADDING not in vocabulary.encode(ordinary)
        assert vocabulary.decode(vocabulary.encode(ordinary)) == ordinary
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


def test_unknown_label_is_named():
    labels = Labels.fit(["b", "a", "b"])
    assert labels.names == ("a", "b") and labels.encode("b") == 1
    with pytest.raises(UserError, match=r"'c'.*a, b"):
        labels.encode("c")


@pytest.mark.parametrize("data", [None, "abc", [1, 2], ["a", "a"]])
def test_damaged_json_is_refused(data):
    with pytest.raises(UserError, match="train again"):
        Labels.from_json(data)
