"""Number names in thirty languages, from num2words: short texts, some of them in closely related languages.

Danish and Norwegian share most of their digits, Czech and Slovak most of their letters, Turkish and Azerbaijani most of
their words. Half of the names are written without accents, as people type them.
"""

from __future__ import annotations

import random
import unicodedata

from common.datasets.splits import Splits

LANGUAGES = (
    "ar az be ca cs da de en eo es fa fi fr is it kz lt lv nl no pl pt ro ru sk sl sr sv tr uk"  # codes of num2words
).split()
NUMBERS = {"train": 220, "validation": 25, "test": 45}  # in each split; each is written in every language
DIGITS = 6  # the largest number is below 10 ** DIGITS
PLAIN = 0.5  # share of the names that are written without accents
MARKS_OF_LETTERS = str.maketrans("øłđðþıæß", "oldttias")  # letters that Unicode does not decompose


def load(seed: int = 0) -> Splits:
    """`(text, language)` pairs in three splits, which share no number and no text.

    Every number is written in all languages, one after the other, so that any part of a split has many languages.
    """
    from num2words import num2words

    source = random.Random(seed)
    drawn: set[int] = set()
    while len(drawn) < sum(NUMBERS.values()):
        drawn.add(source.randrange(10 ** source.randint(1, DIGITS)))
    numbers = sorted(drawn)
    source.shuffle(numbers)
    seen: set[str] = set()
    splits = []
    for count in NUMBERS.values():
        split = {}
        for number in numbers[:count]:
            for language in LANGUAGES:
                name = num2words(number, lang=language)
                text = without_accents(name) if source.random() < PLAIN else name
                if text not in seen:
                    split[text, language] = None
        numbers = numbers[count:]
        seen |= {text for text, _ in split}
        splits.append(list(split))
    return Splits(*splits)


def without_accents(text: str) -> str:
    """The text without the accents of its letters: `"tjugoåtta" -> "tjugoatta"`."""
    apart = unicodedata.normalize("NFD", text)
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", letters).translate(MARKS_OF_LETTERS)
