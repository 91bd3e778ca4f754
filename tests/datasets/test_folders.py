"""Folders of sounds, pictures, frames, music and drives: a fault is refused in one line with the file's name.

What is odd and no fault, such as a file that no table names, is said through `reading`.
"""

import contextlib
import json
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from common.commands import validate
from common.datasets import pictures, reading
from common.datasets.sounds import Sound, read_wav, write_wav
from common.encoding import notes
from common.errors import UserError
from common.runs.examples import Request
from common.task import load_task


def sounds_in(folder):
    """Recordings of 8 kHz, with a table."""
    random = np.random.default_rng(0)
    for number in range(4):
        write_wav(folder / f"{number}.wav", Sound(random.integers(-9000, 9000, 4000).astype(np.int16), 8000))
    (folder / "texts.csv").write_text("file,text\n" + "".join(f"{number}.wav,one two\n" for number in range(4)))


def pictures_in(folder):
    """Pictures of 3 x 3 pixels, with a table."""
    for number in range(4):
        Image.fromarray(np.full((3, 3), 60 * number, np.uint8)).save(folder / f"{number}.png")
    (folder / "pictures.csv").write_text("file,label\n" + "".join(f"{number}.png,a\n" for number in range(4)))


def captions_in(folder):
    """Pictures with a table of captions."""
    pictures_in(folder)
    (folder / "pictures.csv").write_text("file,caption\n" + "".join(f"{number}.png,a wall\n" for number in range(4)))


def clips_in(folder):
    """Folders of frames, with a table."""
    for number in range(4):
        (folder / str(number)).mkdir()
        for frame in range(3):
            Image.fromarray(np.full((8, 8), 60 * frame + number, np.uint8)).save(folder / str(number) / f"{frame}.png")
    (folder / "clips.csv").write_text("folder,label\n" + "".join(f"{number},a\n" for number in range(4)))


def music_in(folder):
    """MIDI files."""
    for number in range(4):
        notes.write_midi(folder / f"{number}.mid", [(60 + number,), (64,), ()] * 4, 4, True)


def drive_in(folder):
    """A tub of 4 frames."""
    (folder / "images").mkdir()
    rows = []
    for number in range(4):
        Image.fromarray(np.full((12, 16, 3), 60 * number, np.uint8)).save(folder / "images" / f"{number}.jpg")
        rows.append(
            {"_index": number, "cam/image_array": f"{number}.jpg", "user/angle": 0.1, "_timestamp_ms": 50 * number}
        )
    (folder / "catalog_0.catalog").write_text("".join(json.dumps(row) + "\n" for row in rows))


MAKERS = {
    "speech_recognition": sounds_in,
    "pixel_sequence": pictures_in,
    "video_activity": clips_in,
    "music_generation": music_in,
    "self_driving": drive_in,
}


def changed(file, old, new):
    return lambda folder: (folder / file).write_text((folder / file).read_text().replace(old, new))


def holding(file, content):
    return lambda folder: (folder / file).write_bytes(content)


def cut(file):
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes()[:50])


def without(file):
    return lambda folder: shutil.rmtree(folder / file) if (folder / file).is_dir() else (folder / file).unlink()


def loop(file):
    """A link to itself."""

    def make(folder):
        (folder / file).unlink()
        (folder / file).symlink_to(folder / file)

    return make


def pipe(file):
    def make(folder):
        (folder / file).unlink()
        os.mkfifo(folder / file)

    return make


def appended(file, text):
    return lambda folder: (folder / file).write_text((folder / file).read_text() + text)


def resized(folder):
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / "2.png")


def emptied(folder):
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


