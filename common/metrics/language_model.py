"""Scores of a word-level language model: perplexity and top-5 accuracy per word, including the ends of lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from common.encoding.text import END, SPECIAL, UNKNOWN
from common.metrics.scores import Scores, blocks, by_length

# Words by their rank in train, most frequent first: a vocabulary numbers them in that order.
_LAST_PLACES = (10, 100, 1000)
BLOCK = 20  # lines resampled together: neighbouring lines share words; a story of the Penn Treebank has about 20
BANDS = ("end of line", "unknown word", "1 to 10", "11 to 100", "101 to 1,000", "beyond 1,000")


class LanguageModel(Scores):
    """`perplexity` (exp of the mean nats per word), `top5_accuracy` and `known_words`, each over all words together.

    Intervals resample blocks of `BLOCK` successive lines (see `blocks`), since lines of one text depend on each other.

    A word outside the vocabulary is scored as the unknown word, which is easier to predict than the word itself;
    `known_words` is the share of words in the vocabulary, so compare perplexities only if it is the same.

    A report shows as a mistake the least probable word of a line, and the model's own guess.

    Attributes:
        predictions: as given.
        log_probabilities: of each example, float array `(words,)` in nats.
        by_frequency: band of BANDS -> its share of the words and their scores; empty bands are left out.
    """

    def __init__(self, predictions: Sequence[dict]):
        """From predictions with lists that have an item for every word of an example and for its end: `words`,
        `token_ids`, `log_probabilities` (nats), `guesses` (the likeliest word at that position) and `in_top5`.
        """
        self.predictions = predictions
        self.log_probabilities = [np.array(prediction["log_probabilities"], float) for prediction in predictions]
        rows = np.zeros((len(predictions), len(BANDS), 3))  # nats, words, hits
        losses = np.zeros(len(predictions))
        truths, answers = [], []
        for i, (prediction, logs) in enumerate(zip(predictions, self.log_probabilities)):
            if not len(logs):  # a blank line
                truths.append("")
                answers.append("")
                continue
            np.add.at(
                rows[i],
                _bands(np.array(prediction["token_ids"])),
                np.stack([-logs, np.ones(len(logs)), prediction["in_top5"]], axis=1),
            )
            losses[i] = -logs.mean()
            truths.append(prediction["words"][logs.argmin()])
            answers.append(prediction["guesses"][logs.argmin()])
        super().__init__(
            rows.reshape(len(rows), -1),
            _reduce,
            losses=losses,
            truths=truths,
            answers=answers,
            groups=blocks(np.arange(len(predictions)), BLOCK),
            breakdowns={"by length of the line": by_length([len(logs) for logs in self.log_probabilities])},
        )

    def mixtures(self, others: Mapping[str, Scores]) -> dict[str, Scores]:
        """The mixture of this model and the first of the others, if there is one, with equal weights."""
        return {
            f"half model, half {name}": LanguageModel(mixed(self.predictions, other.predictions))
            for name, other in islice(others.items(), 1)
        }

    @property
    def by_frequency(self) -> dict[str, dict[str, float]]:
        bands = self.rows.sum(0).reshape(-1, 3)
        return {
            name: {
                "share": words / bands[:, 1].sum(),
                "perplexity": np.exp(nats / words),
                "top5_accuracy": hits / words,
            }
            for name, (nats, words, hits) in zip(BANDS, bands)
            if words
        }


def _bands(token_ids: np.ndarray) -> np.ndarray:
    """Number of the band in BANDS of each token."""
    places = np.searchsorted(_LAST_PLACES, token_ids - len(SPECIAL) + 1) + 2
    return np.select([token_ids == END, token_ids == UNKNOWN], [0, 1], places)


def _reduce(rows: np.ndarray) -> dict[str, float]:
    bands = rows.sum(0).reshape(-1, 3)
    nats, words, hits = bands.sum(0)
    if not words:  # only blank lines
        return dict.fromkeys(("perplexity", "top5_accuracy", "known_words"), np.nan)
    scores = {"perplexity": np.exp(nats / words), "top5_accuracy": hits / words, "known_words": 1 - bands[1, 1] / words}
    return {name: float(value) for name, value in scores.items()}


def mixed(predictions: Sequence[dict], others: Sequence[dict], share: float = 0.5) -> list[dict]:
    """Predictions of the mixture of two models with the weights `share` and `1 - share`.

    Whether a word is among the five likeliest of the mixture does not follow from its probability alone, so `in_top5`
    and the `top5_accuracy` of the mixture are NaN.
    """
    found = []
    for one, other in zip(predictions, others, strict=True):
        logs = np.logaddexp(
            np.log(share) + one["log_probabilities"], np.log1p(-share) + np.array(other["log_probabilities"])
        )
        found.append({**one, "log_probabilities": logs.tolist(), "in_top5": [np.nan] * len(logs)})
    return found
