"""The real recordings and photographs, read whole: counts, splits, and what the splits may not share.

Reads them through ZOO_MIRROR and is skipped where that is not set.
"""

from collections import Counter

import numpy as np
import pytest

from common.encoding.photographs import digest

pytestmark = pytest.mark.real_data


def recordings(split):
    return {repr(example.sound) for example in split}


def test_single_digits_by_the_official_split(real_splits):
    made = real_splits("speech_recognition", "fsdd")
    assert [len(split) for _, split in made] == [2400, 300, 300]
    for _, split in made:
        assert len(set(Counter(example.text for example in split).values())) == 1, "as many of each digit"
        assert len({example.speaker for example in split}) == 6
    splits = [recordings(split) for _, split in made]
    assert not splits[0] & splits[2] and not splits[0] & splits[1] and not splits[1] & splits[2]


@pytest.mark.parametrize("fold", range(6))
def test_single_digits_of_a_speaker_that_train_has_not_heard(real_splits, fold):
    made = real_splits("speech_recognition", "fsdd_unseen", fold)
    speakers = [{example.speaker for example in split} for _, split in made]
    assert [len(names) for names in speakers] == [4, 1, 1]
    assert not speakers[0] & speakers[1] and not speakers[0] & speakers[2] and not speakers[1] & speakers[2]
    assert [len(split) for _, split in made] == [2000, 500, 500]
    if fold == 0:
        assert speakers[1:] == [{"lucas"}, {"theo"}]


def test_strings_use_every_recording_of_test_once(real_splits):
    single, strings = real_splits("speech_recognition", "fsdd"), real_splits("speech_recognition", "fsdd_strings")
    for (name, one), (_, many) in zip(single, strings, strict=True):
        rounds = 4 if name == "train" else 1
        said = Counter(word for example in many for word in example.text.split())
        assert said == {word: rounds * count for word, count in Counter(e.text for e in one).items()}
    lengths = Counter(len(example.text.split()) for example in strings.test)
    assert max(lengths) == 7 and sum(lengths[short] for short in (1, 2)) <= 6
    assert all(example.sound.seconds < 10 for _, split in strings for example in split)


def test_yes_and_no(real_splits):
    made = real_splits("speech_recognition", "kaldi_yesno")
    assert [len(split) for _, split in made] == [40, 10, 10]
    words = Counter(word for _, split in made for example in split for word in example.text.split())
    assert words == {"yes": 251, "no": 229}
    lasting = [example.sound.seconds for _, split in made for example in split]
    assert sum(lasting) == pytest.approx(368, abs=1) and min(lasting) == pytest.approx(4.94, abs=0.01)
    assert not recordings(made.train) & recordings(made.test)


def test_flickr8k_part(real_splits):
    made = real_splits("image_captioning", "flickr8k_part")
    assert [len(split) for _, split in made] == [3300, 300, 450]
    pictures = [{digest(example.picture) for example in split} for _, split in made]
    assert [len(split) for split in pictures] == [1100, 100, 150]
    assert not pictures[0] & pictures[1] and not pictures[0] & pictures[2] and not pictures[1] & pictures[2]
    assert all(len(e.references) == 3 and e.caption in e.references for _, split in made for e in split)
    assert made.train[0].name == "3240014971_ee2ea8406f.jpg" and made.test[-1].name == "990890291_afc72be141.jpg"
    assert all(e.picture.shape == (224, 224, 3) and e.picture.dtype == np.uint8 for _, split in made for e in split)
    lengths = [len(example.caption.split()) for _, split in made for example in split]
    assert 10 < np.mean(lengths) < 12 and max(lengths) <= 32
