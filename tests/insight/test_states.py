"""The state of each direction, and the units that follow something, with their control."""

import dataclasses

import numpy as np
import pytest

from common.insight import network, probes, recurrences, reference, states, study, walk
from common.insight.composition import Composition
from common.layers import Recurrent
from common.prediction.networks import padded
from tests import small


def test_backward_state_belongs_to_the_first_step():
    model, _ = small.model("sentiment")
    _, _, few, encoder = small.setting("sentiment")
    batch = padded([encoder.encode(few.test[0])[0]])
    backward = recurrences.find(model, encoder, batch, [batch["token_ids"].shape[1]])[1]
    assert backward.direction == "backward"
    (call,) = [call for call in walk.calls(model, encoder, batch) if isinstance(call.layer, Recurrent)]
    output = np.asarray(call.outputs[0])[0, :, backward.units :]
    np.testing.assert_allclose(backward.states()[0], output, rtol=1e-4, atol=1e-5)
    _, kept = None, backward.kept()
    np.testing.assert_allclose(kept[-1][0][0], output[0], rtol=1e-4, atol=1e-5)  # read last: the first word


def made_up(follow: bool, seed=0):
    """States of 40 examples of 15 steps with 8 units; unit 3 follows the position, unit 5 a label of the example."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, 40)
    rows = [random.normal(size=(15, 8)) for _ in labels]
    if follow:
        for row, label in zip(rows, labels):
            row[:, 3] += np.arange(15)
            row[:, 5] += 2.0 * label
    return rows, [np.arange(15.0)] * 40, list(labels)


def test_units_that_follow_something_are_found_and_no_others():
    rows, positions, labels = made_up(follow=True)
    assert states.encoded("position", rows, positions).units == [3]
    assert states.encoded("label", rows, labels).units == [5]


@pytest.mark.parametrize("seed", range(20))
def test_independent_values_are_not_found_to_be_encoded(seed):
    rows, positions, labels = made_up(follow=False, seed=seed)
    for values in (positions, labels):
        found = states.encoded("made up", rows, values, seed=seed)
        assert found.units == [] and found.shuffled <= found.threshold


def test_explained_variance_is_that_of_the_textbook():
    values = np.array([[0.0], [2.0], [10.0], [12.0]])
    assert states.explained(values, np.array([0, 0, 1, 1]))[0] == pytest.approx(100 / 104)  # between over total
    assert states.explained(values, values[:, 0])[0] == pytest.approx(1)


def test_brackets_quotes_and_lines_are_counted():
    assert states.inside(list('a(b)"c"')) == [False, True, True, False, True, True, False]
    assert states.position_in_line(list("\nab\nc")).tolist() == [0, 1, 2, 0, 1]
    found = states.quantities([list("ab(c)"), list("xy")], [np.int32(0), np.int32(1)])
    assert set(found) == {"position", "open bracket or quote", "label"}


def test_nearest_states_are_those_of_the_smallest_angle():
    pool = np.array([[0.0, 1], [5, 0.1], [1, 1], [4, 0.1], [1, 0]])
    (found,) = states.nearest(np.array([[1.0, 0]]), pool, list("abcbd"), [np.array([1, 1, 1, 1, 0], bool)], 2)
    assert found == [("b", pytest.approx(1, abs=1e-3)), ("c", pytest.approx(2**-0.5))]


def test_states_after_the_same_beginning_are_not_compared():
    """The pool holds the example itself, one that begins like it, and others."""
    model, networks = small.untrained("sentiment")
    _, _, few, encoder = small.setting("sentiment")
    example = max(few.test, key=len)
    variant = dataclasses.replace(example, text=f"{example.text} {few.test[0].text}")
    pool = study._Pool(Composition(networks, encoder), model, [example, variant, *few.test])
    query = pool.recurrences[0].states()[0]
    found = pool.similar(0, query, encoder.encode(example)[0])
    assert len(found) == len(query) and all(len(neighbours) == study.SIMILAR for neighbours in found)
    assert max(cosine for neighbours in found for _, cosine in neighbours) < 0.9999
    assert all(len({text for text, _ in neighbours}) == study.SIMILAR for neighbours in found)


def test_a_unit_that_explains_next_to_nothing_is_not_listed():
    """Its fraction is beyond chance only because there are many steps."""
    random = np.random.default_rng(0)
    position = [np.arange(20.0)] * 500
    rows = [random.normal(size=(20, 1)) + 0.015 * place[:, None] for place in position]
    found = states.encoded("position", rows, position)
    assert found.shuffled < found.share[0] / 2 < found.share[0] < states.LEAST and found.units == []


def test_units_of_a_network_encode_the_labels_and_no_permutation_of_them():
    """The control with the states of a trained network, whose units are correlated."""
    probe, one = probes.PROBES["order"], network.Network("gru", 6, 12, 4)
    network.train(one, probes.batches(probe, 32, 10, 150), learning_rate=2e-2)
    inputs, labels = probe.make(np.random.default_rng(5), 200, 10, held_out=True)
    rows = list(reference.outputs(one.forward(inputs.astype(float))[1]))
    assert states.encoded("label", rows, list(labels)).units
    for seed in range(20):
        permuted = np.random.default_rng(seed).permutation(labels)
        found = states.encoded("label", rows, list(permuted), seed=100 + seed)
        assert found.units == [] and found.shuffled <= found.threshold
