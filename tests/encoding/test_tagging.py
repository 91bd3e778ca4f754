"""Tags, their best sequence, and the random field over them, against enumeration of all sequences."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import layers
from common.encoding import tagging
from common.encoding.tagging import Span
from common.prediction import crf

TAGS = ("O", "B-person", "I-person", "B-place", "I-place")


def valid(path):
    return all(tag[0] != "I" or (i and path[i - 1] in (f"B{tag[1:]}", tag)) for i, tag in enumerate(path))


@pytest.mark.parametrize(
    "tags, expected",
    [
        ("O O", []),
        ("B-a I-a O B-b", [Span("a", 0, 2), Span("b", 3, 4)]),
        ("B-a B-a I-a", [Span("a", 0, 1), Span("a", 1, 3)]),
        ("O I-a I-a", [Span("a", 1, 3)]),  # I- that continues nothing begins a span
        ("B-a I-b I-b", [Span("a", 0, 1), Span("b", 1, 3)]),
        ("B-creative-work I-creative-work", [Span("creative-work", 0, 2)]),
        ("", []),
    ],
)
def test_spans_of_tags(tags, expected):
    assert tagging.spans(tags.split()) == expected


def test_inside_follows_only_its_own_type():
    allowed = tagging.allowed(TAGS)
    assert allowed.shape == (6, 5)
    for (i, before), (j, tag) in itertools.product(enumerate((*TAGS, "O")), enumerate(TAGS)):
        assert allowed[i, j] == valid((before, tag) if before[0] != "I" else (f"B{before[1:]}", before, tag))


def scored(path, scores):
    before = [len(TAGS), *path[:-1]]
    return sum(scores[t, i, j] for t, (i, j) in enumerate(zip(before, path)))


class Field:
    """Transitions and the CRF over them."""

    def __init__(self, tags):
        self.transitions, self.field = layers.Transitions(tagging.allowed(tags)), layers.CRF()

    def __call__(self, scores, mask=None):
        return self.field(scores, self.transitions(scores), mask)


def random_field(seed=0, batch=3, timesteps=4):
    """A CRF with random weights, scores and a mask of different lengths."""
    random = np.random.default_rng(seed)
    field = Field(TAGS)
    scores = random.normal(0, 2, (batch, timesteps, 5)).astype("float32")
    mask = np.arange(timesteps) < np.arange(timesteps, timesteps - batch, -1)[:, None]
    field(scores, mask)
    field.transitions.set_weights([random.normal(size=(6, 5)).astype("float32")])
    return field, scores, mask


def enumerated(field, scores):
    """Every valid sequence of one sentence's tags -> its probability, by summing over all of them."""
    (transitions,) = field.transitions.get_weights()
    weights = {}
    for path in itertools.product(range(5), repeat=len(scores)):
        if valid([TAGS[i] for i in path]):
            before = [5, *path[:-1]]
            weights[path] = np.exp(sum(transitions[i, j] + scores[t, j] for t, (i, j) in enumerate(zip(before, path))))
    total = sum(weights.values())
    return {path: weight / total for path, weight in weights.items()}


def test_field_gives_the_probability_of_every_sequence():
    field, scores, mask = random_field()
    outputs = np.array(field(scores, mask), np.float64)
    for row, length in enumerate(mask.sum(axis=1)):
        probabilities = enumerated(field, scores[row, :length])
        for path, probability in probabilities.items():
            assert scored(path, outputs[row]) == pytest.approx(np.log(probability), abs=1e-4)


def test_the_layer_and_numpy_give_the_same_probabilities():
    field, scores, mask = random_field(batch=4)
    mask[3] = False
    found = crf.log_probabilities(scores, np.array(field.transitions(scores)), mask)
    expected = np.array(field(scores, mask), np.float64)
    assert mask.any(axis=1).tolist() == [True, True, True, False]
    np.testing.assert_allclose(found[mask], expected[mask], rtol=1e-5, atol=1e-5)


def test_loss_is_the_likelihood_and_padding_weighs_nothing():
    field, scores, mask = random_field()
    targets = np.array([[1, 2, 0, 3], [0, 3, 4, 0], [0, 1, 0, 0]])
    expected = sum(
        -np.log(enumerated(field, scores[row, :length])[tuple(targets[row, :length])])
        for row, length in enumerate(mask.sum(axis=1))
    )
    loss = layers.TransitionLoss(reduction="mean_with_sample_weight")
    for padding in (scores, np.where(mask[:, :, None], scores, 50.0).astype("float32")):
        value = loss(targets, field(padding, mask), sample_weight=mask.astype("float32"))
        assert float(value) == pytest.approx(expected / mask.sum(), rel=1e-5)


