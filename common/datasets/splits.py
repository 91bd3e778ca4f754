"""Split examples into train, validation and test by chance, by position or by group; count those that splits share."""

from __future__ import annotations

import array
import dataclasses
import math
import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from common.errors import UserError, counted


@dataclasses.dataclass(frozen=True)
class Splits:
    """Raw examples in three splits. Those in files of a user may share some: `shared` counts them."""

    train: Sequence
    validation: Sequence
    test: Sequence

    def __iter__(self) -> Iterator[tuple[str, Sequence]]:
        return iter((("train", self.train), ("validation", self.validation), ("test", self.test)))

    def map(self, make: Callable[[object], object]) -> Splits:
        """The same splits with every example replaced by `make(example)`."""
        return Splits([make(e) for e in self.train], [make(e) for e in self.validation], [make(e) for e in self.test])


FRACTIONS = (0.8, 0.1, 0.1)  # of train, validation, test


def same_input(example: object) -> str:
    """The key by which examples are compared across splits: the input in lower case and without white space.

    An encoder hardly sees more than this, so examples that differ only in case or space must not be in both train and
    test: `a film.` and `a film .` are the same words. The text of a picture, a clip or a recording is only the name of
    its file; such an example has an attribute `content`, a checksum of the input, which is compared instead.
    """
    content = getattr(example, "content", None)
    return content or "".join(unicodedata.normalize("NFC", str(example)).casefold().split())


def by_chance(
    examples: Iterable,
    seed: int,
    fractions: tuple[float, float, float] = FRACTIONS,
    key: Callable[[object], Hashable] = same_input,
) -> Splits:
    """Splits in an order drawn from the seed; examples with the same key or the same `group` stay together.

    So a model gains nothing on test by memorising a text that occurs twice, perhaps with two labels, or the style of a
    document, speaker or subject that its examples name in their attribute `group`. Where examples have a `label`, the
    split is stratified: each split gets its share of each label, and the first examples of a rare label go to train.

    Raises:
        UserError: if there are fewer than three different inputs, or sets that must stay together.
    """
    examples = list(examples)
    keys = {key(example) for example in examples}
    if len(keys) < 3 <= len(examples):
        raise UserError(
            f"The {len(examples):,} examples have only {counted(len(keys), 'different input')}, too few to train, "
            "validate and test: at least 3 are needed. Check the inputs, or give more."
        )
    joined = _Joined()
    for number, example in enumerate(examples):
        joined.join(number, ("key", key(example)))
        if group := getattr(example, "group", None):
            joined.join(number, ("group", group))
    roots = [joined.root(number) for number in range(len(examples))]
    if len(set(roots)) < 3 <= len(keys):
        raise UserError(
            f"The examples form only {counted(len(set(roots)), 'group')} (values of the column group, documents, "
            "speakers, equal inputs), and each must stay in one split: at least 3 are needed. Give VALIDATION and "
            "TEST, or leave the column group of a table out: COLUMNS=unused=group."
        )
    if any(getattr(example, "label", None) for example in examples):
        made = _stratified(examples, roots, seed, fractions)
        if made.validation and made.test:
            return made
    numbers = iter(roots)
    return by_group(examples, lambda _: next(numbers), seed, fractions)


def _stratified(examples: Sequence, roots: Sequence, seed: int, fractions: tuple[float, float, float]) -> Splits:
    """Splits in which each label is divided separately, one set of joined examples at a time.

    Each set goes to the split that is furthest below its share of the label so far; ties go to the split that is
    furthest below its share of all examples.
    """
    _check(fractions)
    order = random.Random(seed)
    joined: dict[Hashable, list] = {}
    for example, root in zip(examples, roots, strict=True):
        joined.setdefault(root, []).append(example)
    waiting = list(joined.values())
    order.shuffle(waiting)
    strata: dict[str, list[list]] = {}
    for members in waiting:
        label = Counter(str(example.label) for example in members).most_common(1)[0][0]
        strata.setdefault(label, []).append(members)
    parts = [], [], []
    for label in sorted(strata):
        taken = [0, 0, 0]
        for members in strata[label]:
            seen, total = sum(taken) + len(members), sum(map(len, parts)) + len(members)

            def lacks(part: int, taken=taken, seen=seen, total=total) -> tuple[float, float]:
                return round(fractions[part] * seen - taken[part], 9), fractions[part] * total - len(parts[part])

            part = max(range(3), key=lacks)
            parts[part].extend(members)
            taken[part] += len(members)
    for part in parts:
        order.shuffle(part)
    return Splits(*parts)


