"""Number names in two languages, from num2words: real words, real agreement, and a length to grow beyond."""

from __future__ import annotations

import random

from common.datasets.splits import Splits
from common.encoding.text import words

DIGITS = 9  # the largest number is below 10 ** DIGITS
LONGEST = 16  # words and marks of an English name in train, validation and test; the other side's names are longer
SIZES = {"train": 6000, "validation": 500, "test": 500, "longer": 200}
_SEED = 20180  # of the choice of numbers, which is the same in every run


def load(language: str) -> Splits:
    """`(English name, name in the language, part)` of different numbers.

    Numbers of one digit are as likely as numbers of nine, and any of their digits may be replaced by zero, so
    that there are short names of large numbers too. The part "longer" of test has English names of more words than any
    other; the part of all others is "".

    Args:
        language: a code that num2words knows, such as "fr".
    """
    from num2words import num2words

    choose = random.Random(_SEED)
    sides = {side: [] for side in SIZES}
    seen = set()
    while any(len(pairs) < SIZES[side] for side, pairs in sides.items()):
        number = _draw(choose)
        if number in seen:
            continue
        seen.add(number)
        name = num2words(number)
        fits = ["longer"] if len(words(name)) > LONGEST else ["train", "validation", "test"]
        open_sides = [side for side in fits if len(sides[side]) < SIZES[side]]
        if open_sides:
            side = choose.choices(open_sides, [SIZES[side] for side in open_sides])[0]
            sides[side].append((name, num2words(number, lang=language), "longer" if side == "longer" else ""))
    return Splits(sides["train"], sides["validation"], sides["test"] + sides["longer"])


def _draw(choose: random.Random) -> int:
    digits = [choose.choice("0123456789") for _ in range(choose.randint(1, DIGITS))]
    zeros = choose.random()
    return int("".join("0" if choose.random() < zeros * zeros else digit for digit in digits))