FAULTS = [
    ("speech_recognition", without("1.wav"), r"texts\.csv, line 3, names 1\.wav, which is not in"),
    ("speech_recognition", cut("1.wav"), r"1\.wav is not a whole WAV file \(it ends after 6 of 8,000 bytes"),
    ("speech_recognition", holding("1.wav", b""), r"1\.wav is not a whole WAV file"),
    ("speech_recognition", holding("1.wav", b"ID3 an mp3"), r"1\.wav is not a whole WAV file.*save it as WAV"),
    ("speech_recognition", pipe("1.wav"), r"line 3, names 1\.wav"),
    ("speech_recognition", appended("texts.csv", "./0.wav,two\n"), r"line 6, names 0\.wav, as line 2 does: keep one"),
    ("speech_recognition", changed("texts.csv", "2.wav,one two", "2.wav,"), "line 4, has an empty text"),
    ("speech_recognition", changed("texts.csv", "2.wav,one two", "2.wav,?!"), "line 4, has no words in its text"),
    ("speech_recognition", changed("texts.csv", "2.wav", "2.mp3"), r"line 4, names 2\.mp3, which is no \.wav file"),
    ("speech_recognition", changed("texts.csv", "2.wav", "é\\2.wav"), r"names é\\2\.wav, .*; write 2\.wav, which is"),
    ("speech_recognition", without("texts.csv"), "has no table"),
    ("speech_recognition", emptied, "has no table"),
    ("speech_recognition", pipe("texts.csv"), r"texts\.csv is no file: name a file"),
    ("self_driving", pipe("catalog_0.catalog"), r"catalog_0\.catalog is no file"),
    ("video_activity", pipe("clips.csv"), r"clips\.csv is no file"),
    ("pixel_sequence", pipe("pictures.csv"), r"pictures\.csv is no file"),
    ("pixel_sequence", without("1.png"), r"pictures\.csv, line 3, names 1\.png, which is not in"),
    ("pixel_sequence", changed("pictures.csv", "2.png", "2"), r"line 4, names 2, which is no .*; write 2\.png, which"),
    ("pixel_sequence", changed("pictures.csv", "2.png", r"C:\x\2.png"), r"names C:\\x\\2\.png, .*; write 2\.png, "),
    ("pixel_sequence", appended("pictures.csv", "./0.png,b\n"), r"line 6, names 0\.png, as line 2 does"),
    ("pixel_sequence", cut("1.png"), r"1\.png is not a whole PNG"),
    ("pixel_sequence", holding("1.png", b""), r"1\.png is not a whole PNG"),
    ("pixel_sequence", pipe("1.png"), r"line 3, names 1\.png, which is not in"),
    ("pixel_sequence", resized, r"pictures\.csv, line 4, names 2\.png, of 4 x 4 pixels; the first has 3 x 3"),
    ("pixel_sequence", appended("pictures.csv", "0.png,b\n"), r"line 6, names 0\.png, as line 2 does"),
    ("pixel_sequence", changed("pictures.csv", "2.png", "a" * 260 + ".png"), "line 4, names aaaa.*, which is not in"),
    ("pixel_sequence", loop("1.png"), r"line 3, names 1\.png, which is not in .*[^e]\."),
    ("pixel_sequence", without("pictures.csv"), "has no table: put one .csv or .tsv with the columns file, label into"),
    ("video_activity", without("1"), r"clips\.csv, line 3, names 1, which is not in"),
    ("video_activity", changed("clips.csv", "2,a", "2.avi,a"), r"line 4, names 2\.avi, which is not .*; write 2, "),
    ("video_activity", changed("clips.csv", "2,a", "1/0.png,a"), r"line 4, names 1/0\.png, which is no folder"),
    ("video_activity", changed("clips.csv", "2,a", "a" * 260 + ",a"), "line 4, names aaaa.*, which is not in"),
    ("video_activity", loop("1/2.png"), r"There is no picture .*2\.png"),
    ("video_activity", lambda folder: emptied(folder / "1"), "1 holds 0 pictures"),
    ("video_activity", cut("1/2.png"), r"1/2\.png is not a whole PNG"),
    ("video_activity", pipe("1/2.png"), r"1/2\.png is no file"),
    ("video_activity", appended("clips.csv", "0,b\n"), "line 6, names 0, as line 2 does"),
    ("video_activity", appended("clips.csv", "./0/,b\n"), "line 6, names 0, as line 2 does"),
    ("video_activity", without("clips.csv"), "has no table: put one .csv or .tsv with the columns folder, label into"),
    ("music_generation", cut("1.mid"), r"1\.mid is not a whole MIDI file"),
    ("music_generation", holding("1.mid", b""), r"1\.mid is not a whole MIDI file"),
    ("music_generation", pipe("1.mid"), r"1\.mid is no file"),
    ("music_generation", lambda folder: notes.write_midi(folder / "1.mid", [()], 4, True), r"1\.mid has no notes"),
    ("music_generation", emptied, "holds no MIDI files"),
    ("self_driving", without("images/1.jpg"), r"catalog_0\.catalog, line 2, names 1\.jpg, which is not in"),
    ("self_driving", cut("images/1.jpg"), r"1\.jpg is not a whole"),
    ("self_driving", pipe("images/1.jpg"), r"catalog_0\.catalog, line 2, names 1\.jpg, which is not in"),
    ("self_driving", without("images"), r"catalog_0\.catalog, line 1, names 0\.jpg, which is not in"),
    ("self_driving", changed("catalog_0.catalog", "2.jpg", ".."), "line 3, names .., which is not in"),
    ("self_driving", changed("catalog_0.catalog", '"_index": 2', '"_index": 1'), "line 3, has the _index 1, which"),
    ("self_driving", changed("catalog_0.catalog", '"_index": 2', '"_index": [2]'), r"line 3, has the _index \[2\]"),
    ("self_driving", changed("catalog_0.catalog", "2.jpg", "../2.jpg"), "line 3, must name a picture in images"),
    ("self_driving", changed("catalog_0.catalog", "0.1", "9" * 400), "line 1, must have 'user/angle', a number"),
    ("self_driving", holding("catalog_0.catalog", b"[" * 100_000), "line 1, must be a JSON object with"),
    ("self_driving", holding("catalog_0.catalog", b"\n"), "holds no frames"),
    ("self_driving", holding("manifest.json", b"\n"), r"manifest\.json does not end in a line of JSON"),
    ("self_driving", emptied, "is no tub"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "problem"), FAULTS, ids=range(len(FAULTS)))
