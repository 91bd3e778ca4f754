"""Drives: windows that stay inside their split, no frame after the angle, the road, tubs of users."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.self_driving import sample
from tasks.self_driving.reader import GAP, Drive, in_blocks
from tasks.self_driving.task import TASK, mirrored, moments
from tests import small

TASK_SIZE = sample.HEIGHT, sample.WIDTH


def drive(count=1000, name="drive 1"):
    numbers = np.arange(count)
    frames = np.zeros((count, *TASK_SIZE), np.uint8)
    frames[:, 0, 0], frames[:, 0, 1] = numbers % 256, numbers // 256
    return Drive(name, frames, np.sin(numbers / 30))


def seen(moment, window=12):
    """Numbers of the frames that an example shows to the network."""
    past = moment.past(window).astype(int)
    return past[:, 0, 0] + 256 * past[:, 0, 1]


# ------------------------------------------------------------------------------------------------ leaks


def test_a_window_ends_with_the_frame_of_the_angle_and_stays_in_its_drive():
    some = moments(drive())
    assert seen(some[500]).tolist() == list(range(489, 501))
    assert some[500].angle == pytest.approx(np.sin(500 / 30)) and some[500].last_angle == some[499].angle
    assert seen(some[1]).tolist() == [0] * 11 + [1]


def test_half_a_second_ahead_sees_no_frame_after_the_present_one():
    some = moments(drive(), ahead=10)
    assert len(some) == 990
    assert seen(some[500])[-1] == 500 and some[500].angle == pytest.approx(np.sin(510 / 30))


def test_no_frame_is_in_two_splits_and_a_second_separates_them():
    parts = in_blocks([drive(700, "drive 1"), drive(1300, "drive 2")])
    splits = {split: [m for part in some for m in moments(part)] for split, some in parts.items()}
    shown = {
        split: {(m.drive.name.split(" from")[0], n) for m in some for n in seen(m, 16)}
        for split, some in splits.items()
    }
    assert min(map(len, shown.values())) > 0
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert not shown[one] & shown[other]
        for name, number in shown[one]:
            assert not any((name, number + step) in shown[other] for step in range(-GAP + 1, GAP))
    total = sum(map(len, shown.values()))
    assert len(shown["test"]) == 200 - GAP and 0.1 < len(shown["validation"]) / total < 0.13
    assert max(number for name, number in shown["train"] if name == "drive 2") < min(n for _, n in shown["test"])


def test_roads_of_test_are_not_those_of_train():
    splits = small.sample("self_driving")
    roads = [{moment.drive.road for moment in split} for _, split in splits]
    assert [len(split) for split in roads] == list(sample.ROADS.values())
    assert not roads[0] & roads[1] and not roads[0] & roads[2] and not roads[1] & roads[2]


def test_no_past_angle_is_an_input():
    _, _, few, encoder = small.setting("self_driving")
    moment = few.train[20]
    changed = dataclasses.replace(moment, drive=dataclasses.replace(moment.drive, angles=-moment.drive.angles))
    one, other = (encoder.encode(example)[0] for example in (moment, dataclasses.replace(changed, last_angle=9.0)))
    assert one.keys() == {"frames"} and np.array_equal(one["frames"], other["frames"])


# ----------------------------------------------------------------------------------------------- the road


def test_the_driver_stays_on_the_road_and_comes_back():
    road = sample.Road(1000)
    for aside in (-0.7, 0.0, 0.7):
        car = road.start() + np.array([0, aside, 0])
        for _ in range(sample.FRAMES):
            car = sample.moved(car, road.driver(car))
        assert abs(road.offset(car)) < 0.3


def test_a_car_that_goes_straight_leaves_the_road_and_the_driver_does_not():
    roads = [sample.Road(seed) for seed in range(2000, 2004)]
    straight = sample.driven(roads, lambda seen: [0.0] * len(seen))
    assert np.mean([drive["kept"] for drive in straight]) < 0.8
    assert all(len(drive["path"]) == round(drive["kept"] * sample.FRAMES) for drive in straight)
    longest = []
    sample.driven(roads[:1], lambda seen: longest.append(len(seen[0])) or [0.0])
    assert longest == list(range(1, len(longest) + 1))  # the car sees what its own steering leads to, frame by frame


def test_to_the_right_is_positive():
    road = sample.Road(1000)
    car = road.start()
    assert road.driver(car + np.array([0, 0.8, 0])) > 0.1 > -0.1 > road.driver(car - np.array([0, 0.8, 0]))
    assert sample.moved(car, 1.0)[2] < car[2]


def test_a_blinded_camera_shows_nothing_of_the_road():
    road = sample.Road(1)
    blind = int(np.flatnonzero(road.light["blinded"])[0])
    here, elsewhere = road.start(), (*road.start()[:2] + 5, 0.2)
    assert (road.frame(here, blind) == road.frame(elsewhere, blind)).all()
    assert not (road.frame(here, 0) == road.frame(elsewhere, 0)).all()


# ------------------------------------------------------------------------------------------ the network


def test_a_mirror_turns_the_wheel():
    frames = np.random.default_rng(0).integers(0, 200, (64, 2, 4, 6, 1)).astype(np.uint8)
    targets = np.linspace(0.1, 1, 64).astype(np.float32)
    inputs, changed = mirrored(np.random.default_rng(1), {"frames": frames}, targets)
    assert 15 < (changed < 0).sum() < 49 and np.array_equal(np.abs(changed), targets)
    for before, after, sign in zip(frames, inputs["frames"], np.sign(changed)):
        shown = before if sign > 0 else before[:, :, ::-1]
        assert np.corrcoef(shown.ravel(), after.ravel())[0, 1] > 0.99


def test_the_network_drives_where_a_drawn_road_begins():
    task, _, few, encoder = small.setting("self_driving")
    model, config = small.model("self_driving")
    first, *others = task.predict(config, of_model(model), encoder, few.test[:3])
    assert 0 < first["drive"]["kept"] <= 1 and len(first["drive"]["path"][0]) == 3
    assert all(other.keys() == {"angle"} and -1 <= other["angle"] <= 1 for other in others)


# -------------------------------------------------------------------------------------------------- tubs


@pytest.fixture
def tub(tmp_path):
    """Six frames with a pause after the third; the fifth is deleted."""
    (tmp_path / "images").mkdir()
    rows = []
    for index, time in enumerate((0, 50, 100, 5000, 5050, 5100)):
        name = f"{index}_cam_image_array_.jpg"
        Image.fromarray(np.full((120, 160, 3), 30 * index, np.uint8)).save(tmp_path / "images" / name)
        rows.append({"_index": index, "_timestamp_ms": time, "cam/image_array": name, "user/angle": index / 10})
    (tmp_path / "catalog_0.catalog").write_text("".join(json.dumps(row) + "\n" for row in rows[:4]))
    (tmp_path / "catalog_1.catalog").write_text("".join(json.dumps(row) + "\n" for row in rows[4:]))
    (tmp_path / "manifest.json").write_text('["cam/image_array"]\n{}\n{"deleted_indexes": [4]}\n')
    return tmp_path


def test_a_tub(tub):
    read = TASK.own_file.read(tub, True)
    assert [(str(moment), moment.angle) for moment in read] == [
        ("drive 1, frame 0", 0.0),
        ("drive 1, frame 1", 0.1),
        ("drive 1, frame 2", 0.2),
        ("drive 2, frame 0", 0.3),
        ("drive 2, frame 1", 0.5),
    ]
    assert [moment.picture().mean().round() for moment in read] == [0, 30, 60, 90, 150]
    assert TASK.own_file.read(tub, False)[0].angle is None
    assert len(TASK.own_file.read(tub / "images", False)) == 6


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no json", "must be a JSON object"),
        ('{"cam/image_array": "../../secret.jpg", "user/angle": 0}', "must name a picture in images"),
        ('{"cam/image_array": "0_cam_image_array_.jpg", "user/angle": 2}', "a number from -1 to 1, not 2"),
        ('{"cam/image_array": "0_cam_image_array_.jpg", "user/angle": NaN}', "a number from -1 to 1, not nan"),
        ('{"cam/image_array": "0_cam_image_array_.jpg"}', "a number from -1 to 1, not None"),
    ],
)
def test_a_tub_that_is_wrong_is_refused_in_one_line(tub, line, message):
    (tub / "catalog_1.catalog").write_text(line + "\n")
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*catalog_1.catalog, line 1, .*{message}"):
        TASK.own_file.read(tub, True)


def test_what_is_no_tub_or_too_short_is_refused(tub, tmp_path):
    with pytest.raises(UserError, match="5 frames are too few"):
        TASK.own_file.split(TASK.own_file.read(tub, True), 0)
    (tmp_path / "other").mkdir()
    with pytest.raises(
        UserError, match=r"is no tub: it has no catalog_0\.catalog, which Donkeycar 4 and later write\."
    ):
        TASK.own_file.read(tmp_path / "other", True)
    (tmp_path / "other" / "record_1.json").write_text("{}")
    with pytest.raises(UserError, match=r"other is a tub of Donkeycar 3: convert it"):
        TASK.own_file.read(tmp_path / "other", True)
    (tmp_path / "tubs").mkdir()
    shutil.copytree(tub, tmp_path / "tubs" / "first", ignore=shutil.ignore_patterns("tubs"))
    with pytest.raises(UserError, match=r"is no tub: .* write: name one in it, such as first\."):
        TASK.own_file.read(tmp_path / "tubs", True)
    with pytest.raises(UserError, match="is no folder"):
        TASK.own_file.parse("left")
