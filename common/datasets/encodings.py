"""The encoding of a text file, where it is certain, and the kind of a file that is not text.

UTF-8 is the rule. UTF-16 and UTF-32 are recognised by their byte order mark, UTF-16 also by its zero bytes.
Windows-1252 is certain if the decoded text has the accented letters of just one western language, and no other encoding
yields a different text that passes the same test. For every other file `guess` names the most likely encoding, for a
person to check: the one in which most characters beyond ASCII are frequent letters of its script, otherwise that of
charset-normalizer.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

SAMPLE = 1 << 23  # bytes that are examined to choose an encoding
GUESSED = 1 << 16  # bytes that a guess examines
ALPHABET = 64  # about as many letters of a script have frequent ones among them
MORE = 0.2  # share of frequent letters above chance that decides a guess

# Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZIP = b"PK\x03\x04"
_ZIPPED = {  # by the name of a file in the archive, or its media type
    b"word/document.xml": "a Word document: open it and save it as plain text (UTF-8)",
    b"xl/workbook": "a spreadsheet: open it and save it as CSV (UTF-8)",
    b"opendocument.spreadsheet": "a spreadsheet: open it and save it as CSV (UTF-8)",
    b"opendocument.text": "an OpenDocument text: open it and save it as plain text (UTF-8)",
    b"application/epub+zip": "an e-book: save its text as plain text (UTF-8)",
}
_MAGIC = {
    _ZIP: "a zip archive: unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Office document: save it as plain text, or, if it is a table, as CSV (UTF-8)",
    b"\x1f\x8b": "packed with gzip: let its name end in .gz",
    b"BZh": "packed with bzip2: unpack it first (bunzip2 -k)",
    b"\xfd7zXZ": "packed with xz: unpack it first (unxz -k)",
    b"%PDF": "a PDF document: save its text as a plain text file",
    b"{\\rtf": "a rich text document: save it as plain text (UTF-8)",
    b"PAR1": "a Parquet file: write it as CSV first (pandas: read_parquet, to_csv)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "a database: export a table of it as CSV",
    b"version https://git-lfs.github.com/": "a Git LFS pointer, not the file itself: fetch that (git lfs pull)",
    b"\x80\x04\x95": "a pickle, which is never read: write it as CSV",
}

_WEB_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?xml[^>]*>|<!--(?:(?!-->).)*-->)*<(?:!doctype\s+)?html\b", re.IGNORECASE | re.DOTALL
)

# The letters beyond ASCII of languages that Windows-1252 was made for, then those of neighbouring encodings.
_WESTERN = (
    "àâæçéèêëîïôœùûü",  # French
    "äöüßéà",  # German
    "áéíñóúüç",  # Spanish
    "áâãàçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "åäöéáàü",  # Swedish, Finnish
    "æøåéèêóòôâäö",  # Danish, Norwegian
    "éëïöüèáóíúàçê",  # Dutch
    "áéíóúýþæðö",  # Icelandic
    "àçèéíïòóúü",  # Catalan
)
_ACCENTED = set("".join(_WESTERN))
_NEIGHBOURS = {
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "iso8859_2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "cp1254": ("çğıöşüâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöüõšž"),
}
# Frequent letters of the scripts that other encodings were made for; of equals the first encoding is guessed.
_CYRILLIC, _KANA = "оеаинтсрвлкмдп", "のにをはがでとしたてるいなっこもらまれくすさうりかーンスルトイラ"
_ALPHABETS = {
    **dict.fromkeys(("cp1251", "koi8_r", "cp866"), _CYRILLIC),
    "cp1253": "αοιετσνρκηυλπμ",
    "cp1255": "יוהלאתמרשבםנדח",
    "cp1256": "اليمنترهوبدعفس",
    "cp874": "านรกอเงมยลว่้ี",
}
_WIDE = {
    **dict.fromkeys(("cp932", "euc_jp"), _KANA),
    "gb18030": "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会很好看",
    "big5": "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會很好看",
    "cp949": "이다는을가의에고하한지로도사기어아리나서자시그인라들은를대해게요정있",
}
_SIGNS = set("‘’“”–—…•€™«»°£§©®·¿¡ªº½¼¾´¨²³µ×±¢\xa0\xad")  # beyond ASCII, in western text
_LOW_QUOTES = re.compile(r"[„‚](?=\w)")  # they open a quotation, so a word follows
_INSIDE_A_WORD = re.compile(r"[a-z][ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ]|[^\W\d_][«»¿¡°£§²³ªº½¼¾´¨×±¢€][^\W\d_]")
_MOST_ACCENTED = 0.4  # share of the letters


def is_no_text(start: bytes) -> str | None:
    """What kind of file begins with these bytes, and what to do with it; None where it may be text."""
    if start.startswith(_ZIP):
        names = (what for name, what in _ZIPPED.items() if name in start)
        return next(names, _MAGIC[_ZIP])
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            return what
    if _WEB_PAGE.match(start[:4096]):
        return "a web page, not the file that it shows: download the raw file"
    return None


def of_start(start: bytes) -> str | None:
    """The encoding shown by a byte order mark, or UTF-16 shown by zero bytes; None for all others."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if len(start) >= 4 and b"\0" in start:
        halves = start[::2], start[1::2]
        zeros = [half.count(0) / len(half) for half in halves]
        if zeros[1] > 0.3 and zeros[0] < 0.01 and b"\n" not in halves[1]:
            return "utf-16-le"
        if zeros[0] > 0.3 and zeros[1] < 0.01 and b"\n" not in halves[0]:
            return "utf-16-be"
    return None


