"""How well a model predicts a text character by character, and what the texts that it writes are like."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from common.metrics.scores import Scores

SHORTEST_COPY = 12  # characters; a shorter piece that stands in train, too, is no copy
NEIGHBOURS = 4  # passages in a row that are resampled together: they are of one scene or subject
PLACES = ("1st", "2nd", "3rd", "4th", "5th", "6th and later")  # of a letter in its word
NO_LETTER = "space or mark"
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_AROUND = 24  # characters shown on each side of a mistake


class Generation(Scores):
    """`char_loss` (nats a character), `bits_per_char`, `accuracy` (the likeliest character is right), and of the texts
    that the model writes at each temperature `real_words` (the share of its words that occur in train) and
    `longest_copy` (characters of the longest piece that stands in train word for word, 0 below SHORTEST_COPY).

    A mistake in the sense of a report is the character that the model foresaw least, in brackets within its text,
    beside the model's own guess.

    Attributes:
        by_place: where a character stands in its word -> `share` of the characters, `bits` and `accuracy`.
        temperatures: of the texts written, as in the predictions.
    """

    def __init__(self, texts: Sequence[str], predictions: Sequence[dict]):
        """From the texts and predictions that hold `log_probabilities` (nats) and `guesses` (one character each) for
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
            groups=np.arange(len(texts)) // NEIGHBOURS,
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
    """The text around the character predicted worst, and the same with the guess in its place."""
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
    """The text that a model was trained on, and what the model's own texts share with it.

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
        """`words` (how many), `real_words` (the share of them that the source has) and `longest_copy` of a text."""
        words = WORD.findall(text)
        real = sum(word in self.words for word in words)
        return {
            "words": len(words),
            "real_words": real / max(len(words), 1),
            "longest_copy": self.longest_copy(text),
        }

    def longest_copy(self, text: str) -> int:
        """Characters of the longest piece of a text that stands in the source, too; 0 below SHORTEST_COPY.

        Pieces of SHORTEST_COPY characters are looked up by a number made of them; what is found is compared character
        by character, as far as it goes.
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
    """A number for each piece of SHORTEST_COPY characters; equal pieces have equal numbers."""
    ids, count = ids.astype(np.uint64), max(len(ids) - SHORTEST_COPY + 1, 0)
    keys = np.zeros(count, np.uint64)
    for place in range(SHORTEST_COPY):
        keys = keys * np.uint64(1_000_003) + ids[place : place + count]
    return keys
