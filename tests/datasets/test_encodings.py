"""A file that is not UTF-8 is refused with the line to type, which names the encoding that it most likely has."""

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
