"""Classification scores, and the calibration of the predicted probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.metrics.scores import Scores, by_length, group_numbers

BINS = 15  # bins of equal width for the calibration error, as in Guo et al. (2017), https://arxiv.org/abs/1706.04599
MOST_RANKED = 20  # labels up to which there is an AUC; with more it says little and takes long to resample
SMALLEST = np.finfo(float).eps  # lower bound of probabilities, so that one certain mistake has no infinite loss


class Classification(Scores):
    """`accuracy`, `macro_f1`, `auc`, `log_loss` (nats), `calibration_error` (expected, a fraction) and
    `chance_calibration_error`: the `calibration_error` of a perfectly calibrated model, due to sampling alone.

    `macro_f1` is the mean over the labels that are true or predicted for any example. `auc` is that of the second of
    two labels, otherwise the mean over the labels, each against the rest; it is missing if only one label occurs, or if
    there are more than MOST_RANKED labels. `accuracy_<kind>` is over the examples of each kind, if they have kinds.

    A row contains the number of the true label, that of the answer, the loss, the probability of the answer, for every
    kind whether the example is of it, and for every label the rank of its probability among all examples (ties share a
    rank), so that `auc` need not sort again.

    Attributes:
        labels: names of the labels; their positions are their numbers.
        truth, answer: int arrays `(examples,)`.
        confidence: float array `(examples,)`, the probability of each answer.
        confusion: int array `(labels, labels)`, examples by truth (rows) and answer (columns).
    """

    def __init__(
        self,
        labels: Sequence[str],
        truth: np.ndarray,
        answer: np.ndarray,
        probabilities: np.ndarray,
        lengths: Sequence[int],
        groups: np.ndarray | None = None,
        kinds: Sequence[str] | None = None,
    ):
        each = np.arange(len(truth))
        losses = -np.log(np.clip(probabilities[each, truth], SMALLEST, 1))
        self.labels, self.truth, self.answer = tuple(labels), truth, answer
        self.confidence = probabilities[each, answer]
        self.confusion = confusion_matrix(truth, answer, len(labels))
        names = sorted({*(kinds or ())} - {""})
        of_kind = [np.array([kind == name for kind in kinds]) for name in names]
        first_rank = 4 + len(names)
        ranked = len(np.unique(truth)) > 1 and len(labels) <= MOST_RANKED
        ranks = [np.unique(column, return_inverse=True)[1] for column in probabilities.T] if ranked else []

        def reduce(rows: np.ndarray) -> dict[str, float]:
            truth, answer, ranks = rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, first_rank:].astype(int)
            right = truth == answer
            scores = {"accuracy": np.mean(right), "macro_f1": _macro_f1(confusion_matrix(truth, answer, len(labels)))}
            for name, here in zip(names, rows[:, 4:first_rank].T.astype(bool)):
                scores[f"accuracy_{name}"] = np.mean(right[here]) if here.any() else np.nan
            if ranked:
                scores["auc"] = _auc(truth, ranks)
            scores["log_loss"] = rows[:, 2].mean()
            scores["calibration_error"] = calibration_error(rows[:, 3], right)
            scores["chance_calibration_error"] = chance_calibration_error(rows[:, 3])
            return {name: float(value) for name, value in scores.items()}

        super().__init__(
            np.column_stack([truth, answer, losses, self.confidence, *of_kind, *ranks]),
            reduce,
            losses=losses,
            truths=[labels[i] for i in truth],
            answers=[labels[i] for i in answer],
            groups=groups,
            breakdowns={
                "by class": {label: np.flatnonzero(truth == i) for i, label in enumerate(labels)},
                "by length in timesteps": by_length(lengths),
                **({"by kind": dict(zip(names, map(np.flatnonzero, of_kind)))} if names else {}),
            },
        )

    def classes(self) -> dict[str, tuple[int, int, int]]:
        return class_counts(self.labels, self.confusion)


def class_counts(names: Sequence[str], confusion: np.ndarray) -> dict[str, tuple[int, int, int]]:
    """The result of `Scores.classes`, from a confusion matrix."""
    counts = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    return {name: tuple(int(count[i]) for count in counts) for i, name in enumerate(names)}


def classification(
    truth: Sequence[str],
    predictions: Sequence[Mapping],
    lengths: Sequence[int],
    labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
) -> Classification:
    """Scores of predicted labels.

    Args:
        truth: the true label of each example.
        predictions: each has its `label` and `probabilities`, a mapping of label to probability; a missing label has
            the probability 0.
        lengths: timesteps of each example, for the scores by length.
        labels: all labels in order; the second of two is the positive one. None: those that occur, sorted.
        groups: name of the group of each example, such as its document; examples of one group are resampled together.
        kinds: kind of each example, such as a sentence or a word, "" for none; each kind gets an accuracy.
    """
    return Classification(*numbered(truth, predictions, labels), lengths, group_numbers(groups), kinds)


def numbered(
    truth: Sequence[str], predictions: Sequence[Mapping], labels: Sequence[str] | None = None
) -> tuple[Sequence[str], np.ndarray, np.ndarray, np.ndarray]:
    """The first four arguments of `Classification`, from those of `classification`."""
    if labels is None:
        labels = sorted({*truth, *(label for prediction in predictions for label in prediction["probabilities"])})
    numbers = {label: i for i, label in enumerate(labels)}
    return (
        labels,
        np.array([numbers[label] for label in truth], int),
        np.array([numbers[prediction["label"]] for prediction in predictions], int),
        np.array([[prediction["probabilities"].get(label, 0.0) for label in labels] for prediction in predictions]),
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """The expected calibration error: mean distance between confidence and accuracy over the bins of `reliability`."""
    counts, stated, accuracy = reliability(confidence, right)
    return float(counts @ np.abs(accuracy - stated) / len(confidence))


def chance_calibration_error(confidence: np.ndarray) -> float:
    """Expected calibration error of answers that are right exactly with the probability of their confidence.

    The share of right answers in a bin then varies around the mean confidence with the variance of a sum of Bernoulli
    variables; the mean absolute value of a normal deviate is sqrt(2 / pi) times its standard deviation.

    Args:
        confidence: float array `(examples,)`, from 0 to 1.
    """
    variances = np.bincount(_bins(confidence), confidence * (1 - confidence), BINS)
    return float(np.sqrt(2 / np.pi * variances).sum() / len(confidence))


def reliability(confidence: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confidence and accuracy in bins of equal width of the predicted probability; empty bins are left out.

    Args:
        confidence: float array `(examples,)`, from 0 to 1.
        right: bool array `(examples,)`.

    Returns:
        counts, mean confidence, share that is right: arrays `(bins,)`, by rising confidence.
    """
    bins = _bins(confidence)
    counts = np.bincount(bins, minlength=BINS)
    sums = np.bincount(bins, confidence, BINS), np.bincount(bins, right, BINS)
    used = counts > 0
    return counts[used], sums[0][used] / counts[used], sums[1][used] / counts[used]


