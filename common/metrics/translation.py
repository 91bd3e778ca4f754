"""Scores of translations: BLEU and chrF by sacrebleu, and exact match."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from common.encoding.text import is_unspaced
from common.metrics.scores import Scores, by_length, group_numbers

FEW_4GRAMS = 0.5  # mean number of 4-grams per reference below which BLEU says little


class Translation(Scores):
    """`bleu` and `chrf` (0 to 100), and `exact_match` (a fraction).

    BLEU counts words of sacrebleu's tokenizer 13a, or characters if the references are written without spaces (`zh` for
    Chinese, `char` for others), as its signature says. If 4-grams are rare in the references, `chrf` comes first and is
    the main score.

    These scores are over the main test set only. Every further part, of another kind and measured separately, has three
    scores of its own, named after it: `bleu_longer`.

    A row contains the number of the part (0: the main test set), whether the sentence is exactly right, and
    sacrebleu's statistics for BLEU and chrF. The scores over any sentences are therefore sacrebleu's corpus scores.
    """

    def __init__(
        self,
        references: Sequence[str],
        texts: Sequence[str],
        lengths: np.ndarray,
        parts: np.ndarray,
        groups: np.ndarray | None = None,
    ):
        bleu, chrf = BLEU(tokenize=tokenizer(references)), CHRF()
        exact = [text == reference for text, reference in zip(texts, references, strict=True)]
        bleu_counts = np.array(bleu._extract_corpus_statistics(texts, [references]))
        chrf_counts = np.array(chrf._extract_corpus_statistics(texts, [references]))
        split_at = 2 + bleu_counts.shape[1]
        # sacrebleu's statistics: lengths of text and reference, then matching and all n-grams of 1 to 4 words
        lengths_of_references = bleu_counts[:, 1]
        few = np.maximum(lengths_of_references - 3, 0).mean() < FEW_4GRAMS
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
                if few:
                    values = {"chrf": values.pop("chrf"), **values}
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
            leading="chrf" if few else None,
            signatures={"bleu": str(bleu.get_signature()), "chrf": str(chrf.get_signature())},
        )


def tokenizer(references: Sequence[str]) -> str:
    """The name of sacrebleu's tokenizer for the script of the references."""
    text = " ".join(references[:1000])
    if not is_unspaced(text):
        return "13a"
    has_kana = any("\u3040" <= character <= "\u30ff" for character in text)
    has_han = any("\u4e00" <= character <= "\u9fff" for character in text)
    return "zh" if has_han and not has_kana else "char"


def translation(
    references: Sequence[str],
    predictions: Sequence[dict],
    lengths: Sequence[int],
    parts: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> Translation:
    """Compare untokenised, cased translations with one reference each; sacrebleu tokenises them.

    Args:
        references: the true translations.
        predictions: each has its `text`.
        lengths: words of each source, for the scores by length.
        parts: name of the part that each sentence belongs to, "" for the main test set; None: all are in it.
        groups: name of the document of each sentence, "" if independent; sentences of one are resampled together.
    """
    texts = [prediction["text"] for prediction in predictions]
    parts = [""] * len(texts) if parts is None else parts
    return Translation(references, texts, np.asarray(lengths), np.asarray(parts), group_numbers(groups))
