"""Many damaged files for every reader: each is parsed, or refused in one line, and nothing else happens.

    python -m tests.fuzz          50,000 files for each reader
    python -m tests.fuzz 1000     as many as that

Files are made of pieces that mean something to a reader (delimiters, quotation marks, tags, marks of encodings), and of
bytes that mean nothing; `generate` draws the same files from the same number.
"""

from __future__ import annotations

import gzip
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

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
)  # fmt: skip
CODECS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp1251")


CLASSES = ("text,label\n" + "A fine film,good\nSo dull,bad\n" * 4, "text\tlabel\n" + "A film\tgood\nSo dull\tbad\n" * 4)
CONLL = ("Ben B-PER\nsaw O\nRiga B-LOC\n\n" * 4, "1\tBen\tB-PER\tO\n2\tsaw\tO\tO\n\n" * 4)
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
}


def generate(task: str, number: int) -> bytes:
    """The content of that file of a task: pieces, or a whole file that was damaged in a few places."""
    drawn = random.Random(number)
    if drawn.random() < 0.2:
        text = "".join(drawn.choices(PIECES, k=drawn.randint(0, 40)))
    else:
        text = drawn.choice(WHOLE[task])
        for _ in range(drawn.choice((0, 0, 1, 1, 2, 4))):
            place = drawn.randrange(len(text) + 1)
            text = text[:place] + drawn.choice(PIECES) + text[place + drawn.choice((0, 0, 1, 5)) :]
    content = text.encode(drawn.choice(CODECS), "ignore")
    for _ in range(drawn.choice((0, 0, 0, 1))):
        place = drawn.randrange(len(content) + 1)
        content = content[:place] + bytes([drawn.randrange(256)]) + content[place + drawn.choice((0, 1)) :]
    return content


def outcome(task: str, path: Path, labelled: bool, columns: str | None) -> str:
    """`parsed` or `refused`; whatever else happens is raised."""
    found = load_task(task)
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


def fuzz(task: str, files: int, folder: Path) -> Counter[str]:
    """How many files were parsed, and how many refused.

    Raises:
        AssertionError: if something else happened; names the number of the file.
    """
    counts = Counter()
    for number in range(files):
        drawn = random.Random(-number)
        content, name = generate(task, number), drawn.choice(READERS[task])
        path = folder / f"{number % 64}-{name}"
        path.write_bytes(gzip.compress(content, 1) if name.endswith(".gz") and drawn.random() < 0.9 else content)
        try:
            counts[outcome(task, path, drawn.random() < 0.6, drawn.choice(COLUMNS))] += 1
            if not number % 10:
                typed = Text(content.decode("utf-8", "surrogateescape"))
                counts[outcome(task, typed, False, None)] += 1
        except Exception as error:
            raise AssertionError(f"file {number} of {task} ({name}): {type(error).__name__}: {error}") from error
    return counts


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as folder:
        for task in READERS:
            started = time.perf_counter()
            counts = fuzz(task, files, Path(folder))
            seconds = time.perf_counter() - started
            said = f"{counts['parsed']:,} parsed, {counts['refused']:,} refused, nothing else"
            print(f"{task:20} {said} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
