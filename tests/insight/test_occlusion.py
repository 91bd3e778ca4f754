"""What hangs on each step of the input, for every task, through the contract alone."""

import dataclasses
import functools

import numpy as np
import pytest

from common.insight import occlusion
from common.insight.composition import Answer, Composition
from common.prediction.keras_networks import of_model
from common.task import task_names
from tests import small

every_task = pytest.mark.parametrize("name", task_names())
CAUSAL = ["music_generation", "next_word", "text_generation"]


@functools.cache
def composition(name):
    """A small model of a task with random weights everywhere, and one of the shorter examples of test."""
    model, _ = small.model(name)
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:  # some outputs begin with a kernel of zeros
        weight.assign_add(random.normal(0, 0.1, weight.shape))
    _, _, few, encoder = small.setting(name)
    return Composition(of_model(model), encoder), sorted(few.test, key=len)[len(few.test) // 4]


@every_task
def test_every_step_has_a_name_and_an_effect(name):
    whole, example = composition(name)
    explanation = occlusion.explain(whole, example)
    steps = len(explanation.names)
    assert steps > 0 and explanation.effect.shape[1] == steps and np.isfinite(explanation.effect).all()
    assert np.abs(explanation.share).sum() == pytest.approx(1)
    assert np.abs(explanation.effect).max() > 1e-6


@every_task
def test_padding_changes_no_effect(name):
    whole, example = composition(name)
    inputs = whole.complete(whole.encoder.encode(example)[0])
    answer = occlusion.answer_of(whole, inputs, example)
    steps = whole.timesteps(inputs)
    rows = whole.hidden(inputs, np.eye(steps, dtype=bool)[:2])
    alone = answer.values(whole.in_batches(rows))
    if len({len(one) for one in small.setting(name)[2].test}) == 1 or whole.steps(inputs)[0] in whole.encoder.fixed:
        return  # all of one length: there is no padding
    for padding in (0, 5, 50):
        padded = {
            key: np.pad(array, [(0, 0), (0, padding), *[(0, 0)] * (array.ndim - 2)])
            if key in whole.steps(inputs)
            else array
            for key, array in rows.items()
        }
        np.testing.assert_allclose(answer.values(whole.in_batches(padded)), alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CAUSAL)
def test_what_comes_after_an_answer_has_no_effect_on_it(name):
    whole, example = composition(name)
    effect = occlusion.explain(whole, example).effect  # (answers, steps)
    later = np.triu(np.ones(effect.shape, bool), 1)
    assert later.any() and not effect[later].any()
    assert effect[~later].any()


@pytest.mark.parametrize("name", CAUSAL)
def test_a_prompt_is_read_to_its_end_and_only_what_follows_counts(name):
    whole, example = composition(name)
    prompt = dataclasses.replace(example, is_prompt=True)
    explanation = occlusion.explain(whole, prompt)
    assert explanation.effect.shape[0] == 1
    assert len(explanation.names) == len(whole.encoder.step_names(prompt))
    assert explanation.effect[0, -1] != 0


def test_a_sentence_without_a_translation_is_translated_first():
    whole, example = composition("translation")
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
