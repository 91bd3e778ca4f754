"""Plots for music: piano rolls of generated music, the loss by step of a piece; and the music as sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from common.datasets.scores import note_name
from common.encoding import notes
from common.metrics.music import Music
from common.plots import style

SHOWN = 3  # pieces in the piano roll
LONGEST = 64  # maximum number of frames shown before a continuation


def figures(scores: Music, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write `piano_roll.png`, `steps.png`, and the first continuation as MIDI and WAV; (file name, caption) of each."""
    written = [pair for pair in zip(examples, predictions, strict=True) if pair[1]["continuation"]][:SHOWN]
    found = []
    if written:
        _rolls(written, folder / "piano_roll.png")
        piece, prediction = written[0]
        frames = [*piece.frames[: prediction["beginning"]], *prediction["continuation"]]
        notes.write_midi(folder / "continuation.mid", frames, prediction["steps"], prediction["held"])
        notes.write_wav(folder / "continuation.wav", frames, prediction["steps"], prediction["held"])
        caption = "What the model writes (orange) after prompts from test pieces (blue), and the true notes (grey)."
        found.append(("piano_roll.png", f"{caption} The first one is in continuation.mid and continuation.wav."))
    _steps(scores, folder / "steps.png")
    return [*found, ("steps.png", "Nats per frame at each step of a piece.")]


def _rolls(written: Sequence[tuple], path: Path) -> None:
    figure = Figure(figsize=(10, 2.6 * len(written)))
    panels = figure.subplots(len(written), 1, squeeze=False)[:, 0]
    for (piece, prediction), axes in zip(written, panels, strict=True):
        begins = prediction["beginning"]
        first = max(0, begins - LONGEST)
        ends = begins + len(prediction["continuation"])
        held = prediction["held"]
        true, drawn = piece.frames[begins:ends], prediction["continuation"]
        for frames, start, colour, height in (
            (piece.frames[first:begins], first, style.BLUE, 0.8),
            (true, begins, style.LIGHT, 1.0),
            (drawn, begins, style.ORANGE, 0.55),
        ):
            for left, right, pitch in notes.tones(frames, held):
                axes.barh(pitch, right - left - 0.1, left=start + left, height=height, color=colour)
        axes.axvline(begins - 0.05, color=style.GREY, linewidth=1)
        pitches = sorted({pitch for frame in (*piece.frames[first:ends], *drawn) for pitch in frame} or {60})
        shown = [pitch for pitch in range(pitches[0], pitches[-1] + 1) if pitch % 12 in (0, 4, 7)]
        axes.set_yticks(shown, [note_name(pitch) for pitch in shown])
        axes.set_xlim(first, ends)
        axes.set_title(piece.title or "a test piece", fontsize=9)
    panels[-1].set_xlabel("step")
    style.save(figure, path)


def _steps(scores: Music, path: Path) -> None:
    nats = scores.by_step
    figure, axes = style.new_figure(8, 3.5, xlabel="step of the piece", ylabel="nats per frame")
    axes.plot(np.arange(2, len(nats) + 2), nats, color=style.BLUE, linewidth=1.5)
    axes.axhline(scores["frame_loss"], color=style.ORANGE, linestyle=":", linewidth=1.5, label="all frames")
    axes.set_ylim(bottom=0)
    axes.legend()
    style.save(figure, path)
