"""Tunes whose phrases return: a phrase twice, then another, then the first again (AABA).

A phrase is two figures of four notes, drawn from a small set and placed on one of two notes of the key. Each tune has a
random key, one of twelve, and random figures, so only a model that remembers the first phrase can predict the second
and the last.
"""

from __future__ import annotations

import random

from common.datasets.splits import Splits

TUNES = {"train": 1200, "validation": 150, "test": 150}
SCALE = (0, 2, 4, 5, 7, 9, 11)  # semitones of a major scale
FIGURES = (  # steps of the scale
    (0, 1, 2, 0),
    (0, 2, 4, 2),
    (4, 3, 2, 1),
    (2, 1, 0, 1),
    (0, 0, 4, 4),
    (4, 2, 3, 1),
    (1, 3, 2, 4),
    (2, 4, 3, 0),
)
PLACES = (0, 3)  # steps of the scale on which a figure may be placed


def load() -> Splits:
    """Tunes as sequences of MIDI pitches; no tune occurs twice."""
    draw, seen, splits = random.Random(0), set(), []
    for count in TUNES.values():
        split = []
        while len(split) < count:
            tune = _tune(draw)
            if tune not in seen:
                seen.add(tune)
                split.append(tune)
        splits.append(split)
    return Splits(*splits)


def _tune(draw: random.Random) -> tuple[int, ...]:
    tonic = draw.randrange(55, 67)
    first, other = (_phrase(draw), _phrase(draw))
    steps = first + first + other + first
    return tuple(tonic + 12 * (step // 7) + SCALE[step % 7] for step in steps)


def _phrase(draw: random.Random) -> list[int]:
    places = [draw.choice(PLACES) for _ in range(2)]
    return [place + step for place in places for step in draw.choice(FIGURES)]
