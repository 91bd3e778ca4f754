"""The embedded sample: drawn scenes of shapes, with captions that describe the arrangement.

A scene shows two things and their relation in space, or several things of one kind. A thing has a size, a colour and a
shape. Test combinations never occur in train: no pair of things is in two splits, and some things, such as a yellow
ring, do not occur in train at all, though yellow things and rings do.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np

from common.datasets.splits import Splits

SIZE = 48  # pixels, in both directions
SCENES = {"train": 1600, "validation": 150, "test": 300}
COLOURS = {
    "red": (214, 48, 49),
    "green": (46, 160, 67),
    "blue": (41, 98, 255),
    "yellow": (245, 205, 40),
    "purple": (142, 68, 173),
    "white": (245, 245, 245),
}
SHAPES = ("circle", "square", "triangle", "cross", "ring")
RADII = {"small": (4, 5), "large": (8, 9)}  # pixels, minimum and maximum
NEVER_IN_TRAIN = {("yellow", "ring"), ("red", "cross"), ("white", "triangle"), ("purple", "square")}
NUMBERS = {2: "two", 3: "three", 4: "four"}
OPPOSITES = {"left of": "right of", "above": "below"}  # relation -> the same relation seen from the other thing

Thing = tuple[str, str, str]  # size, colour, shape


@functools.cache
def load() -> Splits:
    """`(picture, captions, name, kind)` of every scene; pictures are uint8 `(SIZE, SIZE, 3)`."""
    random = np.random.default_rng(8)
    things = list(itertools.product(RADII, COLOURS, SHAPES))
    known = [thing for thing in things if thing[1:] not in NEVER_IN_TRAIN]
    strange = [thing for thing in things if thing[1:] in NEVER_IN_TRAIN]
    pairs = _divided(list(itertools.combinations(known, 2)), random)
    counted = _divided([(thing, count) for thing in known if thing[0] == "small" for count in NUMBERS], random)
    splits = []
    for own_pairs, own_counted, (split, scenes) in zip(pairs, counted, SCENES.items(), strict=True):
        new = [(thing, other) for thing in strange for other in known] if split == "test" else []
        drawn = (_scene(own_pairs, own_counted, new, random) for _ in range(scenes))
        splits.append([(*scene, f"{split} scene {i}", kind) for i, (*scene, kind) in enumerate(drawn, 1)])
    return Splits(*splits)


def _divided(combinations: list, random: np.random.Generator) -> list[list]:
    """A random division into eight tenths, one tenth and one tenth."""
    shuffled = [combinations[i] for i in random.permutation(len(combinations))]
    ends = [round(share * len(shuffled)) for share in (0, 0.8, 0.9, 1)]
    return [shuffled[first:last] for first, last in itertools.pairwise(ends)]


def _scene(pairs: list, counted: list, new: list, random: np.random.Generator) -> tuple:
    """One scene: a fifth of all scenes count things, and in test a fifth of the others show a thing unseen in train."""
    if random.random() < 0.2:
        return *_counted(*counted[random.integers(len(counted))], random), "counted"
    if new and random.random() < 0.2:
        return *_related(new[random.integers(len(new))], random), "new thing"
    return *_related(pairs[random.integers(len(pairs))], random), "new pair"


def _related(pair: tuple[Thing, Thing], random: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Two things in a row, with captions from the view of either thing."""
    one, other = (pair[i] for i in random.permutation(2))
    relation = list(OPPOSITES)[random.integers(len(OPPOSITES))]
    low, high = (int(random.integers(10, 15)), int(random.integers(SIZE - 15, SIZE - 10)))
    across = random.integers(14, SIZE - 14) + random.integers(-3, 4, 2)
    places = [(low, across[0]), (high, across[1])] if relation == "left of" else [(across[0], low), (across[1], high)]
    picture = _draw([one, other], places, random)
    first, second = " ".join(one), " ".join(other)
    return picture, [f"a {first} {relation} a {second}", f"a {second} {OPPOSITES[relation]} a {first}"]


def _counted(thing: Thing, count: int, random: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    corners = [(x, y) for x in (12, SIZE - 12) for y in (12, SIZE - 12)]
    places = [np.array(corners[i]) + random.integers(-3, 4, 2) for i in random.permutation(4)[:count]]
    caption = f"{NUMBERS[count]} {' '.join(thing)}{'es' if thing[2] == 'cross' else 's'}"
    return _draw([thing] * count, places, random), [caption]


def _draw(things: list[Thing], places: list, random: np.random.Generator) -> np.ndarray:
    """The things on a grey background, in slightly varying colours, with camera noise."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIZE, SIZE), (int(random.integers(70, 130)),) * 3)
    drawing = ImageDraw.Draw(image)
    for (size, colour, shape), (x, y) in zip(things, places, strict=True):
        radius = int(random.integers(RADII[size][0], RADII[size][1] + 1))
        fill = tuple(int(value) for value in np.clip(np.array(COLOURS[colour]) + random.integers(-15, 16, 3), 0, 255))
        _draw_shape(drawing, shape, int(x), int(y), radius, fill)
    noisy = np.asarray(image, float) + random.normal(0, 6, (SIZE, SIZE, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _draw_shape(drawing, shape: str, x: int, y: int, radius: int, fill: tuple) -> None:
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "circle":
        drawing.ellipse(box, fill=fill)
    elif shape == "square":
        drawing.rectangle(box, fill=fill)
    elif shape == "ring":
        drawing.ellipse(box, outline=fill, width=max(2, radius // 3))
    elif shape == "triangle":
        drawing.polygon([(x, y - radius), (x - radius, y + radius), (x + radius, y + radius)], fill=fill)
    else:
        arm = max(1, radius // 3)
        drawing.rectangle((x - radius, y - arm, x + radius, y + arm), fill=fill)
        drawing.rectangle((x - arm, y - radius, x + arm, y + radius), fill=fill)
