"""Python's own language reference as running text, one sentence per line."""

from __future__ import annotations

from common.datasets.prose import passages, sentences
from common.datasets.splits import Splits, scattered


def load() -> Splits:
    """Passages of several lines each."""
    from pydoc_data.topics import topics

    return scattered(list(passages(sentences(topics))))
