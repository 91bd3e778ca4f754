"""Tables without the header that a task needs: the one line that refuses each proposes the right columns."""

import pytest

from common.datasets import reading
from common.errors import UserError
from common.task import load_task

CASES = {
    "no header": (
        "sentiment",
        "a.csv",
        "A fine film.,good\nSo dull!,bad\n" * 3,
        r"line 1, looks like data: add a header line text,label above it, or say COLUMNS=text,label",
    ),
    "no header, one column too many": (
        "sentiment",
        "a.csv",
        "1,So dull,bad\n2,Fine film,good\n",
        r"add a header line column_1,text,label above it, or say COLUMNS=column_1,text,label\.",
    ),
    "no header, the label first": (
        "sentiment",
        "a.csv",
        '1,"I love it, really"\n0,Dull\n1,Fine\n',
        r"line 1, looks like data: add a header line label,text above it, or say COLUMNS=label,text\.",
    ),
    "no header, the label before a tab": (
        "sentiment",
        "SMSSpamCollection",
        "ham\tSee you\nspam\tWin a prize\nham\tI see\n",
        r"add a header line label,text above it, or say COLUMNS=label,text\.",
    ),
    "no header, the label in line 1 only": ("language_detection", "a.tsv", "en\tIs it so?\n", r"COLUMNS=label,text\."),
    "no header, and columns of no use": (
        "sentiment",
        "a.csv",
        "0,1467,NO_QUERY,ann,is upset that he is late\n4,1468,NO_QUERY,ben,had fun\n4,1469,NO_QUERY,eva,slept\n",
        r"say COLUMNS=label,column_2,column_3,column_4,text\.",
    ),
    "other names, the label first": (
        "sentiment",
        "a.csv",
        "v1,v2,,\nham,See you,,\nspam,Win a prize,,\n",
        r'COLUMNS="text=v2 label=v1"\.',
    ),
    "no header, sentences with their numbers": (
        "translation",
        "a.tsv",
        "1276\tGo on.\t1300\tContinue !\n1277\tHi there.\t1301\tSalut !\n",
        r"say COLUMNS=column_1,source,column_3,target\.",
    ),
    "an object in an object": (
        "translation",
        "a.jsonl",
        '{"translation": {"en": "one", "fr": "un"}}\n',
        r'say which it is: COLUMNS="source=translation\.en target=translation\.fr"\.',
    ),
    "one column": ("sentiment", "a.csv", "So dull\nFine\n", r"line 1, has 1 of 2 columns: text,label, separated by"),
    "a title above the header": (
        "sentiment",
        "a.csv",
        "Reviews of May,\ntext,label\nfine,good\n",
        r"line 1, stands above the header, which is line 2: take out what is above it\.",
    ),
    "a comment above the header": (
        "translation",
        "a.csv",
        "# from Ann; and Ben\n\nsource;target\nfine;bon\n",
        r"line 1, stands above the header, which is line 3: take out what is above it\.",
    ),
    "blank lines alone": ("sentiment", "a.csv", "\n \n\n", r"a\.csv holds nothing to read\."),
    "other names": ("sentiment", "a.csv", "review,sentiment\nfine,good\n", r'COLUMNS="text=review label=sentiment"'),
}


@pytest.mark.parametrize(("task", "name", "content", "message"), CASES.values(), ids=CASES)
def test_the_columns_of_the_file_are_proposed(tmp_path, task, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*{message}"):
        load_task(task).own_file.read(path, True)


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ";"), ("a.tsv", "\t"), ("a.txt", ",")])
def test_blank_lines_above_the_header_are_passed_over(tmp_path, name, delimiter):
    path = tmp_path / name
    path.write_text("\n  \ntext,label\n\nfine,good\n".replace(",", delimiter))
    assert [example.text for example in load_task("sentiment").own_file.read(path, True)] == ["fine"]


def test_an_object_in_an_object_is_read_by_its_two_names(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"translation": {"en": "one", "fr": "un"}}\n' * 2)
    with reading.reading(reading.Reading("source=translation.en target=translation.fr")):
        pairs = load_task("translation").own_file.read(path, True)
    assert [(pair.source, pair.target) for pair in pairs] == [("one", "un")] * 2


@pytest.mark.parametrize(
    ("first", "warned"),
    [("english,french", True), ("source,target", False), ("Good day to you all.,Bonjour à vous", False)],
)
def test_a_header_in_other_words_is_said_where_columns_are_named(tmp_path, first, warned):
    file = tmp_path / "pairs.csv"
    file.write_text(f"{first}\n" + "".join(f"I see {n} trees.,Je vois {n} arbres.\n" for n in range(5)))
    with reading.reading(reading.Reading("source,target")) as read:
        load_task("translation").own_file.read(file, True)
    said = [text for text in read.warnings if "remove it if it is a header" in text]
    assert bool(said) == warned and all("pairs.csv, line 1, english, french, is read as a row" in text for text in said)


def test_a_name_of_a_column_with_a_line_break_is_quoted_in_one_line(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text('"a\nname",Close\n1,2\n')
    with pytest.raises(UserError) as refused:
        load_task("stock_forecast").own_file.read(file, True)
    assert "It has: a name, Close" in str(refused.value) and "\n" not in str(refused.value)
