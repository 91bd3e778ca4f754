"""Scores of a character-level language model, and properties of the texts that it generates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from common.metrics.scores import Scores, blocks

SHORTEST_COPY = 12  # characters; a shorter substring that also occurs in train does not count as a copy
NEIGHBOURS = 4  # successive passages that are resampled together: they share a scene or subject
PLACES = ("1st", "2nd", "3rd", "4th", "5th", "6th and later")  # positions of a letter in its word
NO_LETTER = "space or mark"
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_AROUND = 24  # characters of context shown on each side of a mistake


class Generation(Scores):
    """`char_loss` (nats per character), `bits_per_char`, `accuracy` (the likeliest character is right), and for the
    texts generated at each temperature `real_words` (the share of their words that occur in train) and `longest_copy`
    (characters of the longest substring that occurs in train, 0 below SHORTEST_COPY).

    A report shows as a mistake the character with the lowest predicted probability, in brackets within its text, and
    the model's own guess.

    Attributes:
        by_place: position of a character in its word -> `share` of the characters, `bits` and `accuracy`.
        temperatures: of the generated texts, as in the predictions.
    """

    def __init__(self, texts: Sequence[str], predictions: Sequence[dict]):
        """From the texts and from predictions with `log_probabilities` (nats) and `guesses` (one character each) for
        every character, and `samples`: temperature -> `{"text", "words", "real_words", "longest_copy"}`, or nothing.
        """
        self.temperatures = list(predictions[0]["samples"])
        logs = [np.array(prediction["log_probabilities"], float) for prediction in predictions]
        hits = [
            np.array([guess == own for guess, own in zip(prediction["guesses"], text, strict=True)])
            for text, prediction in zip(texts, predictions, strict=True)
        ]
        written = [[_written(prediction["samples"].get(t)) for t in self.temperatures] for prediction in predictions]
        own = [[-found.sum(), len(found), right.sum()] for found, right in zip(logs, hits)]
        rows = np.column_stack([own, np.reshape(written, (len(texts), -1))])
        marked = [_marked(text, log, prediction["guesses"]) for text, log, prediction in zip(texts, logs, predictions)]
        truths, answers = zip(*marked)
        super().__init__(
            rows,
            self._reduce,
            losses=rows[:, 0] / rows[:, 1],
            truths=truths,
            answers=answers,
            groups=blocks(np.arange(len(texts)), NEIGHBOURS),
        )
        self.by_place = _by_place("".join(texts), np.concatenate(logs), np.concatenate(hits))

    def _reduce(self, rows: np.ndarray) -> dict[str, float]:
        nats, characters, hits = rows[:, :3].sum(0)
        loss = nats / characters
        scores = {"char_loss": loss, "bits_per_char": loss / np.log(2), "accuracy": hits / characters}
        for number, temperature in enumerate(self.temperatures):
            words, real, copies = rows[:, 3 + 3 * number : 6 + 3 * number].T
            scores[f"real_words at {temperature}"] = real.sum() / words.sum() if words.sum() else np.nan
            scores[f"longest_copy at {temperature}"] = copies.max()
        return {name: float(value) for name, value in scores.items()}


def _written(sample: dict | None) -> tuple[float, float, float]:
    """Words, real words, and characters of the longest copy in one text."""
    if sample is None:
        return 0, 0, 0
    return sample["words"], sample["words"] * sample["real_words"], sample["longest_copy"]


def _marked(text: str, logs: np.ndarray, guesses: str) -> tuple[str, str]:
    """The text around the character with the lowest probability, and the same text with the guess instead."""
    place = int(logs.argmin())
    before, after = text[max(0, place - _AROUND) : place], text[place + 1 : place + 1 + _AROUND]
    return tuple(" ".join(f"{before}[{own}]{after}".split()) for own in (text[place], guesses[place]))


def _by_place(text: str, logs: np.ndarray, hits: np.ndarray) -> dict[str, dict[str, float]]:
    places, within = np.zeros(len(text), int), 0
    for number, character in enumerate(text):
        within = within + 1 if character.isalpha() else 0
        places[number] = min(within, len(PLACES))
    found = {}
    for number, name in enumerate((NO_LETTER, *PLACES)):
        here = places == number
        if here.any():
            bits = float(-logs[here].mean() / np.log(2))
            found[name] = {"share": float(here.mean()), "bits": bits, "accuracy": float(hits[here].mean())}
    return found


class Source:
    """The text that a model was trained on, for comparison with the texts that the model generates.

    Attributes:
        words: the different words of the text.

    Example:
        >>> Source("the cat sat on the mat").described("the cat sat on a mats")
        {'words': 6, 'real_words': 0.6666666666666666, 'longest_copy': 15}
    """

    def __init__(self, text: str):
        self.words = set(WORD.findall(text))
        self._ids = _ids(text)
        keys = _keys(self._ids)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def described(self, text: str) -> dict:
        """`words` (their number), `real_words` (the share that occurs in the source) and `longest_copy` of a text."""
        words = WORD.findall(text)
        real = sum(word in self.words for word in words)
        return {
            "words": len(words),
            "real_words": real / max(len(words), 1),
            "longest_copy": self.longest_copy(text),
        }

    def longest_copy(self, text: str) -> int:
        """Length of the longest substring of a text that also occurs in the source; 0 below SHORTEST_COPY.

        Substrings of SHORTEST_COPY characters are looked up by a hash, and matches are extended character by
        character.
        """
        own, train = _ids(text), self._ids
        starts, ends = (np.searchsorted(self._keys, _keys(own), side=side) for side in ("left", "right"))
        counts = ends - starts
        ours = np.repeat(np.arange(len(counts)), counts)
        theirs = self._order[np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())]
        length = 0
        while True:
            inside = (ours + length < len(own)) & (theirs + length < len(train))
            ours, theirs = ours[inside], theirs[inside]
            same = own[ours + length] == train[theirs + length]
            ours, theirs = ours[same], theirs[same]
            if not len(ours):
                return length if length >= SHORTEST_COPY else 0
            length += 1


def _ids(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _keys(ids: np.ndarray) -> np.ndarray:
    """A hash of each substring of SHORTEST_COPY characters."""
    ids, count = ids.astype(np.uint64), max(len(ids) - SHORTEST_COPY + 1, 0)
    keys = np.zeros(count, np.uint64)
    for place in range(SHORTEST_COPY):
        keys = keys * np.uint64(1_000_003) + ids[place : place + count]
    return keys