def test_gradient_of_the_field_is_that_of_automatic_differentiation():
    field, scores, mask = random_field(timesteps=5)
    scores, weight = tf.Variable(scores), field.transitions.transitions
    targets = np.array([[1, 2, 0, 3, 4], [0, 3, 4, 0, 0], [0, 1, 0, 0, 0]])
    loss = layers.TransitionLoss(reduction="sum")

    def value():
        return loss(targets, field(scores, mask), sample_weight=mask.astype("float32"))

    with tf.GradientTape() as tape:
        total = value()
    for variable, gradient in zip((scores, weight.value), tape.gradient(total, (scores, weight.value))):
        start, numeric = variable.numpy(), np.zeros(variable.shape)
        for place in np.ndindex(*start.shape):
            ends = []
            for step in (1e-2, -1e-2):
                moved = start.copy()
                moved[place] += step
                variable.assign(moved)
                ends.append(float(value()))
            numeric[place] = (ends[0] - ends[1]) / 2e-2
        variable.assign(start)
        np.testing.assert_allclose(gradient, numeric, atol=3e-3)


def test_probability_of_a_span_sums_over_all_sequences_that_have_it():
    field, scores, _ = random_field(timesteps=4)
    outputs = np.exp(np.array(field(scores[:1]), np.float64)[0])
    every = enumerated(field, scores[0])
    candidates = [Span(kind, i, j) for kind in ("person", "place") for i in range(4) for j in range(i + 1, 5)]
    expected = {
        span: sum(p for path, p in every.items() if span in tagging.spans([TAGS[i] for i in path]))
        for span in candidates
    }
    assert tagging.span_probabilities(outputs, TAGS, 0.0) == pytest.approx(expected, abs=1e-5)
    some = {span: p for span, p in expected.items() if p > 0.1}
    assert 0 < len(some) < len(candidates)
    assert tagging.span_probabilities(outputs, TAGS, 0.1) == pytest.approx(some, abs=1e-5)


def test_of_spans_that_overlap_the_most_probable_stays():
    a, b, c, d = Span("x", 0, 2), Span("y", 1, 3), Span("x", 2, 4), Span("y", 5, 6)
    assert tagging.without_overlap({d: 0.2, a: 0.3, b: 0.4, c: 0.1}) == [b, d]
    assert tagging.without_overlap({d: 0.2, a: 0.4, b: 0.3, c: 0.1}) == [a, c, d]
    assert tagging.without_overlap({}) == []


def test_tags_of_spans_and_back():
    tags = ["B-a", "B-a", "I-a", "O", "B-b"]
    assert tagging.tags_of(tagging.spans(tags), 5) == tags
    assert tagging.tags_of([], 2) == ["O", "O"]


def test_per_timestep_is_its_layer_on_each_timestep():
    random = np.random.default_rng(0)
    chars, mask = random.normal(size=(2, 3, 4, 5)).astype("float32"), np.arange(4) < [[[3], [1], [4]], [[2], [0], [0]]]
    inner = layers.recurrent("simple_rnn", 6, bidirectional=True)
    outputs = layers.PerTimestep(inner)(chars, mask)
    assert outputs.shape == (2, 3, 12)
    for row, t in np.ndindex(2, 3):
        np.testing.assert_allclose(outputs[row, t], inner(chars[row, t][None], mask[row, t][None])[0], atol=1e-6)


def test_token_dropout_hides_real_tokens_in_training_alone():
    keras.utils.set_random_seed(0)
    token_ids = np.tile([7, 8, 9, 0], (500, 1)).astype("int32")
    layer = layers.TokenDropout(0.3)
    np.testing.assert_array_equal(layer(token_ids), token_ids)
    hidden = np.array(layer(token_ids, training=True))
    assert set(np.unique(hidden)) == {0, 1, 7, 8, 9}
    assert (hidden[:, 3] == 0).all()
    assert (hidden[:, :3] == 1).mean() == pytest.approx(0.3, abs=0.04)
