"""Every reader takes every file: it is parsed, or refused in one line. `make fuzz` tries many more."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.datasets import readers
from common.datasets.lines import Text, lines
from common.encoding.subwords import spaced_words
from common.encoding.text import UNSPACED, running_text, words
from common.task import load_task, task_names
from tests import folder_fuzz, fuzz

PATHS = st.sampled_from(sorted({name for names in fuzz.READERS.values() for name in names}))


@pytest.mark.parametrize("task", fuzz.READERS)
def test_damaged_files_are_parsed_or_refused(task, tmp_path):
    counts = fuzz.fuzz(task, 400, tmp_path)
    assert counts["parsed"] > 40 and counts["refused"] > 40


@pytest.mark.parametrize("task", folder_fuzz.WHOLE_FOLDERS)
def test_damaged_folders_are_parsed_or_refused(task, tmp_path):
    counts = folder_fuzz.fuzz(task, 150, tmp_path)
    assert counts["parsed"] > 15 and counts["refused"] > 15


def test_every_task_that_reads_folders_has_damaged_ones():
    reading_folders = {task for task in task_names() if load_task(task).own_file.folders}
    assert reading_folders == set(folder_fuzz.WHOLE_FOLDERS)
    assert set(task_names()) == {*fuzz.READERS}


@pytest.mark.parametrize("task", fuzz.READERS)
@settings(max_examples=60)
@given(content=st.binary(max_size=200), name=PATHS, labelled=st.booleans())
def test_bytes_are_parsed_or_refused(tmp_path_factory, task, content, name, labelled):
    path = fuzz.written(tmp_path_factory.getbasetemp() / f"bytes-{name}", content, packed=False)
    assert fuzz.outcome(task, path, labelled, None) in ("parsed", "refused")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters='\n\r\t\0"\ufeff'), min_size=1, max_size=20).filter(
    lambda cell: cell.strip() and not cell.lower().startswith("sep=")
)


@settings(max_examples=100)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_a_table_gives_back_what_was_written(rows):
    expected = [
        {"text": unicodedata.normalize("NFC", a).strip(), "other": unicodedata.normalize("NFC", b).strip()}
        for a, b in rows
    ]
    expected = [row for row in expected if row != {"text": "text", "other": "other"}]
    if any(row["text"] in ("", *readers_missing()) or not row["other"] for row in expected) or not expected:
        return
    written = "text,other\n" + "".join(f'"{a}","{b}"\n' for a, b in rows)
    found = readers.table(Text(written, suffix=".csv"), ("text",), ("other",))
    assert [row["text"] for row in found] == [row["text"] for row in expected]


def readers_missing():
    from common.datasets.tables import MISSING

    return MISSING


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_words_lose_nothing_but_space(text):
    tokens = words(text)
    assert "".join(tokens) == "".join(text.split())
    assert not any(character.isspace() for token in tokens for character in token)
    assert "".join("".join(spaced_words(text)).split()) == "".join(text.split())
    assert "".join(running_text(tokens).split()) == "".join(tokens)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("उबाऊ फ़िल्म है।", ["उबाऊ", "फ़िल्म", "है", "।"]),
        ("น้ำใจ ดี", ["น้ำ", "ใ", "จ", "ดี"]),
        ("الكِتَابُ جميل", ["الكِتَابُ", "جميل"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("AI技術はカード。", ["AI", "技", "術", "は", "カ", "ー", "ド", "。"]),
        ("한국어 좋아요!", ["한국어", "좋아요", "!"]),
        ("👍🏽 👩‍👩‍👧", ["👍🏽", "👩‍👩‍👧"]),
        ("don’t l'été 3½", ["don’t", "l'été", "3½"]),
    ],
)
def test_words_of_every_script(text, tokens):
    assert words(text) == tokens


def test_running_text_of_scripts_without_spaces():
    for text in ("故事很好，AI 也好。", "It (too) is.", "दृश्य है।"):
        assert running_text(words(text)) == text
    assert UNSPACED


def test_files_put_end_to_end_lose_their_marks(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\n")
    assert list(lines(path)) == ["one", "two"]
