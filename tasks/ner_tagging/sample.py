"""Sentences about invented people, places, organisations and products, from a grammar written here.

No name occurs in two splits, so memorising names does not help. What identifies a name is its context, near or
far ("the camera that everyone at the bank talked about was called Heron"), or its spelling ("Tolmouth", "Kerib 40");
often one of the two misleads. Ordinary nouns serve as names too, and case is unreliable.
"""

from __future__ import annotations

import random
import re

from common.datasets.splits import Splits

SENTENCES = {"train": 6000, "validation": 500, "test": 1000}
KINDS = ("person", "place", "organisation", "product")

# One rule per line: a symbol and its alternatives. <symbol> is expanded; <PERSON> and the like become names whose
# spelling may mislead, so that context must decide; <NAME> is a name of any kind that only the spelling reveals.
GRAMMAR = """
sentence: <fact> . | <fact> . | <fact> . | <opening> <fact> . | <fact> , <link> <fact> . | <ordinary> . | <ordinary> .
sentence: <opening> <fact> . | <question> ?
question: what about <NAME> | what about the <noun> | has anyone seen the <noun> | does the <PRODUCT> still work
opening: yesterday | on <day> | in <month> | last year | after <number> years | in spite of the <noun>
opening: according to <PERSON> , | according to a <worker> from <PLACE> , | as <ORGANISATION> admitted on <day> ,
link: and | but | while | although | because

fact: <subject> | <subject> | <subject> | <called> | <called> | <called>
fact: <object> | <object> | <list> | <apart> | <bare>

subject: <PERSON> <person_did> | <PERSON> , <aside> , <person_did> | <PERSON> , <aside> , <person_did>
subject: <title> <PERSON> <person_did>
subject: <PLACE> <place_did> | <PLACE> , <aside> , <place_did> | <PLACE> , <aside> , <place_did>
subject: <ORGANISATION> <firm_did> | <ORGANISATION> , <aside> , <firm_did> | <ORGANISATION> , <aside> , <firm_did>
subject: the <PRODUCT> <product_did> | <PRODUCT> , <aside> , <product_did> | <PRODUCT> , <aside> , <product_did>
aside: as everyone in <PLACE> knew | so the <worker> from <PLACE> told us | to the surprise of <ORGANISATION>
aside: which nobody had expected after such a long winter | despite all that <PERSON> had said about it
aside: it was said at the <thing> on <day> | long before anyone had heard of the <PRODUCT> | the <worker> thought
aside: if the <worker> is to be believed | like so much else that year | for reasons that were never quite explained

person_did: was born in <PLACE> | married <PERSON> in <month> | resigned from <ORGANISATION> on <day> | broke an arm
person_did: told the <worker> a joke | forgot an umbrella in <PLACE> | sold an old <PRODUCT>
person_did: wrote a long letter to <PERSON> | laughed about the <noun> | fell asleep behind the <noun> | had a cold
person_did: taught the <worker> to swim | cooked dinner for <PERSON> | was the youngest of <number> children
person_did: paid <number> crowns for a <PRODUCT> | never spoke to <PERSON> again | bowed to the <worker> and sat down
place_did: lies <number> miles north of <PLACE> | was flooded in <month> | has <number> thousand inhabitants
place_did: elected a new mayor on <day> | lost its only railway station | is known for its narrow streets
place_did: can be reached by ferry from <PLACE> | was cut off by snow for <number> days | is famous for its harbour
place_did: was painted by <PERSON> from the hill above it | has a mild climate and a steep coast | borders on <PLACE>
firm_did: hired <number> engineers | opened a branch in <PLACE> | appointed <PERSON> as chairman | went bankrupt
firm_did: moved its headquarters to <PLACE> | bought a stake in <ORGANISATION> | reported a loss of <number> million
firm_did: sued <ORGANISATION> over the <PRODUCT> | dismissed <PERSON> without notice | merged with <ORGANISATION>
firm_did: raised wages in <month> | issued <number> thousand shares | launched the <PRODUCT> | owes the bank a fortune
product_did: went on sale in <month> | runs for <number> hours on one battery | was recalled by <ORGANISATION>
product_did: comes with a spare battery | weighs less than a <noun> | sold out within hours | needs a new charger
product_did: has a brighter screen than the <PRODUCT> | was designed by <PERSON> | crashed after the last update
product_did: costs twice as much as the <PRODUCT> | is delivered in a box of <number> | has a manual of <number> pages

called: the <worker> <relative> was called <PERSON> | <PERSON> was the name of the <worker> <relative>
called: the <land> <relative> was called <PLACE> | <PLACE> was the name of the <land> <relative>
called: the <firm> <relative> was called <ORGANISATION> | <ORGANISATION> was the name of the <firm> <relative>
called: the <device> <relative> was called <PRODUCT> | <PRODUCT> was the name of the <device> <relative>
relative: that everyone at the <firm> talked about | that the <worker> from the <land> had seen | we missed
relative: that <PERSON> remembered | that <ORGANISATION> had forgotten | that had made the <worker> so happy
relative: that the people of <PLACE> were proud of | we had read about in a book on the <device> | in the old film

object: she lost her way in <PLACE> | she invested her savings in <ORGANISATION> | she fell in love with <PERSON>
object: the train from <PLACE> was late | an invoice from <ORGANISATION> lay unpaid | a nephew of <PERSON> waited
object: the streets of <PLACE> were empty | shares of <ORGANISATION> fell | the mother of <PERSON> smiled
object: we took the picture with a <PRODUCT> | we walked to the <thing> with <PERSON> | we flew to <PLACE> with a <noun>
object: they spent <number> weeks in <PLACE> | they believed in <PERSON> | they worked at <ORGANISATION> for years
object: he charged his <PRODUCT> overnight | he left <PLACE> on foot | he asked <PERSON> for the <noun>
object: he was promoted at <ORGANISATION> | he dropped a <PRODUCT> on the floor | he complained to <PERSON> 's sister
object: the mayor of <PLACE> resigned | the chairman of <ORGANISATION> resigned | the husband of <PERSON> resigned
object: the <worker> kissed <PERSON> | the <worker> drove through <PLACE> | the <worker> plugged in the <PRODUCT>

list: <PERSON> , <PERSON> and <PERSON> shook hands | shares of <ORGANISATION> and <ORGANISATION> rose on <day>
list: the road passes <PLACE> , <PLACE> and <PLACE> | we compared the batteries of <PRODUCT> , <PRODUCT> and <PRODUCT>
list: <PERSON> of <ORGANISATION> met <PERSON> of <ORGANISATION> | <PERSON> walked from <PLACE> to <PLACE>
list: <number> <land>s were without light after the storm in <month> : <PLACE> , <PLACE> and <PLACE>
list: <number> <worker>s won the prize that the <firm> gives each year : <PERSON> , <PERSON> and <PERSON>
list: <number> <firm>s want to build the bridge near the <land> : <ORGANISATION> , <ORGANISATION> and <ORGANISATION>
list: <number> <device>s passed the test that took the <worker> a week : <PRODUCT> , <PRODUCT> and <PRODUCT>

apart: <PERSON> , chairman of <ORGANISATION> , <person_did> | <PERSON> , a <worker> from <PLACE> , <person_did>
apart: <ORGANISATION> , a <firm> in <PLACE> , <firm_did> | <ORGANISATION> , which makes the <PRODUCT> , <firm_did>
apart: <PLACE> , the <land> where <PERSON> lives , <place_did> | the <PRODUCT> by <ORGANISATION> <product_did>

bare: we talked about <NAME> for hours | nobody had heard of <NAME> before | <NAME> was mentioned twice on <day>
bare: <NAME> : the story of a <noun> | there was a long article about <NAME>

ordinary: the <noun> stood beside the <thing> | an old <worker> sold me a <noun> | <noun> prices rose in <month>
ordinary: a <noun> and a <noun> lay on the table | nothing happened on <day> | the <firm> hired <number> <worker>s
ordinary: the new <device> runs for <number> hours on one battery | she was called to the <thing> on <day> | it rained
ordinary: the mayor of the <land> told the <worker> a joke about a <noun> | we flew to an island with a <noun>
ordinary: the <device> from the <firm> was called a <noun> by everyone at the <thing>
ordinary: <number> <noun>s and <number> <noun>s were for sale at the <thing> | he asked the <worker> for a <noun>

worker: nurse | teacher | painter | witness | engineer | neighbour | captain | lawyer | cook | student
land: village | town | valley | island | suburb | district
firm: company | charity | bank | newspaper | workshop | insurer
device: camera | phone | printer | drill | tablet | scooter
thing: station | library | market | office | museum | pier | fair
title: Dr | Professor | Mrs | Captain | Judge
day: Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday
month: January | February | April | June | July | August | September | October | November
number: two | three | seven | nine | twelve | 14 | 30 | 40 | 250
"""

