"""Convert music to arrays of piano keys and back, and write it as MIDI and sound.

A piece is a sequence of frames, tuples of pitches (`common.datasets.scores`).
"""

from __future__ import annotations

import re
import wave
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from common import files
from common.datasets.scores import HIGHEST, LOWEST
from common.errors import UserError

KEYS = HIGHEST - LOWEST + 1
REST_CLASS = KEYS  # of a melody: no key
QUARTERS_A_MINUTE = 100
RATE = 22_050  # samples a second
_PARTIALS = (1.0, 0.4, 0.2, 0.1, 0.05)  # loudness of a tone and its overtones
_TICKS = 480  # a quarter note


def to_keys(frames: Sequence[Sequence[int]]) -> np.ndarray:
    """uint8 `(timesteps, 88)`: 1 where a key sounds."""
    keys = np.zeros((len(frames), KEYS), np.uint8)
    for step, frame in enumerate(frames):
        keys[step, [pitch - LOWEST for pitch in frame]] = 1
    return keys


def to_classes(frames: Sequence[Sequence[int]]) -> np.ndarray:
    """int32 `(timesteps,)`: the number of the key of each frame of a melody, or REST_CLASS."""
    return np.array([frame[0] - LOWEST if frame else REST_CLASS for frame in frames], np.int32)


def of_class(number: int) -> tuple[int, ...]:
    """The frame of a melody's class, the reverse of `to_classes`."""
    return () if number == REST_CLASS else (int(number) + LOWEST,)


def of_keys(keys: np.ndarray) -> tuple[int, ...]:
    """The frame of a row of keys, the reverse of `to_keys`."""
    return tuple((np.flatnonzero(keys) + LOWEST).tolist())


def echoes(frames: Sequence[Sequence[int]], context: int) -> list[tuple[int, ...] | None]:
    """For every step and the one after the last: the frame that followed the previous occurrence of the `context`
    frames before it; None if they have not occurred before.

    Example:
        >>> echoes([(60,), (62,), (64,), (60,), (62,)], 2)
        [None, None, None, None, None, (64,)]
    """
    seen, found = {}, []
    for step in range(len(frames) + 1):
        before = tuple(frames[step - context : step]) if step >= context else None
        found.append(seen.get(before))
        if before is not None and step < len(frames):
            seen[before] = frames[step]
    return found


def tones(frames: Iterable[Sequence[int]], held: bool) -> Iterator[tuple[int, int, int]]:
    """`(first step, step after the last, pitch)` of every tone.

    Args:
        held: whether a pitch in two successive frames keeps sounding; otherwise it is struck again.
    """
    begun, step = {}, 0
    for step, frame in enumerate(frames):
        for pitch in [pitch for pitch in begun if not held or pitch not in frame]:
            yield begun.pop(pitch), step, pitch
        for pitch in frame:
            begun.setdefault(pitch, step)
    for pitch, first in begun.items():
        yield first, step + 1, pitch


def write_files(name: str, frames: Sequence[Sequence[int]], steps: int, held: bool) -> list[str]:
    """Write `<name>.mid` and `<name>.wav` in the current folder; returns their names.

    Raises:
        UserError: if the name could lead to another folder.
    """
    if not re.fullmatch(r"[\w-]+", name):
        raise UserError(f"A file name must consist of letters, digits, - and _, not {name!r}.")
    write_midi(Path(f"{name}.mid"), frames, steps, held)
    write_wav(Path(f"{name}.wav"), frames, steps, held)
    return [f"{name}.mid", f"{name}.wav"]


def write_midi(path: Path, frames: Sequence[Sequence[int]], steps: int, held: bool) -> None:
    """Write the frames as a MIDI file with one track.

    Args:
        steps: frames per quarter note.
        held: as for `tones`.
    """
    import mido

    events = []
    for first, last, pitch in tones(frames, held):
        events += [(first, 1, pitch), (last, 0, pitch)]
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(QUARTERS_A_MINUTE))])
    before = 0
    for step, begins, pitch in sorted(events):
        kind = "note_on" if begins else "note_off"
        track.append(mido.Message(kind, note=pitch, velocity=80 * begins, time=(step - before) * _TICKS // steps))
        before = step
    file = mido.MidiFile(type=0, ticks_per_beat=_TICKS)
    file.tracks.append(track)
    with files.written(path) as part:
        file.save(part)


def write_wav(path: Path, frames: Sequence[Sequence[int]], steps: int, held: bool) -> None:
    """Write the frames as mono sound of 16 bits: each tone is a few partials that fade as on a plucked string."""
    step_seconds = 60 / QUARTERS_A_MINUTE / steps
    sound = np.zeros(int((len(frames) * step_seconds + 1) * RATE) + 1)
    for first, last, pitch in tones(frames, held):
        tone = _tone(pitch, (last - first) * step_seconds)
        start = int(first * step_seconds * RATE)
        sound[start : start + len(tone)] += tone[: len(sound) - start]
    sound *= 0.8 / max(np.abs(sound).max(), 1e-9)
    with files.written(path) as part, wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def _tone(pitch: int, seconds: float) -> np.ndarray:
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    times = np.arange(int((seconds + 0.3) * RATE)) / RATE
    tone = np.zeros(len(times))
    for number, loudness in enumerate(_PARTIALS, 1):
        if number * frequency < RATE / 2:
            tone += loudness * np.sin(2 * np.pi * number * frequency * times) * np.exp(-1.5 * number * times)
    fade = np.clip((seconds + 0.3 - times) / 0.3, 0, 1)  # the string is damped at the end of its note
    attack = np.clip(times / 0.01, 0, 1)
    return tone * fade * attack
