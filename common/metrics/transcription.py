"""Scores of transcriptions: word error rate by jiwer, its parts, and utterances without any error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

import jiwer
import numpy as np

from common.metrics.scores import Scores, by_length, group_numbers


class Transcription(Scores):
    """Errors of recognised words.

    `word_error` is the number of words substituted, deleted and inserted divided by the number of words spoken (it may
    exceed 1); `substitution_error`, `deletion_error` and `insertion_error` are its parts; `exact_match` is the share of
    the utterances without an error, which for single words is the accuracy.

    Attributes:
        confusions: counts of (word spoken, word recognised), with "" for deletions and insertions.
    """

    def __init__(self, truths: Sequence[str], answers: Sequence[str], **keywords):
        self.confusions: Counter[tuple[str, str]] = Counter()
        rows = np.array([self._counts(true, said) for true, said in zip(truths, answers, strict=True)], float)

        def reduce(rows: np.ndarray) -> dict[str, float]:
            substituted, deleted, inserted, spoken, exact = rows.sum(axis=0)
            spoken = max(spoken, 1)
            return {
                "word_error": (substituted + deleted + inserted) / spoken,
                "substitution_error": substituted / spoken,
                "deletion_error": deleted / spoken,
                "insertion_error": inserted / spoken,
                "exact_match": exact / len(rows),
            }

        super().__init__(
            rows,
            reduce,
            losses=rows[:, :3].sum(axis=1),
            truths=[text or "nothing" for text in truths],
            answers=[text or "nothing" for text in answers],
            **keywords,
        )

    def _counts(self, true: str, said: str) -> list[int]:
        """Words substituted, deleted, inserted and spoken, and whether all are right; updates the confusions."""
        spoken, heard = true.split(), said.split()
        if not spoken or not heard:  # jiwer requires words in both
            self.confusions.update([(word, "") for word in spoken] + [("", word) for word in heard])
            return [0, len(spoken), len(heard), len(spoken), not spoken and not heard]
        found = jiwer.process_words(true, said)
        for chunk in found.alignments[0]:
            left, right = (
                spoken[chunk.ref_start_idx : chunk.ref_end_idx],
                heard[chunk.hyp_start_idx : chunk.hyp_end_idx],
            )
            left, right = left or [""] * len(right), right or [""] * len(left)
            self.confusions.update(zip(left, right, strict=True))
        exact = spoken == heard
        return [found.substitutions, found.deletions, found.insertions, len(spoken), exact]


def transcription(
    truths: Sequence[str],
    answers: Sequence[str],
    speakers: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> Transcription:
    """Compare transcriptions.

    Args:
        truths, answers: words separated by spaces, of each utterance.
        speakers: name of the speaker of each, "" if unknown; gives a breakdown.
        groups: utterances of one group are resampled together, "" is independent.

    Example:
        >>> round(transcription(["one two three"], ["one too three four"])["word_error"], 2)
        0.67
    """
    breakdowns = {"by number of words": by_length([len(text.split()) for text in truths])}
    if speakers is not None and len(set(speakers)) > 1:
        names = np.array(speakers)
        breakdowns["by speaker"] = {name or "unknown": np.flatnonzero(names == name) for name in sorted(set(speakers))}
    return Transcription(
        truths,
        answers,
        groups=group_numbers(groups),
        breakdowns=breakdowns,
        signatures={"word_error": f"jiwer {version('jiwer')}, words as they are"},
    )
