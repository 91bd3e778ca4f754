"""What only ner_tagging has: its sample, its tokens, its encoder, its answers."""

import dataclasses
import functools
import re

import keras
import numpy as np
import pytest

from common import layers
from common.encoding import batching, tagging
from common.encoding.wordforms import MAX_CHARS
from common.prediction.keras_networks import of_model
from tasks.ner_tagging import sample
from tasks.ner_tagging.task import TASK, Encoder, Tagged, baseline, predict, read, score
from tests import small


@functools.cache
def splits():
    return dict(sample.load())


def names(split):
    """Every name of a split as lower-case tokens, by type."""
    found = {}
    for tokens, tags in splits()[split]:
        for span in tagging.spans(tags):
            name = tuple(token.lower() for token in tokens[span.start : span.stop])
            found.setdefault(span.type, set()).add(name)
    return found


def test_sample_has_its_sizes_types_and_sentences_without_names():
    for split, count in sample.SENTENCES.items():
        found = splits()[split]
        assert len(found) == count
        assert set(names(split)) == set(sample.KINDS)
        assert 0.1 < np.mean([all(tag == "O" for tag in tags) for _, tags in found]) < 0.3
        assert any(len(name) > 2 for kind in names(split).values() for name in kind)


def test_no_name_of_the_sample_is_in_two_splits():
    train, validation, test = (set().union(*names(split).values()) for split in sample.SENTENCES)
    assert not train & validation and not train & test and not validation & test


def test_no_symbol_of_the_grammar_is_left_over():
    for split in splits().values():
        assert not any("<" in token or ">" in token for tokens, _ in split for token in tokens)
    grammar = sample.rules(sample.GRAMMAR)
    used = set(re.findall(r"<([a-z_]+)>", sample.GRAMMAR))
    assert used - {"noun"} == set(grammar) - {"sentence"}


def test_nouns_of_the_sample_are_names_in_one_sentence_and_words_in_another():
    for split in sample.SENTENCES:
        tags = {}
        for tokens, its_tags in splits()[split]:
            for token, tag in zip(tokens, its_tags):
                if token.lower() in sample.NOUNS:
                    tags.setdefault(token.lower(), set()).add(tag)
        both = [noun for noun, found in tags.items() if "O" in found and len(found) > 2]
        assert len(both) >= 8  # "O" and two types at least


def test_sample_is_the_same_every_time_and_another_with_another_seed():
    assert dict(sample.load()) == splits()
    assert dict(sample.load(seed=1))["test"] != splits()["test"]


def test_baseline_cannot_know_new_names():
    made = TASK.datasets["sample"].load(None)
    answers = baseline(TASK.config, made.train, made.test)["most frequent tag"]
    assert score(made.test, answers)["f1"] <= 0.5


def test_baseline_takes_the_most_frequent_tag_and_o_for_a_new_word():
    train = [Tagged(("Rook", "saw", "Rook"), ("B-person", "O", "B-person")), Tagged(("Rook", "!"), ("O", "O"))]
    (answer,) = baseline(TASK.config, train, [Tagged(("Rook", "met", "Tern"))])["most frequent tag"]
    assert answer["tags"] == ["B-person", "O", "O"]
    assert answer["entities"] == [{"type": "person", "text": "Rook", "start": 0, "stop": 1}]


@pytest.mark.parametrize(
    "line, tokens",
    [
        ("Ada left.", "Ada left ."),
        ("J. Rook's dog isn't here, is it?", "J. Rook 's dog isn't here , is it ?"),
        ("@ada sees #rnn at https://example.org/a?b=1 !", "@ada sees #rnn at https://example.org/a?b=1 !"),
        ("a well-known Kerib-400 (new)", "a well-known Kerib-400 ( new )"),
        ("It was I. Then", "It was I. Then"),  # an initial, as far as a pattern can see
        ("It was I.", "It was I ."),
        ("Zoë at the café — ok", "Zoë at the café — ok"),
    ],
)
def test_plain_text_becomes_tokens(tmp_path, line, tokens):
    path = tmp_path / "a.txt"
    path.write_text(f"{line}\n\n", encoding="utf-8")
    assert read(path, labelled=False) == [Tagged(tuple(tokens.split(" ")))]


