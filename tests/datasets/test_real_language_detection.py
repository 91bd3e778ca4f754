"""The real set of language_detection, read whole through ZOO_MIRROR; skipped where that is not set."""

from collections import Counter

import pytest

from common.datasets.splits import shared

pytestmark = pytest.mark.real_data


@pytest.fixture
def made(real_splits):
    return real_splits("language_detection", "lingua")


def test_lingua(made):
    examples = [example for _, split in made for example in split]
    assert Counter(example.kind for example in examples) == {"sentence": 74_131, "word": 73_545}  # in NFC, none twice
    assert len({example.label for example in examples}) == 75
    assert [round(len(split) / len(examples), 2) for _, split in made] == [0.8, 0.1, 0.1]
    for _, split in made:
        assert {example.label for example in split if example.kind == "word"} == {example.label for example in examples}


def test_no_text_of_lingua_is_in_two_splits(made):
    assert set(shared(made).values()) == {0}
