"""Splits: nothing in two splits, nothing lost, the same from the same seed."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.datasets import splits
from common.datasets.lines import LineSequence
from common.datasets.sounds import Sound
from common.datasets.splits import Splits
from common.errors import UserError
from tasks.image_captioning.task import Captioned
from tasks.self_driving.task import Drive, Moment
from tasks.speech_recognition.task import Utterance
from tasks.video_activity.task import Clip

EXAMPLES = st.lists(st.integers(0, 30), min_size=1, max_size=200)


def subsets(made):
    return [list(split) for _, split in made]


@given(EXAMPLES, st.integers(0, 5))
def test_by_chance_loses_nothing_and_keeps_duplicates_in_one_split(examples, seed):
    if len(set(examples)) < 3:
        with pytest.raises(UserError, match="too few"):
            splits.by_chance(examples, seed)
        return
    train, validation, test = subsets(splits.by_chance(examples, seed))
    assert Counter(train + validation + test) == Counter(examples)
    assert train and validation and test
    assert not set(train) & set(validation) and not set(train) & set(test) and not set(validation) & set(test)
    assert subsets(splits.by_chance(examples, seed)) == [train, validation, test]


@given(st.integers(20, 400), st.integers(0, 5))
def test_by_chance_gives_each_split_its_share_of_single_examples(count, seed):
    _, validation, test = subsets(splits.by_chance(range(count), seed))
    assert abs(len(validation) - count / 10) <= 1 and abs(len(test) - count / 10) <= 1


def test_by_chance_draws_from_the_seed_and_mixes_the_order():
    first, second = (subsets(splits.by_chance(range(100), seed)) for seed in (0, 1))
    assert first != second
    assert first[0] != sorted(first[0])


def test_by_chance_puts_one_text_with_two_labels_in_one_split():
    examples = [(f"text {number % 40}", number) for number in range(80)]  # every text twice
    made = splits.by_chance(examples, 0, key=lambda example: example[0])
    assert not any(splits.shared(made, key=lambda example: example[0]).values())


@pytest.mark.parametrize(
    "made",
    [
        lambda name, value: Captioned(np.full((4, 4, 3), value, np.uint8), name=name),
        lambda name, value: Clip(np.full((3, 32, 32), value, np.uint8), name),
        lambda name, value: Utterance(Sound(np.full(80, value, np.int16), 8000), name=name),
        lambda name, value: Moment(Drive(name, np.full((1, 4, 4), value, np.uint8)), 0),
    ],
)
def test_what_comes_from_files_is_compared_by_content_not_by_name(made):
    """Two folders often have files of the same names, and a copy may have another one."""
    parts = Splits([made("1", 1), made("2", 2)], [made("1", 3)], [made("copy", 2)])
    assert splits.shared(parts) == {"test in train": 1, "validation in train": 0, "test in validation": 0}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 99)), min_size=30, max_size=100), st.integers(0, 5))
def test_by_group_keeps_every_speaker_in_one_split(recordings, seed):
    speakers = {speaker for speaker, _ in recordings}
    if len(speakers) < 3:
        return
    train, validation, test = subsets(splits.by_group(recordings, lambda recording: recording[0], seed))
    assert Counter(train + validation + test) == Counter(recordings)
    sets = [{speaker for speaker, _ in split} for split in (train, validation, test)]
    assert all(sets) and sum(map(len, sets)) == len(speakers)
    assert len(train) >= max(len(validation), len(test))


@pytest.mark.parametrize("sizes", [[600, *[40] * 9], [500, 450, 400], [300, 290, 20, 20, 20], [1, 1, 1000]])
def test_by_group_leaves_the_largest_documents_to_train(sizes):
    sentences = [(document, number) for document, size in enumerate(sizes) for number in range(size)]
    for seed in range(20):
        train, validation, test = subsets(splits.by_group(sentences, lambda sentence: sentence[0], seed))
        assert max(Counter(document for document, _ in train).values()) == max(sizes)
        assert len(train) > max(len(validation), len(test)) and validation and test


def test_by_group_of_six_equal_speakers_holds_one_out_for_validation_and_one_for_test():
    recordings = [(speaker, number) for speaker in range(6) for number in range(50)]
    train, validation, test = subsets(splits.by_group(recordings, lambda recording: recording[0], seed=3))
    assert (len(train), len(validation), len(test)) == (200, 50, 50)


@given(st.integers(3, 500))
def test_by_position_cuts_without_changing_the_order(count):
    train, validation, test = subsets(splits.by_position(range(count)))
    assert train + validation + test == list(range(count))
    assert train and validation and test


def test_by_position_takes_eight_one_and_one_tenth():
    assert [len(split) for _, split in splits.by_position(range(1000))] == [800, 100, 100]
    assert [len(split) for _, split in splits.by_position(range(1000), (0.7, 0.1, 0.2))] == [700, 100, 200]


def test_by_position_leaves_a_lazy_sequence_lazy(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(f"line {number}\n" for number in range(10)))
    made = splits.by_position(LineSequence(path))
    assert isinstance(made.train, LineSequence)
    assert list(made.test) == ["line 9"]


def test_too_few_examples_say_how_many_are_needed():
    with pytest.raises(UserError, match=r"2 different examples are too few.*at least 3"):
        splits.by_position("ab")
    with pytest.raises(UserError, match=r"The 50 examples have only 1 different input, .*at least 3"):
        splits.by_chance(["same"] * 50, seed=0)
    with pytest.raises(UserError, match="The 5 examples have only 2 different inputs,"):
        splits.by_chance(["one", "One", "two", "two", "one "], seed=0)


@pytest.mark.parametrize("fractions", [(0.8, 0.2, 0.0), (0.8, 0.1, 0.2), (0.9, 0.1)])
def test_fractions_must_be_three_that_add_up_to_one(fractions):
    with pytest.raises(ValueError, match="fractions"):
        splits.by_position(range(10), fractions)


def test_shared_counts_the_examples_of_one_split_in_another():
    made = Splits(["a", "a", "b", "c", "d"], ["C ", "e", "f"], ["A", "f", "g"])
    assert splits.shared(made) == {"test in train": 1, "validation in train": 1, "test in validation": 1}


@pytest.mark.parametrize("twin", ["a  Dull\tfilm", "A DULL FILM", " a dull film"])
def test_by_chance_takes_texts_that_differ_in_case_and_space_for_one(twin):
    for seed in range(10):
        made = splits.by_chance(["a dull film", twin, *"bcdefghij"], seed)
        assert not any(splits.shared(made).values())


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), min_size=30, max_size=80), st.integers(0, 5))
def test_by_chance_parts_neither_texts_nor_documents(rows, seed):
    """Texts tie documents together: a document and another that shares a text with it stay in one split."""
    examples = [Row(f"text {text}", f"document {document}") for text, document in rows]
    try:
        made = splits.by_chance(examples, seed)
    except UserError:
        return
    for key in (str, lambda row: row.group):
        parts = [{key(example) for example in split} for _, split in made]
        assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert Counter(example for _, split in made for example in split) == Counter(examples)


@dataclasses.dataclass(frozen=True)
class Row:
    text: str
    group: str

    def __str__(self):
        return self.text


def test_lines_that_follow_each_other_are_joined(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(f"line {number}\n" for number in range(10)))
    made = splits.by_position(LineSequence(path))
    both = made.train + made.validation
    assert isinstance(both, LineSequence) and list(both) == [f"line {number}" for number in range(9)]
    with pytest.raises(ValueError, match="do not follow"):
        made.train + made.test


def test_by_chance_says_that_groups_are_too_few():
    with pytest.raises(UserError, match="2 groups"):
        splits.by_chance([Row(f"text {number}", f"document {number % 2}") for number in range(50)], 0)


def test_scattered_validation_leaves_train_beside_the_test():
    made = splits.scattered(list(range(1000)))
    assert made.test == list(range(900, 1000)) and len(made.validation) == 55
    assert sorted([*made.train, *made.validation]) == list(range(900))
    assert made.train[-1] == 899 and made.validation[:6] == [40, 41, 42, 43, 44, 120]
    few = splits.scattered(list(range(10)))
    assert [len(split) for _, split in few] == [8, 1, 1]
