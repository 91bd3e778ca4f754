"""Exact-span precision, recall and F1: a span counts if its type and both its ends are right.

As in the CoNLL-2000 scorer and the WNUT-17 shared task, counts are summed over all sentences and types ("micro"), and a
ratio with denominator 0 is 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.encoding.tagging import Span, spans
from common.metrics.classification import f1
from common.metrics.scores import Scores, by_length, group_numbers

OUTCOMES = ("right", "wrong type", "wrong ends", "missed")  # of a true span


class SpanScores(Scores):
    """`f1`, `precision` and `recall` over all spans, and `f1_<type>` of each type, NaN where it does not occur.

    Attributes:
        truths_spans, answers_spans: list of `Span` of each sentence, true and predicted.
    """

    def __init__(self, truths_spans: list[list[Span]], answers_spans: list[list[Span]], **keywords):
        self.truths_spans, self.answers_spans = truths_spans, answers_spans
        types = sorted({span.type for found in (*truths_spans, *answers_spans) for span in found})
        rows = np.zeros((len(truths_spans), len(types), 3))  # of each sentence and type: right, predicted, true
        for row, true, predicted in zip(rows, truths_spans, answers_spans, strict=True):
            for column, part in enumerate((set(true) & set(predicted), predicted, true)):
                for span in part:
                    row[types.index(span.type), column] += 1
        right, predicted, true = rows.sum(axis=1).T

        def reduce(rows):
            counts = rows.reshape(len(rows), len(types), 3).sum(axis=0)
            precision, recall, of_all = ratios(*counts.sum(axis=0))
            by_type = {f"f1_{kind}": ratios(*c)[2] if c.any() else np.nan for kind, c in zip(types, counts)}
            return {"f1": of_all, "precision": precision, "recall": recall, **by_type}

        self._classes = {kind: tuple(map(int, rows[:, i].sum(axis=0))) for i, kind in enumerate(types)}
        super().__init__(rows.reshape(len(rows), -1), reduce, losses=(predicted - right) + (true - right), **keywords)

    def classes(self) -> dict[str, tuple[int, int, int]]:
        return self._classes


def ratios(right: float, predicted: float, true: float) -> tuple[float, float, float]:
    """Precision, recall and F1 from counts of spans."""
    precision = right / predicted if predicted else 0.0
    recall = right / true if true else 0.0
    return float(precision), float(recall), float(np.nan_to_num(f1(right, predicted, true)))


def score_spans(
    sentences: Sequence[Sequence[str]],
    truths: Sequence[Sequence[str]],
    answers: Sequence[Sequence[str]],
    unknown: Sequence[set[str]] | None = None,
    groups: Sequence[str] | None = None,
) -> SpanScores:
    """Scores of tagged sentences.

    Args:
        sentences: tokens of each.
        truths, answers: BIO tags of each, true and predicted.
        unknown: the unknown tokens of each sentence; gives a breakdown.
        groups: name of the document of each sentence, "" if independent; sentences of one are resampled together.

    Raises:
        ValueError: if a sentence has different numbers of tokens and tags.
    """
    for tokens, true, predicted in zip(sentences, truths, answers, strict=True):
        if not len(tokens) == len(true) == len(predicted):
            raise ValueError(f"{len(tokens)} tokens have {len(true)} true and {len(predicted)} predicted tags")
    truths_spans, answers_spans = [spans(tags) for tags in truths], [spans(tags) for tags in answers]
    counts = np.array([len(found) for found in truths_spans])
    breakdowns = {
        "by length in tokens": by_length([len(tokens) for tokens in sentences]),
        "by number of entities": {
            "1": np.flatnonzero(counts == 1),
            "2": np.flatnonzero(counts == 2),
            "3 and more": np.flatnonzero(counts >= 3),
        },
    }
    if unknown is not None:
        strange = np.array(
            [
                any(token in rare for span in found for token in tokens[span.start : span.stop])
                for tokens, found, rare in zip(sentences, truths_spans, unknown, strict=True)
            ]
        )
        breakdowns["by words of the entities"] = {
            "all known": np.flatnonzero((counts > 0) & ~strange),
            "some unknown": np.flatnonzero(strange),
        }
    return SpanScores(
        truths_spans,
        answers_spans,
        truths=[readable(tokens, found) for tokens, found in zip(sentences, truths_spans)],
        answers=[readable(tokens, found) for tokens, found in zip(sentences, answers_spans)],
        groups=group_numbers(groups),
        breakdowns=breakdowns,
    )


def readable(tokens: Sequence[str], found: Sequence[Span]) -> str:
    """Spans of a sentence as text: `person: Ada Rook; place: Tornby`."""
    return "; ".join(f"{span.type}: {' '.join(tokens[span.start : span.stop])}" for span in found) or "nothing"


def outcomes(scores: SpanScores) -> dict[str, list[int]]:
    """The outcomes of the true spans.

    Returns:
        type -> the numbers of spans that were found correctly, found with another type, found with other ends (some
        tokens overlap), and missed, in the order of OUTCOMES.
    """
    counts: dict[str, list[int]] = {}
    for true, predicted in zip(scores.truths_spans, scores.answers_spans):
        for span in true:
            overlapping = [other for other in predicted if other.start < span.stop and span.start < other.stop]
            if span in predicted:
                outcome = 0
            elif any(other[1:] == span[1:] for other in predicted):
                outcome = 1
            else:
                outcome = 2 if overlapping else 3
            counts.setdefault(span.type, [0] * len(OUTCOMES))[outcome] += 1
    return dict(sorted(counts.items()))
