"""BIO tags: the spans that they mark, the allowed transitions, and the probabilities of spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Span(NamedTuple):
    """Tokens `start` to `stop` (exclusive) of a sentence, and their type."""

    type: str
    start: int
    stop: int


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans that BIO tags mark: `B-person I-person O -> [Span("person", 0, 2)]`.

    An I- that continues nothing of its type begins a span, as in the CoNLL-2000 scorer
    (https://www.clips.uantwerpen.be/conll2000/chunking/output.html).
    """
    found, start, kind = [], 0, None
    for i, tag in enumerate([*tags, "O"]):
        prefix, _, here = tag.partition("-")
        if kind is not None and not (prefix == "I" and here == kind):
            found.append(Span(kind, start, i))
            kind = None
        if prefix != "O" and kind is None:
            start, kind = i, here
    return found


def is_complete(tags: Sequence[str]) -> bool:
    """Whether the tags are O and, for each type, B- and I-, as a decoder of spans requires."""
    types = [tag[2:] for tag in tags if tag.startswith("B-")]
    return len(set(tags)) == len(tags) and set(tags) == {"O", *(f"{mark}-{kind}" for kind in types for mark in "BI")}


def allowed(tags: Sequence[str]) -> np.ndarray:
    """The allowed transitions between BIO tags.

    Returns:
        bool `(num_tags + 1, num_tags)`: whether tag j may follow tag i; the last row says which tags may come first.
    """
    before = [*tags, "O"]
    return np.array([[not tag.startswith("I-") or last[1:] == tag[1:] for tag in tags] for last in before])


def span_probabilities(conditional: np.ndarray, tags: Sequence[str], threshold: float) -> dict[Span, float]:
    """The marginal probability of each exact span, summed over all tags of the rest of the sentence.

    Args:
        conditional: float `(timesteps, num_tags + 1, num_tags)`, the probability of tag j after tag i (for the first
            timestep the last row applies), of which `common.prediction.crf` returns the logarithm.
        tags: of the columns; a complete set of BIO tags.
        threshold: from 0 to 1; only more probable spans are returned.

    Returns:
        span -> its probability.
    """
    marginals = conditional[:1, -1]  # of each tag at each timestep, (timesteps, num_tags)
    for step in conditional[1:, :-1]:
        marginals = np.concatenate([marginals, marginals[-1:] @ step])
    found = {}
    for kind in sorted({tag[2:] for tag in tags if tag != "O"}):
        begin, inside = tags.index(f"B-{kind}"), tags.index(f"I-{kind}")
        for start in np.flatnonzero(marginals[:, begin] > threshold):
            open_probability, last = marginals[start, begin], begin  # of a span that begins here and has not ended yet
            for stop in range(start + 1, len(conditional) + 1):
                goes_on = conditional[stop, last, inside] if stop < len(conditional) else 0.0
                if open_probability * (1 - goes_on) > threshold:
                    found[Span(kind, int(start), stop)] = min(float(open_probability * (1 - goes_on)), 1.0)
                open_probability, last = open_probability * goes_on, inside
                if open_probability <= threshold:
                    break
    return found


def without_overlap(probabilities: Mapping[Span, float]) -> list[Span]:
    """The spans in order of position, without those that overlap a more probable one."""
    kept: list[Span] = []
    for span in sorted(probabilities, key=probabilities.get, reverse=True):
        if all(span.stop <= other.start or other.stop <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def tags_of(found: Iterable[Span], timesteps: int) -> list[str]:
    """BIO tags that mark the spans, which must not overlap; the reverse of `spans`."""
    tags = ["O"] * timesteps
    for kind, start, stop in found:
        tags[start:stop] = [f"B-{kind}"] + [f"I-{kind}"] * (stop - start - 1)
    return tags
