"""What hangs on each step of the input: order in time, prompts, and the number of an answer."""

import dataclasses

import numpy as np
import pytest

from common.insight import occlusion
from common.insight.composition import Answer
from tests.insight.test_every_task import setting

CAUSAL = ["music_generation", "next_word", "text_generation"]


@pytest.mark.parametrize("name", CAUSAL)
def test_what_comes_after_an_answer_has_no_effect_on_it(name):
    _, whole, example = setting(name)
    effect = occlusion.explain(whole, example).effect  # (answers, steps)
    later = np.triu(np.ones(effect.shape, bool), 1)
    assert later.any() and not effect[later].any()
    assert effect[~later].any()


@pytest.mark.parametrize("name", CAUSAL)
def test_a_prompt_is_read_to_its_end_and_only_what_follows_counts(name):
    _, whole, example = setting(name)
    prompt = dataclasses.replace(example, is_prompt=True)
    explanation = occlusion.explain(whole, prompt)
    assert explanation.effect.shape[0] == 1
    assert len(explanation.names) == len(whole.encoder.step_names(prompt))
    assert explanation.effect[0, -1] != 0


def test_a_sentence_without_a_translation_is_translated_first():
    _, whole, example = setting("translation")
    source = dataclasses.replace(example, target=None)
    inputs = whole.complete(whole.encoder.encode(source)[0])
    assert inputs["target_ids"].shape[1] >= 1
    explanation = occlusion.explain(whole, source)
    assert explanation.names == whole.encoder.source.split(example.source)
    assert explanation.effect.shape[0] == inputs["target_ids"].shape[1]


@pytest.mark.parametrize(
    ("kind", "shape", "last"),
    [
        ("class", (1, 4), False),
        ("class", (1, 5, 4), False),
        ("class", (1, 5, 4), True),
        ("each", (1, 5, 4), False),
        ("each", (1, 5, 4), True),
        ("number", (1, 1), False),
        ("number", (1, 6, 3), False),
    ],
)
def test_slope_is_the_derivative_of_the_values(kind, shape, last):
    readout = np.random.default_rng(0).normal(size=shape)
    answer, step = Answer.of(readout, kind, last), 1e-6
    slope, values = answer.slope(readout), answer.values(readout)
    assert slope.shape == readout.shape and values.shape[0] == 1
    for place in np.ndindex(shape):
        moved = readout.copy()
        moved[place] += step
        assert slope[place] == pytest.approx((answer.values(moved) - values).sum() / step, abs=1e-5)


def test_values_are_log_odds_of_what_was_decided():
    readout = np.log([[[0.2, 0.5, 0.3], [0.9, 0.05, 0.05]]])
    answer = Answer.of(readout, "class")
    assert answer.decided.tolist() == [1, 0]
    np.testing.assert_allclose(answer.values(readout), [[0, np.log(9)]], atol=1e-12)
    longer = np.concatenate([readout, readout], axis=1)  # padding after it
    np.testing.assert_allclose(answer.values(longer), [[0, np.log(9)]], atol=1e-12)
