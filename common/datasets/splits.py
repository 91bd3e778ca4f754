"""Splits of examples into train, validation and test: by chance, by position, by group; nothing on two sides."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Hashable, Iterable, Sequence

from common.errors import UserError


@dataclasses.dataclass(frozen=True)
class Splits:
    """Raw examples on three sides that share none."""

    train: Sequence
    validation: Sequence
    test: Sequence

    def __iter__(self):
        return iter((("train", self.train), ("validation", self.validation), ("test", self.test)))


FRACTIONS = (0.8, 0.1, 0.1)  # of train, validation, test


def by_chance(
    examples: Iterable,
    seed: int,
    fractions: tuple[float, float, float] = FRACTIONS,
    key: Callable[[object], Hashable] = str,
) -> Splits:
    """Splits in an order drawn from the seed, examples of the same key on one side.

    The key of an example is its input as a user writes it, so that a text which occurs twice, perhaps with two labels,
    cannot be learned by heart for the test.

    Raises:
        UserError: if there are fewer than three different keys.
    """
    return by_group(examples, key, seed, fractions)


def by_group(
    examples: Iterable,
    group: Callable[[object], Hashable],
    seed: int,
    fractions: tuple[float, float, float] = FRACTIONS,
) -> Splits:
    """Splits in which no group (a speaker, a subject, a recording) stands on two sides.

    Each side gets at least one group, and otherwise as many whole groups as come nearest to its share of the examples.

    Raises:
        UserError: if there are fewer than three groups.
    """
    _check(fractions)
    groups: dict[Hashable, list] = {}
    for example in examples:
        groups.setdefault(group(example), []).append(example)
    if len(groups) < 3:
        raise _too_few(len(groups))
    total = sum(map(len, groups.values()))
    order = random.Random(seed)
    waiting = list(groups.values())
    order.shuffle(waiting)
    sides = []
    for fraction, sides_after in ((fractions[2], 2), (fractions[1], 1)):
        side = waiting.pop()
        while len(waiting) > sides_after and len(side) + len(waiting[-1]) / 2 <= fraction * total:
            side.extend(waiting.pop())
        sides.append(side)
    test, validation = sides
    train = [example for members in waiting for example in members]
    for side in (train, validation, test):
        order.shuffle(side)
    return Splits(train, validation, test)


def by_position(examples: Sequence, fractions: tuple[float, float, float] = FRACTIONS) -> Splits:
    """Splits of running text or of a series: the first part trains, the last part tests, the order is kept.

    The sides are slices, so a lazy sequence stays lazy.

    Raises:
        UserError: if there are fewer than three examples.
    """
    _check(fractions)
    total = len(examples)
    if total < 3:
        raise _too_few(total)
    first = min(max(round(fractions[0] * total), 1), total - 2)
    second = min(max(round((fractions[0] + fractions[1]) * total), first + 1), total - 1)
    return Splits(examples[:first], examples[first:second], examples[second:])


def shared(splits: Splits, key: Callable[[object], Hashable] = str) -> dict[str, int]:
    """How many examples of one side stand in another one too.

    Returns:
        `"train in test"`, `"train in validation"` and `"validation in test"` -> examples of the first side whose key
        stands in the second.
    """
    validation, test = ({key(example) for example in side} for side in (splits.validation, splits.test))
    train = [key(example) for example in splits.train]
    return {
        "train in test": sum(k in test for k in train),
        "train in validation": sum(k in validation for k in train),
        "validation in test": sum(key(example) in test for example in splits.validation),
    }


def without_duplicates(splits: Splits, key: Callable[[object], Hashable] = str) -> tuple[Splits, dict[str, int]]:
    """The splits without the examples that stand on two sides, and what `shared` counted before.

    Test stays as it is, so that scores compare with published ones: train loses what stands in validation or test,
    validation what stands in test. For examples that stand alone; running text repeats itself by nature.
    """
    counts = shared(splits, key)
    if not any(counts.values()):
        return splits, counts
    test = {key(example) for example in splits.test}
    validation = [example for example in splits.validation if key(example) not in test]
    held_out = test.union(map(key, validation))
    train = [example for example in splits.train if key(example) not in held_out]
    if not train or not validation:
        raise UserError("Every example of a side stands in test too: make another split.")
    return Splits(train, validation, splits.test), counts


def _check(fractions: tuple[float, float, float]) -> None:
    if len(fractions) != 3 or min(fractions) <= 0 or not math.isclose(sum(fractions), 1):
        raise ValueError(f"fractions must be three positive numbers that add up to 1, not {fractions!r}")


def _too_few(count: int) -> UserError:
    return UserError(f"{count} different examples are too few to train, validate and test: at least 3 are needed.")
