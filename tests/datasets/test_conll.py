"""Files with one token per line, in dialects that occur: what is read from each, or the one line that refuses it."""

import pytest

from common.datasets import reading
from common.datasets.reading import Reading
from common.errors import UserError
from common.task import load_task
from tests.datasets.own_files import read, texts

CONLL = [
    ("Ben", "NNP", "B-NP", "B-PER"),
    ("saw", "VBD", "B-VP", "O"),
    ("Riga", "NNP", "B-NP", "B-LOC"),
    (".", ".", "O", "O"),
]


def sentences(line, count=4, first=""):
    """A CoNLL file of that many sentences; `line(number, token, pos, chunk, tag)` writes a row."""
    body = "".join(line(i, *row) + "\n" for i, row in enumerate(CONLL, 1)) + "\n"
    return first + body * count


DIALECTS = {
    "two columns": sentences(lambda i, t, p, c, g: f"{t} {g}"),
    "four columns": sentences(lambda i, t, p, c, g: f"{t} {p} {c} {g}"),
    "tabs and CR": sentences(lambda i, t, p, c, g: f"{t}\t{g}").replace("\n", "\r"),
    "numbered": sentences(lambda i, t, p, c, g: f"{i} {t} {p} {c} {g}"),
    "a document, its part, and numbers, as in CoNLL-2012": sentences(
        lambda i, t, p, c, g: f"bc/cctv/00  0  {i - 1}  {t}  {p}  (S*  -  {g}", first="#begin document (bc/cctv/00)\n"
    ),
    "the number of the sentence": "".join(
        sentences(lambda i, t, p, c, g, n=n: f"{n}\t{t}\t{g}", count=1) for n in range(7, 11)
    ),
    "the place in the text": sentences(lambda i, t, p, c, g: f"{7 * i}\t{t}\t{g}"),
    "numbers of sentence and word": sentences(lambda i, t, p, c, g: f"s1-{i} {t} {p} {g}"),
    "numbered from 0, tabs": sentences(lambda i, t, p, c, g: f"{i - 1}\t{t}\t{p}\t{g}"),
    "GermEval: a comment with tabs, inner tags of O": sentences(
        lambda i, t, p, c, g: f"{i}\t{t}\t{g}\tO", first="#\thttp://example.org [2009]\n"
    ),
    "inner tags": sentences(lambda i, t, p, c, g: f"{i}\t{t}\t{g}\t{g if i == 1 else 'O'}"),
    "a header": sentences(lambda i, t, p, c, g: f"{t}\t{g}", first="Word\tTag\n"),
    "a header after a hash": sentences(lambda i, t, p, c, g: f"{t} {g}", first="#word tag\n"),
    "a header that tells the columns": sentences(lambda i, t, p, c, g: f"{g}\t{t}", first="ner\ttoken\n"),
    "IOB1": sentences(lambda i, t, p, c, g: f"{t} {g.replace('B-', 'I-')}"),
}
SPARSE = "Sentence #,Word,POS,Tag\n" + "".join(
    f'{f"Sentence: {n}" if i == 0 else ""},"{t}",{p},{g}\n' for n in range(4) for i, (t, p, c, g) in enumerate(CONLL)
)
FULL = "Sentence #,Word,POS,Tag\n" + "".join(
    f'Sentence: {n},"{t}",{p},{g}\n' for n in range(4) for i, (t, p, c, g) in enumerate(CONLL)
)


@pytest.mark.parametrize(
    ("name", "content"),
    [*(("a.conll", content) for content in DIALECTS.values()), ("ner_dataset.csv", SPARSE), ("ner.csv", FULL)],
    ids=[*DIALECTS, "Kaggle", "Kaggle, numbered in every row"],
)
def test_conll_is_read_in_its_dialects(tmp_path, name, content):
    found, _ = read(tmp_path, "ner_tagging", name, content)
    assert [example.tokens for example in found] == [("Ben", "saw", "Riga", ".")] * 4
    assert {example.tags for example in found} == {("B-PER", "O", "B-LOC", "O")}
    asked, _ = read(tmp_path, "ner_tagging", name, content, labelled=False)
    assert [(example.tokens, example.tags) for example in asked] == [(("Ben", "saw", "Riga", "."), None)] * 4


def test_documents_of_conll_2012(tmp_path):
    content = sentences(lambda i, t, p, c, g: f"a\t{t}\t{g}", first="#begin document (a)\n") + "#end document\n"
    found, _ = read(tmp_path, "ner_tagging", "a.conll", content + content)
    assert [example.group for example in found] == ["document 1"] * 4 + ["document 2"] * 4


def test_columns_name_the_tags_of_conll(tmp_path):
    content = DIALECTS["four columns"]
    for columns in ("token,_,tag,_", "token=1 tag=3"):
        found, _ = read(tmp_path, "ner_tagging", "a.conll", content, columns=columns)
        assert found[0].tags == ("B-NP", "B-VP", "B-NP", "O")


