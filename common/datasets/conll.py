"""CoNLL: one token with its tag per line, a blank line after each sentence, in the dialects that occur in practice.

Columns are separated by tabs, by white space, or, in a table with a header (Kaggle's ner_dataset.csv), by commas. Which
column holds tokens and which holds tags is inferred from the file, or given by COLUMNS: `_,token,_,tag`, or
`token=2 tag=4`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

from common.datasets import reading, tag_columns
from common.datasets.delimited import JSON_LINES, rows, suffix_of
from common.datasets.lines import Text, at_line, lines, some
from common.datasets.tables import ALL_MISSING
from common.datasets.tag_columns import TAG
from common.errors import UserError

SEVERAL = re.compile(r"(?:O|[BIESLU]-[^\s,;|]+)(?:[,;|](?:O|[BIESLU]-[^\s,;|]+))+")
SUFFIXES = (".conll", ".conllu", ".iob", ".iob2", ".bio")
TOKEN_NAMES = ("token", "tokens", "word", "words", "form")
SPAN_NAMES = ("tag", "tags", "ner", "ner tag", "ner tags", "entity", "label", "labels")
CLASS_NAMES = ("pos", "upos", "tag", "tags", "pos tag", "pos tags", "xpos")
OTHER_NAMES = ("id", "index", "#", "lemma", "chunk", "sentence", "sentence #", "sentence id", "text")
LONGEST = 60  # tokens of a sentence that is the only one in its file
LOOKED_AT = 500  # lines by which CoNLL is told from plain text


class TaggedSentence(NamedTuple):
    """A sentence of a CoNLL file, and the document it belongs to ("" where the file marks none)."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    document: str = ""


class _Row(NamedTuple):
    """A line of a file: its number, its cells (none for a blank line), and whether a document begins there."""

    number: int
    cells: list[str]
    line: str
    begins_document: bool = False


class _Layout(NamedTuple):
    """The columns of tokens and of tags (None where tags are not needed), counted from 0."""

    token: int
    tag: int | None


def conll(
    path: Path | Text,
    token_column: int | None = None,
    tag_column: int | None = None,
    spans: bool = True,
    labelled: bool = True,
) -> list[TaggedSentence]:
    """Every sentence of a file with one token per line and a blank line after each sentence.

    A line -DOCSTART-, `# newdoc` or `#begin document` begins a document. Other comments, a header, and the multi-word
    and empty tokens of CoNLL-U (ids such as 3-4 and 3.1) are skipped. First columns that number the tokens, or name
    their sentence or document, are recognised.

    Args:
        token_column, tag_column: numbers of the columns, from 0, where COLUMNS names none; None to infer them.
        spans: whether the tags mark spans. They must then be O or begin with B-, I-, E-, S-, L- or U-.
        labelled: whether the tags are needed; otherwise `tags` are empty, and a file may hold tokens alone.
    """
    found = _rows(path, spans)
    names = _take_header(path, found, spans)
    found = _without_parts(found)
    filled = [row for row in found if row.cells]
    some(path, filled)
    _check_pairs(path, filled[:LOOKED_AT])
    columns = len(filled[0].cells)
    if columns < 2 and labelled:
        raise at_line(path, filled[0].number, f"must hold a token and a tag, not {filled[0].line!r:.60}")
    even = [row for row in filled if len(row.cells) == columns]
    usual = None if token_column is None else _Layout(token_column, tag_column)
    layout = _layout(path, even, usual, names, spans, labelled)
    sentences = _sentences(path, found, columns, layout if labelled else layout._replace(tag=None), spans)
    if labelled:
        _check_length(path, sentences)
    return some(path, sentences)


def _check_pairs(path: Path | Text, rows: Sequence[_Row]) -> None:
    """Refuse sentences in lines of `word/TAG`, `word_TAG` or `word|POS|TAG`, of which the last would be a tag."""
    cells = [cell for row in rows for cell in row.line.split()]
    for mark in "/_|":
        if len(cells) > len(rows) and all(mark in cell.strip(mark) for cell in cells):
            raise at_line(
                path,
                rows[0].number,
                f"holds words and tags as one, such as {cells[0]!r:.40}: write a token and its tag a line, and a blank "
                "line after each sentence",
            )


