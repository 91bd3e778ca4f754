"""Generated sentences in which the class of a word depends on its context, often on distant words.

There are three mixed kinds of evidence: the ending of an invented word ("a glorpous man"), neighbouring words ("they
can can fish"), and distant words: `that` is a conjunction in "the claim that the old man saw the dog was false" and a
pronoun in "the claim that the old man saw was false".

The stems of invented words are different in train, validation and test.
"""

from __future__ import annotations

import random
import re

from common.datasets.splits import Splits

SENTENCES = {"train": 4000, "validation": 500, "test": 1000}

# One rule per line: a symbol and its forms. A word is written with its tag; <NOUN>, <ADJ>, <ADV>, <PAST>, <BASE> and
# <NAME> are invented words.
GRAMMAR = """
sentence: <clause> ./PUNCT | <clause> <and> <clause> ./PUNCT | <frame> <clause> ./PUNCT | <clause> <frame> ./PUNCT
sentence: <question> ?/PUNCT | <aside> ,/PUNCT <clause> ./PUNCT
clause: <np> <vp> | <np> <vp> | <claim> <verdict> | <claim> <verdict> | <perfect> | <perfect> | <modal> | <her>

claim: the/DET <report> that/SCONJ <np> <aside?> <PAST> <np>
claim: the/DET <report> that/PRON <np> <aside?> <PAST>
claim: that/DET <report> of/ADP <np>
verdict: was/AUX <ADJ> | was/AUX <degree> <ADJ> | <PAST> <np> | could/AUX <BASE> <np>

frame: <when>/ADP the/DET <long> <NOUN> | <when>/SCONJ the/DET <long> <NOUN> <PAST>
frame: <when>/ADP the/DET <long> <NOUN> of/ADP <np> | <when>/SCONJ the/DET <long> <NOUN> of/ADP <np> <PAST>

perfect: <np> had/AUX ,/PUNCT <aside> ,/PUNCT <PAST> <np> | <np> had/VERB ,/PUNCT <aside> ,/PUNCT <np>
perfect: <they> have/AUX ,/PUNCT <aside> ,/PUNCT <PAST> | <they> have/VERB ,/PUNCT <aside> ,/PUNCT <np>
perfect: <np> had/AUX <never> <PAST> <np> | <np> had/VERB <np>

modal: <they> can/AUX <can>/VERB <can>/NOUN | <they> will/AUX <can>/VERB the/DET <can>/NOUN
modal: <they> <can>/VERB the/DET <can>/NOUN | <they> want/VERB to/PART <can>/VERB | <they> went/VERB to/ADP <np>
modal: the/DET <can>/NOUN <PAST> <np> | the/DET <can>/NOUN will/AUX <BASE> | <they> might/AUX <can>/VERB <np>
modal: the/DET <can>/NOUN of/ADP the/DET <NOUN> <can>/NOUN <PAST> <np> | the/DET might/NOUN of/ADP <np> <PAST>

her: <NAME> <PAST> her/PRON | <NAME> saw/VERB her/DET <NOUN> | <NAME> saw/VERB her/PRON <BASE> <np>
her: <they> gave/VERB her/DET <NOUN> to/ADP <np> | <they> gave/VERB her/PRON to/ADP <np> | her/DET <can>/NOUN <PAST>

question: did/AUX <np> <BASE> <np> | what/PRON did/AUX <np> <BASE> | had/AUX <np> <aside?> <PAST> <np>
question: can/AUX <np> <can>/VERB | will/AUX the/DET <can>/NOUN <BASE>

np: <det> <NOUN> | <det> <ADJ> <NOUN> | <det> <ADJ> <NOUN> | <det> <degree> <ADJ> <NOUN> | <NAME> | <NAME>
np: <det> <NOUN> <in> <det> <NOUN> | <det> <ADJ> ,/PUNCT <ADJ> <NOUN>
vp: <PAST> <np> | <PAST> <np> <ADV> | <ADV> <PAST> <np> | was/AUX <ADJ> | <PAST> that/SCONJ <np> <PAST> <np>
vp: <PAST> and/CCONJ <PAST> <np> | could/AUX not/PART <BASE> <np> | <PAST> <in> <np>
"""

