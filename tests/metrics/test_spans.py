"""Exact-span scores on hand-made cases, and against a second implementation of the field's rule."""

import random

import numpy as np
import pytest

from common.metrics.spans import OUTCOMES, outcomes, ratios, score_spans


def scored(truths, answers, unknown=None):
    truths, answers = [tags.split() for tags in truths], [tags.split() for tags in answers]
    tokens = [[f"w{i}" for i in range(len(tags))] for tags in truths]
    return score_spans(tokens, truths, answers, unknown)


def test_a_span_counts_only_if_type_and_both_ends_are_right():
    scores = scored(
        ["B-a I-a O B-b", "O B-b O", "B-a O O"],
        ["B-a I-a O B-a", "O B-b I-b", "B-a O O"],  # wrong type; one token too long
    )
    assert scores["precision"] == pytest.approx(2 / 4)
    assert scores["recall"] == pytest.approx(2 / 4)
    assert scores["f1"] == pytest.approx(0.5)
    assert scores["f1_a"] == pytest.approx(2 * 2 / (3 + 2))
    assert scores["f1_b"] == 0
    assert np.isnan(scores.over(np.array([2]))["f1_b"])  # neither true nor predicted there
    assert scores.losses.tolist() == [2, 2, 0]
    assert scores.answers[0] == "a: w0 w1; a: w3"
    assert scores.truths == ["a: w0 w1; b: w3", "b: w1", "a: w0"]


def test_counts_are_summed_before_they_are_divided():
    """One sentence of four entities weighs four times one of one entity (micro-average)."""
    scores = scored(["B-a O B-a O B-a O B-a", "B-a O O O O O O"], ["B-a O B-a O B-a O B-a", "O B-a O O O O O"])
    assert scores["f1"] == pytest.approx(4 / 5)
    assert scores.over(np.array([1]))["f1"] == 0
    assert scores.over(np.array([0, 0, 1]))["recall"] == pytest.approx(8 / 9)


def test_neighbours_of_one_type_are_two_spans():
    scores = scored(["B-a B-a I-a"], ["B-a I-a I-a"])
    assert scores["f1"] == 0 and scores.losses.tolist() == [3]


def test_an_inside_tag_that_continues_nothing_begins_a_span():
    assert scored(["B-a I-a O"], ["I-a I-a O"])["f1"] == 1


def test_nothing_found_and_nothing_there_are_zero():
    assert scored(["B-a O"], ["O O"])["f1"] == 0
    assert dict(scored(["O O"], ["O O"])) == {"f1": 0, "precision": 0, "recall": 0}
    assert ratios(0, 0, 0) == (0, 0, 0)


def test_outcomes_say_what_became_of_true_spans():
    scores = scored(
        ["B-a I-a O B-a O", "B-a I-a O B-b O"],
        ["B-a I-a O B-b O", "B-a O O O B-a"],
    )
    assert OUTCOMES == ("right", "wrong type", "wrong ends", "missed")
    assert outcomes(scores) == {"a": [1, 1, 1, 0], "b": [0, 0, 0, 1]}


def test_breakdown_by_words_that_the_model_does_not_know():
    scores = scored(["B-a O", "B-a O", "O O"], ["B-a O", "O O", "O O"], [{"w1"}, {"w0"}, {"w0"}])
    parts = scores.breakdowns["by words of the entities"]
    assert {label: part.tolist() for label, part in parts.items()} == {"all known": [0], "some unknown": [1]}


def test_tags_must_be_as_many_as_tokens():
    with pytest.raises(ValueError, match="2 tokens have 2 true and 1 predicted"):
        score_spans([["a", "b"]], [["O", "O"]], [["O"]])


def chunks_evaluated(truths, answers):
    """Precision, recall and F1 by the state machine of the CoNLL-2000 scorer: it walks over both taggings at once."""
    right = true_count = predicted_count = 0
    for true_tags, predicted_tags in zip(truths, answers):
        correct_so_far = False
        before = ("O", ""), ("O", "")
        for true, predicted in zip([*true_tags, "O"], [*predicted_tags, "O"]):
            here = tuple((tag[0], tag[2:]) for tag in (true, predicted))
            ends = [old[0] != "O" and (new[0] in "BO" or new[1] != old[1]) for old, new in zip(before, here)]
            begins = [
                new[0] == "B" or (new[0] == "I" and (old[0] == "O" or old[1] != new[1]))
                for old, new in zip(before, here)
            ]
            if correct_so_far and (ends[0] or ends[1]):
                right += ends[0] and ends[1]
                correct_so_far = False
            if all(begins) and here[0][1] == here[1][1]:
                correct_so_far = True
            true_count, predicted_count = true_count + begins[0], predicted_count + begins[1]
            before = here
    return ratios(right, predicted_count, true_count)


def perturbed(tags, kinds, source):
    """The tags with some of them replaced by any tag, valid or not."""
    return [
        source.choice(["O", *(f"{p}-{k}" for k in kinds for p in "BI")]) if source.random() < 0.15 else t for t in tags
    ]


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_scorer_of_the_field_on_random_tags(seed):
    source = random.Random(seed)
    truths = [perturbed(["O"] * source.randint(1, 12), "ab", source) for _ in range(50)]
    answers = [perturbed(tags, "abc", source) for tags in truths]
    scores = score_spans(truths, truths, answers)
    assert (scores["precision"], scores["recall"], scores["f1"]) == pytest.approx(chunks_evaluated(truths, answers))


@pytest.mark.real_data
def test_equals_the_scorer_of_the_field_on_wnut17(real_splits):
    made = real_splits("ner_tagging", "wnut17")
    source = random.Random(0)
    truths = [example.tags for example in made.test]
    answers = [perturbed(tags, ("person", "location", "creative-work"), source) for tags in truths]
    scores = score_spans([example.tokens for example in made.test], truths, answers)
    assert 0.1 < scores["f1"] < 0.9
    assert (scores["precision"], scores["recall"], scores["f1"]) == pytest.approx(chunks_evaluated(truths, answers))
    assert scores.rows.reshape(len(truths), -1, 3)[..., 2].sum() == 1079


def test_pictures_are_drawn(tmp_path):
    from common.plots.spans import figures, stated_probabilities

    scores = scored(["B-a I-a O B-b", "O O O O"], ["B-a I-a O B-a", "O O O B-b"])
    entities = [
        [
            {"type": "a", "start": 0, "stop": 2, "probability": 0.9},
            {"type": "a", "start": 3, "stop": 4, "probability": 0.4},
        ],
        [{"type": "b", "start": 3, "stop": 4, "probability": 0.6}],
    ]
    predictions = [{"entities": found} for found in entities]
    stated, right = stated_probabilities(scores, predictions)
    assert stated.tolist() == [0.9, 0.4, 0.6] and right.tolist() == [True, False, False]
    found = figures(scores, [None, None], predictions, tmp_path)
    assert [name for name, _ in found] == ["spans.png", "reliability.png"]
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name, _ in found)
    bare = [{"entities": [dict(list(e.items())[:3]) for e in found]} for found in entities]
    assert [name for name, _ in figures(scores, [None, None], bare, tmp_path)] == ["spans.png"]