def _bins(confidence: np.ndarray) -> np.ndarray:
    return np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)


def confusion_matrix(truth: np.ndarray, answer: np.ndarray, count: int) -> np.ndarray:
    """Examples by truth (rows) and answer (columns), int array `(count, count)`, from their numbers."""
    return np.bincount(truth * count + answer, minlength=count * count).reshape(count, count)


def f1(right: np.ndarray, answered: np.ndarray, true: np.ndarray) -> np.ndarray:
    """F1 from counts, the harmonic mean of precision and recall (van Rijsbergen 1979): NaN for what never occurs.

    Args:
        right, answered, true: arrays of one shape or numbers, as in `Scores.classes`.

    Example:
        >>> f1(np.array([1, 0, 0]), np.array([2, 1, 0]), np.array([2, 0, 0])).tolist()
        [0.5, 0.0, nan]
    """
    with np.errstate(invalid="ignore"):
        return 2 * np.asarray(right) / (np.asarray(answered) + true)


def _macro_f1(confusion: np.ndarray) -> float:
    of_labels = f1(np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1))
    return np.mean(of_labels[~np.isnan(of_labels)])


def _auc(truth: np.ndarray, ranks: np.ndarray) -> float:
    """How often an example of a label gets a higher probability of it than another example; ties count half."""
    labels = range(ranks.shape[1]) if ranks.shape[1] != 2 else [1]
    areas = []
    for label in labels:
        own = np.bincount(ranks[truth == label, label], minlength=ranks[:, label].max() + 1)
        others = np.bincount(ranks[:, label]) - own
        if own.any() and others.any():
            below = np.cumsum(others) - others
            areas.append(own @ (below + others / 2) / (own.sum() * others.sum()))
    return np.mean(areas) if areas else np.nan
