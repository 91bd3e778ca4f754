"""Pictures read pixel by pixel: the order, files of users, and that no picture is in two splits."""

import gzip

import numpy as np
import pytest
from PIL import Image

from common.datasets import reading
from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.pixel_sequence.task import TASK, Picture
from tests import small

SQUARE = Picture((0, 10, 20, 30), 2, "1")


def test_digits_are_whole_and_no_picture_is_in_two_splits():
    splits = small.sample("pixel_sequence")
    assert [len(part) for _, part in splits] == [1258, 179, 360]
    pictures = [picture for _, part in splits for picture in part]
    assert len(pictures) == 1797 and {picture.label for picture in pictures} == set("0123456789")
    parts = [{picture.pixels for picture in part} for _, part in splits]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert max(max(picture.pixels) for picture in pictures) == 255


def test_permuted_are_the_same_pictures_in_one_other_order():
    plain, permuted = small.sample("pixel_sequence"), TASK.datasets["permuted"].load(None)
    assert [picture.pixels for picture in plain.test] == [picture.pixels for picture in permuted.test]
    (order,) = {picture.order for _, part in permuted for picture in part}
    assert sorted(order) == list(range(64)) and order != tuple(range(64))
    encoder = TASK.encoder.fit(TASK.config, permuted.train)
    picture = permuted.test[0]
    inputs, _ = encoder.encode(picture)
    assert inputs["pixels"].tolist() == [picture.pixels[i] for i in order]
    assert inputs["pixels"].dtype == np.uint8


def test_training_changes_pictures_and_not_their_labels():
    _, _, few, encoder = small.setting("pixel_sequence")
    pixels = np.stack([encoder.encode(picture)[0]["pixels"] for picture in few.train])
    labels = np.arange(len(pixels))
    changed, same = encoder.changed(np.random.default_rng(0), {"pixels": pixels}, labels)
    assert changed["pixels"].shape == pixels.shape and changed["pixels"].dtype == np.uint8
    assert same is labels and 5 < np.abs(changed["pixels"].astype(float) - pixels).mean() < 80


def test_what_is_not_read_yet_is_hidden():
    assert SQUARE.picture(0.5).tolist() == [[0, 10], [85, 85]]
    assert Picture(SQUARE.pixels, 2, order=(3, 2, 1, 0)).picture(0.25).tolist() == [[85, 85], [85, 30]]


def test_answers_while_reading_end_with_the_answer():
    task, _, few, encoder = small.setting("pixel_sequence")
    model, config = small.model("pixel_sequence")
    for prediction in task.predict(config, of_model(model), encoder, few.test[:4]):
        assert [point["seen"] for point in prediction["running"]] == [i / 8 for i in range(1, 9)]
        assert prediction["running"][-1]["label"] == prediction["label"]
        assert sum(prediction["probabilities"].values()) == pytest.approx(1)


def test_tables_and_typed_numbers(tmp_path):
    table = tmp_path / "digits.csv"
    table.write_text("label,pixel0,pixel1,pixel2,pixel3,group\n1,0,10,20,30,ann\n0,9,9,9,9,bob\n")
    first, second = TASK.own_file.read(table, True)
    assert first == Picture((0, 10, 20, 30), 2, "1", "ann") and second.label == "0"
    assert TASK.own_file.read(table, False)[0].label is None
    table.write_text("label,pixel0,pixel1,pixel2,pixel3\n1,0.0,10.,20.00,30\n")  # as written by pandas
    assert TASK.own_file.read(table, True)[0].pixels == (0, 10, 20, 30)
    assert list(TASK.own_file.parse("0 10 20 30\n\n1,2,3,4\n")) == [
        Picture((0, 10, 20, 30), 2),
        Picture((1, 2, 3, 4), 2),
    ]


@pytest.mark.parametrize("name", ["a.CSV", "a.csv.gz", "a.tsv"])
def test_tables_of_pixels_go_by_the_names_of_all_tables(tmp_path, name):
    for delimiter in "\t" if name == "a.tsv" else ",;":
        content = "label,p1,p2,p3,p4\n\n1,0,10,20,30\n".replace(",", delimiter).encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        assert TASK.own_file.read(tmp_path / name, True) == [Picture((0, 10, 20, 30), 2, "1")]


@pytest.mark.parametrize("name", ["id", "", "Unnamed: 0", "writer"])
def test_a_column_that_is_no_pixel_is_passed_over_and_said(tmp_path, name):
    """With eight pixels, a column taken for the ninth would make a square."""
    for count in (8, 9):
        pixels = ",".join(f"pixel{number}" for number in range(count))
        (tmp_path / "digits.csv").write_text(f"{name},label,{pixels}\n0,a{',200' * count}\n1,b{',100' * count}\n")
        with reading.reading(reading.Reading()) as said:
            if count == 9:
                assert TASK.own_file.read(tmp_path / "digits.csv", True)[0] == Picture((200,) * 9, 3, "a")
            else:
                with pytest.raises(UserError, match="line 1, names 8 columns with a number, pixel0 to pixel7"):
                    TASK.own_file.read(tmp_path / "digits.csv", True)
    assert said.decisions["digits.csv"]["columns passed over"] == (name or "one without a name")


def test_the_column_of_the_label_can_be_named_and_a_dark_table_is_said(tmp_path):
    """Pixels from 0 to 16, as in the digits of UCI, would all be read as nearly black."""
    (tmp_path / "digits.csv").write_text("1x1,1x2,2x1,2x2,class\n0,16,1,2,a\n")
    with reading.reading(reading.Reading("label=class")) as said:
        assert TASK.own_file.read(tmp_path / "digits.csv", True) == [Picture((0, 16, 1, 2), 2, "a")]
    assert "the brightest pixel is 16" in said.warnings[0]


