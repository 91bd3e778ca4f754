"""Hashed character n-grams."""

import numpy as np
import pytest

from common.encoding.ngrams import FIRST, hashed

BUCKETS = 1 << 16
EXPECTED = [[12618, 1, 1], [44408, 31428, 1], [26110, 2371, 43475], [12618, 19712, 7116]]  # of " né ", sizes 1 to 3


def test_an_ngram_has_the_same_number_at_every_position():
    one, other = hashed(" banana ", 3, BUCKETS), hashed(" an ", 3, BUCKETS)
    np.testing.assert_array_equal(one[3, :2], one[5, :2])  # "n", "an" of "ban" and of "nan"
    assert one[3, 1] == other[2, 1]
    assert one[3, 2] != one[5, 2]  # "ban" and "nan"
    assert other[2, 2] == hashed(" and ", 3, BUCKETS)[2, 2]  # " an", which begins a word


def test_order_and_size_make_another_ngram():
    assert hashed(" ab ", 2, BUCKETS)[2, 1] != hashed(" ba ", 2, BUCKETS)[2, 1]
    numbers = hashed(" aaaa ", 4, BUCKETS)[4]
    assert len(set(numbers.tolist())) == 4


def test_no_ngram_reaches_into_another_word():
    """Of " a bc ": "b" has "b" and " b", not "a b" nor " a b"."""
    numbers = hashed(" a bc ", 4, BUCKETS)
    assert (numbers >= FIRST).tolist() == [
        [True, False, False, False],  # the space
        [True, True, False, False],  # a
        [True, True, True, False],  # the space after it: " a "
        [True, True, False, False],  # b
        [True, True, True, False],  # c
        [True, True, True, True],  # " bc "
    ]
    assert numbers.dtype == np.int32 and numbers.min() == 1 and numbers.max() < BUCKETS


def test_any_script_is_read():
    numbers = [hashed(f" {text} ", 2, BUCKETS) for text in ("язык", "언어", "ภาษา", "𐐀b", "\ud800")]
    assert [len(found) for found in numbers] == [6, 4, 6, 4, 3]
    assert len({int(found[1, 0]) for found in numbers}) == 5


def test_numbers_never_change():
    """Weights of a trained run belong to these very numbers."""
    assert hashed(" né ", 3, BUCKETS).tolist() == EXPECTED


def test_ngrams_spread_over_the_buckets():
    texts = [f" {a}{b}{c} " for a in "abcdefgh" for b in "ijklmnop" for c in "qrstuvwx"]
    found = {int(hashed(text, 3, BUCKETS)[3, 2]) for text in texts}
    assert len(found) > 505  # 512 three-letter words; 2 collisions are expected


def test_too_few_buckets_are_refused():
    with pytest.raises(ValueError, match="buckets must be more than 2, not 2"):
        hashed(" a ", 1, 2)
