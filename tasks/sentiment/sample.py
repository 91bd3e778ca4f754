"""Film reviews from a grammar written here, in which the order of the words decides.

Every construction says which of its opinions is the verdict: of "The plot was dull, although the cast was superb." it is
the first, of "Although the plot was dull, the cast was superb." the second. Since every construction serves both labels
with the same words, counting words or pairs of words says little. What stands between cue and verdict can be long.

No adjective of a test review stands in train in the same construction, or in one review with the same noun.
"""

from __future__ import annotations

import random
import re

from common.task import Splits

REVIEWS = {"train": 4000, "validation": 500, "test": 1000}
LABELS = ("negative", "positive")

# A construction and its forms. <same> is an adjective of the review's label, <other> one of the opposite label; <did>
# and <other_did> are what somebody of that opinion did. <noun> is a part of the film; the rest is expanded below.
CONSTRUCTIONS = """
plain: the <noun> was <same> | I <did> | this is a film with a <same> <noun> | the <noun>, <aside>, was <same>
plain: it was <same>, and so was the <noun> | my <person>, who <relative>, <did>, and so did I

negation: I would not say that the <noun> was <other> | nobody who <relative> would call the <noun> <other>
negation: it is not true that the <noun> was <other> | at no point, <aside>, was the <noun> <other>
negation: not once did the <noun> seem <other> | I never, <aside>, found the <noun> <other> | hardly anyone <other_did>
negation: I do not think that anyone who <relative> <other_did> | the <noun> was not, <aside>, a bit <other>

beside: I do not <habit>, and the <noun> was <same> | nobody sat near us, and the <noun> was <same>
beside: it is not a long film, and it is true that the <noun> was <same> | I <did>, and I do not <habit>
beside: the <noun> was <same>, not that anyone asked me | I had never been to that cinema, and I <did>
beside: I think that the <noun> was <same>, and nobody who <relative> would call me strict | no spoilers: I <did>

double: I cannot say that the <noun> was not <same> | it is not true that nobody <did>
double: there was no scene, <aside>, in which the <noun> was not <same> | nobody denies that the <noun> was <same>
double: I do not know anyone who would not call the <noun> <same> | not for a moment did I doubt that it was <same>

only: the <noun> was not only <same> but <same> | not only was the <noun> <same>, but I <did>
only: it was not only my <person> who found the <noun> <same> | not only I, but everyone who <relative> <did>

rather: the <noun> was not <other> but <same> | it was not a <other> film but a <same> one
rather: the <noun> was anything but <other> | the <noun> was nothing if not <same> | it was far from a <other> film
rather: the <noun> was <same>, not <other> | the <noun> was nothing short of <same> | rather than <other>, it was <same>

contrast: the <noun> was <other>, but the <noun> was <same> | although the <noun> was <other>, the <noun> was <same>
contrast: the <noun> was <same>, although the <noun> was <other> | while the <noun> was <other>, I <did>
contrast: I <did>, even though the <noun> was <other> | even though the <noun>, <aside>, was <other>, I <did>
contrast: the <noun> was <same>, even though the <noun> that <relative_object> was <other>

concession: despite the <other> <noun>, the <noun> was <same> | the <noun> was <same>, despite the <other> <noun>
concession: granted, the <noun> was <other>; even so, the <noun> was <same> | whatever my <person> says of the <other> <noun>, I <did>
concession: I admit that the <noun> was <other>, and still I <did> | I <did>, and yet I admit that the <noun> was <other>

reported: <people> called the <noun> <other>, but I <did> | I <did>, but <people> called the <noun> <other>
reported: <people> <other_did>, but I <did> | I <did>, but <people> <other_did>
reported: my <person> said that the <noun> was <other>, and my <person> was wrong | <people> <other_did>; I did not
reported: my <person> said that the <noun> was <same>, and my <person> was right | I <did>; <people> did not
reported: whoever told you that the <noun> was <other> has not seen it | <people>, who <relative>, <did>, and I agree
reported: <people>, who <relative>, <other_did>, and I disagree

degree: the <noun> was <weak> <other> and the <noun> was <strong> <same>
degree: the <noun> was <strong> <same> and the <noun> was <weak> <other>
degree: it was <weak> <other>, <aside>, and <strong> <same> | it was <strong> <same>, <aside>, and <weak> <other>

hope: I had expected a <other> film and saw a <same> one | I saw a <same> film, where I had expected a <other> one
hope: the <noun> was not nearly as <other> as I had expected | the <noun> was every bit as <same> as I had expected
hope: what began as a <other> film ended as a <same> one | the <noun> was meant to be <other> and turned out <same>

elsewhere: after a <other> <thing> my <person> and I saw a film whose <noun> was <same>
elsewhere: the <noun>, which is taken from a <other> novel, was <same> | we had a <other> <thing>, and the <noun> was <same>
elsewhere: the <noun> was <same>; the <thing>, I should add, was <other> | I <did>, <other> as the <thing> had been
elsewhere: <people>, who had just had a <other> <thing>, agreed with me that the <noun> was <same>
"""

