"""Remarks on scores: unknown words, missing classes, one class for all; comparisons with and without baselines."""

import types

import pytest

from common.encoding.text import Labels
from common.metrics.classification import classification
from common.metrics.spans import score_spans
from common.reporting import remarks, report


def example(label):
    return types.SimpleNamespace(label=label)


def test_one_answer_for_everything_and_missing_classes_are_said():
    encoder = types.SimpleNamespace()  # one that cuts nothing
    truth = ["ham", "ham", "spam"]
    scores = classification(truth, [{"label": "ham", "probabilities": {"ham": 0.9, "spam": 0.1}}] * 3, [1, 1, 1])
    assert scores.classes() == {"ham": (2, 3, 2), "spam": (0, 0, 1)}
    train = [example(label) for label in ("ham", "spam", "news")]
    said = remarks.remarks(encoder, train, [example(label) for label in truth], scores)
    assert "The test examples have none of: news. The scores say nothing about them." in said
    assert "Every answer of the model is ham." in said


def test_of_spans_of_one_type_it_is_not_said_that_every_example_has_one():
    truth, answers = [["B-person", "O"], ["B-place", "O"]], [["B-person", "O"], ["O", "O"]]
    sentences = [types.SimpleNamespace(tags=tags) for tags in truth]
    scores = score_spans([["Ada", "came"], ["Rome", "fell"]], truth, answers)
    said = remarks.remarks(types.SimpleNamespace(), sentences, sentences, scores)
    assert said == ["Every answer of the model is person."]


def test_without_the_training_examples_the_known_labels_are_those_of_the_encoder():
    encoder = types.SimpleNamespace(label_fields=lambda: {"labels": Labels(("ham", "spam"))})
    truth = ["ham", "spam", "news"]
    scores = classification(truth, [{"label": "ham", "probabilities": {"ham": 1.0}}] * 3, [1, 1, 1])
    said = remarks.remarks(encoder, [], [example(label) for label in truth], scores)
    assert "Labels that train lacks count as wrong: news 1." in said


def test_many_missing_labels_are_counted():
    truth = ["0", "1"]
    scores = classification(truth, [{"label": "0", "probabilities": {"0": 1.0}}] * 2, [1, 1])
    train = [example(str(label)) for label in range(15)]
    said = remarks.remarks(types.SimpleNamespace(), train, [example(label) for label in truth], scores)
    assert any(", and 3 more. The scores" in one for one in said)


def test_no_verdict_where_most_words_are_unknown():
    gap = {"difference": 1.0, "low": 0.5, "high": 1.5, "better": 1.0}
    measured = {"metric": "accuracy", "difference": gap, "baseline_name": "rule", "unknown_words": 0.89}
    measured["baselines"] = {"rule": {"accuracy": 0.5}}
    assert report.verdict(measured).startswith("89% of the test words are unknown")
    assert "better than rule" in report.verdict({**measured, "unknown_words": 0.1})


@pytest.mark.parametrize(
    ("metric", "difference", "expected"),
    [
        ("accuracy", 0.1, "the model is better than rule by 0.100 (95 % interval"),
        ("accuracy", -0.1, "the model is worse than rule by 0.100 (95 % interval"),
        ("mae_error", 0.1, "the model is worse than rule by 0.100 (95 % interval"),
        ("mae_error", -0.1, "the model is better than rule by 0.100 (95 % interval"),
        ("accuracy", 0.0, "the model is as good as rule (95 % interval"),
    ],
)
def test_a_verdict_says_better_or_worse_and_by_how_much(metric, difference, expected):
    gap = {"difference": difference, "low": difference - 0.01, "high": difference + 0.01, "better": 1.0}
    measured = {"metric": metric, "difference": gap, "baselines": {"rule": {}}, "baseline_name": "rule"}
    assert expected in report.verdict({**measured, "unknown_words": None})


def test_without_an_interval_none_is_shown():
    gap = {"difference": 0.1, "low": None, "high": None, "better": 1.0}
    measured = {"metric": "accuracy", "difference": gap, "baselines": {"rule": {}}, "baseline_name": "rule"}
    measured |= {"unknown_words": None, "mixtures": {}, "test": {"accuracy": 0.5}, "interval": {"accuracy": [None] * 2}}
    assert "better than rule by 0.100, on a single example" in report.verdict(measured)
    assert report.score_table(measured)[-1] == "| accuracy | 0.500 | - | - |"


def test_without_baselines_no_wins_are_counted():
    labels = [f"label {number}" for number in range(report.MANY_PARTS)]
    table = report._breakdown({"model": dict.fromkeys(labels, 0.5)}, dict.fromkeys(labels, (0,)), "accuracy")
    assert len(table) == len(labels) + 2 and table[-1].startswith("| label")
