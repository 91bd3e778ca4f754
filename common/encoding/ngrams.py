"""Characters with those before them, as hashed n-grams: any script, no vocabulary."""

from __future__ import annotations

import numpy as np

FIRST = 2  # buckets that no n-gram is hashed to: padding and unknown, as in a vocabulary
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 over the golden ratio, an odd number
_SHIFT = np.uint64(29)


def hashed(text: str, longest: int, buckets: int) -> np.ndarray:
    """Numbers of the n-grams that end at each character.

    An n-gram stands in one word, and may hold the space before or after it. Where there is none of a size, its number
    is that of an unknown one. Hashing is after Weinberger et al. (2009), https://arxiv.org/abs/0902.2206

    Args:
        text: words with a space between them, before the first and after the last.
        longest: most characters of an n-gram.
        buckets: numbers to hash to; n-grams of the same number are not told apart.

    Returns:
        int32 array `(timesteps, longest)`, the n-gram of size 1 first; from FIRST on, or 1 where there is none.

    Raises:
        ValueError: if there are no more than FIRST buckets.

    Example:
        >>> hashed(" ab ", 2, 100).shape
        (4, 2)
    """
    if buckets <= FIRST:
        raise ValueError(f"buckets must be more than {FIRST}, not {buckets}")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    places = np.arange(len(codes))
    spaces = np.maximum.accumulate(np.where(codes == ord(" "), places, -1))
    before = np.concatenate([[-1], spaces[:-1]])[: len(codes)]  # place of the last space before each character
    numbers = np.ones((len(codes), longest), np.int32)
    sums = np.zeros(len(codes), np.uint64)  # of the n-gram that ends at each character
    for size in range(1, longest + 1):
        sums = np.concatenate([np.zeros(1, np.uint64), sums[:-1]])[: len(codes)] if size > 1 else sums
        sums = _mixed(sums + codes + np.uint64(size))
        exists = (places >= size - 1) & (before <= places - size + 1)
        numbers[exists, size - 1] = FIRST + sums[exists] % np.uint64(buckets - FIRST)
    return numbers


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers whose bits all depend on all bits of those given (overflow is meant)."""
    numbers = numbers * _MULTIPLIER
    return (numbers ^ (numbers >> _SHIFT)) * _MULTIPLIER