def test_conll_of_any_scheme_becomes_bio_and_its_tags_are_dropped_for_prediction(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("Ada I-PER\nRook I-PER\nleft O\n\nTern\tS-LOC\n")
    expected = [
        Tagged(("Ada", "Rook", "left"), ("B-PER", "I-PER", "O")),
        Tagged(("Tern",), ("B-LOC",)),
    ]
    assert read(path, labelled=True) == expected
    assert read(path, labelled=False) == [dataclasses.replace(example, tags=None) for example in expected]


def test_encoder_has_every_tag_of_a_type_and_pads_characters():
    train = [Tagged(("Ada", "left", "Tern-4", "."), ("B-person", "O", "B-place", "O"))] * 2
    encoder = Encoder.fit(TASK.config, train)
    assert encoder.tags.names == ("O", "B-person", "I-person", "B-place", "I-place")
    inputs, targets = encoder.encode(Tagged(("ADA", "Ternstadtmouthvillebury"), ("B-person", "B-place")))
    assert inputs["token_ids"].tolist() == [encoder.words.encode(["ada"])[0], 1]
    assert inputs["char_ids"].shape == (2, MAX_CHARS)
    assert (inputs["char_ids"][0] != 0).tolist() == [True] * 3 + [False] * (MAX_CHARS - 3)
    assert targets.tolist() == [1, 3]
    assert encoder.words.encode(["tern-0"])[0] > 3  # digits are alike
    assert encoder.encode(Tagged(("Ada",)))[1] is None


def test_a_type_that_train_does_not_have_can_be_tested():
    *_, encoder = small.setting("ner_tagging")
    model, config = small.model("ner_tagging")
    test = [Tagged(("Monday", "came"), ("B-weekday", "O"))]
    assert score(test, predict(config, of_model(model), encoder, test))["f1_weekday"] == 0


def test_answers_are_valid_whatever_the_weights():
    """Even an untrained model, asked to find as much as it can, never puts I- where nothing begins."""
    *_, few, encoder = small.setting("ner_tagging")
    model, config = small.model("ner_tagging")
    model.set_weights([4 * np.random.default_rng(0).normal(size=weight.shape) for weight in model.get_weights()])
    predictions = predict(dataclasses.replace(config, threshold=0.001), of_model(model), encoder, few.test)
    spans = 0
    for example, prediction in zip(few.test, predictions):
        assert len(prediction["tags"]) == len(example)
        for before, tag in zip(["O", *prediction["tags"]], prediction["tags"]):
            assert tag[0] != "I" or before in (f"B{tag[1:]}", tag)
        for entity in prediction["entities"]:
            assert entity["text"] == " ".join(example.tokens[entity["start"] : entity["stop"]])
            assert 0 <= entity["probability"] <= 1
        spans += len(prediction["entities"])
    assert spans > len(few.test)


def test_members_learn_side_by_side_and_are_pooled(monkeypatch):
    """The loss of the whole is the mean of the members' losses, and the pooled probabilities of a tag sum to 1."""
    task, _, few, encoder = small.setting("ner_tagging")
    model, config = small.model("ner_tagging", members=3, dropout=0.0, word_dropout=0.0)
    members = [layer.output for layer in model.layers if isinstance(layer, layers.CRF)]
    batch = encoder.batches(batching.encode(encoder, few.train), 48)
    (inputs, targets, weights), *_ = batch
    losses = [float(model.loss(targets, keras.Model(model.inputs, one)(inputs), weights)) for one in members]
    assert len(losses) == 3 and np.ptp(losses) > 1e-4
    assert float(model.loss(targets, model(inputs), weights)) == pytest.approx(np.mean(losses), rel=1e-5)

    seen = []
    monkeypatch.setattr(tagging, "span_probabilities", lambda conditional, *_: seen.append(conditional) or {})
    task.predict(config, of_model(model), encoder, few.test)
    assert len(seen) == len(few.test)
    assert all(conditional.sum(axis=-1) == pytest.approx(1) for conditional in seen)


def test_the_network_sees_the_same_name_whoever_cut_the_text():
    """The mark stays a token of its own, so that nothing shifts; what follows it looks as if it were whole."""
    encoder = Encoder.fit(TASK.config, [Tagged(tuple("meet @ada and @ada".split()), ("O",) * 4)])
    whole, cut = (encoder.encode(Tagged(tuple(text.split())))[0] for text in ("meet @ada", "meet @ ada"))
    assert len(cut["token_ids"]) == 3
    for name, values in whole.items():
        np.testing.assert_array_equal(values[1], cut[name][2])
