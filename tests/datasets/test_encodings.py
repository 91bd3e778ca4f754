"""A file that is not UTF-8 is refused with the line to type, which names the encoding that it most likely has."""

import io
import zipfile

import pytest

from common.errors import UserError
from common.task import load_task

ROWS = {
    "koi8_r": ("хороший фильм", "плохой"),
    "cp1251": ("хороший фильм", "плохой"),
    "cp866": ("очень скучно", "не смотрите это"),
    "cp932": ("映画は面白い", "つまらない"),
    "euc_jp": ("映画は面白い", "つまらない"),
    "gb18030": ("电影很好看", "不好看很无聊"),
    "big5": ("電影很好看", "不好看很無聊"),
    "cp949": ("영화가 좋아요", "재미없는 영화"),
    "cp1250": ("příliš žluťoučký kůň", "špatný film"),
    "cp1253": ("πολύ καλή ταινία", "κακή ταινία"),
    "cp1254": ("çok güzel bir film ığş", "kötü değil"),
    "cp1255": ("הסרט הזה היה מצוין", "המשחק לא מרשים בכלל"),
    "cp1256": ("فيلم جيد جدا", "فيلم سيئ"),
    "cp874": ("หนังดีมาก", "ไม่ดี"),
}


@pytest.mark.parametrize("encoding", ROWS)
def test_the_encoding_to_convert_from_is_named(tmp_path, encoding):
    good, bad = ROWS[encoding]
    path = tmp_path / "a.csv"
    path.write_bytes(("text,label\n" + f"1 {good},x\n2 {bad},y\n" * 9).encode(encoding))
    name = encoding.upper().replace("_", "-")
    with pytest.raises(UserError, match=rf"line 2, is not UTF-8 .* iconv -f {name} -t UTF-8 a\.csv > utf8-a\.csv"):
        load_task("sentiment").own_file.read(path, True)


@pytest.mark.parametrize("reverse", [False, True], ids=["Windows-1252 first", "UTF-8 first"])
@pytest.mark.parametrize("share", [1, 5, 19])
def test_a_file_that_mixes_utf8_and_windows_1252_is_refused_at_its_first_line_that_is_not_utf8(
    tmp_path, reverse, share
):
    western, utf8 = "été, à voir,bon\n".encode("cp1252"), "déçu,mal\n".encode()
    rows = [western] * share + [utf8] * (20 - share)
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\n" + b"".join(rows[::-1] if reverse else rows).replace(b", ", b" "))
    line = 2 + (20 - share if reverse else 0)
    with pytest.raises(UserError, match=rf"line {line}, is not UTF-8 .*: (other lines|the rest)"):
        load_task("sentiment").own_file.read(path, True)


def test_a_sharp_s_before_a_sign_is_not_utf8(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nSpaß…,gut\n«Spaß»,gut\nschön,gut\n".encode("cp1252"))
    assert load_task("sentiment").own_file.read(path, True)[0].text == "Spaß…"


def packed(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "text,label\nfine,good\n")
    return content.getvalue()


NO_TEXT = {
    "zip archive": (packed("reviews.csv"), "is a zip archive: unpack it first"),
    "Word": (packed("[Content_Types].xml", "word/document.xml"), "is a Word document: .* as plain text"),
    "Excel": (packed("[Content_Types].xml", "xl/workbook.xml"), "is a spreadsheet: .* as CSV"),
    "Excel 97, Word 97": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Office document: "),
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n",
        "is a Git LFS pointer.*git lfs pull",
    ),
    "HTML": (b"\n\n<HTML>\n<head>", "is a web page"),
    "HTML, saved": (b"<!-- saved from url=(0014)about:internet -->\n<!DOCTYPE html>\n", "is a web page"),
    "XHTML": (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">\n',
        "is a web page",
    ),
}


@pytest.mark.parametrize(("content", "message"), NO_TEXT.values(), ids=NO_TEXT)
@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("sentiment", "a.csv"),
        ("sentiment", "a.jsonl"),
        ("translation", "a.txt"),
        ("ner_tagging", "a.conll"),
        ("pos_tagging", "a.txt"),
        ("next_word", "a.txt"),
        ("text_generation", "a.txt"),
        ("dna_analysis", "a.fa"),
        ("stock_forecast", "a.csv"),
        ("weather_forecast", "a.csv"),
        ("music_generation", "a.txt"),
        ("pixel_sequence", "a.csv"),
    ],
)
def test_a_file_that_is_no_text_is_called_what_it_is(tmp_path, task, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*{name} {message}"):
        load_task(task).own_file.read(path, True)
