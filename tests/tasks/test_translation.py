"""What only translation has: number names, pairs from files, and a decoder that steps as it was trained."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from common.encoding.subwords import Pieces
from common.encoding.text import END, PADDING, START, words
from common.errors import UserError
from common.prediction.keras_networks import KerasNetwork, of_model
from common.task import change_config
from tasks.translation import sample, task
from tasks.translation.task import TASK, Config, Encoder, Pair
from tests import small


@pytest.fixture(scope="module")
def splits():
    """Names by part; "longer" is a part of test."""
    made = dict(sample.load("fr"))
    longer = [names[:2] for names in made["test"] if names[2] == "longer"]
    return {split: [names[:2] for names in part if not names[2]] for split, part in made.items()} | {"longer": longer}


def test_number_names_are_right_and_agree(splits):
    names = {english: french for pairs in splits.values() for english, french in pairs}
    assert names["six million"] == "six millions"
    assert names["one million"] == "un million"
    with_eighty = [french for french in names.values() if french.endswith("quatre-vingts")]
    assert with_eighty and not any("quatre-vingts mille" in french for french in names.values())
    assert any("quatre-vingts millions" in french for french in names.values())


def test_splits_share_no_number_and_only_one_is_longer_than_train(splits):
    assert {split: len(pairs) for split, pairs in splits.items()} == sample.SIZES
    sources = [english for pairs in splits.values() for english, _ in pairs]
    assert len(set(sources)) == len(sources)
    lengths = {split: [len(words(english)) for english, _ in pairs] for split, pairs in splits.items()}
    assert min(lengths["longer"]) > max(lengths["train"] + lengths["validation"] + lengths["test"])
    vocabulary = [{word for pair in pairs for text in pair for word in words(text)} for pairs in splits.values()]
    assert all(vocabulary[0] >= others for others in vocabulary[1:]), "test has words that train does not have"


def test_the_sample_is_the_same_every_time():
    assert sample.load("fr") == sample.load("fr")


def test_longer_numbers_are_scored_separately():
    test = small.sample("translation").test
    parts = {pair.part for pair in test}
    assert parts == {"", "longer"}
    predictions = [{"text": pair.target if not pair.part else "faux"} for pair in test]
    scores = task.score(test, predictions)
    assert scores["exact_match"] == 1 and scores["bleu"] == pytest.approx(100)
    assert scores["exact_match_longer"] == 0


def test_an_untrained_model_can_learn_where_to_look():
    """Attention starts wide: nothing is learned of what it does not look at."""
    pieces = Pieces.fit(["one two three four five six seven eight"], 20, False)
    model = task.build_model(Config(units=256, embedding_size=256), Encoder(pieces, pieces, 20))
    encode, decode = (KerasNetwork(model.get_layer(name)) for name in ("encoder", "decoder"))
    source_ids = np.random.default_rng(0).integers(END + 1, len(pieces), (16, 12)).astype(np.int32)
    memory = encode({"source_ids": source_ids})
    attention = decode({"target_ids": source_ids, **memory})["attention"]  # (batch, target, source timesteps)
    assert attention.max(axis=-1).mean() < 0.3


PAIRS = [Pair("two dogs", "deux chiens"), Pair("a dog sleeps", "un chien dort"), Pair("a dog", "un chien")]


def test_the_decoder_sees_the_target_one_step_late():
    encoder = Encoder.fit(Config(), PAIRS)
    inputs, targets = encoder.encode(PAIRS[1])
    assert inputs["target_ids"][0] == START and targets[-1] == END
    assert list(inputs["target_ids"][1:]) == list(targets[:-1])
    assert encoder.target.join(encoder.target.decode(targets[:-1])) == "un chien dort"
    without_target, nothing = encoder.encode(dataclasses.replace(PAIRS[1], target=None))
    assert nothing is None and without_target.keys() == {"source_ids"}
    assert list(without_target["source_ids"]) == list(inputs["source_ids"])


def test_long_sentences_are_cut():
    encoder = Encoder.fit(Config(max_timesteps=2), PAIRS)
    inputs, targets = encoder.encode(PAIRS[1])
    assert len(inputs["source_ids"]) == 2 and len(inputs["target_ids"]) == len(targets) == 3
    assert targets[-1] == END


@pytest.mark.parametrize(("cell", "attention"), [("simple_rnn", True), ("gru", False), ("lstm", True)])
def test_the_decoder_steps_as_it_was_trained(cell, attention):
    """Logits piece by piece, each call beginning where the last one ended, are those of one call over the target."""
    _, _, few, encoder = small.setting("translation")
    model, _ = small.model("translation", cell=cell, attention=attention)
    rows = [encoder.encode(pair)[0] for pair in few.test[:5]]
    source_ids, target_ids = (padded([row[name] for row in rows]) for name in ("source_ids", "target_ids"))
    trained = KerasNetwork(model)({"source_ids": source_ids, "target_ids": target_ids})
    memory = KerasNetwork(model.get_layer("encoder"))({"source_ids": source_ids})
    decode = KerasNetwork(model.get_layer("decoder"))
    for step in range(target_ids.shape[1]):
        outputs = decode({"target_ids": target_ids[:, step : step + 1], **memory})
        np.testing.assert_allclose(outputs["logits"][:, 0], trained[:, step], atol=1e-5)
        memory |= {name: outputs[name] for name in memory if name.startswith("state_")}
        if attention:
            np.testing.assert_allclose(outputs["attention"].sum(axis=2), 1, atol=1e-5)
            assert np.all(outputs["attention"][:, 0][source_ids == PADDING] == 0)


def padded(rows):
    array = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for line, row in zip(array, rows, strict=True):
        line[: len(row)] = row
    return array


@pytest.mark.parametrize("changes", [{}, {"attention": False}, {"subwords": True, "vocab_size": 120}])
def test_predictions_fit_their_sources(changes):
    _, config, few, _ = small.setting("translation")
    config = change_config(config, changes)
    encoder = Encoder.fit(config, few.train)
    model = task.build_model(config, encoder)
    for pair, answer in zip(few.test, task.predict(config, of_model(model), encoder, few.test), strict=True):
        assert encoder.source.join(answer["source_tokens"]) == pair.source
        assert encoder.target.join(answer["target_tokens"]) == answer["text"]
        assert len(answer["target_tokens"]) < 2 * len(answer["source_tokens"]) + 10
        assert ("attention" in answer) == config.attention
        if config.attention:
            shape = len(answer["target_tokens"]), len(answer["source_tokens"])
            weights = np.reshape(answer["attention"], shape)
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.02)


def test_prediction_never_reads_the_target():
    _, _, few, encoder = small.setting("translation")
    model, config = small.model("translation")
    blind = [Pair(pair.source) for pair in few.test]
    assert task.predict(config, of_model(model), encoder, few.test) == task.predict(
        config, of_model(model), encoder, blind
    )
    assert task.predict(config, of_model(model), encoder, []) == []


def test_the_search_can_be_changed_after_training():
    _, _, few, encoder = small.setting("translation")
    model, config = small.model("translation", units=16)
    texts = [
        [answer["text"] for answer in task.predict(change_config(config, changes), of_model(model), encoder, few.test)]
        for changes in (
            {"beam_width": 1},
            {"beam_width": 4, "length_penalty": 0},
            {"beam_width": 4, "length_penalty": 2},
        )
    ]
    assert texts[0] != texts[1] != texts[2]
    assert sum(map(len, texts[1])) <= sum(map(len, texts[2]))


def test_own_files(tmp_path):
    table = tmp_path / "pairs.tsv"
    table.write_text("target\tsource\nun chien\ta dog\nIl dort.\tHe sleeps.\n", encoding="utf-8")
    assert TASK.own_file.read(table, True) == [Pair("a dog", "un chien"), Pair("He sleeps.", "Il dort.")]
    assert TASK.own_file.read(table, False) == [Pair("a dog"), Pair("He sleeps.")]
    text = tmp_path / "sources.txt"
    text.write_text("a dog\n\n two dogs \n", encoding="utf-8")
    assert TASK.own_file.read(text, False) == [Pair("a dog"), Pair("two dogs")]
    table.write_text("source\ta\nb\tc\n", encoding="utf-8")
    with pytest.raises(UserError, match="no column 'target'"):
        TASK.own_file.read(table, True)
    with pytest.raises(UserError):
        TASK.own_file.read(text, True)


def test_equal_sources_stay_in_one_split():
    pairs = [Pair(f"s{i % 20}", f"t{i}") for i in range(60)]
    made = TASK.own_file.split(pairs, 0)
    sources = [{pair.source for pair in split} for _, split in made]
    assert sum(len(split) for _, split in made) == 60
    assert len(set.union(*sources)) == sum(map(len, sources))


def test_the_baseline_is_word_for_word():
    train = [Pair("two dogs", "deux chiens"), Pair("two", "deux"), Pair("a dog", "un chien"), Pair("dog", "chien")]
    answers = task.baseline(Config(), train, [Pair("two dog"), Pair("dogs, a xyz")])
    assert answers == {"word-for-word dictionary": [{"text": "deux chien"}, {"text": "chiens, un xyz"}]}


def test_english_to_japanese_is_trained_and_scored_by_character(own_folders, capsys):
    """A target without spaces: of its words, one a sentence, BLEU would be 0 however good the model is."""
    from common.commands import predict, train
    from common.runs.examples import Request

    names = dict(zip(("one", "two", "three", "four", "five", "six"), ("一つ", "二つ", "三つ", "四つ", "五つ", "六つ")))
    numbers = [numbers for size in (1, 2, 3) for numbers in itertools.product(names, repeat=size)]
    rows = (f"{' '.join(some)},{''.join(map(names.get, some))}です。\n" for some in numbers)
    path = own_folders / "enja.csv"
    path.write_text("source,target\n" + "".join(rows), encoding="utf-8")
    settings = {"epochs": "8", "batch_size": "16", "subwords": "true", "vocab_size": "60", "units": "32"}
    run = train.run("translation", Request(str(path)), settings, quick=True)
    measured = run.metrics
    assert measured["metric"] == "bleu" and "tok:char" in measured["signatures"]["bleu"]
    assert measured["test"]["bleu"] > 50 and measured["test"]["chrf"] > 50 and measured["baseline"]["bleu"] < 50
    assert "On bleu the model is better than" in capsys.readouterr().out
    predict.run("translation", "two", None, None, {}, as_json=True)
    assert json.loads(capsys.readouterr().out)["text"].endswith("つです。")
