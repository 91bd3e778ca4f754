"""Scores of tagged words: over all words, unknown words and whole sentences, and by tag."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.metrics.classification import class_counts, confusion_matrix, f1
from common.metrics.scores import Scores, by_length, group_numbers


class TagScores(Scores):
    """`accuracy` over words, `accuracy_unknown` over unknown ones, `sentence_accuracy`, `macro_f1`, `f1_<tag>`.

    `sentence_accuracy` is the share of sentences whose tags are all right; `macro_f1` the mean F1 of the tags that are
    true or predicted for any word. `accuracy_unknown` is missing if no word is unknown.

    A row contains, for one sentence, the number of correct words and of words; the same for its unknown words; whether
    all are right; and for each tag the counts of correct predictions, predictions and truths.

    Attributes:
        tags: names of the tags, sorted; their positions are the indices of `confusion`.
        confusion: int array `(tags, tags)`, words by true tag (rows) and answer (columns).
        unknown_confusion: the same for the unknown words only.
    """

    def __init__(
        self,
        tags: Sequence[str],
        true_tags: Sequence[np.ndarray],
        answered_tags: Sequence[np.ndarray],
        unknown: Sequence[np.ndarray],
        **keywords,
    ):
        self.tags, count = tuple(tags), len(tags)
        rows = np.zeros((len(true_tags), 5 + 3 * count))
        for row, truth, answer, strange in zip(rows, true_tags, answered_tags, unknown, strict=True):
            right = truth == answer
            row[:5] = right.sum(), len(right), right[strange].sum(), strange.sum(), right.all()
            for part, numbers in enumerate((truth[right], answer, truth)):
                row[5 + part * count : 5 + (part + 1) * count] = np.bincount(numbers, minlength=count)
        some_unknown = bool(rows[:, 3].any())
        truth, answer, strange = (np.concatenate(arrays) for arrays in (true_tags, answered_tags, unknown))
        self.confusion = confusion_matrix(truth, answer, count)
        self.unknown_confusion = confusion_matrix(truth[strange], answer[strange], count)

        def reduce(rows: np.ndarray) -> dict[str, float]:
            sums = rows.sum(axis=0)
            right, answered, true = sums[5:].reshape(3, count)
            of_tags = f1(right, answered, true)  # NaN for a tag that is neither true nor answered here
            scores = {"accuracy": sums[0] / sums[1]}
            if some_unknown:
                scores["accuracy_unknown"] = sums[2] / sums[3] if sums[3] else np.nan
            scores |= {"sentence_accuracy": sums[4] / len(rows), "macro_f1": np.nanmean(of_tags)}
            scores |= {f"f1_{tag}": value for tag, value in zip(tags, of_tags)}
            return {name: float(value) for name, value in scores.items()}

        super().__init__(rows, reduce, losses=rows[:, 1] - rows[:, 0], **keywords)

    def classes(self) -> dict[str, tuple[int, int, int]]:
        return class_counts(self.tags, self.confusion)


def score_tags(
    sentences: Sequence[Sequence[str]],
    truths: Sequence[Sequence[str]],
    answers: Sequence[Sequence[str]],
    unknown: Sequence[set[str]],
    groups: Sequence[str] | None = None,
) -> TagScores:
    """Scores of tagged sentences.

    Args:
        sentences: words of each.
        truths, answers: tags of each, true and predicted.
        unknown: the words of each sentence that do not occur in train.
        groups: name of the document of each sentence, "" if independent; sentences of one are resampled together.

    Raises:
        ValueError: if a sentence has different numbers of words and tags.

    Example:
        >>> words, truth, answer = ["They", "can", "fish"], ["PRON", "AUX", "VERB"], ["PRON", "AUX", "NOUN"]
        >>> scores = score_tags([words], [truth], [answer], [{"fish"}])
        >>> round(scores["accuracy"], 3), scores["accuracy_unknown"], scores["f1_AUX"]
        (0.667, 0.0, 1.0)
    """
    for words, true, predicted in zip(sentences, truths, answers, strict=True):
        if not len(words) == len(true) == len(predicted):
            raise ValueError(f"{len(words)} words have {len(true)} true and {len(predicted)} predicted tags")
    tags = sorted({tag for found in (*truths, *answers) for tag in found})
    numbers = {tag: i for i, tag in enumerate(tags)}
    strange = [np.array([word in rare for word in words], bool) for words, rare in zip(sentences, unknown, strict=True)]
    counts = np.array([found.sum() for found in strange])
    return TagScores(
        tags,
        [np.array([numbers[tag] for tag in found], int) for found in truths],
        [np.array([numbers[tag] for tag in found], int) for found in answers],
        strange,
        truths=[_marked(*found) for found in zip(sentences, truths, truths, answers)],
        answers=[_marked(*found) for found in zip(sentences, answers, truths, answers)],
        groups=group_numbers(groups),
        breakdowns={
            "by length in words": by_length([len(words) for words in sentences]),
            "by number of unknown words": {
                "0": np.flatnonzero(counts == 0),
                "1": np.flatnonzero(counts == 1),
                "2 and more": np.flatnonzero(counts >= 2),
            },
        },
    )


def _marked(words: Sequence[str], shown: Sequence[str], truth: Sequence[str], answer: Sequence[str]) -> str:
    """The wrongly tagged words, each with the tag to show: `her/DET duck/NOUN`."""
    wrong = (f"{word}/{tag}" for word, tag, true, said in zip(words, shown, truth, answer) if true != said)
    return " ".join(wrong) or "all right"