@pytest.mark.parametrize(("white", "brightest"), [(np.uint8(1), 1), (np.uint16(4095), 15), (np.uint16(255), 0)])
def test_picture_files_on_another_scale_are_said(tmp_path, white, brightest):
    """Masks of 0 and 1, and 12 or 8 bits in files of 16."""
    for number in range(2):
        Image.fromarray(np.array([[0, 0], [0, number]]).astype(white.dtype) * white).save(tmp_path / f"{number}.png")
    (tmp_path / "pictures.csv").write_text("file,label\n0.png,a\n1.png,b\n")
    with reading.reading(reading.Reading()) as said:
        TASK.own_file.read(tmp_path, True)
    assert f"the brightest pixel is {brightest}. 255 is white" in said.warnings[0]


@pytest.mark.parametrize("names", ["pixel{2}", "{2}", "{0}x{1}", "Row{0}_Column{1}", "x{1}y{0}"])
def test_pixels_are_in_the_order_of_their_numbers(tmp_path, names):
    """A table whose columns were sorted as text, pixel10 before pixel2, is no picture if read from left to right."""
    columns = [names.format(i // 12, i % 12, i) for i in range(144)]
    for order in (list(range(144)), sorted(range(144), key=columns.__getitem__), list(range(144))[::-1]):
        header, row = ",".join(columns[i] for i in order), ",".join(map(str, order))
        (tmp_path / "digits.csv").write_text(f"label,{header}\n1,{row}\n")
        with reading.reading(reading.Reading()) as said:
            assert TASK.own_file.read(tmp_path / "digits.csv", True)[0].pixels == tuple(range(144))
        assert ("in the order of" in said.decisions["digits.csv"].get("pixels", "")) == (order != sorted(order))


def test_a_folder_of_pictures_with_a_table(tmp_path):
    Image.fromarray(np.array([[0, 10], [20, 30]], np.uint8)).save(tmp_path / "one.png")
    (tmp_path / "pictures.csv").write_text("file,label\none.png,1\n")
    assert TASK.own_file.read(tmp_path, True) == [SQUARE]
    assert TASK.own_file.read(tmp_path / "one.png", False) == [Picture(SQUARE.pixels, 2)]
    (tmp_path / "pictures.csv").unlink()
    for number in (10, 9):
        Image.fromarray(np.full((2, 2), number, np.uint8)).save(tmp_path / f"one{number}.png")
    assert [picture.pixels[0] for picture in TASK.own_file.read(tmp_path, False)] == [9, 10, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,p1,p2,p3,p4\n1,0,10,20,300\n", "line 2, has the pixel '300'"),
        ("label,p1,p2,p3,p4\n1,0,10,x,3\n", "line 2, has the pixel 'x'"),
        ("label,p1,p2,p3,p4\n1,0,1,0.25,0\n", "line 2, has the pixel '0.25': .*; multiply those from 0 to 1 by 255"),
        ("label,p1,p2,p3,p4\n1,0,1,2.5,0\n", r"line 2, has the pixel '2.5': .* from 0 to 255\.\Z"),
        ("label,p1,p2,p3\n1,0,10,20\n", "line 1, names 3 columns with a number, p1 to p3, .*: a square"),
        ("label,p1,p2,p3,p4\n1,0,10,20\n", "line 2, has 4 cells, the header has 5"),
        ("label,p1,p2,p3,p4\n,0,10,20,30\n", "line 2, has an empty label"),
        ("p1,p2,p3,p4\n0,10,20,30\n", r"has 4 columns for pixels, p1 to p4, and no column 'label': add it\."),
        ("p1,p2,p3,p4,class\n0,10,20,30,1\n", "no column 'label': add it, or say which it is: COLUMNS=label=class"),
        ("label,p1,label,p2,p3,p4\n1,0,1,10,20,30\n", "more than one column 'label'"),
        ("label,p1,p1,p2,p3\n1,0,1,10,20\n", "more than one column 'p1'"),
        ("label,p1,p2,p3,p4\n1,0,10,20,3\r0\n", "line 2, is not CSV"),
        (f"label,p1,p2,p3,p4\n1,0,10,20,{'9' * 5000}\n", "line 2, has the pixel '9999999"),
        ("label,pixels\n1,0 10 20 30\n", "line 1, names no pixels and no files: label, and one with a number for each"),
        ("1,0,10,20,30\n0,1,2,3,4\n", "line 1, must name the columns: label, and one with a number for each"),
        ("cat,0,0,20,30\ndog,1,2,3,4\n", "line 1, must name the columns"),
    ],
    ids=range(16),
)
def test_a_table_that_is_wrong_is_refused_in_one_line(tmp_path, content, message):
    table = tmp_path / "digits.csv"
    table.write_text(content)
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*digits.csv.*{message}"):
        TASK.own_file.read(table, True)


def test_numbers_without_a_header_are_not_taken_for_one(tmp_path):
    table = tmp_path / "digits.csv"
    table.write_text("0,10,20,30\n1,2,3,4\n")
    with pytest.raises(UserError, match="line 1, must name the columns"):
        TASK.own_file.read(table, False)


def test_another_size_than_in_training_is_refused():
    encoder = TASK.encoder.fit(TASK.config, [SQUARE])
    with pytest.raises(UserError, match=r"1 x 1 pixels and those of train have 2 x 2"):
        encoder.encode(Picture((5,), 1))