MATTER = """
and: and/CCONJ | but/CCONJ | ,/PUNCT and/CCONJ | because/SCONJ | while/SCONJ
det: the/DET | the/DET | a/DET | this/DET | every/DET | their/DET | no/DET
in: in/ADP | near/ADP | behind/ADP | with/ADP | of/ADP
they: they/PRON | we/PRON | you/PRON | the/DET <ADJ> <NOUN>s and/CCONJ <NAME>
never: never/ADV | not/PART | already/ADV | hardly/ADV ever/ADV
degree: very/ADV | rather/ADV | too/ADV | hardly/ADV
aside?: <aside> | ,/PUNCT <aside> ,/PUNCT | <ADV> | who/PRON <PAST> <NAME>
aside: as/ADV far/ADV as/SCONJ we/PRON know/VERB | in/ADP the/DET end/NOUN | on/ADP that/DET day/NOUN
aside: for/ADP the/DET first/ADJ time/NOUN | in/ADP their/DET own/ADJ <NOUN> | at/ADP the/DET <ADJ> <NOUN>
long: long/ADJ | first/ADJ | <ADJ> | <ADJ> ,/PUNCT <ADJ>
report: claim/NOUN | story/NOUN | rumour/NOUN | report/NOUN | letter/NOUN
when: before | after | until | since
can: can | fish | park | plan | light | watch | water | saw
"""

ONSETS = "b bl br d dr f fl g gl gr k kl kr l m n p pl pr r s sk sl sn sp st t tr v w z".split()
VOWELS, CODAS = "a e i o u oo ee ai".split(), "b ck d ff g k l m n nd nk p rb rd rk rm sk st t x z".split()
ENDINGS = {
    "NOUN": ["ness", "ment", "ion", "er", "ity", "ism"],
    "ADJ": ["ous", "ful", "ish", "ive", "able", "al"],
    "ADV": ["ly"],
    "PAST": ["ed"],
    "BASE": ["ize", "ify", "ate"],
    "NAME": ["ov", "ina", "bert", "ette"],
}
TAGS = {"PAST": "VERB", "BASE": "VERB", "NAME": "PROPN"}  # of invented words; other symbols are tags themselves
PLAIN = 0.4  # share of the invented nouns, adjectives, verbs and names whose ending is uninformative


def load(seed: int = 0) -> Splits:
    """`(tokens, tags)` pairs in three splits; no sentence twice, no invented stem in two splits."""
    source, taken, seen, splits = random.Random(seed), set(), set(), []
    for count in SENTENCES.values():
        writer, found = Writer(source, taken), []
        while len(found) < count:
            tokens, tags = writer.sentence()
            if tokens not in seen:
                seen.add(tokens)
                found.append((tokens, tags))
        splits.append(found)
        taken |= writer.stems
    return Splits(*splits)


class Writer:
    """Writes the sentences of one split.

    Args:
        source: random numbers.
        taken: stems already used by other splits.
    """

    def __init__(self, source: random.Random, taken: set[str]):
        self.random, self.taken, self.stems = source, taken, set()
        self.rules = rules(GRAMMAR + MATTER)

    def sentence(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Tokens and tags of a new sentence."""
        text = "<sentence>"
        while found := re.search(r"<([a-z?]+)>", text):
            text = text[: found.start()] + self.random.choice(self.rules[found[1]]) + text[found.end() :]
        text = re.sub(r"<([A-Z]+)>(s?)", lambda symbol: self.invented(symbol[1], symbol[2]), text)
        words, tags = zip(*(word.split("/") for word in text.split()))
        articles = [i for i, word in enumerate(words[:-1]) if word == "a" and words[i + 1][0] in "aeiou"]
        words = ["an" if i in articles else word for i, word in enumerate(words)]
        if self.random.random() < 0.15:  # a careless writer
            return tuple(word.lower() for word in words), tags
        return (words[0][0].upper() + words[0][1:], *words[1:]), tags

    def invented(self, kind: str, plural: str = "") -> str:
        """A new word with its tag. Its ending may or may not reveal the class; a past tense always ends in -ed."""
        stem = self.stem()
        if kind in ("ADV", "PAST") or self.random.random() > PLAIN:
            stem += self.random.choice(ENDINGS[kind])
        word = (stem.capitalize() if kind == "NAME" else stem) + plural
        return f"{word}/{TAGS.get(kind, kind)}"

    def stem(self) -> str:
        """One or two syllables that no other split has."""
        while True:
            syllables = [self.random.choice(ONSETS) + self.random.choice(VOWELS) for _ in range(2)]
            stem = "".join(syllables[: self.random.randint(1, 2)]) + self.random.choice(CODAS)
            if stem not in self.taken:
                self.stems.add(stem)
                return stem


def rules(text: str) -> dict[str, list[str]]:
    """Symbol -> its forms, from a grammar written as above."""
    found: dict[str, list[str]] = {}
    for line in filter(None, text.splitlines()):
        symbol, forms = line.split(": ", 1)
        found.setdefault(symbol, []).extend(forms.split(" | "))
    return found
