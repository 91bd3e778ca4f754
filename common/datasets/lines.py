"""Lines of UTF-8 text files: streamed, or by number from a file of any size."""

from __future__ import annotations

import array
import contextlib
import copy
import dataclasses
import gzip
import io
import itertools
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from common.errors import UserError

LONGEST_LINE = 1 << 20  # bytes
LARGEST_RATIO = 100  # unpacked to packed bytes; text packs 3 to 10 times smaller, a decompression bomb 1000 times
CHUNK = 1 << 14  # bytes read at a time
EVERY = 64  # lines between two places that a LineSequence knows


def at_line(path: Path, number: int, problem: str) -> UserError:
    """The error which says what is wrong with a line of a file; numbers count from 1."""
    return UserError(f"{path}, line {number:,}, {problem}.")


def lines(path: Path | Text) -> Iterator[str]:
    """The lines of a text file without their ends, one at a time; at least one.

    A byte order mark is dropped; lines end in LF or CRLF; a file whose name ends in `.gz` is unpacked while it is read.

    Raises:
        UserError: if the file is missing, empty or not UTF-8 text, naming the line.
    """
    path = path if isinstance(path, Text) else Path(path)
    with _opened(path) as file:
        found = False
        for block in _blocks(path, file):
            found = True
            yield from block
        if not found:
            raise UserError(f"{path} is empty.")


@dataclasses.dataclass(frozen=True)
class Text:
    """A text that is read like a file: what was typed, or what a service was sent. Readers take it for a path.

    Attributes:
        text: the content.
        name: stands for the path in messages.
        suffix: of a file name, for readers that tell formats apart by it.
    """

    text: str
    name: str = "the text"
    suffix: str = ".txt"

    def __str__(self) -> str:
        return self.name


class LineSequence(Sequence):
    """The lines of a text file by number, read when they are asked for: nothing of the file stays in memory.

    Opening reads the file through once and remembers where every 64th line begins (2 MB for a corpus of 1 GB).
    Iterating streams, a single line costs the reading of 64 at most, a slice is a LineSequence over the same file.

    Args:
        path: a text file as `lines` reads it, not packed.
        make: what to make of each line, such as an example; by default it stays text.
    """

    def __init__(self, path: Path, make: Callable[[str], object] = str):
        self.path, self.make = Path(path), make
        if self.path.suffix == ".gz":
            raise UserError(f"{path} is packed: unpack it first (gunzip -k).")
        self._offsets, count = _offsets(self.path)
        self._numbers = range(count)  # of the lines shown, from 0

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: int | slice) -> object:
        picked = self._numbers[index]
        if isinstance(index, slice):
            part = copy.copy(self)
            part._numbers = picked
            return part
        return next(self._read(picked, picked + 1))

    def __add__(self, other: LineSequence) -> LineSequence:
        """The lines of both, where the other begins at the line after the last of this one in the same file."""
        begins, goes_on = self._numbers, other._numbers
        if self.path != other.path or begins.step != 1 or goes_on.step != 1 or begins.stop != goes_on.start:
            raise ValueError(f"lines {goes_on} of {other.path} do not follow lines {begins} of {self.path}")
        both = copy.copy(self)
        both._numbers = range(begins.start, goes_on.stop)
        return both

    def __iter__(self) -> Iterator:
        if self._numbers.step == 1:
            return self._read(self._numbers.start, self._numbers.stop)
        return (next(self._read(number, number + 1)) for number in self._numbers)

    def _read(self, start: int, stop: int) -> Iterator:
        near = start - start % EVERY
        with _opened(self.path) as file:
            file.seek(self._offsets[near // EVERY])
            found = itertools.chain.from_iterable(_blocks(self.path, file, near + 1))
            yield from map(self.make, itertools.islice(found, start - near, stop - near))


def _offsets(path: Path) -> tuple[array.array, int]:
    """Where every 64th line begins, and how many lines there are."""
    import numpy as np

    offsets, count, place, last, begun = array.array("q", [0]), 0, 0, b"", 0
    with _opened(path) as file:
        while chunk := file.read(1 << 20):
            ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
            first = -(count + 1) % EVERY  # line k begins after the k-th end
            offsets.extend((place + 1 + ends[first::EVERY]).tolist())
            begun = place + 1 + int(ends[-1]) if len(ends) else begun  # where the last line begins
            count, place, last = count + len(ends), place + len(chunk), chunk[-1:]
            if place - begun > LONGEST_LINE:
                raise _too_long(path, count + 1)
    if not place:
        raise UserError(f"{path} is empty.")
    return offsets, count + (last != b"\n")


@contextlib.contextmanager
def _opened(path: Path | Text) -> Iterator[IO[bytes]]:
    """The file for reading bytes; what goes wrong while it is open becomes one line."""
    if isinstance(path, Text):
        yield io.BytesIO(path.text.encode("utf-8", "surrogateescape"))
        return
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            yield file
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder: name a file.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} is not a whole gzip file ({error}): fetch it again.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}).") from error


def _blocks(path: Path, file: IO[bytes], number: int = 1) -> Iterator[list[str]]:
    """The lines from where the file stands, many at a time, the first of which has this number.

    Refuses a line too long for memory, and a small packed file which does not end.
    """
    rest, left = b"", LARGEST_RATIO * path.stat().st_size + LONGEST_LINE if path.suffix == ".gz" else math.inf
    while chunk := file.read(CHUNK):
        whole, end, begun = chunk.rpartition(b"\n")
        if end:
            block = _decoded(path, number, rest + whole)
            yield block
            number, rest = number + len(block), b""
        rest += begun
        left -= len(chunk)
        if len(rest) > LONGEST_LINE:
            raise _too_long(path, number)
        if left < 0:
            raise at_line(
                path, number, f"is where it has grown {LARGEST_RATIO} times larger than packed: unpack it first"
            )
    if rest:
        yield _decoded(path, number, rest)


def _too_long(path: Path, number: int) -> UserError:
    return at_line(path, number, f"is longer than {LONGEST_LINE:,} bytes: break it into shorter ones (fold -s)")


def _decoded(path: Path, number: int, block: bytes) -> list[str]:
    """The lines of a block without their ends; `number` is that of its first."""
    try:
        text = block.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        place = error.start - block.rfind(b"\n", 0, error.start)
        problem = f"is not UTF-8 (byte {block[error.start]:#04x} at {place}): save the file as UTF-8"
        raise at_line(path, number + block.count(b"\n", 0, error.start), problem) from error
    if "\0" in text:
        problem = "holds a NUL byte: it is no text, or text in UTF-16; save the file as UTF-8"
        raise at_line(path, number + text.count("\n", 0, text.index("\0")), problem)
    found = text.split("\n")
    return [line.rstrip("\r") for line in found] if "\r" in text else found
