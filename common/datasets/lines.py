"""Lines of text files: streamed, or by number from a file of any size.

Text is normalised to Unicode NFC, so that each word has one spelling in code points. UTF-8 with lines that end in LF or
CRLF is streamed; UTF-16, Windows-1252 where it is certain, and files whose lines end in CR are read whole. See
`encodings`.
"""

from __future__ import annotations

import array
import codecs
import contextlib
import copy
import dataclasses
import gzip
import io
import itertools
import math
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from common.datasets import encodings, reading
from common.datasets.paths import check_is_file
from common.errors import UserError

LONGEST_LINE = 1 << 20  # bytes
LARGEST_RATIO = 100  # unpacked to packed bytes; text packs 3 to 10 times smaller, a decompression bomb 1000 times
CHUNK = 1 << 14  # bytes read at a time
LARGEST_OTHER = 1 << 28  # bytes of a file that is not UTF-8, or whose lines end in CR: it is read whole
EVERY = 64  # lines between two offsets that a LineSequence remembers


def at_line(path: Path, number: int, problem: str) -> UserError:
    """The error that says what is wrong with a line of a file; lines are counted from 1."""
    return UserError(f"{line_of(path, number)}, {problem}{'' if problem.endswith('?') else '.'}")


def line_of(path: Path, number: int) -> str:
    """A line of a file, for messages."""
    return f"{path}, line {number:,}"


def some(path: Path, found: list) -> list:
    if not found:
        raise UserError(f"{path} holds nothing to read: every line is blank or passed over.")
    return found


