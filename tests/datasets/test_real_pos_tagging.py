"""The real sets of pos_tagging, read whole through ZOO_MIRROR; skipped where that is not set."""

import pytest

from common.datasets import fetching
from common.datasets.splits import shared
from common.task import load_task

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Fetches a declared set and gives its splits."""
    base, task = tmp_path_factory.mktemp("data"), load_task("pos_tagging")
    return lambda name: task.datasets[name].load(
        fetching.fetch(name, task.datasets[name], base, announce=lambda line: None)
    )


@pytest.mark.parametrize(
    ("name", "sentences", "words", "tags"),
    [
        ("ewt", [12_544, 2_001, 2_077], [204_577, 25_147, 25_094], [17, 17, 17]),
        ("sequoia", [2_231, 412, 456], [50_502, 9_999, 10_044], [16, 15, 15]),
    ],
)
def test_sizes(load, name, sentences, words, tags):
    made = load(name)
    assert [len(split) for _, split in made] == sentences
    assert [sum(map(len, split)) for _, split in made] == words
    assert [len({tag for example in split for tag in example.tags}) for _, split in made] == tags


def test_documents_of_ewt_are_in_one_split_and_are_resampled_together(load):
    made = load("ewt")
    assert [len({example.group for example in split}) for _, split in made] == [540, 318, 316]
    assert not any(example.group for _, split in load("sequoia") for example in split)


def test_sentences_that_are_in_train_are_counted(load):
    assert shared(load("sequoia"))["test in train"] == 19
    assert shared(load("ewt"))["test in train"] > 0