def test_parts_of_speech_are_no_spans(tmp_path):
    found, _ = read(tmp_path, "pos_tagging", "a.conll", DIALECTS["four columns"])
    assert found[0].tags == ("NNP", "VBD", "NNP", ".")
    found, _ = read(tmp_path, "pos_tagging", "a.tsv", sentences(lambda i, t, p, c, g: f"{t}\t{p}", first="word\tpos\n"))
    assert found[0].tokens == ("Ben", "saw", "Riga", ".") and found[0].tags == ("NNP", "VBD", "NNP", ".")


# Word, lemma, universal tag, tag of the Penn Treebank, tag of the STTS, relation.
WORDS = [
    ("Hunde", "Hund", "NOUN", "NNS", "NN", "nsubj"),
    ("bellen", "bellen", "VERB", "VBP", "VVFIN", "root"),
    ("den", "der", "DET", "DT", "ART", "det"),
    ("Mond", "Mond", "NOUN", "NN", "NN", "obj"),
    ("an", "an", "ADP", "RP", "PTKVZ", "compound"),
    (".", ".", "PUNCT", ".", "$.", "punct"),
]


def words(row, count=3, **more):
    """A CoNLL file of that many sentences, whose rows are this format of their cells."""
    names = ("word", "lemma", "universal", "penn", "stts", "relation")
    lines = (row.format(i=i, **dict(zip(names, cells)), **more) for i, cells in enumerate(WORDS, 1))
    return ("\n".join(lines) + "\n\n") * count


PARTS_OF_SPEECH = {
    "TreeTagger, tags that are not known": ("{word}\t{stts}\t{lemma}", 4),
    "TreeTagger, known tags": ("{word}\t{penn}\t{lemma}", 3),
    "the lemma before the tag": ("{word} {lemma} {stts}", 4),
    "no lemmas, but _": ("{word} {stts} _", 4),
    "a relation beside known tags": ("{i} {word} {universal} {relation}", 2),
    "both kinds of known tags": ("{word} {penn} {universal}", 2),
    "a probability": ("{word} {stts} 0.97", 4),
    "spans, numbered": ("{i} {word} {stts} B-NP", 4),
    "CoNLL-2009": ("\t".join("{i} {word} {lemma} {lemma} {penn} {penn} _ _ 0 0 {relation} {relation} _ _".split()), 3),
}


@pytest.mark.parametrize(("row", "place"), PARTS_OF_SPEECH.values(), ids=PARTS_OF_SPEECH)
def test_the_column_of_parts_of_speech_is_found(tmp_path, row, place):
    found, _ = read(tmp_path, "pos_tagging", "a.conll", words(row))
    assert found[0].tokens == tuple(cells[0] for cells in WORDS)
    assert found[0].tags == tuple(cells[place] for cells in WORDS)


@pytest.mark.parametrize(
    ("columns", "place"), [("_,token,_,_,tag,_,_,_,_,_", 3), ("token=2 tag=5", 3), ("token=3 tag=8", 5), (None, 2)]
)
def test_columns_name_the_tags_of_conllu(tmp_path, columns, place):
    content = words("\t".join("{i} {word} {lemma} {universal} {penn} _ 0 {relation} _ _".split()))
    found, _ = read(tmp_path, "pos_tagging", "a.conllu", content, columns=columns)
    assert found[0].tags == tuple(cells[place] for cells in WORDS)
    assert found[0].tokens == tuple(cells[columns == "token=3 tag=8"] for cells in WORDS)


def test_columns_of_the_training_that_would_be_numbers_are_not_taken(tmp_path):
    path = tmp_path / "new.conllu"
    path.write_text(words("\t".join("{i} {word} {lemma} {universal} {penn} _ 0 {relation} _ _".split())))
    with reading.reading(Reading("token=1 tag=2", inherited=True)):
        assert load_task("pos_tagging").own_file.read(path, False)[0].tokens[0] == "Hunde"


def test_one_wrong_tag_does_not_make_another_column_that_of_the_tags(tmp_path):
    content = DIALECTS["four columns"] + "Ann NNP B-NP B_PER\n"
    with pytest.raises(UserError, match=r"line 21, has the tag 'B_PER'; it must be O, or B-"):
        read(tmp_path, "ner_tagging", "a.conll", content)


HASHES = {
    "a hashtag": "#rnn {tag}\nis {tag}\n",
    "a hashtag within a sentence": "see {tag}\n#rnn {tag}\n",
    "the sign": "# {tag}\n1 {tag}\n",
    "the sign within a sentence": "no {tag}\n# {tag}\n1 {tag}\n",
    "tabs": "#\t{tag}\n1\t{tag}\n",
    "comments": "# text = # is 1\n# one\n# {tag}\nis {tag}\n1 {tag}\n",
    "comments with as many cells": "# one\n#rnn {tag}\nis {tag}\n",
    "comments in a file of tabs": "# one\n#rnn\t{tag}\nis\t{tag}\n",
}


