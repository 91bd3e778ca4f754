"""Files as people have them, one row for each case: what is read from it, or the one line that refuses it.

The cases are after public bug reports; each writes a small file and asks the task for its examples.
"""

import gzip
import json

import pytest

from common.datasets import reading
from common.datasets.lines import Text
from common.datasets.reading import Reading
from common.errors import UserError
from common.runs import examples, inspection
from common.runs.examples import Request
from common.task import load_task
from tests.datasets.own_files import read, texts

REVIEWS = [("A fine film.", "good"), ("So dull!", "bad"), ("Lovely; really", "good"), ("No, awful", "bad")] * 3
CSV = "text,label\n" + "".join(f'"{number} {text}",{label}\n' for number, (text, label) in enumerate(REVIEWS))
TSV = "text\tlabel\n" + "".join(f"{number} {text}\t{label}\n" for number, (text, label) in enumerate(REVIEWS))
MARKDOWN = "| text | label |\n|---|---|\n" + "".join(
    f"| {number} {text} | {label} |\n" for number, (text, label) in enumerate(REVIEWS)
)
FRENCH = "text,label\n" + "".join(f"Très bien n° {n} à voir même,bon\nUn café déçu {n},mal\n" for n in range(6))
# ---------------------------------------------------------------------------------------------------- Read right

TABLES = {
    "Excel's line sep=": ("a.csv", "sep=;\n" + CSV.replace('",', '";').replace("text,", "text;")),
    "byte order mark and CRLF": ("a.csv", "\ufeff" + CSV.replace("\n", "\r\n")),
    "lines that end in CR": ("a.csv", CSV.replace("\n", "\r")),
    "a name in capitals": ("A.CSV", CSV),
    "packed": ("a.csv.gz", gzip.compress(CSV.encode())),
    "packed, in capitals": ("a.CSV.GZ", gzip.compress(CSV.encode())),
    "tabs": ("a.tsv", TSV),
    "tabs, .tab": ("a.tab", TSV),
    "tabs, .txt": ("a.txt", TSV),
    "bars": ("a.csv", CSV.replace('",', '"|').replace("text,", "text|")),
    "UTF-16 with its mark": ("a.csv", CSV.encode("utf-16")),
    "UTF-16 without": ("a.csv", CSV.encode("utf-16-le")),
    "UTF-32": ("a.csv", CSV.encode("utf-32")),
    "a header in another case, and an index": (
        "a.csv",
        ",Text,LABEL\n" + "".join(f"{i},{row}\n" for i, row in enumerate(CSV.splitlines()[1:])),
    ),
    "rows quoted as a whole": ("a.csv", "".join('"{}"\n'.format(row.replace('"', '""')) for row in CSV.splitlines())),
    "rows below the header quoted as a whole": (
        "a.csv",
        "text,label\n" + "".join('"{}"\n'.format(row.replace('"', '""')) for row in CSV.splitlines()[1:]),
    ),
    "Markdown": ("a.md", MARKDOWN),
    "Markdown, .csv": ("a.csv", MARKDOWN.replace("---|---", ":----|:---:")),
    "a table of psql": (
        "a.csv",
        MARKDOWN.replace("|---|---|", "---+---").replace("\n| ", "\n").replace(" |\n", "\n")[2:],
    ),
    "the header once more": ("a.csv", CSV + "text,label\n"),
    "JSON lines": (
        "a.jsonl",
        "".join(json.dumps({"text": f"{i} {text}", "label": label}) + "\n" for i, (text, label) in enumerate(REVIEWS)),
    ),
    "JSON lines with more beside": (
        "a.jsonl",
        "".join(
            json.dumps({"meta": {"id": [i]}, "text": f"{i} {text}", "tags": [], "label": label}) + "\n"
            for i, (text, label) in enumerate(REVIEWS)
        ),
    ),
    "empty cells at the end of a row": ("a.csv", CSV.replace("\n", ",,\n").replace("label,,", "label")),
}


