"""Scores of translations: BLEU and chrF as sacrebleu counts them, and exact match."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from common.encoding.text import is_unspaced
from common.metrics.scores import Scores, by_length, group_numbers

FEW_4GRAMS = 0.5  # of a reference, on average: below it BLEU says little


class Translation(Scores):
    """`bleu` and `chrf` (0 to 100), and `exact_match` (a fraction).

    BLEU counts words as sacrebleu's 13a cuts them; where the references are written without spaces, characters (`zh`
    for Chinese, `char` for others), as its signature says. Where 4-grams hardly occur in the references, `chrf` comes
    first and is the score that counts.

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
        bleu, chrf = BLEU(tokenize=tokenizer(references)), CHRF()
        exact = [text == reference for text, reference in zip(texts, references, strict=True)]
        bleu_counts = np.array(bleu._extract_corpus_statistics(texts, [references]))
        chrf_counts = np.array(chrf._extract_corpus_statistics(texts, [references]))
        split_at = 2 + bleu_counts.shape[1]
        # sacrebleu's counts: lengths of text and reference, right n-grams, n-grams of the text; of 1 to 4 words each
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
    """The name of sacrebleu's tokenizer that suits the script of the references."""
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