def is_surely_cp1252(sample: bytes) -> bool:
    """Whether bytes that are not UTF-8 can only be Windows-1252 (which includes Latin-1).

    Example:
        >>> is_surely_cp1252("Très bien, à bientôt".encode("cp1252"))
        True
        >>> is_surely_cp1252("Příliš žluťoučký kůň".encode("cp1250"))
        False
    """
    text = _fits(sample, "cp1252", _WESTERN)
    if text is None or mixes_utf8(sample):
        return False
    others = (_fits(sample, name, alphabets) for name, alphabets in _NEIGHBOURS.items())
    return all(other is None or other == text for other in others)


def mixes_utf8(sample: bytes) -> bool:
    """Whether some lines of bytes that are not UTF-8 are: the letters and signs of western text."""
    for line in sample.splitlines():
        if not line.isascii():
            text = unicodedata.normalize("NFC", line.decode("utf-8", "replace")).lower()
            if all(character < "\x80" or character in _SIGNS or character in _ACCENTED for character in text):
                return True
    return False


def guess(sample: bytes) -> str:
    """The most likely encoding of bytes that are not UTF-8, as iconv names it."""
    if _fits(sample, "cp1252", _WESTERN) is not None:
        return "CP1252"
    for name, alphabets in _NEIGHBOURS.items():
        if _fits(sample, name, alphabets) is not None:
            return _for_iconv(name)
    sample = sample[:GUESSED]
    beyond = {name: _share(sample, name, letters) - len(letters) / ALPHABET for name, letters in _ALPHABETS.items()}
    beyond |= {name: _share(sample, name, letters) for name, letters in _WIDE.items()}
    likely = max(beyond, key=beyond.get)
    if beyond[likely] > MORE:
        return _for_iconv(likely)
    from charset_normalizer import from_bytes

    wide = ["utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "utf_7"]  # ruled out before
    best = from_bytes(sample, cp_exclusion=wide).best()
    return _for_iconv(best.encoding if best else "cp1252")


def _for_iconv(name: str) -> str:
    return name.upper().replace("_", "-").replace("ISO8859", "ISO-8859")


def _share(sample: bytes, encoding: str, letters: str) -> float:
    """The share of these letters among the characters beyond ASCII, if the bytes are decoded with that encoding."""
    strange = [character for character in sample.decode(encoding, "replace") if character > "\x7f"]
    return sum(character in letters for character in strange) / max(len(strange), 1)


def _fits(sample: bytes, encoding: str, alphabets: tuple[str, ...]) -> str | None:
    """The text in that encoding, if its letters are those of one language and its signs are in plausible places."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return None
    strange = {character for character in set(text) if character > "\x7f"}
    letters = {character.lower() for character in strange if unicodedata.category(character)[0] == "L"} - set("ªº")
    signs = strange - _SIGNS - set("„‚") - {each for each in strange if each.lower() in letters}
    one_language = any(letters <= set(alphabet) for alphabet in alphabets)
    accented = sum(text.count(each) for each in strange if each.lower() in letters)
    if signs or not one_language or accented > _MOST_ACCENTED * sum(map(str.isalpha, text)):
        return None
    low_quotes = text.count("„") + text.count("‚")
    return text if low_quotes == len(_LOW_QUOTES.findall(text)) and not _INSIDE_A_WORD.search(text) else None
