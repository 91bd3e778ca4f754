"""Sentences of Python's own language reference, in three splits."""

from __future__ import annotations

from common.datasets.prose import sentences
from common.datasets.splits import Splits


def load() -> Splits:
    """The sentences; of every 200 successive ones, the last 20 are test and the 20 before are validation."""
    from pydoc_data.topics import topics

    found = [], [], []
    for number, sentence in enumerate(sentences(topics)):
        found[{8: 1, 9: 2}.get(number % 200 // 20, 0)].append(sentence)
    return Splits(*found)