def is_conll(path: Path | Text, spans: bool = True) -> bool:
    """Whether a file of inputs has one token, not one sentence, per line: judged by its name, or by its content."""
    tables = (".csv", ".tsv", ".tab")
    if suffix_of(path) in SUFFIXES:
        return True
    if suffix_of(path) in tables and _named(next(rows(path))[1], spans):
        return True
    start = list(islice(lines(path), LOOKED_AT))
    filled = [line for line in start if line.strip() and not line.startswith(("#", "-DOCSTART-"))]
    cells = [line.split("\t") if "\t" in line else line.split() for line in filled]
    if not cells or len({len(row) for row in cells}) != 1:
        return False
    blocks = "\n".join(line.strip() for line in start).strip().count("\n\n") + 1
    has_sentences = 1 < blocks <= len(filled) / 2
    if len(cells[0]) == 1:
        return has_sentences
    ends = [row[-1].strip() for row in cells]
    if spans and all(map(TAG.fullmatch, ends)):
        return True
    tabs = suffix_of(path) not in tables and all("\t" in line for line in filled)
    return has_sentences and (tabs or len(set(ends)) <= len(ends) / 2)


# ------------------------------------------------------------------------------------------------------- Rows


def _rows(path: Path | Text, spans: bool) -> list[_Row]:
    """The lines of a file as rows; comments are left out."""
    if suffix_of(path) == ".csv":
        return _table_rows(path, spans)
    if suffix_of(path) in JSON_LINES:
        raise UserError(f"{path} is JSON: write a token and its tag a line, and a blank line after each sentence.")
    read = []
    for number, line in enumerate(lines(path), 1):
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        read.append(_Row(number, cells if line.strip() else [], line))
    tokens = [row for row in read if row.cells and not row.line.startswith(("#", "-DOCSTART-"))]
    found, ends = [], {row.cells[-1] for row in tokens}
    for row in read:
        if _begins_document(row.line):
            found.append(_Row(row.number, [], row.line, True))
        elif (found and found[-1].cells) or not _is_comment(row, tokens, ends, spans):
            found.append(row)
    return found


def _begins_document(line: str) -> bool:
    return line.startswith("-DOCSTART-") or re.match(r"#\s*(?:newdoc|begin document)\b", line) is not None


def _is_comment(row: _Row, tokens: Sequence[_Row], ends: set[str], spans: bool) -> bool:
    """Whether a line before a sentence is a comment rather than a token `#` or `#tag` with its tag.

    Args:
        tokens: the rows that begin with another character.
        ends: their last cells.
    """
    if not row.line.startswith("#"):
        return False
    if not tokens:
        return True
    columns, last = len(tokens[0].cells), row.cells[-1]
    is_one_cell = "\t" in tokens[0].line and "\t" not in row.line
    is_tagged = spans and len(row.cells) > 1 and TAG.fullmatch(last)
    if len(row.cells) != columns:
        return is_one_cell or not is_tagged
    return row.cells[0] == "#" and columns > 1 and (is_one_cell or not (is_tagged or last in ends))


def _without_parts(found: list[_Row]) -> list[_Row]:
    """The rows without the multi-word and empty tokens of CoNLL-U, whose parts or neighbours have rows of their own."""
    firsts = [row.cells[0] for row in found if len(row.cells) > 2]
    if sum(map(str.isdecimal, firsts)) <= len(firsts) / 2:
        return found
    return [row for row in found if not row.cells or not re.fullmatch(r"\d+[-.]\d+", row.cells[0])]


def _table_rows(path: Path | Text, spans: bool) -> list[_Row]:
    """The rows of a table of tokens; where a column numbers the sentences, a blank row precedes each sentence."""
    found, current = [], None
    table = rows(path, ("word", "tag"))
    number, header = next(table)
    names = [_plain(cell) for cell in header]
    sentence = next((place for place, name in enumerate(names) if name.startswith("sentence")), None)
    if not _named(header, spans):
        has = ", ".join(header)
        raise UserError(f"{path} is a table without columns for words and tags (Word, Tag). It has: {has:.120}.")
    found.append(_Row(number, header, ",".join(header)))
    for number, cells in table:
        if sentence is not None and len(cells) == len(header) and cells[sentence] not in ("", current):
            current = cells[sentence]
            found.append(_Row(number, [], ""))
        found.append(_Row(number, cells if any(cells) else [], ",".join(cells)))
    return found


# ----------------------------------------------------------------------------------------------------- Layout


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", " ")


