"""Readers: what each format allows, and the one line with file and line number for what it does not."""

import gzip
import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.datasets import lines as lines_module
from common.datasets import readers
from common.datasets.lines import LineSequence, lines
from common.errors import UserError


@pytest.fixture
def write(tmp_path):
    """Writes text or bytes to a file of that name and gives its path."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refuses(pattern):
    """Expects one line of error, which holds the pattern."""
    return pytest.raises(UserError, match=rf"\A(?!.*\n).*{pattern}")


# ------------------------------------------------------------------------------------------------------ lines


@pytest.mark.parametrize(
    "content",
    [b"one\ntwo\n\nfour\n", b"one\ntwo\n\nfour", b"\xef\xbb\xbfone\r\ntwo\r\n\r\nfour\r\n"],
    ids=["plain", "no last line end", "byte order mark and CRLF"],
)
def test_lines_come_without_their_ends(write, content):
    for path in (write("a.txt", content), write("a.txt.gz", gzip.compress(content))):
        assert list(lines(path)) == ["one", "two", "", "four"]
    assert list(LineSequence(write("a.txt", content))) == ["one", "two", "", "four"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"a\.txt is empty"),
        (
            "fine\nнет\n".encode("cp1251"),
            r"a\.txt, line 2, is not UTF-8 \(byte 0xed at 1\): .* iconv -f .* -t UTF-8 a.txt",
        ),
        (b"fine\nbro\0ken\n", r"a\.txt, line 2, holds a NUL byte"),
        (b"fine\n" + b"x" * (lines_module.LONGEST_LINE + 1), r"a\.txt, line 2, is longer than 1,048,576 bytes"),
    ],
    ids=["empty", "cyrillic", "nul", "one endless line"],
)
@pytest.mark.parametrize("read", [lines, LineSequence])
def test_what_is_no_text_is_refused_with_its_line(write, content, message, read):
    with refuses(message):
        list(read(write("a.txt", content)))


def test_files_that_cannot_be_opened_say_why(tmp_path):
    with refuses("There is no file .*missing.txt"):
        list(lines(tmp_path / "missing.txt"))
    with refuses("is a folder"):
        list(lines(tmp_path))


def test_a_broken_gzip_file_is_refused(write):
    packed = gzip.compress(b"some text\n" * 1000)
    for content in (packed[:-10], b"no gzip at all", packed[:20] + b"\xff" * 20):
        with refuses("is not a whole gzip file"):
            list(lines(write("a.txt.gz", content)))


def test_a_decompression_bomb_is_refused_early(write, monkeypatch):
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 10_000)
    newlines, one_line = (gzip.compress(byte * 10_000_000) for byte in (b"\n", b"x"))
    with refuses("line 1, is longer than 10,000 bytes"):
        list(lines(write("a.txt.gz", one_line)))
    taken = 0
    with refuses("100 times larger than packed"):
        for _ in lines(write("a.txt.gz", newlines)):
            taken += 1
    assert taken <= 100 * len(newlines) + 10_000 + lines_module.CHUNK


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\ufeff")), min_size=1, max_size=300))
def test_line_sequence_is_the_list_of_the_lines(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "texts.txt"
    path.write_text("".join(text + "\n" for text in texts), encoding="utf-8", newline="")
    found = LineSequence(path)
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    assert len(found) == len(texts)
    assert list(found) == texts
    assert [found[number] for number in range(-len(texts), len(texts))] == texts + texts
    for part in (slice(3, 70), slice(-5, None), slice(None, None, 7), slice(50, 10, -3)):
        assert list(found[part]) == texts[part]
        assert len(found[part]) == len(texts[part])
    assert list(found[10:][5:80]) == texts[10:][5:80]
    with pytest.raises(IndexError):
        found[len(texts)]


def test_line_sequence_over_pieces_longer_than_it_reads_at_once(write):
    texts = [f"{number} " + "word " * (number % 50) for number in range(30_000)]  # 4 MB, read 1 MB at a time
    found = LineSequence(write("a.txt", "\n".join(texts)))
    assert len(found) == len(texts)
    assert list(found) == texts
    assert all(found[number] == texts[number] for number in range(0, 30_000, 997))


def test_line_sequence_keeps_nothing_of_the_file(write):
    path = write("a.txt", (b"a line of the corpus " * 50 + b"\n") * 10_000)  # 10 MB
    lines_module._offsets(path)  # imports numpy
    tracemalloc.start()
    found = LineSequence(path)
    count = sum(1 for _ in found)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 10_000
    assert kept < 200_000 and peak < 3_000_000


def test_line_sequence_names_the_line_of_the_file_from_within_a_slice(write):
    path = write("a.txt", b"fine\n" * 100 + b"\xff\n" + b"fine\n" * 100)
    part = LineSequence(path)[90:]
    with refuses("line 101, is not UTF-8"):
        list(part)
    assert part[50] == "fine"


def test_line_sequence_asks_to_unpack(write):
    with refuses("unpack it first"):
        LineSequence(write("a.txt.gz", gzip.compress(b"text\n")))


# ---------------------------------------------------------------------------------- labelled, parallel, conll


def test_labelled_lines(write):
    path = write("a.txt", "1 a fine film\n\n0 dull .\n")
    assert readers.labelled_lines(path, "01") == [("1", "a fine film"), ("0", "dull .")]


@pytest.mark.parametrize("line", ["2 too good", "1", "1 ", "fine film"])
def test_labelled_lines_without_label_or_text_are_refused(write, line):
    with refuses(r"a\.txt, line 2, must be 0 or 1, a space and the text"):
        readers.labelled_lines(write("a.txt", f"1 good\n{line}\n"), "01")


def test_parallel_lines_also_packed(write):
    target = write("b.fr.gz", gzip.compress(b"un chien\n\ndeux chats \n"))
    assert readers.parallel_lines(write("a.en", "a dog\n\ntwo cats\n"), target) == [
        ("a dog", "un chien"),
        ("two cats", "deux chats"),
    ]


def test_parallel_lines_that_do_not_belong_together_are_refused(write):
    with refuses(r"a\.en has 2 lines and .*b\.fr 1"):
        readers.parallel_lines(write("a.en", "a\nb\n"), write("b.fr", "a\n"))
    with refuses(r"b\.fr, line 2, is empty, but not in .*a\.en"):
        readers.parallel_lines(write("a.en", "a\nb\n"), write("b.fr", "a\n\n"))
    with refuses("holds nothing"):
        readers.parallel_lines(write("a.en", "\n\n"), write("b.fr", "\n\n"))


def test_conll_passes_over_what_is_no_token(write):
    path = write(
        "a.conll",
        "-DOCSTART- -X- O O\n\n# a comment\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"
        "\t\n\n# 1 O\n. . O O\n-DOCSTART- -X- O O\n",
    )
    with refuses("line 8, must hold 4 columns"):  # a token '#', not a comment: it ends in a tag
        readers.conll(path)
    path = write("a.conll", path.read_text().replace("# 1 O", "# # O O"))
    assert readers.conll(path) == [
        (("EU", "rejects"), ("B-ORG", "O"), ""),
        (("#", "."), ("O", "O"), ""),
    ]


@pytest.mark.parametrize("mark", ["-DOCSTART- -X- O O", "# newdoc", "# newdoc id = n01"])
def test_conll_tells_documents_apart(write, mark):
    path = write("a.conll", f"{mark}\n\na O\n\nb O\n{mark}\nc O\n")
    assert [sentence.document for sentence in readers.conll(path)] == ["document 1", "document 1", "document 2"]


def test_conll_with_tabs_keeps_hashtags_and_spaces_in_tokens(write):
    path = write("a.conll", "#rnn\tB-product\nNew York\tB-location\n \t\nend\tO")
    assert readers.conll(path) == [(("#rnn", "New York"), ("B-product", "B-location"), ""), (("end",), ("O",), "")]


def test_conllu_words_without_multiword_tokens_and_empty_nodes(write):
    row = "\t{}\t_\t{}" + "\t_" * 6 + "\n"
    rows = [("1-2", "don't", "_"), ("1", "do", "AUX"), ("2", "n't", "PART"), ("2.1", "go", "VERB"), ("3", "I-", "X")]
    path = write("a.conllu", "# text = don't\n" + "".join(number + row.format(*rest) for number, *rest in rows) + "\n")
    assert readers.conll(path, 1, 3, spans=False) == [(("do", "n't", "I-"), ("AUX", "PART", "X"), "")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a O\nb\n", "line 2, must hold 2 columns"),
        ("a\nb\n", "line 1, must hold a token and a tag"),
        ("a\tO\n\tO\n", "line 2, has an empty token"),
        ("a O\nb person\n", "line 2, has the tag 'person'; it must be O"),
        ("a O\nb B-\n", "line 2, has the tag 'B-'"),
        ("\n \n\t\n", "holds nothing"),
    ],
)
def test_conll_names_the_line_that_is_wrong(write, content, message):
    with refuses(rf"a\.conll,? {message}"):
        readers.conll(write("a.conll", content))


@pytest.mark.parametrize(
    ("tags", "bio"),
    [
        ("B-x I-x O B-x", "B-x I-x O B-x"),  # BIO stays
        ("I-x I-x B-x O I-y I-x", "B-x I-x B-x O B-y B-x"),  # IOB1
        ("S-x B-x I-x E-x B-x E-x", "B-x B-x I-x I-x B-x I-x"),  # IOBES
        ("U-x B-x L-x I-x", "B-x B-x I-x B-x"),  # BILOU, and an I- that continues nothing
        ("B-creative-work I-creative-work", "B-creative-work I-creative-work"),
    ],
)
def test_to_bio(tags, bio):
    assert readers.to_bio(tags.split()) == tuple(bio.split())
    assert readers.to_bio(bio.split()) == tuple(bio.split())


# ------------------------------------------------------------------------------------------------------ table


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'Text,id,LABEL\n"a ""fine"", long\nfilm",1,good\n dull ,2,bad\n'),
        ("a.csv", '\ufeffText;id;LABEL\r\n"a ""fine"", long\nfilm";1;good\r\n\r\ndull;2;bad\r\n'),
    ],
    ids=["commas", "semicolons, byte order mark, CRLF"],
)
def test_table_of_csv(write, name, content):
    found = readers.table(write(name, content), ("text", "label"), ("weight",))
    assert found == [{"text": 'a "fine", long\nfilm', "label": "good"}, {"text": "dull", "label": "bad"}]


def test_table_of_tsv_takes_marks_as_they_stand_unless_they_hold_the_whole_cell(write):
    path = write("a.tsv", 'source\ttarget\n"Go" and "stop"!\t"Va ""vite"""\nno, he said\t"\n')
    assert readers.table(path, ("source", "target")) == [
        {"source": '"Go" and "stop"!', "target": 'Va "vite"'},
        {"source": "no, he said", "target": '"'},
    ]