# Ordinary nouns; each split uses some of them as names too.
NOUNS = """anchor arrow badger barrel basket beacon bramble candle cedar clover comet compass cobweb cradle cricket
dagger ember falcon feather ferret flint garnet hammer hatchet hazel heron inkwell juniper kettle ladder lantern
linden lobster magnet marble meadow mirror nettle orchard otter oyster pebble parcel pigeon pillar quill raven ribbon
saddle shovel spade sparrow spindle summit thimble thistle turnip tulip violin walnut willow wicket""".split()

ONSETS = "b br d dr f g h j k kl l m n p pr r s st t tr v w z".split()
VOWELS = "a e i o u a e o ai ou".split()
CODAS = "l n r s m d t nd rk lt".split()
SHARED = "a on er en o is ar us el in".split()  # endings that any name may have
ENDINGS = {
    "person": "sen ley ovic etti mann aldo ina ette".split(),
    "place": "ford mouth by stad burg ville haven wick".split(),
    "organisation": "tec corp plex gen soft dyne net vest".split(),
    "product": "ix ib ulo eez yo oid ikka up".split(),
}


class Namer:
    """Generates names for one split, from stems that no other split has."""

    def __init__(self, source: random.Random, nouns: list[str], taken: set[str]):
        self.random, self.nouns, self.taken, self.own = source, nouns, taken, set()

    def stem(self, kind: str, clear: bool) -> str:
        """A capitalised word; a clear one has an ending that only its kind has, any other may be an ordinary noun."""
        pick, luck = self.random.choice, self.random.random()
        if not clear and luck < 0.15:
            return pick(self.nouns).capitalize()
        if not clear and luck < 0.3:
            kind = pick(KINDS)
        while True:
            body = "".join(pick(ONSETS) + pick(VOWELS) for _ in range(pick((1, 1, 2)))) + pick(CODAS)
            word = body + pick(ENDINGS[kind] if clear or luck < 0.5 else SHARED)
            if word in self.own or word not in self.taken:
                self.own.add(word)
                self.taken.add(word)
                return word.capitalize()

    def name(self, kind: str, clear: bool) -> str:
        """Tokens of a name, separated by spaces."""
        x, y = self.stem(kind, clear), self.stem(kind, clear)
        plain, marked = {
            "person": ([x, x, f"{x} {y}"], [f"{x} {y}", f"{y[0]}. {x}", f"{x} {y[0]}. {y}"]),
            "place": ([x], [x, f"Lake {x}", f"Mount {x}", f"Port {x}", f"North {x}", f"{x} Bay"]),
            "organisation": (
                [x, f"{x} {y}"],
                [f"{x} & Sons", f"Bank of {x}", f"University of {x}", f"{x} Institute", f"{x} Ltd", f"{x} & {y}"],
            ),
            "product": (
                [x],
                [f"{x} {self.random.randrange(2, 99)}", f"{x} Pro", f"{x}-{self.random.randrange(2, 9)}00"],
            ),
        }[kind]
        return self.random.choice(marked if clear or self.random.random() < 0.3 else plain)


