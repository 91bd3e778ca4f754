"""Scores of translations: BLEU and chrF as sacrebleu counts them, and exact match."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from common.metrics.scores import Scores, by_length, group_numbers


class Translation(Scores):
    """`bleu` and `chrf` (0 to 100), and `exact_match` (a fraction).

    The test set proper alone makes these scores. Every further part, of another kind and to be measured beside it, has
    three of its own, named after it: `bleu_longer`.

    A row holds the number of the part (0: the test set proper), whether the sentence is exactly right, and what
    sacrebleu counts in it for BLEU and chrF. The scores over any sentences are therefore sacrebleu's corpus scores.
    """

    def __init__(
        self,
        references: Sequence[str],
        texts: Sequence[str],
        lengths: np.ndarray,
        parts: np.ndarray,
        groups: np.ndarray | None = None,
    ):
        bleu, chrf = BLEU(), CHRF()
        exact = [text == reference for text, reference in zip(texts, references, strict=True)]
        bleu_counts = np.array(bleu._extract_corpus_statistics(texts, [references]))
        chrf_counts = np.array(chrf._extract_corpus_statistics(texts, [references]))
        split_at = 2 + bleu_counts.shape[1]
        names = ["", *sorted({*parts} - {""})]
        numbers = np.array([names.index(part) for part in parts])
        proper = np.flatnonzero(numbers == 0)

        def reduce(rows: np.ndarray) -> dict[str, float]:
            scores = {}
            for number, name in enumerate(names):
                counts = rows[rows[:, 0] == number].sum(axis=0).astype(int).tolist()
                size = int(np.count_nonzero(rows[:, 0] == number))
                values = {
                    "bleu": bleu._compute_score_from_stats(counts[2:split_at]).score,
                    "chrf": chrf._compute_score_from_stats(counts[split_at:]).score,
                    "exact_match": counts[1] / max(size, 1),
                }
                for score, value in values.items():
                    scores[f"{score}_{name}" if name else score] = value if size else np.nan
            return scores

        super().__init__(
            np.column_stack([numbers, exact, bleu_counts, chrf_counts]),
            reduce,
            losses=np.array([100 - chrf._compute_score_from_stats(counts).score for counts in chrf_counts.tolist()]),
            truths=references,
            answers=texts,
            groups=groups,
            breakdowns={
                "by length in words": {part: proper[members] for part, members in by_length(lengths[proper]).items()}
            },
            signatures={"bleu": str(bleu.get_signature()), "chrf": str(chrf.get_signature())},
        )


def translation(
    references: Sequence[str],
    predictions: Sequence[dict],
    lengths: Sequence[int],
    parts: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> Translation:
    """Compare translations with one reference each, cased and as they are: sacrebleu cuts the words itself.

    Args:
        references: the true translations.
        predictions: each has its `text`.
        lengths: words of each source, for the scores by length.
        parts: name of the part that each sentence belongs to, "" for the test set proper; None: all do.
        groups: name of the document of each sentence, "" if it stands alone; sentences of one are resampled together.
    """
    texts = [prediction["text"] for prediction in predictions]
    parts = [""] * len(texts) if parts is None else parts
    return Translation(references, texts, np.asarray(lengths), np.asarray(parts), group_numbers(groups))
