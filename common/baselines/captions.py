"""Captions without a network: the single caption that fits best overall, and the captions of the nearest pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GRID = 8  # rows and columns of the grid of mean colours by which pictures are compared
LEVELS = 4  # of red, green and blue each, in the histogram of colours
NEIGHBOURS = (1, 2, 4, 8, 16, 32, 64)  # numbers of neighbours to choose from
HELD_OUT = 150  # maximum number of training pictures on which the number is chosen
ORDERS = 4
CANDIDATES = 600  # captions from which the most typical one is chosen


def similarities(texts: Sequence[str]) -> np.ndarray:
    """Similarities of captions, float array `(texts, texts)` from 0 to 1.

    The mean over 1- to 4-grams of the F1 of the n-grams that two captions share, each counted once.

    Example:
        >>> similarities(["a dog runs", "a dog sits"]).round(2).tolist()
        [[0.75, 0.29], [0.29, 0.75]]
    """
    total = np.zeros((len(texts), len(texts)))
    for order in range(1, ORDERS + 1):
        found = [
            {tuple(words[i : i + order]) for i in range(len(words) - order + 1)} for words in map(str.split, texts)
        ]
        numbers = {gram: number for number, gram in enumerate(set().union(*found))}
        has = np.zeros((len(texts), len(numbers)))
        for row, grams in zip(has, found, strict=True):
            row[[numbers[gram] for gram in grams]] = 1
        sizes = has.sum(axis=1)
        total += 2 * (has @ has.T) / np.maximum(sizes[:, None] + sizes, 1)
    return total / ORDERS


def consensus(texts: Sequence[str]) -> str:
    """The text that is most similar to the others (Devlin and others 2015, https://arxiv.org/abs/1505.04467)."""
    alike = similarities(texts)
    np.fill_diagonal(alike, 0)  # a text of three words has no 4-gram, so its similarity to itself is below 1
    return texts[int(np.argmax(alike.sum(axis=1)))]


def most_likely(texts: Sequence[str]) -> str:
    """The caption that is most similar to the others, of up to 600 random ones."""
    return consensus([texts[i] for i in np.random.default_rng(0).permutation(len(texts))[:CANDIDATES]])


def features(picture: np.ndarray) -> np.ndarray:
    """Mean colours of a coarse grid and the histogram of colours, float array; a picture is uint8 `(h, w, 3)`."""
    rows, columns = (np.linspace(0, size, GRID + 1).astype(int)[:-1] for size in picture.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(picture.astype(float), rows, axis=0), columns, axis=1)
    grid = sums / (picture.shape[0] * picture.shape[1] / GRID**2) / 255
    numbers = (picture // (256 // LEVELS)).astype(int) @ (LEVELS**2, LEVELS, 1)
    histogram = np.bincount(numbers.ravel(), minlength=LEVELS**3) / numbers.size
    return np.concatenate([grid.ravel() / GRID, np.sqrt(histogram)])


def nearest(train: Sequence[np.ndarray], captions: Sequence[Sequence[str]], test: Sequence[np.ndarray]) -> list[str]:
    """For each test picture, the consensus of the captions of its nearest training pictures.

    The number of neighbours is chosen on held-out training pictures.

    Args:
        train: pictures, each once.
        captions: all captions of each.
        test: pictures; an array that occurs several times is captioned once.
    """
    asked = list({id(picture): picture for picture in test}.values())
    known, rows = (np.array([features(picture) for picture in pictures]) for pictures in (train, asked))
    order = np.random.default_rng(0).permutation(len(train))
    held_out, rest = np.split(order, [min(HELD_OUT, len(train) // 3)])

    def answers(rows: np.ndarray, among: np.ndarray, count: int) -> list[str]:
        distances = np.stack([((row - known[among]) ** 2).sum(axis=1) for row in rows])
        near = among[np.argsort(distances, axis=1, kind="stable")[:, :count]]
        return [consensus([text for number in numbers for text in captions[number]]) for numbers in near]

    def value(count: int) -> float:
        found = answers(known[held_out], rest, count)
        return sum(similarities([text, *captions[number]])[0, 1:].mean() for text, number in zip(found, held_out))

    best = max((count for count in NEIGHBOURS if count <= len(rest)), key=value) if len(held_out) else 1
    texts = dict(zip(map(id, asked), answers(rows, np.arange(len(train)), best)))
    return [texts[id(picture)] for picture in test]
