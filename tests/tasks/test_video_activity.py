"""Clips: figures and subjects in one split, skeletons in any place and size, changes of training, users' folders."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.video_activity import reader, sample
from tasks.video_activity.task import TASK, Clip
from tests import small

SWINGS = ("swing forwards", "swing backwards")


def skeletons(count=6, seed=0):
    return np.random.default_rng(seed).normal(size=(count, reader.JOINTS, 3)).astype(np.float32)


def write_skeleton(path, joints):
    lines = [" ".join(map(repr, map(float, [*joint, 1.0]))) for frame in joints for joint in frame]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_no_figure_is_in_two_splits_and_all_do_everything():
    splits = small.sample("video_activity")
    figures = [{clip.group for clip in part} for _, part in splits]
    assert not figures[0] & figures[1] and not figures[0] & figures[2] and not figures[1] & figures[2]
    assert [len(part) for part in figures] == list(sample.FIGURES.values())
    for _, part in splits:
        labels = [clip.label for clip in part]
        assert {labels.count(action) for action in sample.ACTIONS} == {len(part) // len(sample.ACTIONS)}
        assert all(sample.FRAMES[0] <= len(clip) <= sample.FRAMES[1] for clip in part)


def test_to_swing_backwards_is_to_swing_forwards_in_the_other_order():
    """The same figure from the same beginning: its frames from the last to the first."""
    body = sample._body(np.random.default_rng(0))
    seconds = np.arange(20) / sample.SECOND
    there, back = (sample._pose(action, body, seconds, np.random.default_rng(1)) for action in SWINGS)
    later = sample._pose("swing forwards", body, -seconds, np.random.default_rng(1))
    np.testing.assert_allclose(back["arms"], later["arms"])
    assert not np.allclose(back["arms"], there["arms"])


def test_the_same_seed_draws_the_same_clips(monkeypatch):
    monkeypatch.setattr(sample, "FIGURES", {"train": 1, "validation": 1, "test": 1})
    one, again, other = sample.load(), sample.load(), sample.load(seed=1)
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(one.train, again.train, strict=True))
    assert not np.array_equal(one.train[0].frames, other.train[0].frames)


def test_a_skeleton_is_the_same_anywhere_and_in_any_size():
    joints = skeletons()
    moved = 2.5 * joints + np.array([1, -2, 3], np.float32)
    np.testing.assert_allclose(reader.centred(moved), reader.centred(joints), atol=1e-4)
    beside = reader.centred(joints)
    assert not beside[0, reader.HIP].any() and beside[1:, reader.HIP].any()


def test_velocities_follow_places():
    joints = skeletons()
    rows = reader.vectors(joints)
    assert rows.shape == (6, 120) and not rows[0, 60:].any()
    np.testing.assert_allclose(rows[3, 60:], reader.SPEED * (joints[3] - joints[2]).ravel(), rtol=1e-5)


def test_training_changes_clips_and_leaves_their_padding():
    for frames in (skeletons(), np.random.default_rng(0).integers(0, 255, (6, 32, 32)).astype(np.uint8)):
        encoder = TASK.encoder.fit(TASK.config, [Clip(frames, "a", "walk"), Clip(frames, "b", "run")])
        array = encoder.encode(Clip(frames, "c", "walk"))[0][encoder.kind]
        padded = np.stack([np.concatenate([array, np.zeros_like(array)]), np.concatenate([array, array])])
        real = np.array([[1] * 6 + [0] * 6, [1] * 12])
        inputs, targets = encoder.changed(np.random.default_rng(0), {encoder.kind: padded, "real": real}, [0, 1])
        changed = inputs[encoder.kind]
        assert changed.dtype == array.dtype and changed.shape == padded.shape and targets == [0, 1]
        assert not changed[0, 6:].any() and changed[1, 6:].any()
        assert not np.array_equal(changed[0, :6], array)


def test_the_answer_half_way_has_seen_half():
    task, _, few, encoder = small.setting("video_activity")
    model, config = small.model("video_activity")
    clip = few.test[0]
    half = dataclasses.replace(clip, frames=clip.frames.copy())
    half.frames[len(clip) // 2 + 1 :] = 255
    one, other = task.predict(config, of_model(model), encoder, [clip, half])
    assert one["running"][3] == other["running"][3] and one["running"][7] != other["running"][7]


def test_joints_and_frames_are_not_mixed():
    encoder = TASK.encoder.fit(TASK.config, [Clip(skeletons(), "a", "walk")])
    with pytest.raises(UserError, match="has frames, but this model reads joints"):
        encoder.encode(Clip(np.zeros((3, 32, 32), np.uint8), "b", "walk"))


def test_a_model_of_skeletons_learns_and_answers():
    examples = [Clip(skeletons(6, seed), f"clip {seed}", "ab"[seed % 2]) for seed in range(4)]
    _, config, *_ = small.setting("video_activity")
    encoder = TASK.encoder.fit(config, examples)
    predictions = TASK.predict(config, of_model(TASK.build_model(config, encoder)), encoder, examples)
    assert {prediction["label"] for prediction in predictions} <= {"a", "b"}


def test_skeleton_files(tmp_path):
    joints = skeletons(4)
    joints[2] = 0  # no body was found
    path = write_skeleton(tmp_path / "clip.txt", joints)
    np.testing.assert_allclose(reader.skeleton(path), joints[[0, 1, 3]])
    assert TASK.own_file.read(path, False)[0].name == "clip"
    path.write_text(path.read_text() + "1 2 3\n")
    with pytest.raises(UserError, match=r"clip.txt, line 81, must be x, y, z and confidence"):
        reader.skeleton(path)
    path.write_text("1 2 3 4\n")
    with pytest.raises(UserError, match="has 1 joints: 20 lines"):
        reader.skeleton(path)


def test_a_drawn_skeleton_fits_the_frame():
    frames = reader.drawn(skeletons())
    assert frames.shape == (6, 32, 32) and frames.dtype == np.uint8
    assert not frames[:, 0].any() and not frames[:, :, -1].any() and (frames.max(axis=(1, 2)) == 255).all()


@pytest.fixture
def clips(tmp_path):
    """Two folders of two frames each, and a table."""
    for name, shade in (("first", 50), ("second", 200)):
        (tmp_path / name).mkdir()
        for number in (2, 10):
            Image.fromarray(np.full((64, 64), shade + number, np.uint8)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "clips.csv").write_text("folder,label,group\nfirst,walk,ann\nsecond,run,bob\n")
    return tmp_path


def test_a_folder_of_clips(clips):
    first, second = TASK.own_file.read(clips, True)
    assert (first.name, first.label, first.group, len(first)) == ("first", "walk", "ann", 2)
    assert second.frames[:, 0, 0].tolist() == [202, 210] and second.frames.shape == (2, 32, 32)
    assert TASK.own_file.read(clips, False)[0].label is None
    assert [clip.name for clip in TASK.own_file.read(clips / "first", False)] == ["first"]
    (clips / "clips.csv").unlink()
    assert [clip.name for clip in TASK.own_file.read(clips, False)] == ["first", "second"]


def test_clips_that_cannot_be_read_are_refused_in_one_line(clips):
    (clips / "clips.csv").write_text("folder,label\nfirst,walk\n../second,run\n")
    with pytest.raises(UserError, match=r"\A(?!.*\n).*clips.csv, line 3, names ../second, .*; write second, which is"):
        TASK.own_file.read(clips, True)
    with pytest.raises(UserError, match=r"2\.png is one file: name a folder with a table"):
        TASK.own_file.read(clips / "first" / "2.png", False)
    with pytest.raises(UserError, match="cannot be typed"):
        TASK.own_file.parse("a walk")
    for file in (clips / "first").iterdir():
        file.unlink()
    with pytest.raises(UserError, match="first holds 0 pictures"):
        TASK.own_file.read(clips / "first", False)


def test_a_subject_is_in_one_part_of_a_users_split():
    examples = [Clip(skeletons(2, i), f"clip {i}", "walk", f"subject {i % 5}") for i in range(20)]
    subjects = [{clip.group for clip in part} for _, part in TASK.own_file.split(examples, 0)]
    assert not subjects[0] & subjects[1] and not subjects[0] & subjects[2] and not subjects[1] & subjects[2]
