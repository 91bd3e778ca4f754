"""MSR Action3D and the drives of the Donkeycar, read whole: counts, quirks, subjects and moments in one split.

Reads them through ZOO_MIRROR and is skipped where that is not set.
"""

import numpy as np
import pytest

pytestmark = pytest.mark.real_data


@pytest.fixture
def clips(real_splits):
    return real_splits("video_activity", "msr_action3d")


def test_msr_action3d(clips):
    everything = [clip for _, part in clips for clip in part]
    assert len(everything) == 557 and len({clip.label for clip in everything}) == 20
    assert len(clips.test) == 273 and len(clips.train) + len(clips.validation) == 284
    # 557 sequences hold 22,077 frames; in 252 of 13 sequences no body was found
    assert sum(map(len, everything)) == 21_825
    assert all(np.isfinite(clip.frames).all() and clip.frames.shape[1:] == (20, 3) for clip in everything)


def test_no_subject_is_in_two_splits(clips):
    subjects = [sorted({clip.group for clip in part}) for _, part in clips]
    assert subjects == [
        [f"subject {number}" for number in numbers] for numbers in ((1, 3, 5, 7), (9,), (10, 2, 4, 6, 8))
    ]


def test_donkey_rc_car(real_splits):
    splits = real_splits("self_driving", "donkey_rc_car")
    parts = [
        {(moment.drive.name.split(" from")[0], moment.picture().tobytes()) for moment in part} for _, part in splits
    ]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    sizes = [len(part) for _, part in splits]
    drives = {moment.drive.name.split(" from")[0] for _, part in splits for moment in part}
    assert drives == {"drive 1", "drive 2", "drive 3"}  # parted by pauses of 59 and 4.6 seconds
    assert sizes[2] == 5015 - round(0.9 * 5015) - 20 and 450 < sizes[1] < 550 and 3700 < sizes[0] < 4000
    angles = np.array([moment.angle for _, part in splits for moment in part])
    assert np.abs(angles).max() <= 1 and 0.5 < (angles == 0).mean() < 0.56


def test_half_a_second_ahead_is_the_same_drive_later(real_splits):
    now, ahead = (real_splits("self_driving", name).test for name in ("donkey_rc_car", "donkey_rc_car_ahead"))
    assert len(now) == len(ahead) + 10
    assert [moment.angle for moment in now[10:]] == [moment.angle for moment in ahead]
    assert [moment.number for moment in now[:-10]] == [moment.number for moment in ahead]
