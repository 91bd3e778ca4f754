"""The real sets of text and music generation, read whole. Skipped where ZOO_MIRROR is not set."""

import pytest

pytestmark = pytest.mark.real_data


def test_tinyshakespeare_by_characters(real_splits):
    made = real_splits("text_generation", "tinyshakespeare")
    characters = [sum(map(len, part)) for _, part in made]
    assert characters == [941_720, 62_532, 111_142] and sum(characters) == 1_115_394
    text = "".join(passage.text for _, part in made for passage in part)
    assert len(set(text)) == 65


def test_chorales(real_splits):
    made = real_splits("music_generation", "jsb_chorales")
    assert [len(part) for _, part in made] == [229, 76, 77]
    assert [sum(map(len, part)) for _, part in made] == [13_807, 4_602, 4_725]
    frames = [frame for _, part in made for piece in part for frame in piece.frames]
    assert [sum(len(frame) == count for frame in frames) for count in (4, 3, 0)] == [20_835, 2_205, 64]
    assert (min(map(min, filter(None, frames))), max(map(max, filter(None, frames)))) == (43, 96)


def test_irish_tunes(real_splits):
    made = real_splits("music_generation", "irish_tunes")
    assert [len(part) for _, part in made] == [949, 122, 124]
    assert sum(map(len, made.test)) == 23_153
    assert sum(len(piece) for _, part in made for piece in part) == 224_118
    pitches = {frame[0] for _, part in made for piece in part for frame in piece.frames}
    assert len(pitches) == 41 and (min(pitches), max(pitches)) == (38, 88)
    for key in ("frames", "group"):  # equal tunes, and settings of one tune
        parts = [{getattr(piece, key) for piece in part} for _, part in made]
        assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