class _Joined:
    """Disjoint sets: union-find with path halving (Tarjan and van Leeuwen 1984)."""

    def __init__(self):
        self.parents: dict[Hashable, Hashable] = {}

    def root(self, item: Hashable) -> Hashable:
        self.parents.setdefault(item, item)
        while (parent := self.parents[item]) != item:
            self.parents[item] = self.parents[parent]
            item = parent
        return item

    def join(self, one: Hashable, other: Hashable) -> None:
        self.parents[self.root(other)] = self.root(one)


def by_group(
    examples: Iterable,
    group: Callable[[object], Hashable],
    seed: int,
    fractions: tuple[float, float, float] = FRACTIONS,
) -> Splits:
    """Splits in which each group (a speaker, a subject, a recording) is in one split only.

    Test, and then validation, takes the groups in an order drawn from the seed and keeps each that brings it nearer to
    its share of the examples; if none does, it takes the smallest. All other groups go to train, which is never
    smaller than another split.

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
    test = _taken(waiting, fractions[2] * total, leave=2)
    validation = _taken(waiting, fractions[1] * total, leave=1)
    train = [example for members in waiting for example in members]
    for part in (train, validation, test):
        order.shuffle(part)
    return Splits(train, validation, test)


def _taken(waiting: list[list], share: float, leave: int) -> list:
    """Examples of the groups that bring a part nearest to its share, of the smallest if none does.

    Args:
        waiting: the groups, without those that are taken afterwards.
        share: number of examples.
        leave: number of groups that must be left.
    """
    part = []
    for number in reversed(range(len(waiting))):
        if len(waiting) > leave and len(part) + len(waiting[number]) / 2 <= share:
            part.extend(waiting.pop(number))
    smallest = min(reversed(range(len(waiting))), key=lambda number: len(waiting[number]))
    return part or waiting.pop(smallest)


def by_position(
    examples: Sequence,
    fractions: tuple[float, float, float] = FRACTIONS,
    counts: Callable[[object], bool] | None = None,
    unit: str = "different examples",
) -> Splits:
    """Splits of running text or of a series in its order: the first part is train, the last part is test.

    The splits are slices, so a lazy sequence stays lazy.

    Args:
        counts: whether an example counts towards the shares (a blank line of a text does not); None counts all.
        unit: what the examples are called when there are too few of them.

    Raises:
        UserError: if there are fewer than three examples that count.
    """
    _check(fractions)
    places = range(len(examples))  # of the examples that count
    if counts is not None:
        places = array.array("q", (place for place, example in enumerate(examples) if counts(example)))
    total = len(places)
    if total < 3:
        raise _too_few(total, unit)
    first = min(max(round(fractions[0] * total), 1), total - 2)
    second = min(max(round((fractions[0] + fractions[1]) * total), first + 1), total - 1)
    return Splits(examples[: places[first]], examples[places[first] : places[second]], examples[places[second] :])


RUN, EVERY = 5, 16  # `scattered`: every 16th run of five examples goes to validation


def scattered(examples: Sequence, unit: str = "different examples") -> Splits:
    """Splits of running text: the last tenth is test, and validation is scattered over the rest in short runs.

    The text just before the test resembles it most, so train reaches up to the test, and validation resembles train.
    With fewer than EVERY examples before the test, the split is that of `by_position`.

    Raises:
        UserError: if there are fewer than three examples.
    """
    made = by_position(examples, unit=unit)
    rest = [*made.train, *made.validation]
    if len(rest) < EVERY:
        return made
    run = min(RUN, len(rest) // EVERY)
    parts = [], []
    for number, example in enumerate(rest):
        parts[number // run % EVERY == EVERY // 2].append(example)
    return Splits(*parts, made.test)


def shared(splits: Splits, key: Callable[[object], Hashable] = same_input) -> dict[str, int]:
    """How many examples of one split also occur in another.

    Returns:
        `"test in train"`, `"validation in train"` and `"test in validation"` -> the number of examples of the first
        split whose key occurs in the second.
    """
    train, validation = ({key(example) for example in part} for part in (splits.train, splits.validation))
    test = [key(example) for example in splits.test]
    return {
        "test in train": sum(k in train for k in test),
        "validation in train": sum(key(example) in train for example in splits.validation),
        "test in validation": sum(k in validation for k in test),
    }


def _check(fractions: tuple[float, float, float]) -> None:
    if len(fractions) != 3 or min(fractions) <= 0 or not math.isclose(sum(fractions), 1):
        raise ValueError(f"fractions must be three positive numbers that add up to 1, not {fractions!r}")


def _too_few(count: int, unit: str = "different examples") -> UserError:
    hint = ", or break a text that is one long line (fold -s)" if unit != "different examples" else ""
    return UserError(f"{count} {unit} are too few to train, validate and test: at least 3 are needed. Give more{hint}.")