def test_table_gives_optional_columns_where_there_are_any(write):
    path = write("a.csv", "text,weight\na,\nb,2\n")
    assert [row["weight"] for row in readers.table(path, ("text",), ("weight",))] == ["", "2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("review,label\na,1\n", "has no column 'text'. It has: review, label. Rename one"),
        ("text,Text,label\na,b,1\n", "has more than one column 'text'"),
        ('text,label\n"two\nlines",1\n,2\n', "line 4, has an empty text"),
        ("text,label\na,b,c\n", "line 2, has 3 cells, the header has 2"),
        ('text,label\nfine,1\n"open,1\nfine,2\n', "line 3, is not CSV .*quotation mark left open"),
        ('text,label\nfine,1\n"so \\"fine\\", he said",1\n', r'line 3, is not CSV .*: write \\" as ""'),
        ("text,label\n'fine, really','1'\n", "line 2, has 3 cells, the header has 2: put .* in double quotes, not"),
        ("text,label\n\n", "has a header and no rows"),
        ("text,label\nfine,1\nнет,2\n".encode("cp1251"), "line 3, is not UTF-8"),
        (b"text,label\nfi\0ne,1\n", "line 2, holds a NUL byte"),
        (b"", "is empty"),
    ],
)
def test_table_says_what_is_wrong_and_where(write, content, message):
    with refuses(rf"a\.csv,? {message}"):
        readers.table(write("a.csv", content), ("text", "label"))


def test_a_blank_after_the_delimiter_does_not_hide_quotes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('label, text\n"good", "A ""fine"" film, really"\nbad, So dull\n')
    rows = readers.labelled_table(path, ("text", "label"))
    assert rows == [{"text": 'A "fine" film, really', "label": "good"}, {"text": "So dull", "label": "bad"}]
