"""Scores of captions against several references: BLEU-1 to 4, chrF, CIDEr, and the gain from seeing the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from common.metrics.scores import Scores, by_length, group_numbers

ORDERS = 4
SPREAD = 6.0  # standard deviation, in words, of CIDEr-D's penalty for a difference in length from a reference


class Captioning(Scores):
    """`cider` (0 to 10), `bleu_1` to `bleu_4` and `chrf` (0 to 100), and `exact_match` with any reference (a fraction).

    If predictions contain the `surprise` of the true captions, also `perplexity`, `shuffled_perplexity` given the wrong
    picture, and `picture_gain`: the nats per word that the true picture saves. A word outside the vocabulary is scored
    as the unknown word there, which is easier to predict than the word itself.

    A row is one example: a picture with one of its captions. The generated caption is compared with all references of
    the picture, so these scores count every picture once, however many captions it has: the example of a picture with
    three has a weight of 1/3. The perplexities count every caption.
    """

    def __init__(
        self,
        texts: Sequence[str],
        references: Sequence[Sequence[str]],
        weights: np.ndarray,
        nats: np.ndarray | None,
        **keywords,
    ):
        bleus = [BLEU(tokenize="none", smooth_method="none", max_ngram_order=order) for order in range(1, ORDERS + 1)]
        chrf = CHRF()
        most = max(map(len, references))
        streams = [[given[i] if i < len(given) else None for given in references] for i in range(most)]
        bleu_counts = np.array(bleus[-1]._extract_corpus_statistics(texts, streams))
        chrf_counts = np.array(chrf._extract_corpus_statistics(texts, streams))
        cider = cider_d(texts, references)
        exact = [text in given for text, given in zip(texts, references, strict=True)]
        once = weights[:, None] * np.column_stack([np.ones(len(texts)), cider, exact, bleu_counts, chrf_counts])
        split_at = 3 + bleu_counts.shape[1]
        end = once.shape[1]

        def reduce(rows: np.ndarray) -> dict[str, float]:
            pictures, closeness, matches, *counts = rows[:, :end].sum(axis=0)
            counts = np.rint(counts).astype(int)  # thirds of whole numbers add up to almost whole ones
            scores = {"cider": closeness / pictures}
            lengths, right, total = np.split(counts[: split_at - 3], [2, 2 + ORDERS])
            for order, bleu in enumerate(bleus, 1):
                stats = [*lengths.tolist(), *right[:order].tolist(), *total[:order].tolist()]
                scores[f"bleu_{order}"] = bleu._compute_score_from_stats(stats).score
            scores["chrf"] = chrf._compute_score_from_stats(counts[split_at - 3 :].tolist()).score
            scores["exact_match"] = matches / pictures
            if nats is not None:
                true, shuffled, words = rows[:, end:].sum(axis=0)
                scores["perplexity"] = float(np.exp(true / words))
                scores["shuffled_perplexity"] = float(np.exp(shuffled / words))
                scores["picture_gain"] = (shuffled - true) / words
            return scores

        super().__init__(
            np.column_stack([once, *([] if nats is None else [nats])]),
            reduce,
            losses=-cider,
            truths=[" / ".join(given) for given in references],
            answers=texts,
            signatures={
                "bleu_4": str(bleus[-1].get_signature()),
                "chrf": str(chrf.get_signature()),
                "cider": "CIDEr-D, frequencies of the test references, 0 to 10 (papers often print it times 100)",
            },
            **keywords,
        )


def captioning(
    predictions: Sequence[dict],
    references: Sequence[Sequence[str]],
    groups: Sequence[str] | None = None,
    parts: Sequence[str] | None = None,
) -> Captioning:
    """Compare captions with the references of their pictures, as words between spaces.

    Args:
        predictions: each has its `text`; and `surprise`, the nats of the true caption given its picture and given
            another, and its number of words including the end, or None.
        references: all captions of each example's picture.
        groups: name of the picture of each example; examples of one picture are resampled together. None, or "": each
            has a picture of its own.
        parts: special kind of each example, "" for none; gives a breakdown.

    Example:
        >>> scores = captioning([{"text": "a red dog"}], [["a red dog", "the dog is red"]])
        >>> round(scores["bleu_2"], 1), scores["exact_match"]
        (100.0, 1.0)
    """
    nats = None
    if all(prediction.get("surprise") for prediction in predictions):
        keys = ("own_picture", "wrong_picture", "words")
        nats = np.array([[prediction["surprise"][key] for key in keys] for prediction in predictions])
    breakdowns = {"by length of the first reference": by_length([len(given[0].split()) for given in references])}
    if parts is not None and len(set(parts)) > 1:
        breakdowns["by kind"] = {
            part or "other": np.flatnonzero(np.array(parts) == part) for part in sorted(set(parts))
        }
    texts = [prediction["text"] for prediction in predictions]
    pictures = group_numbers(groups)
    weights = np.ones(len(texts)) if pictures is None else 1 / np.bincount(pictures)[pictures]
    return Captioning(texts, references, weights, nats, groups=pictures, breakdowns=breakdowns)


def cider_d(texts: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """CIDEr-D of each text (Vedantam, Zitnick and Parikh 2015, https://arxiv.org/abs/1411.5726, section 6).

    Words are compared without stemming, as in the implementation that the field uses. N-grams have a higher weight if
    they are in the references of fewer pictures; pictures with the same references count once.

    Returns:
        float array `(texts,)`, 0 to 10.
    """
    pictures = {tuple(given) for given in references}
    seen = Counter(gram for given in pictures for gram in {gram for text in given for gram in _ngrams(text)})
    logs = np.log(max(len(pictures), 2))

    def vector(text: str) -> tuple[list[dict], list[float], int]:
        weights = [{} for _ in range(ORDERS)]
        for gram, count in _ngrams(text).items():
            weights[len(gram) - 1][gram] = count * (logs - np.log(max(1, seen[gram])))
        return weights, [sum(value**2 for value in order.values()) ** 0.5 for order in weights], len(text.split())

    scores = []
    for text, given in zip(texts, references, strict=True):
        mine, norms, length = vector(text)
        total = 0.0
        for reference in given:
            other, other_norms, other_length = vector(reference)
            close = np.exp(-((length - other_length) ** 2) / (2 * SPREAD**2))
            for order in range(ORDERS):
                product = norms[order] * other_norms[order]
                overlap = sum(
                    min(w, other[order].get(gram, 0)) * other[order].get(gram, 0) for gram, w in mine[order].items()
                )
                total += close * overlap / product if product else 0.0
        scores.append(10 * total / ORDERS / len(given))
    return np.array(scores)


def _ngrams(text: str) -> Counter:
    words = text.split()
    return Counter(tuple(words[i : i + n]) for n in range(1, ORDERS + 1) for i in range(len(words) - n + 1))
