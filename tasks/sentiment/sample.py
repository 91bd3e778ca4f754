"""Film reviews from a grammar, in which the order of the words determines the label.

Every construction determines which of its opinions is the verdict: in "The plot was dull, although the cast was
superb." it is the first, in "Although the plot was dull, the cast was superb." the second. Each is used for both labels
with the same words, so that counts of words or pairs of words say little; and there may be a long distance between a
cue and the opinion that it reverses.

No opinion of a test review occurs in train in the same construction, or in one review with the same noun.
"""

from __future__ import annotations

import random
import re
from collections import Counter

from common.datasets.splits import Splits

REVIEWS = {"train": 4000, "validation": 500, "test": 1000}
LABELS = ("negative", "positive")

# One rule per line: a symbol and its forms. <same> is an adjective of the review's label, <deed> what somebody with
# that opinion did; <other> and <other_deed> belong to the opposite label. <noun> is a part of the film.
CONSTRUCTIONS = """
plain: the <noun> was <same> | I <deed> | this is a film with a <same> <noun> | the <noun>, <aside>, was <same>
plain: it was <same>, and so was the <noun> | my <person>, who <relative>, <deed>, and so did I
plain: the <noun> was <weak> <same> | the <noun> was <strong> <same> | I <deed>, and the <noun> was <same>

negation: I would not say that the <noun> was <other> | nobody who <relative> would call the <noun> <other>
negation: it is not true that the <noun> was <other> | at no point, <aside>, was the <noun> <other>
negation: not once did the <noun> seem <other> | I never, <aside>, found the <noun> <other> | hardly anyone <other_deed>
negation: I do not think that anyone who <relative> <other_deed> | the <noun> was not, <aside>, a bit <other>

beside: I do not <habit>, and the <noun> was <same> | nobody sat near us, and the <noun> was <same>
beside: it is not a long film, and it is true that the <noun> was <same> | I <deed>, and I do not <habit>
beside: the <noun> was <same>, not that anyone asked me | I had never been to that cinema, and I <deed>
beside: I think that the <noun> was <same>, and nobody who <relative> would call me strict | no spoilers: I <deed>

double: I cannot say that the <noun> was not <same> | it is not true that nobody <deed>
double: there was no scene, <aside>, in which the <noun> was not <same> | nobody denied that the <noun> was <same>
double: I do not know anyone who would not call the <noun> <same> | not for a moment did I doubt that it was <same>

only: the <noun> was not only <same> but <same> | not only was the <noun> <same>, but I <deed>
only: it was not only my <person> who found the <noun> <same> | not only I, but everyone who <relative> <deed>

rather: the <noun> was not <other> but <same> | it was not a <other> film but a <same> one
rather: the <noun> was anything but <other> | the <noun> was nothing if not <same> | it was far from a <other> film
rather: the <noun> was <same>, not <other> | the <noun> was nothing short of <same> | rather than <other>, it was <same>

contrast: the <noun> was <other>, but the <noun> was <same> | although the <noun> was <other>, the <noun> was <same>
contrast: the <noun> was <same>, although the <noun> was <other> | while the <noun> was <other>, I <deed>
contrast: I <deed>, even though the <noun> was <other> | even though the <noun>, <aside>, was <other>, I <deed>
contrast: the <noun> was <same>, even though the <noun> that <praised> was <other>

concession: despite the <other> <noun>, the <noun> was <same> | the <noun> was <same>, despite the <other> <noun>
concession: granted, the <noun> was <other>; even so, the <noun> was <same>
concession: whatever my <person> says of the <other> <noun>, I <deed>
concession: I admit that the <noun> was <other>, and still I <deed> | I <deed>, and yet I admit the <noun> was <other>

reported: <people> called the <noun> <other>, but I <deed> | I <deed>, but <people> called the <noun> <other>
reported: <people> <other_deed>, but I <deed> | I <deed>, but <people> <other_deed>
reported: my <person> said that the <noun> was <other> and was wrong | <people> <other_deed>; I did not
reported: my <person> said that the <noun> was <same> and was right | I <deed>; <people> did not
reported: <people>, who <relative>, <deed>, and I agree | <people>, who <relative>, <other_deed>, and I disagree
reported: whoever told you that the <noun> was <other> has not seen it

degree: the <noun> was <weak> <other> and the <noun> was <strong> <same>
degree: the <noun> was <strong> <same> and the <noun> was <weak> <other>
degree: it was <weak> <other>, <aside>, and <strong> <same> | it was <strong> <same>, <aside>, and <weak> <other>

hope: I had expected a <other> film and saw a <same> one | I saw a <same> film, where I had expected a <other> one
hope: the <noun> was not nearly as <other> as I had expected | the <noun> was every bit as <same> as I had expected
hope: what began as a <other> film ended as a <same> one | the <noun> was said to be <other> and turned out <same>

elsewhere: after a <other> <thing> my <person> and I saw a film whose <noun> was <same>
elsewhere: we had a <other> <thing>, and the <noun> was <same> | the <noun> was <same>; the <thing>, I add, was <other>
elsewhere: the <noun>, which is taken from a <other> novel, was <same> | I <deed>, <other> as the <thing> had been
elsewhere: <people>, who had just had a <other> <thing>, agreed with me that the <noun> was <same>
"""

