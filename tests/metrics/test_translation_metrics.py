"""BLEU and chrF over any choice of sentences are sacrebleu's."""

import random

import numpy as np
import pytest
import sacrebleu

from common.metrics.translation import translation
from common.plots.translation import figures

WORDS = "Un homme, deux chiens courent ; l'été (bleu) dort . Où est-il ? 3,5 km".split()


def corpus(count=60, seed=0):
    """References, and answers in which some words are changed or missing."""
    draw = random.Random(seed)
    references = [" ".join(draw.choices(WORDS, k=draw.randint(1, 14))) for _ in range(count)]
    answers = [" ".join(w if draw.random() < 0.8 else draw.choice(["", "x"]) for w in r.split()) for r in references]
    answers[3] = ""
    answers[5] = references[5]
    return references, answers


def scores_of(references, answers, parts=None):
    predictions = [{"text": answer} for answer in answers]
    return translation(references, predictions, [len(r.split()) for r in references], parts)


def assert_is_sacrebleu(values, references, answers, suffix=""):
    assert values[f"bleu{suffix}"] == sacrebleu.corpus_bleu(answers, [references]).score
    assert values[f"chrf{suffix}"] == sacrebleu.corpus_chrf(answers, [references]).score


def test_scores_are_those_of_sacrebleu_for_any_choice_of_sentences():
    references, answers = corpus()
    scores = scores_of(references, answers)
    assert_is_sacrebleu(scores, references, answers)
    for drawn in scores.resamples(20):
        values = scores.over(drawn)
        assert_is_sacrebleu(values, [references[i] for i in drawn], [answers[i] for i in drawn])


def test_signatures_say_how():
    scores = scores_of(*corpus())
    assert scores.signatures["bleu"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert scores.signatures["chrf"].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")


def test_exact_match_and_bleu_by_hand():
    """Four of five words right, no brevity: precisions 4/5, 3/4, 2/3, 1/2, so BLEU is their geometric mean."""
    scores = scores_of(["a b c d e", "a b"], ["a b c d x", "a b"])
    assert scores["exact_match"] == 0.5
    assert scores.over(np.array([0]))["bleu"] == pytest.approx(100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)


def test_brevity_is_punished():
    full, short = scores_of(["a b c d e f g h"], ["a b c d"])["bleu"], 100 * np.exp(1 - 8 / 4)
    assert full == pytest.approx(short)


def test_a_further_part_has_scores_of_its_own_and_leaves_the_others_alone():
    references, answers = corpus()
    parts = ["longer" if i % 3 == 0 else "" for i in range(len(references))]
    scores = scores_of(references, answers, parts)
    proper = [i for i, part in enumerate(parts) if not part]
    longer = [i for i, part in enumerate(parts) if part]
    assert list(scores) == [f"{name}{part}" for part in ("", "_longer") for name in ("bleu", "chrf", "exact_match")]
    assert_is_sacrebleu(scores, [references[i] for i in proper], [answers[i] for i in proper])
    assert_is_sacrebleu(scores, [references[i] for i in longer], [answers[i] for i in longer], "_longer")
    assert np.isnan(scores.over(np.array(proper))["bleu_longer"])
    (by_length,) = scores.breakdowns.values()
    assert sorted(np.concatenate(list(by_length.values()))) == proper
    low, high = scores.intervals()["bleu"]
    assert low < scores["bleu"] < high


def test_worst_mistakes_come_first():
    scores = scores_of(["a b c", "abc abc", "x"], ["a b c", "abc abx", "q"])
    assert list(np.argsort(-scores.losses)) == [2, 1, 0]
    assert scores.losses[0] == 0 and scores.losses[2] == 100


def test_breakdown_by_length_of_equal_sources():
    scores = translation(["a"] * 9, [{"text": "a"}] * 9, [4] * 9)
    assert {label: len(part) for label, part in scores.breakdowns["by length in words"].items()} == {"4": 9}


def test_figures_are_written(tmp_path):
    references, answers = corpus(8)
    predictions = [{"text": answer, "source_tokens": ["a"], "target_tokens": ["$b", "c"]} for answer in answers]
    scores = translation(references, predictions, [1] * 8)
    assert figures(scores, references, predictions, tmp_path) == []
    predictions[2]["attention"] = [[1.0], [1.0]]
    written = figures(scores, references, predictions, tmp_path)
    assert [name for name, _ in written] == ["attention.png"]
    assert references[2] in written[0][1]
    assert all((tmp_path / name).stat().st_size > 2000 for name, _ in written)


def test_a_target_without_spaces_is_counted_in_characters():
    references = ["三つ六つ三つです。", "一つ七つ四つです。"]
    scores = translation(references, [{"text": "三つ三つです。"}, {"text": references[1]}], [1, 2])
    assert scores["bleu"] > 50 and "tok:char" in scores.signatures["bleu"] and scores.leading is None
    assert "tok:zh" in translation(["我爱你，真的。"], [{"text": "我爱你"}], [1]).signatures["bleu"]


def test_chrf_leads_where_4_grams_hardly_occur():
    scores = translation(["two four", "six"], [{"text": "two four"}, {"text": "six"}], [2, 1])
    assert scores.leading == "chrf" and next(iter(scores)) == "chrf" and scores["bleu"] == 0
