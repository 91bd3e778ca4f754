"""Scores of a model of music, and the repetition of phrases in the music that it generates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.datasets import scores
from common.metrics.scores import Scores, by_length, group_numbers

PHRASE = 4  # successive frames
Frames = Sequence[Sequence[int]]


class Music(Scores):
    """`frame_loss` (nats per frame; in a melody, per note), `frame_f1` (notes of the likeliest frames against the true
    ones), and for the continuations `returning`, the share of the generated phrases that occur earlier in their piece,
    and `returning_in_truth`, the same share for the true continuation; both NaN over pieces without a continuation.

    The first frame of a piece is not scored: nothing comes before it (the convention for the Bach chorales).

    Attributes:
        by_step: mean nats of the frames at each step, float `(steps,)`, from the second step on.
    """

    def __init__(self, pieces: Sequence[Frames], predictions: Sequence[dict], groups: Sequence[str] | None = None):
        """From pieces and from predictions with `log_probabilities` (nats) and `likeliest` (a frame) for every frame,
        and `continuation`, frames generated after the first `beginning` ones; empty if nothing was generated.
        """
        rows, truths, answers = [], [], []
        for piece, prediction in zip(pieces, predictions, strict=True):
            logs, likeliest = np.array(prediction["log_probabilities"][1:], float), prediction["likeliest"]
            worst = int(logs.argmin()) + 1 if len(logs) else 0
            written = [*map(tuple, piece[: prediction["beginning"]]), *map(tuple, prediction["continuation"])]
            true = [*map(tuple, piece[: len(written)])]
            rows.append(
                [
                    -logs.sum(),
                    len(logs),
                    *_agreement(piece[1:], likeliest[1:]),
                    *returned(written, prediction["beginning"]),
                    *returned(true, prediction["beginning"]),
                ]
            )
            before = scores.written(tuple(map(tuple, piece[max(0, worst - 6) : worst])))
            truths.append(f"{before} [{scores.written((tuple(piece[worst]),))}]")
            answers.append(f"{before} [{scores.written((tuple(likeliest[worst]),))}]")
        rows = np.array(rows, float)
        self._continued = bool(rows[:, 6].any())
        super().__init__(
            rows,
            self._reduce,
            losses=rows[:, 0] / np.maximum(rows[:, 1], 1),
            truths=truths,
            answers=answers,
            groups=group_numbers(groups),
            breakdowns={"by length of the piece": by_length([len(piece) for piece in pieces])},
        )
        self.by_step = _by_step([prediction["log_probabilities"] for prediction in predictions])

    def _reduce(self, rows: np.ndarray) -> dict[str, float]:
        nats, frames, hits, said, true, found, total, found_in_truth, total_in_truth = rows.sum(0)
        scores = {"frame_loss": nats / max(frames, 1), "frame_f1": 2 * hits / max(said + true, 1)}
        if self._continued:
            scores["returning"] = found / total if total else np.nan
            scores["returning_in_truth"] = found_in_truth / total_in_truth if total_in_truth else np.nan
        return {name: float(value) for name, value in scores.items()}


def returned(frames: Sequence[tuple[int, ...]], start: int) -> tuple[int, int]:
    """How many phrases that end after the first `start` frames occur earlier in the piece, and how many there are.

    Example:
        >>> returned([(60,), (62,), (64,), (65,)] * 2, 4)
        (1, 4)
    """
    seen, found, total = set(), 0, 0
    for end in range(PHRASE, len(frames) + 1):
        phrase = tuple(frames[end - PHRASE : end])
        if end > start:
            total += 1
            found += phrase in seen
        seen.add(phrase)
    return found, total


def _agreement(true: Frames, said: Frames) -> tuple[int, int, int]:
    """Numbers of notes in both, predicted notes and true notes; a rest counts as a note, so that no frame is empty."""
    pairs = [(set(own) or {None}, set(other) or {None}) for own, other in zip(true, said, strict=True)]
    return (
        sum(len(own & other) for own, other in pairs),
        sum(len(other) for _, other in pairs),
        sum(len(own) for own, _ in pairs),
    )


def _by_step(logs: Sequence[Sequence[float]]) -> np.ndarray:
    """Mean nats at each step that at least half of the pieces reach."""
    steps = int(np.median([len(found) for found in logs]))
    sums, counts = np.zeros(steps), np.zeros(steps)
    for found in logs:
        reached = min(len(found), steps)
        sums[:reached] -= found[:reached]
        counts[:reached] += 1
    return (sums / np.maximum(counts, 1))[1:]