@pytest.mark.parametrize(("name", "content"), TABLES.values(), ids=TABLES)
def test_a_table_is_read_in_training_and_in_prediction_alike(tmp_path, name, content):
    expected = [(f"{number} {text}", label) for number, (text, label) in enumerate(REVIEWS)]
    for task in ("sentiment", "language_detection"):
        found, _ = read(tmp_path, task, name, content)
        assert [(example.text, example.label) for example in found] == expected
        asked, _ = read(tmp_path, task, name, content, labelled=False)
        assert [(example.text, example.label) for example in asked] == [(text, None) for text, _ in expected]


def test_windows_1252_is_read_where_it_is_sure_and_said(tmp_path):
    found, said = read(tmp_path, "sentiment", "a.csv", FRENCH.encode("cp1252"))
    assert found[0].text == "Très bien n° 0 à voir même"
    assert said.decisions["a.csv"]["encoding"] == "Windows-1252"


def test_text_is_normalised_alike_in_training_and_prediction(tmp_path):
    apart, together = "cafe\u0301 e\u0301te\u0301", "café été"
    (trained,), _ = read(tmp_path, "sentiment", "a.csv", f"text,label\n{apart},x\n")
    (asked,), _ = read(tmp_path, "sentiment", "a.txt", f"{apart}\n", labelled=False)
    (typed,) = load_task("sentiment").own_file.parse(apart)
    (from_json,), _ = read(tmp_path, "sentiment", "a.jsonl", json.dumps({"text": apart, "label": "x"}))
    assert {trained.text, asked.text, typed.text, from_json.text} == {together}


@pytest.mark.parametrize(
    ("columns", "content"),
    [
        ("text,label", CSV.partition("\n")[2]),
        ("text,label", CSV),
        ("text=review label=stars", CSV.replace("text,label", "review,stars")),
        ("label=stars", CSV.replace("label", "Stars")),
        ("text=0 label=1", "".join(json.dumps({"0": text, "1": label}) + "\n" for text, label in REVIEWS)),
    ],
)
def test_columns_can_be_named(tmp_path, columns, content):
    name = "a.jsonl" if content.startswith("{") else "a.csv"
    found, _ = read(tmp_path, "sentiment", name, content, columns=columns)
    assert len(found) == len(REVIEWS) and found[1].label == "bad"


def test_columns_of_the_training_serve_a_file_to_predict_where_they_fit(tmp_path):
    for content in ("review\tid\na b\t1\n", "text\tid\na b\t1\n"):
        path = tmp_path / "new.tsv"
        path.write_text(content)
        with reading.reading(Reading("text=review label=stars", inherited=True)):
            assert texts(load_task("sentiment").own_file.read(path, False)) == ["a b"]


def test_typed_text_is_never_a_table():
    assert texts(load_task("sentiment").own_file.parse("text, label\nA fine film")) == ["text, label", "A fine film"]


PAIRS = [("Go.", "Va !"), ('He said "no', 'Il dit "non'), ("Hi", "Salut"), ("One, two", "Un, deux")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fra.txt", "".join(f"{a}\t{b}\tCC-BY 2.0 (France) Attribution: tatoeba.org #1\n" for a, b in PAIRS)),
        ("a.tsv", "source\ttarget\n" + "".join(f"{a}\t{b}\n" for a, b in PAIRS)),
        ("a.txt", "source\ttarget\n" + "".join(f"{a}\t{b}\n" for a, b in PAIRS)),
        ("a.jsonl", "".join(json.dumps({"target": b, "source": a}) + "\n" for a, b in PAIRS)),
    ],
    ids=["Anki", "tabs", "tabs in .txt, open quotes", "JSON lines"],
)
def test_pairs_are_read(tmp_path, name, content):
    found, _ = read(tmp_path, "translation", name, content)
    assert [(pair.source, pair.target) for pair in found] == PAIRS
    asked, _ = read(tmp_path, "translation", name, content, labelled=False)
    assert [(pair.source, pair.target) for pair in asked] == [(source, None) for source, _ in PAIRS]


