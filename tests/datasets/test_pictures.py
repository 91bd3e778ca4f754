"""Picture files as arrays, and what is refused."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from common.datasets import pictures
from common.errors import UserError


def saved(path, array, mode=None):
    Image.fromarray(np.array(array, np.uint8), mode).save(path)
    return path


def test_grey_colour_and_size(tmp_path):
    grey = np.arange(48).reshape(6, 8)
    assert np.array_equal(pictures.read(saved(tmp_path / "grey.png", grey)), grey)
    halved = pictures.read(tmp_path / "grey.png", (3, 4))
    assert halved.dtype == np.uint8 and halved.shape == (3, 4)
    assert abs(halved[0, 0] - grey[:2, :2].mean()) <= 0.5
    red = np.full((2, 2, 3), (255, 0, 0))
    assert pictures.read(saved(tmp_path / "red.png", red), colour=True).tolist() == red.tolist()
    assert pictures.read(tmp_path / "red.png")[0, 0] == 76  # 0.299 of 255, ITU-R 601


def test_what_is_transparent_is_white(tmp_path):
    ink = np.zeros((2, 2, 4))
    ink[0, 0, 3] = 255
    assert pictures.read(saved(tmp_path / "ink.png", ink)).tolist() == [[0, 255], [255, 255]]
    ink[..., :3] = 255
    with pytest.raises(UserError, match=r"ink\.png is white on a transparent ground"):
        pictures.read(saved(tmp_path / "ink.png", ink))
    assert pictures.read(saved(tmp_path / "empty.png", np.zeros((2, 2, 4)))).min() == 255


@pytest.mark.parametrize("orientation", range(9))
def test_a_picture_is_turned_as_its_camera_was_held(tmp_path, orientation):
    picture = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "a.png", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(tmp_path / "a.png"))
    assert np.array_equal(pictures.read(tmp_path / "a.png"), np.array(expected))
    assert (expected.size != (4, 3)) == (orientation > 4)


def test_exif_that_is_cut_off_is_passed_over_without_a_word(tmp_path, recwarn):
    picture = Image.fromarray(np.zeros((3, 4), np.uint8))
    picture.save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09")  # announces nine tags and has none
    assert pictures.read(tmp_path / "a.jpg").shape == (3, 4)
    assert not recwarn


def test_what_is_no_picture_is_refused_in_one_line(tmp_path):
    text, cut = tmp_path / "text.png", tmp_path / "cut.png"
    text.write_text("no picture")
    cut.write_bytes(
        saved(tmp_path / "whole.png", np.random.default_rng(0).integers(0, 255, (50, 50))).read_bytes()[:900]
    )
    for path in (text, cut, tmp_path / "none.png", tmp_path):
        with pytest.raises(UserError, match=rf"\A.*{path.name}.*\Z"):
            pictures.read(path)


def test_a_picture_larger_than_memory_is_refused(tmp_path, monkeypatch):
    saved(tmp_path / "large.png", np.zeros((20, 20)))
    monkeypatch.setattr(pictures, "LARGEST", 399)
    with pytest.raises(UserError, match="at most 399"):
        pictures.read(tmp_path / "large.png")


def test_files_are_sorted_by_the_numbers_in_their_names(tmp_path):
    for name in ("frame10.png", "frame9.png", "frame1.JPG", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in pictures.files_in(tmp_path)] == ["frame1.JPG", "frame9.png", "frame10.png"]
