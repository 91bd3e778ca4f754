"""Number names in two languages, from num2words: real words, real agreement, and longer names in part of the test."""

from __future__ import annotations

import random

from common.datasets.splits import Splits
from common.encoding.text import words

DIGITS = 9  # the largest number is below 10 ** DIGITS
LONGEST = 16  # words and marks of an English name in train, validation and test; names of the part "longer" have more
SIZES = {"train": 6000, "validation": 500, "test": 500, "longer": 200}
_SEED = 20180  # for the choice of numbers, which is the same in every run


def load(language: str) -> Splits:
    """`(English name, name in the language, part)` of different numbers.

    Numbers of one digit are as likely as numbers of nine, and any digit may be replaced by zero, so that there are
    short names of large numbers too. The part "longer" of test has English names with more words than all others, whose
    part is "".

    Args:
        language: a code that num2words knows, such as "fr".
    """
    from num2words import num2words

    choose = random.Random(_SEED)
    splits = {split: [] for split in SIZES}
    seen = set()
    while any(len(pairs) < SIZES[split] for split, pairs in splits.items()):
        number = _draw(choose)
        if number in seen:
            continue
        seen.add(number)
        name = num2words(number)
        fits = ["longer"] if len(words(name)) > LONGEST else ["train", "validation", "test"]
        open_sides = [split for split in fits if len(splits[split]) < SIZES[split]]
        if open_sides:
            split = choose.choices(open_sides, [SIZES[split] for split in open_sides])[0]
            splits[split].append((name, num2words(number, lang=language), "longer" if split == "longer" else ""))
    return Splits(splits["train"], splits["validation"], splits["test"] + splits["longer"])


def _draw(choose: random.Random) -> int:
    digits = [choose.choice("0123456789") for _ in range(choose.randint(1, DIGITS))]
    zeros = choose.random()
    return int("".join("0" if choose.random() < zeros * zeros else digit for digit in digits))