def test_two_parallel_files_are_pairs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, place in (("a.en", 0), ("a.fr", 1)):
        (tmp_path / name).write_text("".join(f"{number} {PAIRS[number % 4][place]}\n" for number in range(20)))
    source = examples.load(load_task("translation"), Request("a.en,a.fr"), 0)
    assert sum(len(split) for _, split in source.splits) == 20
    again = examples.load(load_task("translation"), source.request, 0)
    assert again.sha256 == source.sha256 and again.splits == source.splits
    with pytest.raises(UserError, match="no data set or file"):
        examples.load(load_task("sentiment"), Request("a.en,a.fr"), 0)


# ------------------------------------------------------------------------------------------------------ Refused

REFUSED = {
    "nothing below the line sep=": ("sentiment", "a.csv", "sep=;\n", "nothing to read below its first line, sep=;"),
    "a series with nothing below sep=": ("weather_forecast", "a.csv", "sep=;", "to read below its first line, sep=;"),
    "real numbers for labels": (
        "sentiment",
        "a.csv",
        "text,label\n" + "".join(f"text {n},{n / 7:.4f}\n" for n in range(100)),
        r"line 3, has the label '0\.1429': the labels are numbers with 100 values in 100 rows",
    ),
    "numbers of whatever size for labels": (
        "dna_analysis",
        "a.csv",
        "sequence,label\n" + "".join(f"ACGT,{n * 17}\n" for n in range(60)),
        "the labels are numbers with 60 values",
    ),
    "names for labels": (
        "sentiment",
        "a.csv",
        "text,label\n" + "".join(f"text {n},id{n}\n" for n in range(60)),
        "60 different labels in 60 rows",
    ),
    "labels in a list": ("sentiment", "a.csv", "text,label\na,\"['x', 'y']\"\nb,x\n", r"line 2, has several labels"),
    "labels with bars": (
        "sentiment",
        "a.csv",
        "text,label\na,Drama|Crime\nb,Crime\nc,Drama\n",
        r"line 2, has several labels, 'Drama\|Crime'",
    ),
    "labels with commas": (
        "language_detection",
        "a.tsv",
        "text\tlabel\na\ten,fr\nb\ten\nc\tfr\n",
        r"line 2, has several labels",
    ),
    "labels in a JSON list": (
        "sentiment",
        "a.jsonl",
        '{"text": "a", "label": ["x", "y"]}\n',
        "line 1, has several values under 'label'",
    ),
    "a JSON array": ("sentiment", "a.jsonl", '[{"text": "a",\n"label": "x"}]\n', "line 1, begins a JSON array: .*jq"),
    "a JSON array in one line": ("sentiment", "a.json", '[{"text": "a", "label": "x"}]', "line 1, is a JSON array"),
    **{
        f"JSON in one object, {content[:8]}": (
            "sentiment",
            "a.json",
            content,
            "line 1, holds all examples .*pandas: to_json",
        )
        for content in (
            '{"text": {"0": "a", "7": "b"}, "label": {"0": "x", "7": "y"}}',
            '{"0": {"text": "a", "label": "x"}, "1": {"text": "b", "label": "y"}}',
            '{"text": ["a", "b"], "label": ["x", "y"]}',
            '{"columns": ["text", "label"], "data": [["a", "x"], ["b", "y"]]}',
        )
    },
    "no header, short cells": ("translation", "a.tsv", "Hi\tSalut\nGo\tVa\n", "no header, say COLUMNS=source,target"),
    "a table of running text": ("next_word", "a.csv", "text\nOne.\n", r"is a table by its name: .* to a \.txt file"),
    "JSON lines of running text": ("text_generation", "a.jsonl", '{"text": "x"}\n' * 9, "is a table by its name"),
    "reads of a sequencer": ("dna_analysis", "a.fq", "@r1\nACGT\n+\nIIII\n", r"is FASTQ: turn it into FASTA"),
    "NUL bytes that are no UTF-16": ("next_word", "a.txt", b"a\0b\n" * 9, "line 1, holds a NUL byte: it is no text"),
    "a workbook": ("sentiment", "a.xlsx", b"PK\x03\x04rest", "is a workbook: save the sheet as CSV"),
    "a packed file named .csv": ("sentiment", "a.csv", gzip.compress(b"text,label"), r"let its name end in \.gz"),
    "an open quote that swallows rows": (
        "sentiment",
        "a.csv",
        'text,label\nfine,good\n"dull,bad\nso,bad\nweak,bad\nthe end",bad\n',
        "line 3, opens a quotation mark that line 6 closes",
    ),
    "an open quote in a table of tabs": (
        "translation",
        "a.txt",
        'source\ttarget\nGo\tVa\n"two\nlines"\tdeux\n',
        "line 3, has 1 cells, the header has 2: the cell '\"two' opens a quotation mark",
    ),
    "a missing cell": (
        "dna_analysis",
        "a.tsv",
        "sequence\tlabel\nACGT\tNA\n",
        "line 2, has the label 'NA', which stands for a missing cell: .* write it differently if it is a label",
    ),
    "another encoding": (
        "sentiment",
        "a.csv",
        "text,label\nОчень хорошо,да\n".encode("cp1251"),
        r"line 2, is not UTF-8 \(byte 0xce at 1\): .*iconv -f \S+ -t UTF-8 a\.csv > utf8-a\.csv",
    ),
    "Hungarian, which looks western": (
        "sentiment",
        "a.csv",
        "text,label\nőszinte, gyűlöl,x\n".encode("cp1250"),
        "line 2, is not UTF-8",
    ),
    "damaged UTF-8": (
        "next_word",
        "a.txt",
        "très bien déjà\n".encode() * 9 + b"caf\xe9\n",
        "line 10, is not UTF-8 .*this line is damaged",
    ),
    "one of two parallel files": (
        "translation",
        "a.en",
        "two four.\nsix five one.\nsix three two one\n",
        r"DATA=train\.en,train\.fr",
    ),
    "the table's own columns named wrongly": ("sentiment", "a.csv", CSV, "COLUMNS=text,x names no column label"),
}


