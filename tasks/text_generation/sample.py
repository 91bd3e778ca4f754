"""Python's own language reference as running text, a sentence a line."""

from __future__ import annotations

from common.datasets.prose import passages, sentences
from common.datasets.splits import Splits, scattered


def load() -> Splits:
    """Passages of some lines each."""
    from pydoc_data.topics import topics

    return scattered(list(passages(sentences(topics))))
