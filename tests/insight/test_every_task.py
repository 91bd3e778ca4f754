"""The explanations of every task, through the contract alone: one small model and one example of each."""

import dataclasses

import numpy as np
import pytest

from common.insight import occlusion, recurrences, walk
from common.insight.attribution import Attribution
from common.insight.composition import Answer, Composition
from common.layers import Recurrent
from common.prediction.networks import padded
from tests import small
from tests.small import every_task


def setting(name):
    """A small model of a task, the composition of its networks, and a test example."""
    model, networks = small.untrained(name)
    _, _, few, encoder = small.setting(name)
    return model, Composition(networks, encoder), sorted(few.test, key=len)[len(few.test) // 4]


@every_task
def test_every_step_moves_the_answer_by_a_number_that_is_right(name, unoptimised):
    model, composed, example = setting(name)
    batch = composed.complete(composed.encoder.encode(example)[0])
    answer, steps = occlusion.answer_of(composed, batch, example), composed.timesteps(batch)

    # A name and an effect for each step.
    explanation = occlusion.explain(composed, example)
    assert len(explanation.names) == steps == explanation.effect.shape[1] > 0
    assert np.isfinite(explanation.effect).all() and np.abs(explanation.effect).max() > 1e-6
    assert np.abs(explanation.share).sum() == pytest.approx(1)

    # Padding changes no effect. Where all examples have one length, and a mask is not needed, there is none.
    of_one_length = len({len(one) for one in small.setting(name)[2].test}) == 1
    if not of_one_length and composed.steps(batch)[0] not in composed.encoder.fixed:
        rows = composed.occluded(batch, np.eye(steps, dtype=bool)[:2])
        alone = answer.values(composed.in_batches(rows))
        for padding in (0, 5, 50):
            longer = {key: lengthened(a, padding) if key in composed.steps(batch) else a for key, a in rows.items()}
            np.testing.assert_allclose(answer.values(composed.in_batches(longer)), alone, rtol=1e-4, atol=1e-5)

    # Layer by layer the model gives what it gives as a whole, and integrated gradients sum to the change.
    found = Attribution(model, composed.encoder, batch, answer)
    everything = np.ones((1, steps), bool)
    low, high = (
        answer.values(composed.readout(composed(one))).sum() for one in (composed.occluded(batch, everything), batch)
    )
    integrated, gradient = found.integrated(), found.gradient()
    assert integrated.change == pytest.approx(high - low, rel=1e-3, abs=1e-4)
    assert integrated.error < 0.01
    assert gradient.shape == integrated.effect.shape == (steps,) and (gradient >= 0).all() and gradient.max() > 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("pos_tagging", True), ("text_generation", True), ("translation", False), ("image_captioning", False)],
)
def test_answers_of_a_decoder_belong_to_no_step_even_if_there_are_as_many(name, expected):
    _, composed, example = setting(name)
    batch = composed.complete(composed.encoder.encode(example)[0])
    outputs_of, answer = composed(batch), Answer("class", np.zeros(composed.timesteps(batch), int))
    assert composed.answers_each_step(batch, outputs_of, answer) == expected
    for other in (dataclasses.replace(answer, last=True), dataclasses.replace(answer, decided=answer.decided[1:])):
        assert not composed.answers_each_step(batch, outputs_of, other)


def lengthened(array, padding):
    return np.pad(array, [(0, 0), (0, padding), *[(0, 0)] * (array.ndim - 2)])


@every_task
def test_states_by_hand_are_those_of_the_layers(name):
    """The last state of each direction is what the layer gave, whether the example is padded or not."""
    model, composed, _ = setting(name)
    encoded = [composed.encoder.encode(example)[0] for example in sorted(small.setting(name)[2].test, key=len)[:3]]
    batch = padded(encoded)
    lengths = [composed.timesteps({key: np.asarray(a)[None] for key, a in one.items()}) for one in encoded]
    found = recurrences.find(model, composed.encoder, batch, lengths)
    calls = [call for call in walk.calls(model, composed.encoder, batch) if isinstance(call.layer, Recurrent)]
    assert found and len(found) == sum(len(call.layer.directions) for call in calls)
    forward = [one for one in found if one.direction == "forward"]
    for one, call in zip(forward, calls, strict=True):
        output, last = np.asarray(call.outputs[0]), [rows[-1] for rows in one.states() if len(rows)]
        if call.layer.return_sequences:
            output = np.stack([row[len(rows) - 1] for row, rows in zip(output, one.inputs) if len(rows)])
        np.testing.assert_allclose(np.stack(last), output[:, : one.units], rtol=1e-3, atol=1e-4)
        for gate in one.gates().values():
            assert gate.shape == (len(one.inputs[0]), one.units) and ((gate >= 0) & (gate <= 1)).all()
