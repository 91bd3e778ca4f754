"""What words look like."""

from common.encoding.text import PADDING, UNKNOWN, Vocabulary
from common.encoding.wordforms import MAX_CHARS, SHAPES, char_ids, ends, joined, normal, shape


def test_a_mark_that_was_cut_off_is_seen_with_its_word_again():
    assert joined("RT @ ada : it ' s # RNN".split()) == "RT @ @ada : it ' 's # #RNN".split()
    assert joined("isn ’ t".split()) == "isn ’ ’t".split()
    assert joined("he said ' stop it '".split()) == "he said ' stop it '".split()  # marks of a quotation
    assert joined("@ada isn't here".split()) == "@ada isn't here".split()
    assert joined(()) == []


def test_normal_form_leaves_letters_and_places_of_digits():
    assert [normal(token) for token in ("Ada", "4,096", "B2B")] == ["ada", "0,000", "b0b"]


def test_shape_is_what_a_token_looks_like():
    assert len(shape("a")) == SHAPES
    looks = {
        token: "".join(str(int(feature)) for feature in shape(token)) for token in ("Ada", "USA", "it", "iPhone-4")
    }
    assert looks == {"Ada": "10000000", "USA": "11010000", "it": "00100000", "iPhone-4": "00011100"}
    assert shape("@ada")[6] and shape("#rnn")[6] and shape("https://example.org")[7]


def test_long_words_keep_both_ends():
    assert ends("short") == "short"
    long = "abcdefghijklmnopqrstuvwxyz"
    assert len(ends(long)) == MAX_CHARS and ends(long)[0] == "a" and ends(long)[-1] == "z"


def test_characters_of_each_word_are_padded_and_long_words_keep_both_ends():
    characters = Vocabulary.fit(["ab", "ab"], 100)
    ids = char_ids(["ba", "a?", "a" * 30 + "b", ""], characters)
    a, b = characters.encode("ab")
    assert ids.shape == (4, MAX_CHARS) and ids.dtype == "int32"
    assert ids[0].tolist() == [b, a] + (MAX_CHARS - 2) * [PADDING]
    assert ids[1, :3].tolist() == [a, UNKNOWN, PADDING]
    assert ids[2].tolist() == (MAX_CHARS - 1) * [a] + [b] and not ids[3].any()
