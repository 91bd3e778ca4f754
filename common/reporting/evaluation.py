"""Evaluate a trained model on the test examples, beside baselines that get the same training examples."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from itertools import islice

from common.metrics import scores as metrics
from common.metrics.scores import Scores
from common.prediction.networks import Networks
from common.reporting.remarks import remarks
from common.runs import inspection
from common.task import Task, TrainConfig


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The measurements on one list of examples.

    Attributes:
        baselines: name -> scores on the same examples; the strongest comes first and is the one to beat.
        mixtures: name -> scores of a mixture of the model and a baseline; not a baseline, since it contains the model.
        seconds: time to predict all examples with the model.
        unknown_words: share of the words that the model does not know; None if there are no words.
        remarks: what a reader must know about the scores, one sentence each.
    """

    examples: Sequence
    predictions: list[dict]
    scores: Scores
    baselines: dict[str, Scores]
    mixtures: dict[str, Scores]
    seconds: float
    unknown_words: float | None = None
    remarks: Sequence[str] = ()

    def measured(self, metric: str) -> dict:
        """The content for `metrics.json`, with this metric or the leading one; values that are not numbers are None."""
        metric = self.scores.leading or metric
        bar, bar_scores = next(iter(self.baselines.items()), ("no baseline", {}))
        unknown = dict.fromkeys(("difference", "low", "high", "better"))
        found = {
            "metric": metric,
            "test": dict(self.scores),
            "interval": self.scores.intervals(),
            "signatures": self.scores.signatures,
            "baseline": dict(bar_scores),
            "baseline_name": bar,
            "baselines": {name: dict(scores) for name, scores in self.baselines.items()},
            "mixtures": {name: dict(scores) for name, scores in self.mixtures.items()},
            "difference": metrics.difference(self.scores, bar_scores, metric) if bar_scores else unknown,
            "predict_seconds": round(self.seconds, 3),
            "unknown_words": self.unknown_words,
            "remarks": list(self.remarks),
        }
        return _without_nan(found)


def evaluate(
    task: Task, config: TrainConfig, networks: Networks, encoder, train: Sequence, examples: Sequence
) -> Evaluation:
    """Predict and score `examples` with the model, and with baselines fitted on `train` unless that is empty."""
    started = time.perf_counter()
    predictions = task.predict(config, networks, encoder, examples)
    seconds = time.perf_counter() - started
    scores = task.score(examples, predictions)
    answers = task.baseline(config, train, examples) if len(train) else {}
    scored = {name: task.score(examples, answer) for name, answer in answers.items()}
    metric = scores.leading or task.metric
    ranking = metrics.ranking({name: each[metric] for name, each in scored.items()}, metric)
    baselines = {name: scored[name] for name in ranking}
    unknown = encoder.unknown_words(islice(examples, inspection.LOOKED_AT))
    said = remarks(encoder, train, examples, scores)
    return Evaluation(examples, predictions, scores, baselines, scores.mixtures(baselines), seconds, unknown, said)


def _without_nan(value: object) -> object:
    """The value with None for every number that JSON does not support."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