def test_a_fault_is_refused_with_the_name_of_the_file(tmp_path, name, damage, problem):
    MAKERS[name](tmp_path)
    damage(tmp_path)
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*{problem}") as caught:
        load_task(name).own_file.read(tmp_path, True)
    assert re.fullmatch(r"\S.*\S", str(caught.value)) and len(str(caught.value)) < 500


@pytest.mark.parametrize("name", MAKERS)
def test_a_whole_folder_is_read(tmp_path, name):
    MAKERS[name](tmp_path)
    with reading.reading(reading.Reading()) as said:
        assert len(load_task(name).own_file.read(tmp_path, True)) == 4
    assert not said.warnings


@pytest.mark.parametrize(
    ("name", "table", "old", "new"),
    [
        *(("speech_recognition", "texts.csv", r"(\d\.wav)", new) for new in (r"./\1", r".\\\1", r"sub\\..\\\1")),
        *(("pixel_sequence", "pictures.csv", r"(\d\.png)", new) for new in (r"./\1", r".\\\1", r"sub/../\1")),
        *(("video_activity", "clips.csv", r"(\d),", new) for new in (r"./\1,", r"\1/,", r"\1\\,", r".\\\1\\,")),
        ("self_driving", "catalog_0.catalog", r"(\d\.jpg)", r"./\1"),
    ],
)
def test_paths_are_read_as_people_write_them(tmp_path, name, table, old, new):
    MAKERS[name](tmp_path)
    (tmp_path / "sub").mkdir()
    expected = load_task(name).own_file.read(tmp_path, True)
    (tmp_path / table).write_text(re.sub(old, new, (tmp_path / table).read_text()))
    assert repr(load_task(name).own_file.read(tmp_path, True)) == repr(expected)


@pytest.mark.parametrize("name", ["speech_recognition", "pixel_sequence", "video_activity"])
def test_a_table_can_have_any_name_and_be_named_itself(tmp_path, name):
    MAKERS[name](tmp_path)
    expected = repr(load_task(name).own_file.read(tmp_path, True))
    (table,) = tmp_path.glob("*.csv")
    rows = table.read_text()
    table.unlink()
    for suffix, content in ((".csv", rows), (".tab", rows.replace(",", "\t"))):
        table = tmp_path / f"other{suffix}"
        table.write_text(content)
        assert repr(load_task(name).own_file.read(tmp_path, True)) == expected
        assert repr(load_task(name).own_file.read(table, True)) == expected
        table.unlink()
    names = rows.splitlines()[0].split(",")
    lines = [json.dumps(dict(zip(names, row.split(",")))) for row in rows.splitlines()[1:]]
    for other, content in (("rows.jsonl", "\n".join(lines)), ("rows.txt", rows)):
        if name != "pixel_sequence" or other != "rows.txt":  # there a text holds the numbers of pixels
            (tmp_path / other).write_text(content)
            assert repr(load_task(name).own_file.read(tmp_path / other, True)) == expected


def test_frames_without_a_number_follow_each_other_from_catalog_to_catalog(tmp_path):
    """The tenth catalog follows the ninth, not the first."""
    MAKERS["self_driving"](tmp_path)
    rows = (tmp_path / "catalog_0.catalog").read_text().splitlines()
    for number, row in zip((1, 2, 10, 11), rows, strict=True):
        (tmp_path / f"catalog_{number}.catalog").write_text(re.sub('"_index": ., ', "", row) + "\n")
    (tmp_path / "catalog_0.catalog").unlink()
    found = load_task("self_driving").own_file.read(tmp_path, True)
    assert [str(moment) for moment in found] == [f"drive 1, frame {number}" for number in range(4)]