@pytest.mark.parametrize("content", HASHES.values(), ids=HASHES)
@pytest.mark.parametrize(("task", "tag"), [("ner_tagging", "B-X"), ("pos_tagging", "NN")])
def test_words_that_begin_with_a_hash_are_no_comments(tmp_path, task, tag, content):
    content = (content + "\nBen NN\n\n").format(tag=tag).replace("NN", tag)
    rows = [line.split() for line in content.splitlines() if line.split()[1:] == [tag]]
    for labelled in (True, False):
        found, _ = read(tmp_path, task, "a.conll", content, labelled)
        assert [token for example in found for token in example.tokens] == [token for token, _ in rows]


@pytest.mark.parametrize("token", ["3.5", "10-12"])
def test_numbers_are_parts_of_words_only_in_a_file_that_numbers_its_words(tmp_path, token):
    found, _ = read(tmp_path, "ner_tagging", "a.conll", f"{token} CD O\nBen NNP B-PER\n\nit PRP O\n")
    assert found[0].tokens == (token, "Ben")


@pytest.mark.parametrize("task", ["ner_tagging", "pos_tagging"])
@pytest.mark.parametrize("row", ["{t}\t{g}", "{t} {g}", "{t}"])
def test_conll_in_a_txt_file_is_predicted_as_conll(tmp_path, task, row):
    content = sentences(lambda i, t, p, c, g: row.format(t=t, g=g))
    asked, _ = read(tmp_path, task, "test.txt", content, labelled=False)
    assert texts(asked) == ["Ben saw Riga ."] * 4


@pytest.mark.parametrize("task", ["ner_tagging", "pos_tagging"])
def test_sentences_in_a_text_or_a_table_are_predicted_as_such(tmp_path, task):
    for name, content in (
        ("a.txt", "Ben saw Riga.\n\nHe left.\n"),
        ("a.csv", "id,text\n1,Ben saw Riga.\n2,He left.\n"),
    ):
        asked, _ = read(tmp_path, task, name, content, labelled=False)
        assert texts(asked) == ["Ben saw Riga .", "He left ."]


REFUSED = {
    "words and tags in pairs": ("pos_tagging", "a.txt", "It/PRP is/VBZ\n" * 3, "line 1, holds words .* as 'It/PRP'"),
    "words and tags in pairs, as in the Brown Corpus": (
        "pos_tagging",
        "ca01",
        "\n\n\tThe/at jury/nn said/vbd\n" * 3,
        "line 3, holds words and tags as one, such as 'The/at'",
    ),
    "WikiNER": ("ner_tagging", "a.txt", "Ann|NNP|I-PER is|VBZ|O\n" * 3, r"as one, such as 'Ann\|NNP\|I-PER'"),
    "words and tags in one": ("ner_tagging", "a.txt", "Ann_B-PER is_O in_O\n\n", "holds words and tags as one"),
    "all tags in one cell": (
        "ner_tagging",
        "a.conll",
        "a\tB-corporation,B-group\nb\tO\n",
        "line 1, has several tags, 'B-corporation,B-group': keep one",
    ),
    "no blank line": (
        "ner_tagging",
        "a.conll",
        sentences(lambda i, t, p, c, g: f"{t} {g}").replace("\n\n", "\n"),
        "has no blank line, so it is one sentence of 16 tokens",
    ),
    "tags in JSON": ("ner_tagging", "a.jsonl", '{"tokens": ["Ben"], "tags": [1]}\n', "is JSON: write a token and its"),
    "no tag": ("pos_tagging", "a.conll", "a\tDET\nb\tnan\n", "line 2, has the tag 'nan'"),
    "a tag _": (
        "pos_tagging",
        "a.conll",
        words("{word} {stts}") + "a _\n",
        r"line 22, has no tag for 'a': fill column 2",
    ),
    "lemmas for tags": (
        "pos_tagging",
        "a.conll",
        words("{word} {lemma}"),
        "line 1, has no column that surely holds tags",
    ),
    "tags before words": (
        "pos_tagging",
        "a.conll",
        words("{stts} {word}"),
        "line 1, has no column that surely holds tags",
    ),
    "known tags before words": (
        "ner_tagging",
        "a.conll",
        sentences(lambda i, t, p, c, g: f"{p}\t{t}\t{g}"),
        r"""line 1, has a tag, 'NNP', in place of its word: name the columns, as in COLUMNS="token=2 tag=1"\.""",
    ),
    "spans before words": (
        "ner_tagging",
        "a.conll",
        sentences(lambda i, t, p, c, g: f"{g} {t}"),
        r"line 1, has a tag, 'B-PER', in place of its word",
    ),
    "two columns of tags that are not known": (
        "pos_tagging",
        "a.conll",
        words("{i} {word} {stts} {relation}"),
        r"""line 1, has several columns that may hold the tags, 3 \('NN'\), 4 \('nsubj'\): .*"token=2 tag=3"\.""",
    ),
    "a hashtag without a tag": ("pos_tagging", "a.conll", "see VB\n#rnn\n\nit PRP\n", "line 2, must hold 2 columns"),
    "a table without words": ("ner_tagging", "a.csv", "text,label\na,b\n", "without columns for words and tags"),
}


@pytest.mark.parametrize(("task", "name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_refused_in_one_line(tmp_path, task, name, content, message):
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*{message}"):
        read(tmp_path, task, name, content)
