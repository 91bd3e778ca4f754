"""Scores of taggers, on cases worked out by hand."""

import numpy as np
import pytest

from common.metrics.tagging import score_tags
from common.plots import tagging as plots

WORDS = [["They", "can", "fish"], ["zorgs", "fish"]]
TRUTH = [["PRON", "AUX", "VERB"], ["NOUN", "VERB"]]
ANSWER = [["PRON", "AUX", "NOUN"], ["NOUN", "VERB"]]
UNKNOWN = [{"fish"}, {"zorgs"}]


def scored(**changes):
    return score_tags(**{"sentences": WORDS, "truths": TRUTH, "answers": ANSWER, "unknown": UNKNOWN, **changes})


def test_scores_by_hand():
    scores = scored()
    assert scores["accuracy"] == pytest.approx(4 / 5)
    # "zorgs" is right, the first "fish" wrong; the second is known.
    assert scores["accuracy_unknown"] == pytest.approx(1 / 2)
    assert scores["sentence_accuracy"] == pytest.approx(1 / 2)
    f1 = {"AUX": 1, "NOUN": 2 / 3, "PRON": 1, "VERB": 2 / 3}
    assert {tag: scores[f"f1_{tag}"] for tag in f1} == pytest.approx(f1)
    assert scores["macro_f1"] == pytest.approx(np.mean(list(f1.values())))
    assert scores.confusion.sum() == 5 and scores.unknown_confusion.sum() == 2
    assert scores.confusion[scores.tags.index("VERB"), scores.tags.index("NOUN")] == 1


def test_the_words_that_are_wrong_are_shown():
    scores = scored()
    assert (scores.truths, scores.answers) == (["fish/VERB", "all right"], ["fish/NOUN", "all right"])
    assert scores.losses.tolist() == [1, 0]


def test_without_unknown_words_there_is_no_score_of_them():
    assert "accuracy_unknown" not in scored(unknown=[set(), set()])
    assert np.isnan(scored(unknown=[{"fish"}, set()]).over(np.array([1]))["accuracy_unknown"])


def test_a_tag_that_only_the_model_has_counts_against_it():
    scores = scored(answers=[["PRON", "AUX", "X"], ["NOUN", "VERB"]])
    assert scores["f1_X"] == 0
    assert scores["macro_f1"] == pytest.approx(np.mean([1, 1, 1, 2 / 3, 0]))


def test_sentences_of_a_document_are_resampled_together():
    scores = score_tags(WORDS * 2, TRUTH * 2, ANSWER * 2, UNKNOWN * 2, groups=["a", "a", "b", "b"])
    assert all(np.bincount(scores.groups[drawn]).max() % 2 == 0 for drawn in scores.resamples(20))
    assert scores.intervals()["accuracy"] == pytest.approx([4 / 5, 4 / 5])


def test_a_tag_that_is_not_drawn_has_no_f1():
    """Counted as 0, its absence from samples drew the lower end of the interval to 0."""
    scores = scored(answers=TRUTH)
    assert np.isnan(scores.over(np.array([1]))["f1_AUX"]) and scores.over(np.array([1]))["macro_f1"] == 1
    assert scores.intervals()["f1_AUX"] == [1, 1]


def test_words_and_tags_must_be_equally_many():
    with pytest.raises(ValueError, match="3 words have 3 true and 2 predicted tags"):
        scored(answers=[["PRON", "AUX"], ["NOUN", "VERB"]])


def test_pictures(tmp_path):
    found = plots.figures(scored(), [], [], tmp_path)
    assert [name for name, _ in found] == ["tags.png", "confusion.png", "pairs.png"]
    assert all((tmp_path / name).stat().st_size > 5000 for name, _ in found)
    assert "pairs.png" not in dict(plots.figures(scored(answers=TRUTH), [], [], tmp_path))
