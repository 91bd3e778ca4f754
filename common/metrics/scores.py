"""Metrics that can be recomputed on any subset of the examples, for intervals, breakdowns and comparisons."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

RESAMPLES = 1000  # of a bootstrap; Efron and Tibshirani (1993), chapter 13, advise about 1000 for a percentile interval


class Scores(Mapping[str, float]):
    """Named scores of one list of predictions.

    Every score is a function of per-example rows (sufficient statistics such as counts), so it can be computed for a
    bootstrap sample or for long examples only, without predicting again. A family of metrics (classification, spans,
    translation, ...) is a subclass which fills the rows and defines their reduction.

    Attributes:
        rows: float array `(examples, k)`.
        losses: float array `(examples,)`, how bad each prediction is; orders the worst mistakes.
        truths, answers: the truth and the prediction of each example, as text for a reader.
        groups: int array `(examples,)`; examples of one group depend on each other (days of one month or sentences of
            one document) and are resampled together. None: all examples are independent. See `group_numbers`.
        breakdowns: title -> (label -> int array of example numbers): parts of the test set with scores of their own.
        leading: name of the most meaningful score for these examples, if it is not the task's metric.
        signatures: score name -> how it was computed, where the field requires it (sacrebleu's signature).
    """

    def __init__(
        self,
        rows: np.ndarray,
        reduce: Callable[[np.ndarray], dict[str, float]],
        *,
        losses: np.ndarray,
        truths: Sequence[str],
        answers: Sequence[str],
        groups: np.ndarray | None = None,
        breakdowns: Mapping[str, Mapping[str, np.ndarray]] | None = None,
        signatures: Mapping[str, str] | None = None,
        leading: str | None = None,
    ):
        if not len(rows):
            raise ValueError("rows is empty: there is nothing to score")
        self.rows, self.reduce = np.asarray(rows, float), reduce
        self.losses, self.truths, self.answers = losses, truths, answers
        self.leading = leading
        self.groups, self.breakdowns, self.signatures = groups, dict(breakdowns or {}), dict(signatures or {})
        self._values = reduce(self.rows)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def mixtures(self, others: Mapping[str, Scores]) -> dict[str, Scores]:
        """Scores of mixtures of this model with others, by name, for a family that can mix predictions."""
        return {}

    def classes(self) -> dict[str, tuple[int, int, int]]:
        """For each class the counts of correct predictions, predictions and truths; empty if there are no classes."""
        return {}

    def over(self, examples: np.ndarray) -> dict[str, float]:
        """The scores over the examples with these numbers only (repeats count)."""
        return self.reduce(self.rows[examples])

    def resamples(self, count: int = RESAMPLES, seed: int = 0) -> Iterator[np.ndarray]:
        """Example numbers of `count` bootstrap samples, whole groups at a time."""
        random = np.random.default_rng(seed)
        if self.groups is None:
            for _ in range(count):
                yield random.integers(len(self.rows), size=len(self.rows))
            return
        members = [np.flatnonzero(self.groups == group) for group in np.unique(self.groups)]
        for _ in range(count):
            yield np.concatenate([members[i] for i in random.integers(len(members), size=len(members))])

    def intervals(self, level: float = 0.95) -> dict[str, list[float]]:
        """Percentile bootstrap interval `[low, high]` of every score."""
        samples = [self.over(examples) for examples in self.resamples()]
        return {name: _interval([sample[name] for sample in samples], level) for name in self}


def difference(model: Scores, baseline: Scores, name: str, level: float = 0.95) -> dict[str, float]:
    """The difference between model and baseline on the same examples, with a paired bootstrap (Koehn 2004).

    Returns:
        `difference` (model minus baseline), its interval `low`, `high`, and `better`: the share of the samples in
        which the model is better, of those where both scores are numbers. All are NaN if a score is NaN.
    """
    deltas = np.array([model.over(drawn)[name] - baseline.over(drawn)[name] for drawn in model.resamples()])
    low, high = _interval(deltas, level)
    known = deltas[~np.isnan(deltas)]
    better = np.mean(known < 0 if lower_is_better(name) else known > 0) if len(known) else np.nan
    delta = model[name] - baseline[name]
    return {"difference": float(delta), "low": float(low), "high": float(high), "better": float(better)}


def _interval(values: Sequence[float], level: float) -> list[float]:
    """The central interval of the values that are numbers, `[low, high]`; NaN if there are none."""
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    return np.quantile(known, [(1 - level) / 2, (1 + level) / 2]).tolist() if len(known) else [np.nan, np.nan]


def group_numbers(names: Sequence[str] | None) -> np.ndarray | None:
    """Number of the group of each example, for `Scores.groups`; an example whose group is "" is independent.

    Returns:
        int array `(examples,)`; None if `names` is None or no example has a group.
    """
    if names is None or not any(names):
        return None
    alone = (f"\0{number}" for number in range(len(names)))
    return np.unique([name or next(alone) for name in names], return_inverse=True)[1]


def lower_is_better(name: str) -> bool:
    """Whether a smaller value of the metric is better, as for errors, losses, perplexity and bits per character."""
    return name.endswith(("_error", "_loss", "perplexity", "_per_char"))


def best(values: Mapping[str, float], name: str) -> str:
    """The key of the best of several values of one metric, the first of equals."""
    return (min if lower_is_better(name) else max)(values, key=values.__getitem__)


def limits(name: str) -> tuple[float, float]:
    """The lowest and the highest value that the metric can have; infinite where there is none.

    A loss that is a negative log-density can be below 0, an error or a perplexity cannot.
    """
    if lower_is_better(name):
        return 0.0 if name.endswith(("_error", "perplexity")) else -math.inf, math.inf
    return -math.inf, {"bleu": 100.0, "chrf": 100.0, "cider": 10.0}.get(name, 1.0)


def by_length(lengths: Sequence[int], parts: int = 4) -> dict[str, np.ndarray]:
    """Parts of about equal size from short to long: `"5 to 12"` -> numbers of the examples with these lengths.

    Args:
        lengths: of each example; examples of the same length stay together.
        parts: maximum number of parts.
    """
    lengths = np.asarray(lengths)
    last = np.unique(np.quantile(lengths, np.arange(1, parts + 1) / parts, method="higher"))  # largest of each part
    members = [np.flatnonzero(np.searchsorted(last, lengths) == part) for part in range(len(last))]
    ends = [(lengths[numbers].min(), lengths[numbers].max()) for numbers in members]
    return {f"{low} to {high}" if low < high else f"{low}": numbers for (low, high), numbers in zip(ends, members)}
