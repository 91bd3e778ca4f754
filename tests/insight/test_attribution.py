"""Gradients and integrated gradients of every task's model, and the walk through it that they use."""

import functools

import numpy as np
import pytest

from common.insight import attribution, occlusion, walk
from common.insight.attribution import Attribution
from common.insight.composition import Composition
from common.prediction.keras_networks import of_model
from common.task import task_names
from tests import small

every_task = pytest.mark.parametrize("name", task_names())


@functools.cache
def setting(name):
    """A small model with random weights everywhere, its encoder, one example as a batch, and the answer to it."""
    model, _ = small.model(name)
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign_add(random.normal(0, 0.1, weight.shape))
    _, _, few, encoder = small.setting(name)
    example = sorted(few.test, key=len)[len(few.test) // 4]
    whole = Composition(of_model(model), encoder)
    batch = whole.complete(encoder.encode(example)[0])
    return model, encoder, batch, whole, occlusion.answer_of(whole, batch, example)


@every_task
def test_walking_through_a_model_gives_what_the_model_gives(name):
    model, encoder, batch, whole, _ = setting(name)
    walked = walk.composition(model, encoder, lambda call: call.outputs)
    np.testing.assert_allclose(
        np.asarray(walked.readout(walked(batch))), whole.readout(whole(batch)), rtol=1e-4, atol=1e-5
    )


@every_task
def test_integrated_gradients_sum_to_the_change_of_the_answer(name):
    model, encoder, batch, whole, answer = setting(name)
    attributed = Attribution(model, encoder, batch, answer)
    found = attributed.integrated()
    everything = np.ones((1, whole.timesteps(batch)), bool)
    values = [answer.values(whole.readout(whole(rows))).sum() for rows in (whole.hidden(batch, everything), batch)]
    assert found.effect.shape == (whole.timesteps(batch),)
    assert found.change == pytest.approx(values[1] - values[0], rel=1e-3, abs=1e-4)
    assert found.error < 0.01
    gradient = attributed.gradient()
    assert gradient.shape == found.effect.shape and (gradient >= 0).all() and gradient.max() > 0


def test_gradient_is_the_numerical_one():
    """Of a task whose input holds real numbers, so that they can be changed."""
    model, encoder, batch, whole, answer = setting("stock_forecast")
    gradient, step = Attribution(model, encoder, batch, answer).gradient(), 1e-2
    by_hand = []
    for feature in range(batch["days"].shape[2]):
        moved = [{"days": batch["days"].copy()} for _ in range(2)]
        for one, sign in zip(moved, (1, -1)):
            one["days"][0, -1, feature] += sign * step
        above, below = (answer.values(whole.readout(whole(one))).sum() for one in moved)
        by_hand.append((above - below) / (2 * step))
    assert gradient[-1] == pytest.approx(np.linalg.norm(by_hand), rel=0.02)


def test_agreement_is_a_rank_correlation():
    found = attribution.agreement({"a": np.array([1.0, -5, 3]), "b": np.array([0.1, 0.9, 0.2]), "c": -np.ones(3)})
    assert found["a and b"] == pytest.approx(1) and np.isnan(found["a and c"])
    assert attribution.agreement({"a": np.arange(4.0), "b": np.arange(4.0)[::-1]})["a and b"] == pytest.approx(-1)