def rules(text: str) -> dict[str, list[str]]:
    """Symbol -> its alternatives, from a grammar written as above."""
    found: dict[str, list[str]] = {}
    for line in filter(None, text.splitlines()):
        symbol, alternatives = line.split(": ", 1)
        found.setdefault(symbol, []).extend(alternatives.split(" | "))
    return found


def expand(grammar: dict[str, list[str]], source: random.Random, text: str) -> str:
    """`text` with its lower-case symbols replaced until none is left."""
    while found := re.search(r"<([a-z_]+)>", text):
        text = text[: found.start()] + source.choice(grammar[found[1]]) + text[found.end() :]
    return text


def fill(text: str, namer: Namer) -> tuple[list[str], list[str]]:
    """Tokens and BIO tags of an expanded sentence, with names instead of their symbols."""
    tokens, tags = [], []
    for word in text.split():
        slot = re.fullmatch("<([A-Z]+)>", word)
        if not slot:
            tokens.append(word)
            tags.append("O")
            continue
        kind = namer.random.choice(KINDS) if slot[1] == "NAME" else slot[1].lower()
        parts = namer.name(kind, clear=slot[1] == "NAME").split()
        tokens += parts
        tags += [f"B-{kind}"] + [f"I-{kind}"] * (len(parts) - 1)
    articles = [i for i, token in enumerate(tokens[:-1]) if token == "a" and tokens[i + 1][0] in "aeiouAEIOU"]
    return ["an" if i in articles else token for i, token in enumerate(tokens)], tags


def with_case(tokens: list[str], luck: float) -> list[str]:
    """The tokens with the capitals of a careful or a careless writer."""
    if luck < 0.12:
        return [token.lower() for token in tokens]
    if luck < 0.15:
        return [token.upper() for token in tokens]
    if luck < 0.2:
        return [token[0].upper() + token[1:] for token in tokens]  # a headline
    return [tokens[0][0].upper() + tokens[0][1:], *tokens[1:]]


def load(seed: int = 0) -> Splits:
    """`(tokens, tags)` pairs; no sentence twice, no name in two splits."""
    source = random.Random(seed)
    grammar = {**rules(GRAMMAR), "noun": NOUNS}
    nouns = source.sample(NOUNS, len(NOUNS))
    shares = {"train": nouns[:40], "validation": nouns[40:50], "test": nouns[50:]}
    taken, seen, splits = {*NOUNS, *re.findall("[a-z]+", GRAMMAR)}, set(), []
    for split, count in SENTENCES.items():
        namer = Namer(source, shares[split], taken)
        found = []
        while len(found) < count:
            tokens, tags = fill(expand(grammar, source, "<sentence>"), namer)
            if tuple(tokens) not in seen:
                seen.add(tuple(tokens))
                found.append((tuple(with_case(tokens, source.random())), tuple(tags)))
        splits.append(found)
    return Splits(*splits)
