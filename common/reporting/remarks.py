"""Remarks that a reader needs to judge scores: unseen labels, constant answers, truncated inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from common.datasets import labels
from common.encoding.encoder import Encoder
from common.metrics.scores import Scores
from common.runs import inspection


def remarks(encoder: Encoder, train: Sequence, examples: Sequence, scores: Scores) -> list[str]:
    """Remarks on the scores of some examples, one sentence each."""
    return [*_about_labels(train, examples), *_about_answers(scores), *_about_length(encoder, examples)]


def _about_labels(train: Sequence, examples: Sequence) -> list[str]:
    if not any(labels.of(example) for example in examples[:1]):
        return []
    known = Counter(label for example in train for label in labels.of(example))
    true = Counter(label for example in examples for label in labels.of(example))
    found = []
    if strange := inspection.unseen(known, examples):
        found.append(f"Labels that train lacks count as wrong: {labels.shown(strange)}.")
    if missing := sorted(known.keys() - true.keys()):
        names = ", ".join(missing[: labels.SHOWN])
        found.append(f"The test examples have none of: {names}. The scores say nothing about them.")
    return found


def _about_answers(scores: Scores) -> list[str]:
    classes = scores.classes()
    answered = [name for name, (_, count, _) in classes.items() if count]
    true = [name for name, (_, _, count) in classes.items() if count]
    if classes and not answered:
        return ["The model finds nothing at all."]
    if len(answered) == 1 and len(true) > 1:
        return [f"The model answers {answered[0]} for every example."]
    return []


def _about_length(encoder: Encoder, examples: Sequence) -> list[str]:
    said = inspection.cut(encoder, examples)
    return [f"Of the test, {said}."] if said else []
