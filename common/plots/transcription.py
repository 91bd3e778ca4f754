"""Plots of transcriptions: spectrograms with the recognised words at their times, and confusions of words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jiwer
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from common.encoding.spectrogram import RATE, log_mel
from common.metrics.transcription import Transcription
from common.plots import style

MOST_SECONDS = 8.0  # maximum length of a recording that is shown
MOST_WORDS = 20  # maximum number of words in the table of confusions
NOTHING = "(nothing)"


def figures(
    scores: Transcription, examples: Sequence, predictions: Sequence[dict], folder: Path
) -> list[tuple[str, str]]:
    """Write `spectrogram.png` and, if words were confused, `confusions.png`; (file name, caption) of each."""
    found = []
    shown = _most_telling(scores, examples)
    if shown:
        _spectrograms([(examples[i], predictions[i]) for i in shown], folder / "spectrogram.png")
        caption = "Recordings with the recognised words below, at their times: green is right, red is wrong."
        found.append(("spectrogram.png", caption))
    if any(said != heard for said, heard in scores.confusions):
        _confusions(scores, folder / "confusions.png")
        found.append(("confusions.png", "Words spoken and words recognised. Colours are shares of the row."))
    return found


def _most_telling(scores: Transcription, examples: Sequence) -> list[int]:
    """Numbers of up to two recordings: the longest without an error, and the one with the most errors."""
    short = [i for i, example in enumerate(examples) if example.sound.seconds <= MOST_SECONDS]
    right = [i for i in short if not scores.losses[i]]
    wrong = [i for i in short if scores.losses[i]]
    best = [max(right, key=lambda i: len(scores.truths[i].split()))] if right else []
    return best + ([max(wrong, key=lambda i: scores.losses[i])] if wrong else [])


def _spectrograms(shown: list[tuple], path: Path) -> None:
    figure = Figure(figsize=(9, 3 * len(shown)))
    for axes, (example, prediction) in zip(np.ravel(figure.subplots(len(shown), squeeze=False)), shown):
        seconds = example.sound.seconds
        picture = log_mel(example.sound.at(RATE)).T
        axes.imshow(picture, cmap="magma", origin="lower", aspect="auto", extent=(0, seconds, 0, len(picture)))
        axes.set_title(f"“{example.text}”", parse_math=False)
        for word, right in zip(prediction["words"], _right(example.text, prediction["words"])):
            start, stop = word["start"], max(word["stop"], word["start"] + 0.01 * seconds)
            colour = style.GREEN if right else style.RED
            axes.plot([start, stop], [-2, -2], color=colour, linewidth=3, solid_capstyle="butt", clip_on=False)
            middle = (start + stop) / 2
            axes.text(middle, -4, word["word"], color=colour, ha="center", va="top", fontsize=9, parse_math=False)
        axes.set(xlim=(0, seconds), ylim=(0, len(picture)), ylabel="mel band", xlabel="seconds")
        axes.xaxis.labelpad = axes.xaxis.get_tick_params().get("pad", 0)
        axes.tick_params(axis="x", pad=18)
        axes.grid(False)
    style.save(figure, path)


def _right(truth: str, words: Sequence[dict]) -> list[bool]:
    """Whether each recognised word is right, in the alignment with the fewest errors."""
    heard = " ".join(word["word"] for word in words)
    right = [False] * len(words)
    if truth and heard:
        for chunk in jiwer.process_words(truth, heard).alignments[0]:
            if chunk.type == "equal":
                right[chunk.hyp_start_idx : chunk.hyp_end_idx] = [True] * (chunk.hyp_end_idx - chunk.hyp_start_idx)
    return right


def _confusions(scores: Transcription, path: Path) -> None:
    totals: dict[str, int] = {}
    for (said, heard), count in scores.confusions.items():
        for word in {said, heard} - {""}:
            totals[word] = totals.get(word, 0) + count
    kept = sorted(sorted(totals, key=lambda word: -totals[word])[:MOST_WORDS])
    names = [*kept, ""]
    counts = np.array([[scores.confusions.get((said, heard), 0) for heard in names] for said in names])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2 + 0.45 * len(names)
    figure, axes = style.new_figure(size + 0.5, size, xlabel="heard", ylabel="said")
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.4, 0, 1))
    labels = [name or NOTHING for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=60, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks(range(len(names)), labels, parse_math=False)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(
                column,
                row,
                count,
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shares[row, column] > 0.4 else style.INK,
            )
    axes.grid(False)
    style.save(figure, path)
