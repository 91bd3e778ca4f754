"""Hashed character n-grams: they work for any script and need no vocabulary."""

from __future__ import annotations

import numpy as np

FIRST = 2  # first bucket for n-grams; 0 and 1 are padding and unknown, as in a vocabulary
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 over the golden ratio, an odd number
_SHIFT = np.uint64(29)


def hashed(text: str, longest: int, buckets: int) -> np.ndarray:
    """Buckets of the n-grams that end at each character.

    An n-gram lies within one word, and may include the space before or after it. A missing n-gram gets the bucket of
    unknown ones. Hashing follows Weinberger et al. (2009), https://arxiv.org/abs/0902.2206

    Args:
        text: words with a space between them, before the first and after the last.
        longest: largest size of an n-gram, in characters.
        buckets: number of buckets; n-grams in the same bucket cannot be distinguished.

    Returns:
        int32 array `(timesteps, longest)`, the n-gram of size 1 first; FIRST or larger, or 1 where there is none.

    Raises:
        ValueError: if `buckets` is not larger than FIRST.

    Example:
        >>> hashed(" ab ", 2, 100).shape
        (4, 2)
    """
    if buckets <= FIRST:
        raise ValueError(f"buckets must be more than {FIRST}, not {buckets}")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    places = np.arange(len(codes))
    spaces = np.maximum.accumulate(np.where(codes == ord(" "), places, -1))
    before = np.concatenate([[-1], spaces[:-1]])[: len(codes)]  # position of the last space before each character
    numbers = np.ones((len(codes), longest), np.int32)
    sums = np.zeros(len(codes), np.uint64)  # of the n-gram that ends at each character
    for size in range(1, longest + 1):
        sums = np.concatenate([np.zeros(1, np.uint64), sums[:-1]])[: len(codes)] if size > 1 else sums
        sums = _mixed(sums + codes + np.uint64(size))
        exists = (places >= size - 1) & (before <= places - size + 1)
        numbers[exists, size - 1] = FIRST + sums[exists] % np.uint64(buckets - FIRST)
    return numbers


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Mix the numbers so that every bit of the result depends on all bits of the input (overflow is intended)."""
    numbers = numbers * _MULTIPLIER
    return (numbers ^ (numbers >> _SHIFT)) * _MULTIPLIER
