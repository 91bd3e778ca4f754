"""Which columns of a CoNLL file hold the tags: those that mark spans, or those of parts of speech."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from common.datasets.delimited import NUMBER_OR_TIME

TAG = re.compile(r"O|[BIESLU]-[^\s,;|]+")  # of a token in a span, or in none
# Universal Dependencies, with what its predecessor named otherwise (Petrov et al. 2012), and the Penn Treebank.
UNIVERSAL = frozenset(
    "ADJ ADP ADV AUX CCONJ CONJ DET INTJ NOUN NUM PART PRON PROPN PRT PUNCT SCONJ SYM VERB X .".split()
)
PENN = frozenset(
    "CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH VB VBD VBG VBN VBP "
    "VBZ WDT WP WP$ WRB . , : `` '' -LRB- -RRB- HYPH".split()
)
NEARLY_ALL = 0.9  # share of the cells by which a column of spans is known; its other cells are refused


def of_spans(rows: Sequence[Sequence[str]], token: int) -> list[int]:
    """The columns of tags that mark spans, the last one first.

    Where an earlier column has the types of the last one and more spans, the last column holds spans nested in those of
    the earlier one (GermEval), and the earlier one is first.

    Args:
        rows: of equal length.
        token: the column of the words.
    """
    marking = {
        place: cells for place, cells in _counted(rows, token).items() if _share(cells, TAG.fullmatch) > NEARLY_ALL
    }
    types = {place: {tag[2:] for tag in cells if TAG.fullmatch(tag)} - {""} for place, cells in marking.items()}
    found = [place for place in reversed(marking) if types[place]]
    for outer in sorted(found):
        if types[found[0]] <= types[outer] and marking[outer]["O"] < marking[found[0]]["O"]:
            return [outer, *(place for place in found if place != outer)]
    return found


def are_tags(cells: Sequence[str]) -> bool:
    """Whether the cells are tags of spans or known parts of speech, and no words."""
    return _share(Counter(cells), lambda cell: TAG.fullmatch(cell) or cell in UNIVERSAL | PENN) > NEARLY_ALL


def of_known_classes(rows: Sequence[Sequence[str]], token: int) -> list[int]:
    """The columns of universal tags, else those of tags of the Penn Treebank, the first one first."""
    columns = _counted(rows, token)
    for known in (UNIVERSAL, PENN):
        if found := [place for place in _possible(rows, token) if _share(columns[place], known.__contains__) > 0.5]:
            return found
    return []


def of_classes(rows: Sequence[Sequence[str]], token: int) -> list[int]:
    """The columns that may be tags of words; of spans where there are no others."""
    spans, possible = of_spans(rows, token), _possible(rows, token)
    return [place for place in possible if place not in spans] or possible


def _possible(rows: Sequence[Sequence[str]], token: int) -> list[int]:
    """The columns without numbers, `_`, forms of the words such as lemmas, and those with more values than words."""
    words, found = len({row[token] for row in rows}), []
    for place, cells in _counted(rows, token).items():
        starts = Counter((row[token][:1].casefold(), row[place][:1].casefold()) for row in rows)
        is_form = _share(starts, lambda pair: pair[0] == pair[1]) > 0.5
        is_filled = _share(cells, lambda cell: cell != "_" and not re.fullmatch(NUMBER_OR_TIME, cell)) > 0.5
        if is_filled and not is_form and len(cells) <= words:
            found.append(place)
    return found


def _counted(rows: Sequence[Sequence[str]], token: int) -> dict[int, Counter[str]]:
    """The cells of each column but that of the words, counted."""
    return {place: Counter(row[place] for row in rows) for place in range(len(rows[0])) if place != token}


def _share(cells: Counter, is_one: Callable) -> float:
    return sum(count for cell, count in cells.items() if is_one(cell)) / cells.total()
