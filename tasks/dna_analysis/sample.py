"""Generated DNA with the two boxes of a bacterial promoter, whose order and distance determine the label.

In E. coli the transcription of a gene starts after a box like TATAAT, 16 to 18 bases after a box like TTGACA (Harley
and Reynolds 1987, https://doi.org/10.1093/nar/15.5.2343). Every sequence here contains both boxes, most of them with
one letter changed, at random positions among random bases. In a promoter they are arranged in this way, in a decoy in
the other order or at another distance. Neither k-mer counts nor letters by position separate the two.
"""

from __future__ import annotations

import random

from common.datasets.splits import Splits

SEQUENCES = {"train": 3000, "validation": 500, "test": 1000}
LABELS = ("decoy", "promoter")
BASES = "ACGT"
BOXES = ("TTGACA", "TATAAT")
LENGTHS = (50, 80)  # of a sequence, in bases
DISTANCES = range(16, 19)  # bases between the boxes of a promoter
WRONG_DISTANCES = (*range(4, 13), *range(22, 31))


def load(seed: int = 0) -> Splits:
    """`(bases, label)` pairs; no sequence twice, labels in equal numbers."""
    source, seen, splits = random.Random(seed), set(), []
    for count in SEQUENCES.values():
        found = []
        while len(found) < count:
            label = LABELS[len(found) % 2]
            bases = sequence(source, label)
            if bases not in seen and is_promoter(bases) == (label == "promoter"):
                seen.add(bases)
                found.append((bases, label))
        source.shuffle(found)
        splits.append(found)
    return Splits(*splits)


def sequence(source: random.Random, label: str) -> str:
    """A sequence with the given label."""
    first, second = BOXES
    distance = source.choice(DISTANCES)
    if label == "decoy" and source.random() < 0.5:
        first, second = second, first
    elif label == "decoy":
        distance = source.choice(WRONG_DISTANCES)
    between = drawn(source, distance)
    core = changed(source, first) + between + changed(source, second)
    around = source.randint(*LENGTHS) - len(core)
    before = source.randint(2, around - 2)
    return drawn(source, before) + core + drawn(source, around - before)


def is_promoter(bases: str) -> bool:
    """Whether boxes with at most one letter changed occur in the right order and distance, even by chance."""
    first, second = (
        [place for place in range(len(bases) - 5) if sum(map(str.__ne__, bases[place : place + 6], box)) <= 1]
        for box in BOXES
    )
    return any(later - place - 6 in DISTANCES for place in first for later in second)


def drawn(source: random.Random, count: int) -> str:
    """A random sequence of the given length."""
    return "".join(source.choices(BASES, k=count))


def changed(source: random.Random, box: str) -> str:
    """The box with natural variation: in two of three cases one letter is changed."""
    if source.random() < 1 / 3:
        return box
    place = source.randrange(len(box))
    return box[:place] + source.choice(BASES.replace(box[place], "")) + box[place + 1 :]