def _named(cells: Sequence[str], spans: bool) -> dict[str, int] | None:
    """The columns of token and tag, if the cells are a header."""
    names = [_plain(cell.lstrip("#") or cell) for cell in cells]  # `#form tag`
    tags = SPAN_NAMES if spans else CLASS_NAMES
    known = {*TOKEN_NAMES, *SPAN_NAMES, *CLASS_NAMES, *OTHER_NAMES}
    token = next((names.index(name) for name in TOKEN_NAMES if name in names), None)
    tag = next((names.index(name) for name in tags if name in names), None)
    if token is None or tag is None or token == tag:
        return None
    return {"token": token, "tag": tag} if sum(name in known for name in names) > len(names) / 2 else None


def _take_header(path: Path | Text, found: list[_Row], spans: bool) -> dict[str, int]:
    """The columns of tokens and tags by the header, which is removed from the rows. Empty without a header."""
    first = next((place for place, row in enumerate(found) if row.cells), None)
    names = _named(found[first].cells, spans) if first is not None else None
    if names is None:
        return {}
    reading.note(path, "header", f"line {found[first].number}, passed over")
    del found[first]
    return names


def _layout(
    path, even: list[_Row], usual: _Layout | None, names: dict[str, int], spans: bool, labelled: bool
) -> _Layout:
    """The columns that COLUMNS names, otherwise the usual ones of the format, the header's, or those inferred."""
    columns = len(even[0].cells)
    if (said := _said(path, even, labelled)) is not None:
        return said
    if usual is not None and max(usual) < columns:
        return usual
    if names and max(names.values()) >= columns:
        problem = f"has {columns} cells, and the header names more: put cells with separators in quotes"
        raise at_line(path, even[0].number, problem)
    if names:
        layout = _Layout(names["token"], names["tag"])
    else:
        token = 0
        while token < columns - 2 and _are_ids([row.cells[token] for row in even]):
            token += 1
        if tag_columns.are_tags([row.cells[token] for row in even]):
            problem = f"has a tag, {even[0].cells[token]!r:.20}, in place of its word: name the columns"
            raise at_line(path, even[0].number, f'{problem}, as in COLUMNS="token=2 tag=1"')
        layout = _Layout(token, _tag_column(path, even, token, spans) if labelled and columns > 1 else None)
    if layout.token or layout.tag not in (None, columns - 1):
        tags = "" if layout.tag is None else f", tags in column {layout.tag + 1}"
        reading.note(path, "columns", f"tokens in column {layout.token + 1}{tags} of {columns}")
    return layout


def _said(path, even: list[_Row], labelled: bool) -> _Layout | None:
    """The layout that COLUMNS names: `_,token,_,tag`, or `token=2 tag=4`, counted from 1.

    None without COLUMNS, and where it was said of another file and does not fit this one.
    """
    said, columns = reading.columns(), len(even[0].cells)
    if not said:
        return None
    if "=" in said:
        places = dict(pair.partition("=")[::2] for pair in re.split(r"[,\s]+", said.strip()))
        found = {name: int(place) - 1 for name, place in places.items() if place.isdecimal() and len(place) < 6}
    else:
        names = [_plain(name) for name in said.split(",")]
        found = {name: names.index(name) for name in ("token", "tag") if name in names}
        if len(names) != columns and reading.may_differ():
            return None
    needed = {"token", "tag"} if labelled else {"token"}
    fits = needed <= found.keys() and all(0 <= place < columns for place in found.values())
    if fits and not (columns > 2 and _are_ids([row.cells[found["token"]] for row in even])):
        return _Layout(found["token"], found.get("tag"))
    if reading.may_differ():
        return None
    raise UserError(
        f"COLUMNS={said} does not say where {path} has its tokens and tags: "
        f"name its {columns} columns, as _,token,_,tag, or their numbers, as token=2 tag=4."
    )


def _are_ids(cells: Sequence[str]) -> bool:
    """Whether a column numbers or names the tokens, or names the sentence or document of each, as in CoNLL-2012."""
    again = sum(before == after for before, after in pairwise(cells))
    return all(re.search(r"\d", cell) for cell in cells) or again > len(cells) / 2


