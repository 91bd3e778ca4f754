"""The gradient of an answer, and how far measures agree."""

import numpy as np
import pytest

from common.insight import attribution, occlusion
from common.insight.attribution import Attribution
from tests.insight.test_every_task import setting


def test_gradient_is_the_numerical_one():
    """Of a task whose input holds real numbers, so that they can be changed."""
    model, whole, example = setting("stock_forecast")
    batch = whole.complete(whole.encoder.encode(example)[0])
    answer = occlusion.answer_of(whole, batch, example)
    gradient, step = Attribution(model, whole.encoder, batch, answer).gradient(), 1e-2
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
