"""Number names in thirty languages, from num2words: short texts, with languages among them that are hard to tell apart.

Danish and Norwegian share most of their digits, Czech and Slovak most of their letters, Turkish and Azerbaijani most of
their words. Half of the names are written without accents, as people type them.
"""

from __future__ import annotations

import random
import unicodedata

from common.datasets.splits import Splits

LANGUAGES = (
    "ar az be ca cs da de en eo es fa fi fr is it kz lt lv nl no pl pt ro ru sk sl sr sv tr uk"  # as num2words has them
).split()
NUMBERS = {"train": 220, "validation": 25, "test": 45}  # in each split; each is written in every language
DIGITS = 6  # the largest number is below 10 ** DIGITS
PLAIN = 0.5  # share of the names that are written without accents
MARKS_OF_LETTERS = str.maketrans("øłđðþıæß", "oldttias")  # letters that Unicode does not take apart


def load(seed: int = 0) -> Splits:
    """`(text, language)` pairs in three splits, which share no number and no text.

    Every number is written in all languages, one after the other, so that any part of a side holds many languages.
    """
    from num2words import num2words

    source = random.Random(seed)
    drawn: set[int] = set()
    while len(drawn) < sum(NUMBERS.values()):
        drawn.add(source.randrange(10 ** source.randint(1, DIGITS)))
    numbers = sorted(drawn)
    source.shuffle(numbers)
    seen: set[str] = set()
    sides = []
    for count in NUMBERS.values():
        side = {}
        for number in numbers[:count]:
            for language in LANGUAGES:
                name = num2words(number, lang=language)
                text = without_accents(name) if source.random() < PLAIN else name
                if text not in seen:
                    side[text, language] = None
        numbers = numbers[count:]
        seen |= {text for text, _ in side}
        sides.append(list(side))
    return Splits(*sides)


def without_accents(text: str) -> str:
    """The text with the marks above and below its letters left out: `"tjugoåtta" -> "tjugoatta"`."""
    apart = unicodedata.normalize("NFD", text)
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", letters).translate(MARKS_OF_LETTERS)