# Neutral matter, which has "not", "but" and "although" in it too.
MATTER = """
aside: to be honest | as far as I can tell | from the first scene to the last | at least for me | in my opinion
aside: and I have seen it twice | for what it is worth | if I may say so | and I say this as someone who likes the director
relative: had read the book | saw it with me | came in late and sat in the first row | knows the director
relative: had waited for it since the summer | works in the cinema on our street | did not know what it was about
relative_object: everyone talks about | the trailer makes so much of | my <person> had told me about for weeks
habit: go to the cinema often | know the book | like popcorn | live far from the cinema | speak the language
people: critics | most critics | my friends | the people next to us | the newspapers | two of my friends
person: sister | brother | neighbour | teacher | colleague | uncle
thing: dinner | journey | week | wait in the rain | walk through town
weak: slightly | a little | mildly | somewhat | a touch
strong: utterly | deeply | extremely | thoroughly | tremendously
opening: we saw it on a <day> | I went there with my <person> | it was raining, but we went | we did not book seats
opening: although it was <day>, the house was full | it runs for two hours | my <person> picked it, not I
closing: we took the last train home | it ends before midnight | my <person> paid, although it was my turn
closing: there is no second part, as far as I know | it runs until <day>, but not in every town | it is not on disc
day: Monday | Tuesday | Friday | Saturday | Sunday
"""

ADJECTIVES = {
    "positive": """moving witty brilliant charming gripping superb clever delightful elegant funny tender thrilling graceful
        inventive radiant splendid touching vivid wise captivating""".split(),
    "negative": """dull clumsy tedious hollow predictable awful lazy bland dreary shallow messy stale tiresome silly wooden
        boring pointless confused ugly lifeless""".split(),
}
DEEDS = {
    "positive": """loved every minute|laughed out loud|clapped at the end|smiled all the way home|forgot the time
        stayed for the credits|bought the soundtrack|cheered twice|wanted to see it again|wept for joy""",
    "negative": """hated every minute|yawned all the way through|walked out early|looked at the clock|fell asleep
        wanted the money back|regretted the evening|felt cheated|groaned out loud|dozed off twice""",
}
DEEDS = {label: re.split(r"\||\n\s+", text) for label, text in DEEDS.items()}
NOUNS = """plot acting script music ending dialogue cast pacing humour direction story editing photography costume
    opening score romance villain finale setting""".split()


def rules(text: str) -> dict[str, list[str]]:
    """Symbol to its forms, of a grammar written as above."""
    found: dict[str, list[str]] = {}
    for line in filter(None, text.splitlines()):
        symbol, forms = line.split(": ", 1)
        found.setdefault(symbol, []).extend(forms.split(" | "))
    return found


def side_of(first: int, second: int) -> str:
    """The side that two words, or a word and a construction, of these numbers may meet on."""
    return ("test", "validation", "train", "train", "train")[(first + second) % 5]


class Writer:
    """Writes reviews for one side."""

    def __init__(self, source: random.Random, side: str):
        self.random, self.side = source, side
        self.constructions, self.matter = rules(CONSTRUCTIONS), rules(MATTER)

    def review(self, label: str) -> str:
        number = self.random.randrange(len(self.constructions))
        verdict = self.random.choice(list(self.constructions.values())[number])
        sentences = [self.fill(verdict, label, number)]
        if self.random.random() < 0.4:
            sentences.insert(0, self.fill("<opening>", label, number))
        if self.random.random() < 0.4:
            sentences.append(self.fill("<closing>", label, number))
        return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)

    def fill(self, text: str, label: str, construction: int) -> str:
        """`text` with its symbols replaced, adjectives before nouns, since the nouns depend on them."""
        other = LABELS[1 - LABELS.index(label)]
        while found := re.search("<(" + "|".join(self.matter) + ")>", text):
            text = text[: found.start()] + self.random.choice(self.matter[found[1]]) + text[found.end() :]
        used: list[int] = []
        for symbol, words in (
            ("same", ADJECTIVES[label]),
            ("other", ADJECTIVES[other]),
            ("did", DEEDS[label]),
            ("other_did", DEEDS[other]),
        ):
            allowed = [i for i in range(len(words)) if side_of(i, construction) == self.side]
            for number in self.random.sample(allowed, text.count(f"<{symbol}>")):
                text = text.replace(f"<{symbol}>", words[number], 1)
                used += [number] * (words in ADJECTIVES.values())
        nouns = [noun for i, noun in enumerate(NOUNS) if all(side_of(i, number) == self.side for number in used)]
        for noun in self.random.sample(nouns, text.count("<noun>")):
            text = text.replace("<noun>", noun, 1)
        return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


def reviews(seed: int = 0) -> Splits:
    """`(text, label)` pairs; no text twice, labels in equal numbers."""
    source, seen, sides = random.Random(seed), set(), []
    for side, count in REVIEWS.items():
        writer, found = Writer(source, side), []
        while len(found) < count:
            label = LABELS[len(found) % 2]
            text = writer.review(label)
            if text not in seen:
                seen.add(text)
                found.append((text, label))
        source.shuffle(found)
        sides.append(found)
    return Splits(*sides)
