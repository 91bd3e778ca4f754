"""Remarks that a reader needs to judge scores: unseen labels, constant answers, truncated inputs."""

from __future__ import annotations

from collections.abc import Sequence

from common.datasets import labels
from common.encoding.encoder import Encoder
from common.metrics.scores import Scores
from common.runs import inspection


def remarks(encoder: Encoder, train: Sequence, examples: Sequence, scores: Scores) -> list[str]:
    """Remarks on the scores of some examples, one sentence each.

    Args:
        train: the training examples; empty if they are no longer available.
    """
    return [*_about_labels(encoder, train, examples), *_about_answers(scores), *_about_length(encoder, examples)]


def _about_labels(encoder: Encoder, train: Sequence, examples: Sequence) -> list[str]:
    if not any(labels.of(example) for example in examples[:1]):
        return []
    known, true = ({label for example in some for label in labels.of(example)} for some in (train, examples))
    known = known or {name for field in encoder.label_fields().values() for name in field.names}
    found = []
    if strange := inspection.unseen(known, examples):
        found.append(f"Labels that train lacks count as wrong: {labels.shown(strange)}.")
    if missing := sorted(known - true):
        found.append(f"The test examples have none of: {labels.named(missing)}. The scores say nothing about them.")
    return found


def _about_answers(scores: Scores) -> list[str]:
    classes = scores.classes()
    answered = [name for name, (_, count, _) in classes.items() if count]
    true = [name for name, (_, _, count) in classes.items() if count]
    if classes and not answered:
        return ["The model finds nothing at all."]
    if len(answered) == 1 and len(true) > 1:
        return [f"Every answer of the model is {answered[0]}."]
    return []


def _about_length(encoder: Encoder, examples: Sequence) -> list[str]:
    said = inspection.cut(encoder, examples)
    return [f"Of the test, {said}."] if said else []