# Text without an opinion that also contains "not", "but" and "although".
MATTER = """
aside: to be honest | as far as I can tell | from the first scene to the last | at least for me | in my opinion
aside: and I have seen it twice | for what it is worth | if I may say so | and I say so as one who likes the director
relative: had read the book | saw it with me | came in late and sat in the first row | knew the director
relative: had waited for it since the summer | worked in the cinema on our street | did not know what it was about
praised: everyone talks about | the trailer makes so much of | my <person> had told me about for weeks
habit: go to the cinema often | know the book | like popcorn | live far from the cinema | speak the language
people: critics | most critics | my friends | the people next to us | the newspapers | two of my friends
person: sister | brother | neighbour | teacher | colleague | uncle
thing: dinner | journey | week | walk through town | evening at home | concert
weak: slightly | a little | mildly | somewhat | a touch
strong: utterly | deeply | extremely | thoroughly | tremendously
opening: we saw it on a <day> | I went there with my <person> | it was raining, but we went | we did not book seats
opening: although it was <day>, the house was full | it runs for two hours | my <person> picked it, not I
closing: we took the last train home | it ends before midnight | my <person> paid, although it was my turn
closing: there is no second part, as far as I know | it runs until <day>, but not in every town | it is not on disc
day: Monday | Tuesday | Friday | Saturday | Sunday
"""

WORDS = """
positive: moving | witty | brilliant | charming | gripping | superb | clever | delightful | elegant | funny | tender
positive: thrilling | graceful | inventive | radiant | splendid | touching | vivid | wise | captivating
negative: dull | clumsy | tedious | hollow | predictable | awful | lazy | bland | dreary | shallow | messy | stale
negative: tiresome | silly | wooden | boring | pointless | confused | ugly | lifeless
positive_deed: loved every minute | laughed out loud | clapped at the end | smiled all the way home | forgot the time
positive_deed: stayed for the credits | bought the soundtrack | cheered twice | wanted to see it again | wept for joy
negative_deed: hated every minute | yawned all the way through | walked out early | looked at the clock | fell asleep
negative_deed: wanted the money back | regretted the evening | felt cheated | groaned out loud | dozed off twice
noun: plot | acting | script | music | ending | dialogue | cast | pacing | humour | direction | story | editing
noun: photography | costume | opening | score | romance | villain | finale | setting
"""

SYMBOL = re.compile(r"<(\w+)>")


def rules(text: str) -> dict[str, list[str]]:
    """Symbol -> its forms, from a grammar written as above."""
    found: dict[str, list[str]] = {}
    for line in filter(None, text.splitlines()):
        symbol, forms = line.split(": ", 1)
        found.setdefault(symbol, []).extend(forms.split(" | "))
    return found


def split_of(first: int, second: int) -> str:
    """The only split in which the opinion and the construction or noun with these numbers may occur together."""
    return ("test", "validation", "train", "train", "train")[(first + second) % 5]


class Writer:
    """Writes reviews for one split."""

    def __init__(self, source: random.Random, split: str):
        self.random, self.split = source, split
        self.constructions, self.matter, self.words = rules(CONSTRUCTIONS), rules(MATTER), rules(WORDS)

    def review(self, label: str) -> str:
        """A review whose verdict is `label`: one construction, perhaps between neutral sentences."""
        number = self.random.randrange(len(self.constructions))
        form = self.random.choice(list(self.constructions.values())[number])
        opening, closing = (self.random.random() < 0.4 for _ in range(2))
        text = self.expand("<opening>. " * opening + form + "." + " <closing>." * closing)
        chosen = self.choose(Counter(SYMBOL.findall(text)), label, number)
        text = SYMBOL.sub(lambda symbol: chosen[symbol[1]].pop(), text)
        text = re.sub(r"\ba (?=[aeiou])", "an ", text)
        return re.sub(r"(?:^|\. )[a-z]", lambda start: start[0].upper(), text)

    def expand(self, text: str) -> str:
        """`text` without the symbols of MATTER."""
        return SYMBOL.sub(
            lambda symbol: (
                self.expand(self.random.choice(self.matter[symbol[1]])) if symbol[1] in self.matter else symbol[0]
            ),
            text,
        )

    def choose(self, counts: Counter[str], label: str, construction: int) -> dict[str, list[str]]:
        """Symbol -> as many different words as needed, all of which may occur together in this split."""
        other = LABELS[1 - LABELS.index(label)]
        kinds = {"same": label, "deed": f"{label}_deed", "other": other, "other_deed": f"{other}_deed"}
        chosen = {symbol: self.pick(kind, counts[symbol], [construction]) for symbol, kind in kinds.items()}
        opinions = [self.words[kinds[symbol]].index(word) for symbol, words in chosen.items() for word in words]
        return {**chosen, "noun": self.pick("noun", counts["noun"], opinions)}

    def pick(self, kind: str, count: int, partners: list[int]) -> list[str]:
        """Different words of a kind that may occur with all these partners in this split."""
        words = enumerate(self.words[kind])
        allowed = [word for number, word in words if all(split_of(number, other) == self.split for other in partners)]
        return self.random.sample(allowed, count)


def load(seed: int = 0) -> Splits:
    """`(text, label)` pairs; no text twice, labels in equal numbers."""
    source, seen, splits = random.Random(seed), set(), []
    for split, count in REVIEWS.items():
        writer, found = Writer(source, split), []
        while len(found) < count:
            label = LABELS[len(found) % 2]
            text = writer.review(label)
            if text not in seen:
                seen.add(text)
                found.append((text, label))
        source.shuffle(found)
        splits.append(found)
    return Splits(*splits)
