"""The real sequences: counts and quirks of their files, and what their splits share."""

from collections import Counter

import pytest

from common.datasets import splits
from common.datasets.overlaps import SHARED
from common.task import load_task

pytestmark = pytest.mark.real_data

DATASETS = load_task("dna_analysis").datasets
COMPLEMENT = str.maketrans("ACGT", "TGCA")
PROMOTERS = {
    "promoters_tata": (1497, 2879, 251),
    "promoters_non_tata": (5905, 2879, 251),
    "promoters_e_coli": (839, 3000, 81),
    "promoters_b_subtilis": (373, 1000, 81),
}


def test_every_splice_site_is_tested_in_one_fold(real_splits):
    tested = []
    for fold in range(DATASETS["uci_splice"].folds):
        made = real_splits("dna_analysis", "uci_splice", fold)
        assert sum(len(part) for _, part in made) == 3190
        assert not any(splits.shared(made).values())
        tested.extend(made.test)
    assert Counter(example.label for example in tested) == {"donor": 767, "acceptor": 768, "neither": 1655}
    assert {len(example) for example in tested} == {60}
    assert Counter("".join(example.bases for example in tested))["N"] == 56
    texts = {}
    for example in tested:
        texts.setdefault(example.bases, set()).add(example.label)
    assert len(tested) - len(texts) == 185
    assert sum(len(labels) > 1 for labels in texts.values()) == 1


@pytest.mark.parametrize("name", PROMOTERS)
def test_promoters(real_splits, name):
    made = real_splits("dna_analysis", name)
    promoters, others, length = PROMOTERS[name]
    examples = [example for _, part in made for example in part]
    assert Counter(example.label for example in examples) == {"promoter": promoters, "other": others}
    assert {len(example) for example in examples} == {length}
    assert not any(splits.shared(made).values())
    stretches = [
        {
            strand[i : i + SHARED]
            for e in part
            for strand in (e.bases, e.bases[::-1].translate(COMPLEMENT))
            for i in range(length - SHARED + 1)
            if "N" not in strand[i : i + SHARED]
        }
        for _, part in made
    ]
    assert not stretches[0] & stretches[2] and not stretches[1] & stretches[2] and not stretches[0] & stretches[1]
    assert [round(len(part) / len(examples), 2) for _, part in made] == [0.7, 0.1, 0.2]
