"""Count or encode the tokens of large texts: each distinct chunk between white space is tokenised once.

Any function `cut(text) -> tokens` may be used here if none of its tokens spans white space, so that cutting a text
gives the same tokens as cutting each of its chunks, `text.split()`.

Most chunks are looked up by NumPy, many at a time, in a cache with one slot per hash value. A hit compares all bytes of
the chunk, so a hash collision cannot give a wrong token. Other chunks are looked up in a dict.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np

_BLOCK = 1 << 16  # characters read at a time, so that all arrays stay in the processor's cache
_REMEMBERED = 1 << 25  # bytes of different chunks that are cached: a corpus may have any number of them
_PER_CHUNK = 100  # overhead of a chunk in bytes
_BITS = 17  # bits of a hash value
_WORDS = 3  # words of 8 bytes that are compared per chunk; longer chunks are always looked up in the dict

_SPACES = [chr(code).encode() for code in range(0x3001) if chr(code).isspace()]
_IS_SPACE = np.array([bytes([byte]) in _SPACES for byte in range(256)])
_WIDE_SPACES = [space for space in _SPACES if len(space) > 1]
# [word, length]: which bytes of that word belong to a chunk of that length.
_MASKS = np.array(
    [[(1 << 8 * min(max(length - 8 * word, 0), 8)) - 1 for length in range(8 * _WORDS)] for word in range(_WORDS)],
    np.uint64,
)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio (Knuth, volume 3, section 6.4)


def count(texts: Iterable[str], cut: Callable[[str], list[str]], end: str) -> Counter[str]:
    """How often each token occurs in a corpus, in order of first appearance.

    Args:
        texts: read once, a few at a time.
        cut: `text -> tokens`, none of which spans white space.
        end: token that is counted once for every text that has tokens.
    """
    counts, chunks, occurrences, filled = Counter(), _Chunks(), np.zeros(0, np.int64), 0
    for block in _blocks(texts):
        numbers, per_text = chunks.find(block)
        found = np.bincount(numbers, minlength=len(chunks.numbers))
        found[: len(occurrences)] += occurrences
        occurrences = found
        filled += int(np.count_nonzero(per_text))
        if chunks.size > _REMEMBERED:
            _add(counts, chunks, occurrences, cut)
            chunks, occurrences = _Chunks(), np.zeros(0, np.int64)
    _add(counts, chunks, occurrences, cut)
    counts[end] += filled
    return counts


def _add(counts: Counter[str], chunks: _Chunks, occurrences: np.ndarray, cut) -> None:
    for chunk, number in zip(chunks.texts(), occurrences.tolist(), strict=True):
        for token in cut(chunk):
            counts[token] += number


class Encoder:
    """Converts texts to ids; the ids of a chunk are cached.

    Args:
        cut: `text -> tokens`, none of which spans white space.
        ids: `tokens -> int32 array (tokens,)`, the id of each token, independent of its neighbours.
        end: id that follows the last token of every text that has tokens.
    """

    def __init__(self, cut: Callable[[str], list[str]], ids: Callable[[Iterable[str]], np.ndarray], end: int):
        self._cut, self._to_ids, self._end = cut, ids, end
        self._forget()

    def parts(self, texts: Iterable[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The ids of the texts, many texts at a time.

        Yields:
            ids of all tokens, int32 `(tokens,)`, text after text, and the offsets of the texts, int64 `(texts + 1,)`.
        """
        for block in _blocks(texts):
            if self._chunks.size > _REMEMBERED:
                self._forget()
            numbers, per_text = self._chunks.find(block)
            self._learn()
            lengths = self._lengths[numbers]  # tokens of each chunk
            ends = np.concatenate([[0], np.cumsum(lengths)])
            places = np.arange(ends[-1]) + np.repeat(self._starts[numbers] - ends[:-1], lengths)
            offsets = ends[np.concatenate([[0], np.cumsum(per_text)])]
            last = offsets[1:][per_text > 0]  # where a text with tokens ends
            ids = np.insert(self._ids[places], last, self._end)
            yield ids, offsets + np.concatenate([[0], np.cumsum(per_text > 0)])

    def _learn(self) -> None:
        """Compute the ids of the chunks that are new."""
        tokens = [self._cut(chunk) for chunk in self._chunks.texts(len(self._lengths))]
        lengths = np.array([len(each) for each in tokens], np.int64)
        ids = self._to_ids(itertools.chain.from_iterable(tokens))
        self._starts = np.concatenate([self._starts, len(self._ids) + np.cumsum(lengths) - lengths])
        self._lengths = np.concatenate([self._lengths, lengths])
        self._ids = np.concatenate([self._ids, ids])

    def _forget(self) -> None:
        self._chunks = _Chunks()
        self._ids, self._starts, self._lengths = np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64)


