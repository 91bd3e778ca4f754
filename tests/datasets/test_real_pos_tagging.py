"""The real sets of pos_tagging, read whole through ZOO_MIRROR; skipped where that is not set."""

import pytest

from common.datasets.splits import shared

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize(
    ("name", "sentences", "words", "tags"),
    [
        ("ewt", [12_544, 2_001, 2_077], [204_577, 25_147, 25_094], [17, 17, 17]),
        ("sequoia", [2_231, 412, 456], [50_502, 9_999, 10_044], [16, 15, 15]),
    ],
)
def test_sizes(real_splits, name, sentences, words, tags):
    made = real_splits("pos_tagging", name)
    assert [len(split) for _, split in made] == sentences
    assert [sum(map(len, split)) for _, split in made] == words
    assert [len({tag for example in split for tag in example.tags}) for _, split in made] == tags


def test_documents_of_ewt_are_in_one_split_and_are_resampled_together(real_splits):
    made = real_splits("pos_tagging", "ewt")
    assert [len({example.group for example in split}) for _, split in made] == [540, 318, 316]
    assert not any(example.group for _, split in real_splits("pos_tagging", "sequoia") for example in split)


def test_sentences_that_are_in_train_are_counted(real_splits):
    assert shared(real_splits("pos_tagging", "sequoia"))["test in train"] == 19
    assert shared(real_splits("pos_tagging", "ewt"))["test in train"] > 0