@pytest.mark.parametrize(
    ("name", "damage", "warning"),
    [
        (
            "speech_recognition",
            changed("texts.csv", "2.wav,one two\n", ""),
            r"name 1 of the files .*\(2\.wav\)",
        ),
        ("pixel_sequence", changed("pictures.csv", "2.png,a\n", ""), r"does not name 1 of the files .*\(2\.png\)"),
        ("video_activity", changed("clips.csv", "2,a\n", ""), r"does not name 1 of the files .*\(2\)"),
        ("self_driving", changed("catalog_0.catalog", "2.jpg", "1.jpg"), "1 frames have the picture of another one"),
        ("self_driving", changed("catalog_0.catalog", "2.jpg", "1.jpg"), r"1 pictures belong to no frame \(2\.jpg"),
    ],
)
def test_a_file_that_is_not_named_is_said(tmp_path, name, damage, warning):
    MAKERS[name](tmp_path)
    damage(tmp_path)
    with reading.reading(reading.Reading()) as said:
        load_task(name).own_file.read(tmp_path, True)
    assert re.search(warning, " | ".join(said.warnings))


def test_sounds_of_another_rate_and_with_two_channels_are_brought_to_one(tmp_path):
    from scipy.io import wavfile

    times = np.arange(16_000) / 16_000
    tone = (8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    wavfile.write(tmp_path / "a.wav", 16_000, np.stack([tone, tone], axis=1))
    sound = read_wav(tmp_path / "a.wav")
    assert (sound.rate, sound.samples.ndim, len(sound.at(8000))) == (16_000, 1, 8000)


def test_a_picture_of_16_bits_keeps_its_greys(tmp_path):
    """Pillow alone would turn all above 255 of 65,535 into white."""
    greys = np.array([[0, 16_448], [32_896, 65_535]], np.uint16)
    Image.fromarray(greys).save(tmp_path / "a.png")
    assert pictures.read(tmp_path / "a.png").tolist() == [[0, 64], [128, 255]]


@pytest.mark.parametrize("name", ["image_captioning", "video_activity"])
def test_masks_of_0_and_1_are_said(tmp_path, name):
    {"image_captioning": captions_in, "video_activity": clips_in}[name](tmp_path)
    for path in tmp_path.rglob("*.png"):
        Image.fromarray(np.eye(8, dtype=np.uint8)).save(path)
    with reading.reading(reading.Reading()) as said:
        load_task(name).own_file.read(tmp_path, True)
    assert "the brightest pixel is 1. 255 is white" in said.warnings[0]


@pytest.mark.parametrize("kind", ["wav", "png", "mid"])
def test_any_damage_is_refused_or_harmless(tmp_path, kind):
    """A few bytes changed or the end missing: a file is read or refused, in one line."""
    name = {"wav": "speech_recognition", "png": "pixel_sequence", "mid": "music_generation"}[kind]
    MAKERS[name](tmp_path)
    path, random = tmp_path / f"1.{kind}", np.random.default_rng(0)
    whole = path.read_bytes()
    for _ in range(150):
        damaged = bytearray(whole)
        for place in random.integers(0, min(len(whole), 120), 3):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged[: random.integers(len(whole))] if random.random() < 0.2 else damaged)
        with contextlib.suppress(UserError):
            load_task(name).own_file.read(path, False)


def test_validate_finds_what_could_not_be_encoded(tmp_path, capsys, own_folders):
    """A recording that is too short for its words; and a silent one is warned of."""
    random = np.random.default_rng(0)
    for number in range(12):
        sound = random.integers(-9000, 9000, 160 if number == 7 else 4000) * (number != 3)
        write_wav(tmp_path / f"{number}.wav", Sound(sound.astype(np.int16), 8000))
    (tmp_path / "texts.csv").write_text("file,text\n" + "".join(f"{n}.wav,one two two one\n" for n in range(12)))
    valid = [validate.run("speech_recognition", Request(str(tmp_path)), {}, as_json=False)]
    shown = capsys.readouterr()
    assert (
        "Silent recordings: 1 of 12 (3.wav)" in " ".join(shown.out.split())
        and "7.wav lasts 0.02 s, too short for" in shown.err
    )
    (tmp_path / "7.wav").write_bytes((tmp_path / "8.wav").read_bytes())
    valid.append(validate.run("speech_recognition", Request(str(tmp_path)), {}, as_json=False))
    assert valid == [False, True]