def _tag_column(path, even: list[_Row], token: int, spans: bool) -> int:
    """The best of the columns that hold tags; the second best is noted."""
    cells = [row.cells for row in even]
    if spans:
        found = tag_columns.of_spans(cells, token) or [len(cells[0]) - 1]
    else:
        found = tag_columns.of_known_classes(cells, token)
        if not found and len(found := tag_columns.of_classes(cells, token)) != 1:
            raise at_line(path, even[0].number, _unsure(even[0], token, found))
    if len(found) > 1:
        reading.note(path, "tags", f"of column {found[0] + 1}; COLUMNS can name column {found[1] + 1} instead")
    return found[0]


def _unsure(row: _Row, token: int, found: Sequence[int]) -> str:
    """The problem with a file in which none or several of the columns may hold the tags."""
    if found:
        seen = ", ".join(f"{place + 1} ({row.cells[place]!r:.20})" for place in found)
        problem = f"has several columns that may hold the tags, {seen}: say which one does"
    else:
        problem = f"has no column that surely holds tags, {row.line!r:.60}: if one does, name it"
    return f'{problem}, as in COLUMNS="token={token + 1} tag={(found or [1])[0] + 1}"'


# -------------------------------------------------------------------------------------------------- Sentences


def _sentences(path, found: list[_Row], columns: int, layout: _Layout, spans: bool) -> list[TaggedSentence]:
    sentences, tokens, tags, documents = [], [], [], 0

    def end_sentence():
        if tokens:
            document = f"document {documents}" if documents else ""
            sentences.append(TaggedSentence(tuple(tokens), tuple(tags), document))
            tokens.clear()
            tags.clear()

    for row in found:
        if not row.cells:
            end_sentence()
            documents += row.begins_document
        elif len(row.cells) != columns:
            problem = f"must hold {columns} columns as in the lines before, not {row.line!r:.60}"
            reading.refuse(at_line(path, row.number, problem))
        else:
            token = row.cells[layout.token].strip()
            tag = "" if layout.tag is None else row.cells[layout.tag].strip()
            if _is_right(path, row.number, token, tag, layout, spans):
                tokens.append(token)
                tags.append(tag)
    end_sentence()
    if layout.tag is None:
        sentences = [sentence._replace(tags=()) for sentence in sentences]
    if len({sentence.document for sentence in sentences}) == 1:  # a single mark at the top of a file divides nothing
        sentences = [sentence._replace(document="") for sentence in sentences]
    return sentences


def _is_right(path, number: int, token: str, tag: str, layout: _Layout, spans: bool) -> bool:
    problem, labelled = None, layout.tag is not None
    if not token or (labelled and not tag):
        problem = f"has an empty {'tag' if token else 'token'}"
    elif labelled and SEVERAL.fullmatch(tag):
        problem = f"has several tags, {tag!r:.40}: keep one (several labels are not supported)"
    elif labelled and spans and not TAG.fullmatch(tag):
        problem = f"has the tag {tag!r:.30}; it must be O, or B- or I- and a type (B-person)"
        if number == 1:
            problem += "; if this line is a header, remove it"
    elif labelled and not spans and tag == "_":
        problem = f"has no tag for {token!r:.30}: fill column {layout.tag + 1}, or name another one in COLUMNS"
    elif labelled and not spans and tag.lower() in ALL_MISSING - {"nil", "na", "none"}:
        problem = f"has the tag {tag!r}, which stands for a missing cell"
    if problem:
        reading.refuse(at_line(path, number, problem))
    return problem is None


def _check_length(path, sentences: list[TaggedSentence]) -> None:
    """Refuse a file without blank lines, which would be read as one sentence."""
    if len(sentences) == 1:
        tokens = sentences[0].tokens
        inside = sum(token in (".", "!", "?", "。") for token in tokens[:-1])
        if len(tokens) > LONGEST or inside > 1:
            raise UserError(
                f"{path} has no blank line, so it is one sentence of {len(tokens):,} tokens: "
                "put a blank line after each sentence."
            )


def to_bio(tags: Sequence[str]) -> tuple[str, ...]:
    """The same spans in BIO: B- begins each, I- continues it.

    Accepts BIO, IOB1 (B- only between neighbours of one type), IOBES and BILOU. An I- that continues nothing begins a
    span, as in the CoNLL-2000 scorer.
    """
    bio, before = [], None
    for tag in tags:
        prefix, _, kind = tag.partition("-")
        if tag != "O":
            begins = prefix in "BSU" or before != kind
            tag = f"{'B' if begins else 'I'}-{kind}"
        bio.append(tag)
        before = None if tag == "O" or prefix in "ESLU" else kind
    return tuple(bio)
