"""Written music, from note names or MIDI files, as frames: the pitches that sound at each step of a piece.

A pitch is a MIDI number, 60 for middle C (C4). A frame is a tuple of pitches, lowest first, empty for a rest.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from common.datasets import reading
from common.datasets.lines import Text, at_line, lines
from common.datasets.paths import check_is_file, with_suffix
from common.errors import UserError, one_line

Frames = tuple[tuple[int, ...], ...]

LOWEST, HIGHEST = 21, 108  # the keys of a piano
STEPS = 4  # frames per quarter note of a MIDI file: sixteenth notes
DRUMS = 9  # channel of a MIDI file whose notes are drums, not pitches
MIDI_SUFFIXES = (".mid", ".midi")
OFF_GRID = 0.25  # of a step, from which a note counts as one between two steps
MOST_STEPS = 20_000  # frames of a MIDI file: more than an hour

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NOTE = re.compile(r"([A-G])([#b]?)(-?\d)")
REST = "-"


def note_name(pitch: int) -> str:
    """`60 -> "C4"`."""
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def pitch_of(name: str) -> int:
    """`"C4" -> 60`, `"Bb3" -> 58`.

    Raises:
        ValueError: if it is not a note, or not on a piano.
    """
    found = _NOTE.fullmatch(name[:1].upper() + name[1:])
    if found is None:
        raise ValueError(f"has {name!r} instead of a note such as C4, F#5 or Bb3 ({REST} for a rest)")
    letter, sign, octave = found.groups()
    pitch = _NAMES.index(letter) + {"#": 1, "b": -1, "": 0}[sign] + 12 * (int(octave) + 1)
    if not LOWEST <= pitch <= HIGHEST:
        raise ValueError(f"has the note {name}: a piano has {note_name(LOWEST)} to {note_name(HIGHEST)}")
    return pitch


def written(frames: Frames) -> str:
    """The frames as text: `"C4 E4+G4 -"`."""
    return " ".join("+".join(map(note_name, frame)) or REST for frame in frames)


def parsed(text: str) -> Frames:
    """The frames of a text as `written` writes it.

    Raises:
        ValueError: for a part that is not a note.
    """
    return tuple(
        () if part == REST else tuple(sorted({pitch_of(name) for name in part.split("+")})) for part in text.split()
    )


@dataclasses.dataclass(frozen=True)
class Score:
    """A piece of music as it was written.

    Attributes:
        steps: frames per quarter note.
        held: whether a pitch in two successive frames is one long note, not two.
    """

    frames: Frames
    title: str
    steps: int
    held: bool


def read(path: Path | Text) -> list[Score]:
    """The pieces of a MIDI file, of all MIDI files in a folder, or of a text file with one piece per line.

    In a text each frame is a separate note, an eighth long.
    """
    if isinstance(path, Path) and path.is_dir():
        files = with_suffix(path.rglob("*"), MIDI_SUFFIXES)
        if not files:
            raise UserError(f"{path} holds no MIDI files ({', '.join(MIDI_SUFFIXES)}).")
    elif path.suffix.lower() in MIDI_SUFFIXES:
        files = [path]
    else:
        return [Score(frames, "", 2, False) for frames in notes_by_line(path)]
    played = [_notes(file) for file in files]
    starts = [start for notes in played for start, _, _ in notes]
    between = sum(abs(start - round(start)) > OFF_GRID for start in starts)
    if between > len(starts) / 10:
        reading.warn(
            f"{path}: {between:,} of {len(starts):,} notes begin between sixteenth notes, as triplets and notes played"
            " freely do: they are moved to the nearest."
        )
    return [Score(_on_grid(file, notes), file.stem, STEPS, True) for file, notes in zip(files, played, strict=True)]


def notes_by_line(path: Path | Text) -> list[Frames]:
    """A piece from each line of a text file; blank lines are skipped."""
    found = []
    for number, line in enumerate(lines(path), 1):
        if line.strip():
            try:
                found.append(parsed(line))
            except ValueError as error:
                raise at_line(path, number, str(error)) from error
    return found


def _on_grid(path: Path, notes: list[tuple[float, float, int]]) -> Frames:
    """The frames of the notes: each begins at the nearest step and sounds for at least one.

    Silence before the first note and after the last is left out.

    Raises:
        UserError: if there are no notes, one is not on a piano, or the piece is too long.
    """
    if not notes:
        raise UserError(f"{path} has no notes, or only of drums: take it out.")
    for _, _, pitch in notes:
        if not LOWEST <= pitch <= HIGHEST:
            raise UserError(f"{path} has a note of pitch {pitch}: a piano has {LOWEST} to {HIGHEST}. Transpose it.")
    steps = [(round(start), max(round(start) + 1, round(end)), pitch) for start, end, pitch in notes]
    first, last = min(start for start, _, _ in steps), max(end for _, end, _ in steps)
    if last - first > MOST_STEPS:
        raise UserError(f"{path} is {last - first:,} sixteenth notes long: cut it into pieces of {MOST_STEPS:,}.")
    frames = [set() for _ in range(last - first)]
    for start, end, pitch in steps:
        for step in range(start, end):
            frames[step - first].add(pitch)
    return tuple(tuple(sorted(frame)) for frame in frames)


def _notes(path: Path) -> list[tuple[float, float, int]]:
    """`(start, end, pitch)` of each note of all tracks except drums, in steps of the grid and fractions of them.

    A note without an end sounds to the end of the piece.
    """
    import mido
    from mido.midifiles.meta import KeySignatureError

    check_is_file(path, "MIDI file")
    try:
        file = mido.MidiFile(path)
        messages = list(mido.merge_tracks(file.tracks))
    except (OSError, EOFError, ValueError, KeyError, IndexError, KeySignatureError) as error:
        reason = one_line(error) or "it ends too early"
        raise UserError(f"{path} is not a whole MIDI file ({reason}): save it again, or take it out.") from error
    if file.type == 2 and len(file.tracks) > 1:
        raise UserError(f"{path} is MIDI of type 2, whose tracks are pieces of their own: save each as a file.")
    if file.ticks_per_beat <= 0:
        raise UserError(f"{path} counts time in frames of a film: save it with ticks a quarter note.")
    time, begun, found = 0, {}, []  # in ticks
    for message in messages:
        time += message.time
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            continue
        key = message.channel, message.note
        if key in begun:
            found.append((begun.pop(key), time, message.note))
        if message.type == "note_on" and message.velocity:
            begun[key] = time
    if begun:
        reading.warn(f"{path}: {len(begun):,} notes have no end: they are held to the end of the piece.")
    found += [(start, time, pitch) for (_, pitch), start in begun.items()]
    ticks = file.ticks_per_beat
    return [(start * STEPS / ticks, end * STEPS / ticks, pitch) for start, end, pitch in found]
