"""Captions without a network: the one caption that suits most pictures, and those of the nearest pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

GRID = 8  # a picture is compared by the mean colours of so many by so many places
LEVELS = 4  # of red, green and blue each, in the histogram of colours
NEIGHBOURS = (1, 2, 4, 8, 16, 32, 64)  # to choose from
HELD_OUT = 200  # pictures of train, at most, on which the number is chosen
ORDERS = 4
CANDIDATES = 600  # captions among which the most likely one is looked for


def similar(one: dict[int, Counter], other: dict[int, Counter]) -> float:
    """How alike two captions are: the mean over 1- to 4-grams of the F1 of their common n-grams, from 0 to 1."""
    total = 0.0
    for order in range(1, ORDERS + 1):
        mine, others = one[order], other[order]
        size = sum(mine.values()) + sum(others.values())
        total += 2 * sum((mine & others).values()) / size if size else 0.0
    return total / ORDERS


def grams(text: str) -> dict[int, Counter]:
    """The n-grams of a text by order."""
    words = text.split()
    return {n: Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)) for n in range(1, ORDERS + 1)}


def consensus(texts: Sequence[str], judges: Sequence[str]) -> str:
    """The text that is most like all judges (Devlin and others 2015, https://arxiv.org/abs/1505.04467)."""
    counted = [grams(judge) for judge in judges]
    candidates = list(dict.fromkeys(texts))
    values = [sum(similar(grams(text), judge) for judge in counted) for text in candidates]
    return candidates[int(np.argmax(values))]


def most_likely(texts: Sequence[str]) -> str:
    """The caption that is most like the others, of up to 600 drawn by chance."""
    few = [texts[i] for i in np.random.default_rng(0).permutation(len(texts))[:CANDIDATES]]
    return consensus(few, few)


def features(picture: np.ndarray) -> np.ndarray:
    """Mean colours of a coarse grid and the histogram of colours, float array; a picture is uint8 `(h, w, 3)`."""
    rows, columns = (np.linspace(0, size, GRID + 1).astype(int)[:-1] for size in picture.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(picture.astype(float), rows, axis=0), columns, axis=1)
    grid = sums / (picture.shape[0] * picture.shape[1] / GRID**2) / 255
    numbers = (picture // (256 // LEVELS)).astype(int) @ (LEVELS**2, LEVELS, 1)
    histogram = np.bincount(numbers.ravel(), minlength=LEVELS**3) / numbers.size
    return np.concatenate([grid.ravel() / GRID, np.sqrt(histogram)])


def nearest(train: Sequence[np.ndarray], captions: Sequence[Sequence[str]], test: Sequence[np.ndarray]) -> list[str]:
    """For each test picture the consensus of the captions that its nearest training pictures have.

    How many neighbours have a say is chosen on pictures of train that are held out.

    Args:
        train: pictures, each once.
        captions: all captions of each.
    """
    known, asked = (np.array([features(picture) for picture in pictures]) for pictures in (train, test))
    if len(train) < 3:
        return [captions[0][0]] * len(test)
    order = np.random.default_rng(0).permutation(len(train))
    held_out, rest = np.split(order, [min(HELD_OUT, len(train) // 3)])

    def answers(rows: np.ndarray, among: np.ndarray, count: int) -> list[str]:
        distances = np.stack([((row - known[among]) ** 2).sum(axis=1) for row in rows])
        near = among[np.argsort(distances, axis=1, kind="stable")[:, :count]]
        given = [[text for number in numbers for text in captions[number]] for numbers in near]
        return [consensus(texts, texts) for texts in given]

    def value(count: int) -> float:
        found = answers(known[held_out], rest, count)
        truths = [[grams(text) for text in captions[number]] for number in held_out]
        return sum(np.mean([similar(grams(text), one) for one in true]) for text, true in zip(found, truths))

    best = max((count for count in NEIGHBOURS if count <= len(rest)), key=value)
    return answers(asked, np.arange(len(train)), best)