def lines(path: Path | Text) -> Iterator[str]:
    """The lines of a text file without their line ends, one at a time; at least one.

    A byte order mark is dropped; lines end in LF, CRLF or CR; a file whose name ends in `.gz`, in any case, is unpacked
    while it is read.

    Raises:
        UserError: if the file is missing, empty, not text, or in an uncertain encoding; names the line.
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
    """A text that is read like a file: typed, or sent to a service. Readers accept it in place of a path.

    Attributes:
        text: the content.
        name: shown in messages instead of a path.
        suffix: of a file name, for readers that choose the format by it.
    """

    text: str
    name: str = "the text"
    suffix: str = ".txt"

    def __str__(self) -> str:
        return self.name


@dataclasses.dataclass(frozen=True)
class Parallel:
    """Two files that belong together line by line, such as sentences and their translations."""

    source: Path
    target: Path

    @property
    def name(self) -> str:
        return f"{self.source.name},{self.target.name}"

    def __str__(self) -> str:
        return f"{self.source},{self.target}"


class LineSequence(Sequence):
    """The lines of a text file by number, read on demand: the file is never held in memory.

    Opening reads the file through once and remembers where every 64th line begins (2 MB for a corpus of 1 GB).
    Iteration streams, a single line costs reading at most 64 lines, and a slice is a LineSequence over the same file.

    Args:
        path: a text file as `lines` reads it, not packed.
        make: converts each line, to an example for instance; by default it stays text.
    """

    def __init__(self, path: Path, make: Callable[[str], object] = str):
        self.path, self.make = Path(path), make
        if is_packed(self.path):
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
        """The lines of both, where the other starts at the line after the last of this one in the same file."""
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
    """The file opened as bytes of UTF-8 whose lines end in LF or CRLF; errors become one line."""
    if isinstance(path, Text):
        yield io.BytesIO(_with_line_feeds(path.text.encode("utf-8", "surrogateescape")))
        return
    check_is_file(path, "file")
    try:
        with _unpacked(path) as file:
            survey = _survey(path, file)
            if survey == _Survey():
                file.seek(0)
                yield file
            else:
                yield io.BytesIO(_read_whole(path, file, survey))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} is not a whole gzip file ({error}): fetch it again.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}).") from error


def is_packed(path: Path | Text) -> bool:
    """Whether a name says that the file is packed with gzip."""
    return path.suffix.lower() == ".gz"


def _unpacked(path: Path) -> IO[bytes]:
    return (gzip.open if is_packed(path) else open)(path, "rb")


class _Survey(NamedTuple):
    """How the bytes of a file become lines."""

    encoding: str = "utf-8"
    ends_in_cr: bool = False


def _survey(path: Path, file: IO[bytes]) -> _Survey:
    """How to read a file, determined once until it changes.

    Raises:
        UserError: if it is not text.
    """
    about = path.stat()
    found = _surveyed(path, file, (about.st_size, about.st_mtime_ns))
    if found.encoding != "utf-8":
        reading.note(path, "encoding", found.encoding.upper().replace("CP1252", "Windows-1252"))
    if found.ends_in_cr:
        reading.note(path, "line ends", "CR, as on an old Mac")
    return found


_SURVEYS: dict[tuple, _Survey] = {}  # of the files read last


def _surveyed(path: Path, file: IO[bytes], state: tuple) -> _Survey:
    key = (str(path), *state)
    if key not in _SURVEYS:
        while len(_SURVEYS) >= 64:
            del _SURVEYS[next(iter(_SURVEYS))]
        _SURVEYS[key] = _look(path, file)
    return _SURVEYS[key]


def _look(path: Path, file: IO[bytes]) -> _Survey:
    start = file.read(LONGEST_LINE)
    if what := encodings.is_no_text(start):
        raise UserError(f"{path} is {what}.")
    encoding = encodings.of_start(start[:4096]) or "utf-8"
    if encoding == "utf-8-sig":
        encoding = "utf-8"  # `_decoded` drops the mark
    if encoding != "utf-8":
        return _Survey(encoding)
    ends_in_cr = b"\n" not in start and b"\r" in start
    if not _is_utf8(path, file, start):
        file.seek(0)
        encoding = "cp1252" if encodings.is_surely_cp1252(file.read(encodings.SAMPLE)) else "utf-8"
    return _Survey(encoding, ends_in_cr)


def _is_utf8(path: Path, file: IO[bytes], chunk: bytes) -> bool:
    """Whether a file is UTF-8 to its end, or to the point at which reading refuses it as too large."""
    decoder, left = codecs.getincrementaldecoder("utf-8")(), _most_unpacked(path)
    try:
        while chunk and left > 0:
            decoder.decode(chunk)
            left -= len(chunk)
            chunk = file.read(1 << 20)
        decoder.decode(b"", final=not chunk)
    except UnicodeDecodeError:
        return False
    return True


def _most_unpacked(path: Path | Text) -> float:
    """Bytes beyond which a packed file is a decompression bomb."""
    return LARGEST_RATIO * path.stat().st_size + LONGEST_LINE if is_packed(path) else math.inf


def _read_whole(path: Path, file: IO[bytes], survey: _Survey) -> bytes:
    """The file as UTF-8 whose lines end in LF or CRLF."""
    file.seek(0)
    content = file.read(LARGEST_OTHER + 1)
    if len(content) > LARGEST_OTHER:
        raise UserError(
            f"{path} is too large to be read in {survey.encoding.upper()}: {_iconv(path, survey.encoding.upper())}."
        )
    try:
        text = content.decode(survey.encoding)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is damaged: it is not {survey.encoding.upper()} at byte {error.start:,}.") from error
    content = text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    return _with_line_feeds(content)


def _with_line_feeds(content: bytes) -> bytes:
    """The text with CR replaced by LF if all its lines end in CR."""
    return content if b"\n" in content else content.replace(b"\r", b"\n")


def _iconv(path: Path, encoding: str) -> str:
    """The command that converts a file to UTF-8."""
    name = path.name
    return f"iconv -f {encoding} -t UTF-8 {name} > utf8-{name}"


def _blocks(path: Path, file: IO[bytes], number: int = 1) -> Iterator[list[str]]:
    """The lines from the file's current position on, in blocks; `number` is that of the first line.

    Refuses a line that is too long for memory, and a small packed file that unpacks without end.
    """
    rest, left = b"", _most_unpacked(path)
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


def _decoded(path: Path | Text, number: int, block: bytes) -> list[str]:
    """The lines of a block without their ends; `number` is that of its first."""
    try:
        text = block.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        place = error.start - block.rfind(b"\n", 0, error.start)
        line = number + block.count(b"\n", 0, error.start)
        raise at_line(path, line, f"is not UTF-8 (byte {block[error.start]:#04x} at {place}): {_mend(path)}") from error
    if "\0" in text:
        problem = "holds a NUL byte: it is no text, or text in UTF-16; save the file as UTF-8"
        raise at_line(path, number + text.count("\n", 0, text.index("\0")), problem)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        if "\ufeff" in text:  # files that were concatenated
            text = text.replace("\n\ufeff", "\n").removeprefix("\ufeff")
    found = text.split("\n")
    return [line.rstrip("\r") for line in found] if "\r" in text else found


def _mend(path: Path | Text) -> str:
    """What to do with a text that is not UTF-8."""
    if isinstance(path, Text):
        return "give it in UTF-8"
    with _unpacked(path) as file:
        sample = file.read(encodings.SAMPLE)
    if any(byte >= 0xC2 for byte in sample) and _mostly_utf8(sample):
        return "the rest is UTF-8, so this line is damaged: write it again"
    if encodings.mixes_utf8(sample):
        return "other lines are UTF-8, so the file mixes encodings: save each of its parts as UTF-8 and join them again"
    return f"save the file as UTF-8, or, if it is {(found := encodings.guess(sample))}, {_iconv(path, found)}"


def _mostly_utf8(sample: bytes) -> bool:
    """Whether at least nine in ten of the characters beyond ASCII are UTF-8."""
    text = sample.decode("utf-8", "replace")
    wrong, beyond = text.count("\ufffd"), sum(character > "\x7f" for character in text)
    return wrong < 0.1 * beyond
