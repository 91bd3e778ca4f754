"""Many damaged files for every reader: each is parsed, or refused in one line, and nothing else happens.

    python -m tests.fuzz          50,000 files for each reader
    python -m tests.fuzz 1000     as many as that

Files are made of pieces that mean something to a reader (delimiters, quotation marks, tags, marks of encodings), and of
bytes that mean nothing; `generate` draws the same files from the same number. Where the package atheris is installed,
it goes on from such files, guided by the lines of code that they reach: see `guided_fuzz.py`. Folders are damaged in
`folder_fuzz.py`.
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from common.datasets import reading
from common.datasets.lines import Text
from common.datasets.reading import Reading
from common.errors import UserError
from common.task import load_task

FILES = 50_000  # for each reader
# Task and names of files that its reader takes.
READERS = {
    "sentiment": ("a.csv", "a.tsv", "a.TXT", "a.jsonl", "a.csv.gz"),
    "language_detection": ("a.csv", "a.tab", "a.ndjson"),
    "translation": ("a.csv", "a.tsv", "a.txt", "a.jsonl"),
    "ner_tagging": ("a.conll", "a.txt", "a.csv", "a.tsv"),
    "pos_tagging": ("a.conllu", "a.txt", "a.tsv"),
    "next_word": ("a.txt",),
    "text_generation": ("a.txt", "a.txt.gz"),
    "dna_analysis": ("a.csv", "a.fa", "a.txt", "a.fasta.gz"),
    "stock_forecast": ("a.csv", "a.tsv", "a.csv.gz"),
    "weather_forecast": ("a.csv", "a.tsv", "a.csv.gz"),
    "music_generation": ("a.mid", "a.MIDI", "a.txt"),
    "speech_recognition": ("a.wav",),
    "image_captioning": ("a.png", "a.jpg", "a.bmp"),
    "pixel_sequence": ("a.png", "a.csv"),
    "self_driving": ("tub/catalog_0.catalog",),  # its folder is read
    "video_activity": ("a.txt",),  # a skeleton
}
COLUMNS = (
    *[None] * 20,
    "text,label",
    "text=review label=stars",
    "_,token,tag",
    "token=1 tag=2",
    "token=1",
    "tag",
    "a,b,c",
    "=",
    ",",
)
PIECES = (
    *"\n\r\t ,;|\"'#\0\ufeff\u0301\u200d0",
    "\r\n", "\n\n", "sep=;\n", "text,label\n", "text\tlabel\n", "source,target\n", "sequence,label\n", "word\ttag\n",
    "Sentence #,Word,POS,Tag\n", "good", "bad", "nan", "None", "1.0", "0.25", "a|b", "['x', 'y']", "A fine film", "été",
    "我爱", "हिन्दी", "ไทย", "👍🏽", "B-PER",
    "I-PER", "O", "B-x,B-y", "-DOCSTART- -X- O O\n",
    "# newdoc\n", "1\t", "1-2\t",
    "ACGT", ">gene one\n", "\tCC-BY 2.0",
    '{"text": "a", "label": "b"}\n', '{"text": ["a"]}\n', "{\n", "[1]\n", "Ben O\n",
    "1\tdo\tdo\tAUX\t_\t_\t_\t_\t_\t_\n",
    "Date,Close\n", "Ticker,A,A\n", "2024-01-31", "31/01/2024", "01/31/24", "T13:00:00+01:00", "1704067200",
    "9999-12-31",
    "1,234.5", "1.234,5", "$5", "3%", "7.1M", "-1", "1e999", "C4 E4+G4 -", '{"_index": 1}', "-inf",
)  # fmt: skip
BYTES = (
    b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"RIFF", b"RIFX", b"data", b"fmt ", b"LIST",
    b"MThd", b"MTrk", b"\xff\x2f\0", b"\xff\x51\x03", b"\x90\x3c\x40", b"IHDR", b"IDAT", b"PLTE", b"tRNS",
    b"\xff\xd8", b"\xff\xc0",
)  # fmt: skip
CODECS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp1251")


CLASSES = ("text,label\n" + "A fine film,good\nSo dull,bad\n" * 4, "text\tlabel\n" + "A film\tgood\nSo dull\tbad\n" * 4)
CONLL = ("Ben B-PER\nsaw O\nRiga B-LOC\n\n" * 4, "1\tBen\tB-PER\tO\n2\tsaw\tO\tO\n\n" * 4)


def _series(header: str, row: str, rows: int, **step: int) -> str:
    times = (datetime(2024, 1, 1) + number * timedelta(**step) for number in range(rows))
    return header + "".join(row.format(time, 20 + number % 7) for number, time in enumerate(times))


# Whole files, of which some are damaged in a few places.
WHOLE = {
    "sentiment": (*CLASSES, '{"text": "A film", "label": "b"}\n{"text": "B", "label": "c"}\n' * 4),
    "language_detection": CLASSES,
    "translation": ("source,target\n" + '"two, four",deux\nsix,six\n' * 4, "two\tdeux\tCC-BY 2.0\n" * 6),
    "ner_tagging": (*CONLL, "Sentence #,Word,POS,Tag\n" + "Sentence: 1,Ben,NNP,B-PER\n,saw,VBD,O\n" * 4),
    "pos_tagging": (CONLL[0], "1\tdo\tdo\tAUX" + "\t_" * 6 + "\n2\tit\tit\tPRON" + "\t_" * 6 + "\n\n"),
    "next_word": ("A line of a text.\n" * 8,),
    "text_generation": ("A line of a text.\n" * 8,),
    "dna_analysis": ("sequence,label\n" + "ACGT,yes\nGGTT,no\n" * 4, ">gene yes\nACGT\nGG\n>other no\nTTTT\n"),
    "stock_forecast": (
        _series("Date,Close,Volume\n", "{:%Y-%m-%d},{}.5,1.2M\n", 64, days=1),
        _series("Date;Adj Close;Close\n", "{:%d/%m/%Y};${}1,5;$1.200,5\n", 64, days=7),
        _series("<DATE>,<TIME>,<CLOSE>\n", "{:%Y%m%d,%H%M%S},{}\n", 64, minutes=15),
        _series("Price,Close\nTicker,A\nDate,\n", "{:%Y-%m-%d %H:%M}:00+01:00,{}\n", 64, minutes=15),
    ),
    "weather_forecast": (
        _series("time,rain,sky\n", "{:%Y-%m-%d %H:%M},{}.25,blue\n", 150, hours=1),
        _series("year\tmonth\tday\tmm\n", "{0:%Y}\t{0:%m}\t{0:%d}\t{1}\n", 50, days=1),
        _series("ds,y\n", "{:%d %b %Y},{}\n", 50, days=1),
        _series("Date;Hour;x;y;\n", "{0:%d/%m/%y};{0:%H.%M};{1},5;{1}.125;\n", 150, hours=1),
    ),
    "music_generation": ("C4 E4+G4 - F#5\nBb3 C4\n" * 3,),
    "pixel_sequence": ("label,0,1,2,3\n" + "a,0,128,255,3\nb,9,8,7,6\n" * 4, "0 128 255 3\n" * 4),
    "video_activity": ("0.1 -0.2 2.5 1\n" * 40,),
    "self_driving": (
        "".join(
            json.dumps({"_index": n, "cam/image_array": "1.png", "user/angle": n / 9, "_timestamp_ms": 50 * n}) + "\n"
            for n in range(5)
        ),
    ),
}


@functools.cache
def recordings(task: str) -> tuple[bytes, ...]:
    """Whole files of a task that are no text; none where its files are."""
    make = {
        "music_generation": _midi,
        "speech_recognition": _sounds,
        "image_captioning": _pictures,
        "pixel_sequence": _pictures,
    }
    return tuple(make[task]()) if task in make else ()


def _midi():
    import mido

    for kind, ticks in ((0, 96), (1, 480)):
        file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=400_000)])
        for note in (60, 64, 67):
            track += [mido.Message("note_on", note=note, time=3), mido.Message("note_off", note=note, time=ticks)]
        file.tracks.append(track)
        content = io.BytesIO()
        file.save(file=content)
        yield content.getvalue()


def _sounds():
    from scipy.io import wavfile

    wave = np.sin(np.arange(400) / 5)
    stereo = np.stack([wave, wave], axis=1)
    for samples in (np.int16(wave * 9000), np.uint8(wave * 90 + 128), np.int32(wave * 1e9), np.float32(stereo)):
        content = io.BytesIO()
        wavfile.write(content, 8000, samples)
        yield content.getvalue()


def _pictures():
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    for mode, kind in (*((mode, "PNG") for mode in ("L", "RGB", "RGBA", "P", "1")), ("L", "JPEG"), ("RGB", "BMP")):
        content = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(content, kind)
        yield content.getvalue()


def generate(task: str, number: int) -> bytes:
    """The content of that file of a task: pieces, or a whole file that was damaged in a few places."""
    drawn = random.Random(number)
    if recordings(task) and (drawn.random() < 0.8 or task not in WHOLE):
        return damaged(drawn, drawn.choice(recordings(task)))
    if drawn.random() < 0.2:
        return encoded(drawn, "".join(drawn.choices(PIECES, k=drawn.randint(0, 40))))
    return damaged_text(drawn, drawn.choice(WHOLE[task]))


def damaged(drawn: random.Random, content: bytes) -> bytes:
    """A whole file with bytes inserted or exchanged in a few places, perhaps cut off."""
    for _ in range(drawn.choice((0, 0, 1, 1, 2, 4))):
        place = drawn.randrange(len(content) + 1)
        content = content[:place] + drawn.choice(BYTES) + content[place + drawn.choice((0, 1, 4, 4)) :]
    return content[: drawn.choice((None, None, None, drawn.randrange(len(content) + 1)))]


def damaged_text(drawn: random.Random, text: str) -> bytes:
    """A whole text with pieces inserted or exchanged in a few places, in some encoding."""
    for _ in range(drawn.choice((0, 0, 1, 1, 2, 4))):
        place = drawn.randrange(len(text) + 1)
        text = text[:place] + drawn.choice(PIECES) + text[place + drawn.choice((0, 0, 1, 5)) :]
    return encoded(drawn, text)


def encoded(drawn: random.Random, text: str) -> bytes:
    """The text in some encoding, perhaps with a wrong byte."""
    content = text.encode(drawn.choice(CODECS), "ignore")
    for _ in range(drawn.choice((0, 0, 0, 1))):
        place = drawn.randrange(len(content) + 1)
        content = content[:place] + bytes([drawn.randrange(256)]) + content[place + drawn.choice((0, 1)) :]
    return content


_task = functools.cache(load_task)


def outcome(task: str, path: Path, labelled: bool, columns: str | None) -> str:
    """`parsed` or `refused`; whatever else happens is raised."""
    found = _task(task)
    if found.own_file.folders and path.suffix == ".catalog":
        path = path.parent
    with reading.reading(Reading(columns)):
        try:
            for example in found.own_file.read(path, labelled):
                str(example)
                len(example)
        except UserError as error:
            if "\n" in str(error):
                raise ValueError(f"a refusal of several lines: {error}") from error
            return "refused"
    return "parsed"


def written(path: Path, content: bytes, packed: bool) -> Path:
    """The path with this content, `packed` where its name says so; beside a catalog lie its pictures."""
    if path.suffix == ".catalog":
        (path.parent / "images").mkdir(parents=True, exist_ok=True)
        (path.parent / "images" / "1.png").write_bytes(recordings("pixel_sequence")[0])
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" and packed else content)
    return path


def fuzz(task: str, files: int, folder: Path) -> Counter[str]:
    """How many files were parsed, and how many refused; see `count`."""

    def outcomes(number: int):
        drawn = random.Random(-number)
        content, name = generate(task, number), drawn.choice(READERS[task])
        path = written(folder / f"{number % 64}-{name}", content, packed=drawn.random() < 0.9)
        single = recordings(task) or task == "video_activity"  # a single picture or clip has no label
        labelled = drawn.random() < (0.2 if single else 0.6)
        yield outcome(task, path, labelled, drawn.choice(COLUMNS))
        if not number % 10:
            typed = Text(content.decode("utf-8", "surrogateescape"))
            yield outcome(task, typed, False, None)

    return count(f"{task}, file", files, outcomes)


def count(what: str, total: int, outcomes: Callable[[int], Iterable[str]]) -> Counter[str]:
    """The outcomes of all numbers below `total`, counted.

    Raises:
        AssertionError: if something else happened; names it, `what` with its number.
    """
    counts, number = Counter(), 0
    try:
        for number in range(total):
            counts.update(outcomes(number))
    except Exception as error:
        raise AssertionError(f"{what} {number}: {type(error).__name__}: {error}") from error
    return counts


def report(readers: Iterable[str], fuzz: Callable[[str, int, Path], Mapping[str, int]], total: int) -> None:
    """Fuzz these readers, and print what came of it and how long it took; the first argument is another `total`."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else total
    with tempfile.TemporaryDirectory() as folder:
        for task in readers:
            started = time.perf_counter()
            counts = fuzz(task, total, Path(folder))
            said = f"{counts['parsed']:,} parsed, {counts['refused']:,} refused, nothing else"
            print(f"{task:20} {said} ({time.perf_counter() - started:.0f} s)", flush=True)


def guided(task: str, files: int, folder: Path) -> Mapping[str, int]:
    """Like `fuzz`, with atheris, which ends its process."""
    command = [sys.executable, "-m", "tests.guided_fuzz", task, str(files), str(folder)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout.splitlines()[-1])


if __name__ == "__main__":
    report(READERS, guided if importlib.util.find_spec("atheris") else fuzz, FILES)