@pytest.mark.parametrize(("task", "name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_refused_in_one_line(tmp_path, task, name, content, message):
    columns = "text,x" if "names no column" in message else None
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*{message}"):
        read(tmp_path, task, name, content, columns=columns)


@pytest.mark.parametrize(
    ("task", "content", "message"),
    [
        ("next_word", "a text in a single line " * 50, "1 lines of text are too few .*fold -s"),
        ("text_generation", "a text in a single line " * 50, "1 passages of 500 characters .*fold -s"),
        (
            "ner_tagging",
            "".join(f"Ben O\nsaw O\nnumber{n} O\n\n" for n in range(20)),
            "no entity in the training examples: all .* are O",
        ),
        (
            "sentiment",
            "text\tlabel\n" + "".join(f"text {n}\tham\n" for n in range(20)),
            "have the label 'ham': at least two labels",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused_before_training(tmp_path, task, content, message):
    path = tmp_path / "a.txt"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        inspection.refuse(examples.load(load_task(task), Request(str(path)), 0).splits)


def test_blank_lines_at_the_end_of_a_corpus_leave_no_split_empty(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("".join(f"line {number} of the book\n" for number in range(150)) + "\n" * 40)
    for task in ("next_word", "text_generation"):
        made = examples.load(load_task(task), Request(str(path)), 0).splits
        assert all(any(str(example).strip() for example in split) for _, split in made)


def test_latin_1_that_was_typed_is_refused():
    with pytest.raises(UserError, match=r"line 1, is not UTF-8 .*give it in UTF-8"):
        load_task("sentiment").own_file.read(Text(b"caf\xe9".decode("utf-8", "surrogateescape")), False)