class _Chunks:
    """Numbers for chunks, from 0 on, in order of first appearance."""

    def __init__(self):
        self.numbers: dict[bytes, int] = {}
        self.size = 0  # approximate, in bytes
        self._keys = np.zeros((_WORDS, 1 << _BITS), np.uint64)  # of the chunk in each slot
        self._kept = np.zeros(1 << _BITS, np.int64)  # its number

    def texts(self, start: int = 0) -> Iterator[str]:
        """The chunks from that number on."""
        return (chunk.decode("utf-8", "surrogatepass") for chunk in itertools.islice(self.numbers, start, None))

    def find(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of all chunks, int64 `(chunks,)`, and how many each text has, int64 `(texts,)`."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        block = _plain(b" ".join(encoded) + b" " * 8 * _WORDS)
        inside = np.concatenate([[False], ~_IS_SPACE[np.frombuffer(block, np.uint8)]])
        edges = np.flatnonzero(inside[1:] != inside[:-1])
        starts, ends = edges[::2], edges[1::2]
        begins = np.cumsum([0, *(len(text) + 1 for text in encoded)])
        return self._look_up(block, starts, ends), np.diff(np.searchsorted(starts, begins))

    def _look_up(self, block: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        lengths = ends - starts
        is_short = lengths < 8 * _WORDS
        keys, places = _keys(block, starts, np.where(is_short, lengths, 0))
        numbers, is_hit = self._kept[places], is_short
        for kept, key in zip(self._keys, keys, strict=True):
            is_hit = is_hit & (kept[places] == key)
        missed, known = np.flatnonzero(~is_hit), len(self.numbers)
        for i, start, end in zip(missed.tolist(), starts[missed].tolist(), ends[missed].tolist(), strict=True):
            numbers[i] = self.numbers.setdefault(block[start:end], len(self.numbers))
        self.size += (lengths[missed][numbers[missed] >= known] + _PER_CHUNK).sum()
        # A slot is never reassigned: frequent chunks come early, and two of them must not displace each other.
        new = missed[is_short[missed] & (self._keys[-1][places[missed]] == 0)]
        self._kept[places[new]] = numbers[new]
        for kept, key in zip(self._keys, keys, strict=True):
            kept[places[new]] = key[new]
        return numbers


def _keys(block: bytes, starts: np.ndarray, lengths: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The bytes of each chunk and its length as `_WORDS` numbers of 64 bits, and its slot in the cache."""
    every_word = np.ndarray((len(block) - 7,), "<u8", block, strides=(1,))
    keys = [every_word[starts + 8 * word] & masks[lengths] for word, masks in enumerate(_MASKS)]
    keys[-1] |= lengths.astype(np.uint64) << np.uint64(56)  # the last byte is free
    hashed = keys[0] * _MULTIPLIER
    for key in keys[1:]:
        hashed = (hashed ^ (hashed >> np.uint64(32)) ^ key) * _MULTIPLIER
    return keys, (hashed >> np.uint64(64 - _BITS)).astype(np.int64)


def _plain(block: bytes) -> bytes:
    """The text with all white space beyond ASCII replaced by blanks, of the same length in bytes."""
    if not block.isascii():
        for space in _WIDE_SPACES:
            block = block.replace(space, b" " * len(space))
    return block


def _blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in blocks of about `_BLOCK` characters."""
    block, size = [], 0
    for text in texts:
        block.append(text)
        size += len(text) + 1
        if size >= _BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block
