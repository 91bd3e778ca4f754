"""Metrics that can be recomputed on any subset of the examples, for intervals, breakdowns and comparisons."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

RESAMPLES = 1000  # of a bootstrap; Efron and Tibshirani (1993), chapter 13, advise about 1000 for a percentile interval
FEWEST_BLOCKS = 5  # of successive examples: fewer are too few to resample, shorter ones depend on each other


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
            one document) and are resampled together. None: all examples are independent. See `group_numbers`. Examples
            of a single group are resampled one by one: it says nothing about other groups, only about itself.
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
        self.groups = None if groups is None or len(np.unique(groups)) == 1 else groups
        self.breakdowns, self.signatures = dict(breakdowns or {}), dict(signatures or {})
        self._values = reduce(self.rows)

    def extend(self, columns: np.ndarray, reduce: Callable[[np.ndarray, dict[str, float]], dict[str, float]]) -> None:
        """Add columns to the rows, and the scores that they give.

        Args:
            columns: array `(examples, k)`.
            reduce: computes all scores of some examples from their columns `(n, k)` and the scores they have without.
        """
        before, width = self.reduce, self.rows.shape[1]
        self.rows = np.column_stack([self.rows, columns])
        self.reduce = lambda rows: reduce(rows[:, width:], before(rows[:, :width]))
        self._values = self.reduce(self.rows)

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

    @property
    def units(self) -> int:
        """The number of groups, or of examples if those are independent: what a bootstrap sample is drawn from."""
        return len(self.rows) if self.groups is None else len(np.unique(self.groups))

    def intervals(self) -> dict[str, list[float]]:
        """The 95 % bootstrap interval `[low, high]` of every score, NaN for one that has none; see `expanded_interval`.

        A `calibration_error` has none, since resampling adds noise of its own to it, nor has `longest_copy`, a maximum,
        which no bootstrap sample exceeds.
        """
        samples, units = [self.over(examples) for examples in self.resamples()], self.units
        return {
            name: [np.nan, np.nan]
            if name.startswith(("calibration_error", "longest_copy"))
            else expanded_interval([sample[name] for sample in samples], units)
            for name in self
        }


def difference(model: Scores, baseline: Scores, name: str) -> dict[str, float]:
    """The difference between model and baseline on the same examples, with a paired bootstrap (Koehn 2004).

    Returns:
        `difference` (model minus baseline), its 95 % interval `low`, `high`, and `better`: the share of the samples in
        which the model is better, of those where both scores are numbers. All are NaN if a score is NaN; the interval
        of a single example is NaN too.
    """
    deltas = np.array([model.over(drawn)[name] - baseline.over(drawn)[name] for drawn in model.resamples()])
    low, high = expanded_interval(deltas, model.units)
    known = deltas[~np.isnan(deltas)]
    better = np.mean(known < 0 if lower_is_better(name) else known > 0) if len(known) else np.nan
    delta = model[name] - baseline[name]
    return {"difference": float(delta), "low": float(low), "high": float(high), "better": float(better)}


def expanded_interval(values: Sequence[float], units: int) -> list[float]:
    """The expanded 95 % percentile interval of Hesterberg (2015, https://arxiv.org/abs/1411.5279) of a bootstrap.

    The plain interval, between the quantiles of 2.5 % and 97.5 %, is too narrow for few units: that of a mean is
    narrower than Student's t interval by sqrt((units - 1) / units) and by the ratio of the normal and t quantiles. The
    quantiles taken here are further out by as much. For many units the two intervals are equal. With 5 units the plain
    interval of a mean of normal values covers the truth in 84 % of the cases, this one in 90 %.

    Args:
        values: the score over each bootstrap sample; those that are NaN are left out.
        units: number of independent units, groups or examples, that a sample is drawn from.

    Returns:
        `[low, high]`; NaN if no value is a number or there is a single unit.
    """
    from scipy.stats import norm, t  # here, since most commands need no scipy

    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if units < 2 or not len(known):
        return [np.nan, np.nan]
    tail = norm.cdf(math.sqrt(units / (units - 1)) * t.ppf(0.025, units - 1))
    return np.quantile(known, [tail, 1 - tail]).tolist()


def group_numbers(names: Sequence[str] | None) -> np.ndarray | None:
    """Number of the group of each example, for `Scores.groups`; an example whose group is "" is independent.

    Returns:
        int array `(examples,)`; None if `names` is None or no example has a group.
    """
    if names is None or not any(names):
        return None
    alone = (f"\0{number}" for number in range(len(names)))
    return np.unique([name or next(alone) for name in names], return_inverse=True)[1]


def blocks(places: np.ndarray, length: int) -> np.ndarray:
    """Number of the block of each example, for `Scores.groups`, where neighbours in a text or series are dependent.

    A block covers `length` successive places, or as many fewer as FEWEST_BLOCKS blocks require.

    Args:
        places: int array `(examples,)`, the position of each.
    """
    places = places - places.min()
    return places // max(1, min(length, (places.max() + 1) // FEWEST_BLOCKS))


def lower_is_better(name: str) -> bool:
    """Whether a smaller value of the metric is better, as for errors, losses, perplexity and bits per character."""
    return name.endswith(("_error", "_loss", "perplexity", "_per_char")) and not _names_a_label(name)


def _names_a_label(name: str) -> bool:
    """Whether the name contains a label of the data, which tells nothing about the metric: `f1_typing_error`."""
    return name.startswith(("f1_", "accuracy_")) or name.endswith(" sensitivity")


def ranking(values: Mapping[str, float | None], name: str) -> list[str]:
    """The keys of several values of one metric, the best first; last those whose value is NaN or missing (None)."""
    sign = 1 if lower_is_better(name) else -1

    def loss(key: str) -> float:
        value = values[key]
        return math.inf if value is None or math.isnan(value) else sign * value

    return sorted(values, key=loss)


def best(values: Mapping[str, float | None], name: str) -> str:
    """The key of the best of several values of one metric, the first of equals; see `ranking`."""
    return ranking(values, name)[0]


def limits(name: str) -> tuple[float, float]:
    """The lowest and the highest value that the metric can have; infinite where there is none.

    A loss that is a negative log-density can be below 0; an error, a perplexity or a number of bits cannot.
    """
    if _names_a_label(name):
        return 0.0, 1.0
    if name.endswith("_loss") or name == "picture_gain":
        return -math.inf, math.inf
    if lower_is_better(name) or name.startswith("longest_copy"):
        return 0.0, math.inf
    if name == "r2":
        return -math.inf, 1.0
    if name == "matthews":
        return -1.0, 1.0
    return 0.0, {"bleu": 100.0, "chrf": 100.0, "cider": 10.0}.get(name.split("_")[0], 1.0)  # bleu_4, chrf_longer


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
