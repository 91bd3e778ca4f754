"""The next word: the sample's prose, the state carried over, scores by hand, continuations."""

import dataclasses
import re

import numpy as np
import pytest

from common.datasets.prose import sentences
from common.encoding import batching
from common.encoding.streams import Stream
from common.encoding.text import END, UNKNOWN
from common.errors import UserError
from common.metrics.language_model import BANDS, LanguageModel, mixed
from common.prediction import language_model
from common.prediction.keras_networks import KerasNetwork, of_model
from common.task import change_config
from tasks.next_word.sample import load
from tasks.next_word.task import TASK, Encoder, Line, read, split
from tests import small

# ------------------------------------------------------------------------------------------------------- Data


def test_sample_is_prose_and_nothing_comes_twice():
    train, validation, test = (part for _, part in load())
    everything = [*train, *validation, *test]
    assert len(train) > 1300 and len(validation) > 150 and len(test) > 150
    assert len({text.lower() for text in everything}) == len(everything)
    for text in everything:
        assert re.match(r"[A-Z_(]", text) and text[-1] in ".:!?" and not re.search(r'[*`"<>={}\\]|::', text)


def test_code_tables_headings_and_markup_are_left_out():
    topic = """The "if" statement
******************

The "if" statement is used for *conditional* execution of
a "suite()" [1]:

   if_stmt ::= "if" assignment_expression ":" suite

>>> if x: pass

+-----+------+
| One | Two, |
+-----+------+

* It selects exactly one of the suites.  Then it’s done.

  The "if x == 1" form is not prose at all here.  Its value is read-
  only.  Short too.

   Footnotes too:
"""
    prose = [
        "The if statement is used for conditional execution of a suite:",
        "It selects exactly one of the suites.",
        "Its value is read-only.",
    ]
    assert list(sentences({"if": topic, "again": topic.upper(), "else": topic})) == prose


def test_own_file_is_read_lazily_and_split_by_position(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("".join(f"Line {number}.\n" for number in range(100)))
    corpus = read(path, True)
    assert corpus[3] == Line("Line 3.") and not isinstance(corpus, list)
    made = split(corpus, 0)
    assert [len(subset) for _, subset in made] == [80, 10, 10]
    assert [str(line) for _, subset in made for line in subset] == [f"Line {number}." for number in range(100)]
    prompts = read(path, False)
    assert len(prompts) == 100 and prompts[7] == Line("Line 7.", is_prompt=True)
    assert [len(subset) for _, subset in split([Line("a")] * 200_000, 0)] == [190_000, 5_000, 5_000]


@pytest.mark.parametrize("tokens", ["words", "spaces"])
def test_many_lines_are_encoded_like_each_by_itself(tokens, tmp_path):
    lines = [Line(text) for text in ("It isn't 日本　dull .", "", " ", "THE it <pad> dull dull", "x" * 99, "</s>")] * 3
    encoder = Encoder.fit(change_config(TASK.config, {"tokens": tokens}), lines[:-4])
    for cache in (None, tmp_path):
        encoded = batching.encode(encoder, lines, cache)
        for i, line in enumerate(lines):
            inputs, targets = encoder.encode(line)
            part = slice(*encoded.targets.offsets[i : i + 2])
            assert encoded.targets.values[part].tolist() == targets.tolist()
            assert encoded.inputs["token_ids"].values[part].tolist() == inputs["token_ids"].tolist()
    assert sum(encoder.counts) == sum(len(encoder.encode(line)[1]) for line in lines[:-4])


def test_the_target_of_a_word_is_the_next_word():
    lines = [Line("the cat sat ."), Line(""), Line("the cat ran .")]
    encoder = Encoder.fit(TASK.config, lines)
    ids = {word: encoder.vocabulary.encode([word])[0] for word in ("the", "cat", ".")}
    inputs, targets = encoder.encode(Line("The dog <s> ."))
    assert targets.tolist() == [ids["the"], *[UNKNOWN] * 4, ids["."], END]  # "<", "s" and ">" are three tokens
    assert inputs["token_ids"].tolist() == [END, *targets[:-1]]
    assert encoder.counts[END] == 2 and encoder.counts[UNKNOWN] == 2 and encoder.counts[ids["cat"]] == 2
    assert [len(array) for array in (encoder.encode(Line(" "))[1], *encoder.encode(Line(""))[0].values())] == [0, 0]
    spaces_config = change_config(TASK.config, {"tokens": "spaces"})
    spaces = Encoder.fit(spaces_config, lines)
    assert spaces.encode(Line("<s> <pad> <unk> the"))[1].tolist() == [*[UNKNOWN] * 3, ids["the"], END]
    marked = Encoder.fit(spaces_config, [Line("a <unk> b"), Line("a")])
    assert marked.vocabulary.tokens[4:] == ("a", "b") and marked.counts[UNKNOWN] == 1
    with pytest.raises(UserError, match="kind of tokens 'word'; did you mean words"):
        Encoder.fit(change_config(TASK.config, {"tokens": "word"}), lines)


# ------------------------------------------------------------------------------------------------------ Model


@pytest.fixture(scope="module", params=[("simple_rnn", 0), ("lstm", 20)], ids=["simple_rnn", "lstm, reduced"])
def trained(request):
    """A small model after two epochs, so that its states mean something; its config, encoder and lines."""
    _, _, few, encoder = small.setting("next_word")
    cell, cutoff = request.param
    model, config = small.model("next_word", cell=cell, cutoff=cutoff, learning_rate=0.02, timesteps=8)
    batches = Stream(batching.encode(encoder, few.train), 4, 8)
    model.optimizer.schedule.steps = config.epochs * len(batches)  # as `training.fit` says
    model.fit(batches.dataset(), epochs=2, verbose=0, shuffle=False)
    return config, model, encoder, list(few.test)


def test_an_untrained_model_knows_how_often_each_word_occurs():
    _, _, few, encoder = small.setting("next_word")
    model, _ = small.model("next_word")
    probabilities = np.maximum(encoder.counts, 0.1) / sum(encoder.counts)
    targets = np.concatenate([encoder.encode(line)[1] for line in few.train])
    logs, _, _ = language_model.score(KerasNetwork(model), np.roll(targets, 1), targets)
    assert -logs.mean() == pytest.approx(-np.log(probabilities[targets]).mean(), rel=0.02)


def test_reduced_training_loss_is_the_exact_one():
    """With clusters, training never looks at all words, and yet its loss is that of the logits."""
    _, _, few, encoder = small.setting("next_word")
    model, _ = small.model("next_word", cutoff=20, dropout=0.0, learning_rate=0.0)
    for batch in Stream(batching.encode(encoder, few.train), 4, 8):
        model.reset_metrics()
        fresh = {**batch[0], "carried": np.zeros_like(batch[0]["carried"])}
        exact = model.test_on_batch(fresh, *batch[1:], return_dict=True)["loss"]
        model.reset_metrics()
        assert model.train_on_batch(fresh, *batch[1:], return_dict=True)["loss"] == pytest.approx(exact, rel=1e-5)


def test_windows_give_the_loss_of_the_whole(trained):
    """Cut into windows of any length, the text has the loss that it has in one piece: the state goes on."""
    _, model, encoder, lines = trained
    encoded = batching.encode(encoder, lines)

    def loss(timesteps):
        total = 0.0
        for inputs, targets, weights in Stream(encoded, 2, timesteps):
            model.reset_metrics()
            total += model.test_on_batch(inputs, targets, weights, return_dict=True)["loss"] * weights.sum()
        return total / len(encoded.targets.values)

    whole = loss(10_000)
    assert loss(7) == pytest.approx(whole, rel=1e-5)
    assert loss(50) == pytest.approx(whole, rel=1e-5)


def test_the_state_goes_on_in_training_and_starts_afresh(trained):
    _, model, encoder, lines = trained
    first, second, *_ = Stream(batching.encode(encoder, lines), 2, 10)

    def loss(*batches):
        for batch in batches:
            model.reset_metrics()
            found = model.test_on_batch(*batch, return_dict=True)["loss"]
        return found

    fresh = {**second[0], "carried": np.zeros_like(second[0]["carried"])}
    alone = loss((fresh, *second[1:]))
    assert loss(first, second) != pytest.approx(alone, rel=1e-4)
    assert loss(first, (fresh, *second[1:])) == alone
    one_row = {name: array[:1] for name, array in first[0].items()}
    loss(first, second, (one_row, first[1][:1], first[2][:1]))  # another number of rows needs nothing


def test_states_are_not_weights(trained):
    _, model, *_ = trained
    kinds = {variable.path.split("/")[-1] for variable in model.variables}
    assert kinds - {"cluster_kernel"} == {"embeddings", "kernel", "recurrent_kernel", "bias", "seed_generator_state"}


# ------------------------------------------------------------------------------------------------- Prediction


def test_scores_are_those_of_one_step_after_the_other(trained):
    config, model, encoder, lines = trained
    step, states, expected = KerasNetwork(model), model.fresh_states(1), []
    for line in lines:
        inputs, targets = encoder.encode(line)
        for token, target in zip(inputs["token_ids"], targets):
            outputs = step({"token_ids": np.array([[token]]), **states})
            states = {name: outputs[name] for name in states}
            logits = outputs["logits"][0, 0].astype(float)
            expected.append(logits[target] - np.log(np.exp(logits).sum()))
    predictions = TASK.predict(config, of_model(model), encoder, lines)
    found = [log for prediction in predictions for log in prediction["log_probabilities"]]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    for prediction, line in zip(predictions, lines):
        assert prediction["words"] == [*encoder.split(line), "</s>"]
        assert {len(values) for values in prediction.values()} == {len(prediction["words"])}
        for guess, word_id, hit in zip(prediction["guesses"], prediction["token_ids"], prediction["in_top5"]):
            assert hit or encoder.vocabulary.tokens[word_id] != guess


def test_the_size_of_a_window_changes_no_score(trained, monkeypatch):
    _, model, encoder, lines = trained
    inputs, targets = zip(*map(encoder.encode, lines))
    text = np.concatenate([each["token_ids"] for each in inputs]), np.concatenate(targets)
    expected = language_model.score(KerasNetwork(model), *text)
    for window in (7, 50, 10_000):
        monkeypatch.setattr(language_model, "WINDOW", window)
        logs, guesses, in_top = language_model.score(KerasNetwork(model), *text)
        np.testing.assert_allclose(logs, expected[0], rtol=1e-4, atol=1e-5)
        assert (guesses == expected[1]).all() and (in_top == expected[2]).all()


def test_of_equally_probable_words_the_first_comes_first():
    def network(inputs):
        return {"logits": np.tile(np.array([0, 1, 1, 1, 0], np.float32), (1, inputs["token_ids"].shape[1], 1))}

    network.inputs = {"token_ids": None}
    logs, guesses, in_top = language_model.score(network, np.arange(5), np.arange(5), top=2)
    np.testing.assert_allclose(np.exp(logs) * (2 + 3 * np.e), [1, np.e, np.e, np.e, 1], rtol=1e-6)
    assert guesses.tolist() == [1] * 5 and in_top.tolist() == [False, True, True, False, False]


def test_what_comes_later_changes_no_prediction(trained):
    config, model, encoder, lines = trained
    together = TASK.predict(config, of_model(model), encoder, lines)
    for count in (1, 5):
        assert TASK.predict(config, of_model(model), encoder, lines[:count]) == together[:count]
    assert TASK.predict(change_config(config, {"batch_size": 1}), of_model(model), encoder, lines) == together
    assert TASK.predict(config, of_model(model), encoder, [lines[0], Line(" "), *lines[1:]])[2:] == together[1:]
    assert TASK.predict(config, of_model(model), encoder, []) == []


def test_a_continuation_depends_on_seed_and_prompt_alone(trained):
    config, model, encoder, _ = trained
    prompts = [Line("The value of", is_prompt=True), Line("If the", is_prompt=True)]
    both = TASK.predict(config, of_model(model), encoder, prompts)
    assert TASK.predict(config, of_model(model), encoder, prompts[1:]) == both[1:]
    assert TASK.predict(dataclasses.replace(config, seed=1), of_model(model), encoder, prompts) != both
    assert all(len(answer["words"]) <= config.new_words for answer in both)


def test_the_settings_of_a_continuation_hold(trained):
    config, model, encoder, _ = trained
    prompt = [Line("The value of", is_prompt=True)]
    greedy = dataclasses.replace(config, temperature=0.0, new_words=5)
    one, other = (
        TASK.predict(settings, of_model(model), encoder, prompt)[0]
        for settings in (greedy, dataclasses.replace(greedy, temperature=3.0, top_k=1, seed=5))
    )
    assert one == other
    for choice in one["words"]:
        assert choice["word"] == next(iter(choice["alternatives"]))
        assert choice["probability"] == max(choice["alternatives"].values())
        assert len(choice["alternatives"]) == 5 and not {"<pad>", "<unk>", "<s>"} & set(choice["alternatives"])


def test_ngrams_answer_in_the_same_form(trained):
    config, model, encoder, lines = trained
    *_, few, _ = small.setting("next_word")
    lines = [*lines, Line("")]
    answers = TASK.baseline(config, few.train, lines)
    assert list(answers) == ["Kneser-Ney trigram", "Kneser-Ney bigram"]
    mine = TASK.predict(config, of_model(model), encoder, lines)
    for predictions in answers.values():
        for one, other in zip(predictions, mine, strict=True):
            assert one.keys() == other.keys()
            assert one["words"] == other["words"] and one["token_ids"] == other["token_ids"]
            assert len(one["log_probabilities"]) == len(other["log_probabilities"])


# ----------------------------------------------------------------------------------------------------- Scores

PREDICTIONS = [
    {
        "words": ["the", "rare", "</s>"],
        "token_ids": [4, 2000, END],
        "log_probabilities": [np.log(0.5), np.log(0.01), np.log(0.25)],
        "guesses": ["the", "cat", "."],
        "in_top5": [True, False, True],
    },
    {"words": [], "token_ids": [], "log_probabilities": [], "guesses": [], "in_top5": []},
    {
        "words": ["new", "</s>"],
        "token_ids": [UNKNOWN, END],
        "log_probabilities": [np.log(0.1), np.log(0.8)],
        "guesses": ["the", "</s>"],
        "in_top5": [True, True],
    },
]


def test_scores_by_hand():
    scores = LanguageModel(PREDICTIONS)
    assert scores["perplexity"] == pytest.approx((0.5 * 0.01 * 0.25 * 0.1 * 0.8) ** (-1 / 5))
    assert scores["top5_accuracy"] == pytest.approx(4 / 5)
    assert scores["known_words"] == pytest.approx(4 / 5)
    assert scores.over(np.array([2, 2]))["perplexity"] == pytest.approx((0.1 * 0.8) ** (-1 / 2))
    assert list(scores.by_frequency) == [BANDS[0], BANDS[1], BANDS[2], BANDS[5]]
    assert scores.by_frequency["end of line"] == pytest.approx(
        {"share": 0.4, "perplexity": (0.25 * 0.8) ** -0.5, "top5_accuracy": 1}
    )
    assert (scores.truths, scores.answers) == (["rare", "", "new"], ["cat", "", "the"])
    assert scores.losses[2] == pytest.approx(-np.log(0.08) / 2)


def test_words_are_told_apart_by_their_place():
    places = {10: "1 to 10", 11: "11 to 100", 100: "11 to 100", 1000: "101 to 1,000", 1001: "beyond 1,000"}
    for place, band in places.items():
        one = {
            "words": ["x"],
            "guesses": ["x"],
            "in_top5": [True],
            "log_probabilities": [-1.0],
            "token_ids": [place + 3],
        }
        assert list(LanguageModel([one]).by_frequency) == [band]


def test_a_mixture_by_hand():
    other = [{**one, "log_probabilities": [np.log(0.2)] * len(one["words"])} for one in PREDICTIONS]
    found = mixed(PREDICTIONS, other, share=0.75)
    expected = [np.log(0.75 * 0.5 + 0.25 * 0.2), np.log(0.75 * 0.01 + 0.25 * 0.2), np.log(0.75 * 0.25 + 0.25 * 0.2)]
    assert found[0]["log_probabilities"] == pytest.approx(expected)
    assert found[1]["log_probabilities"] == []
    scores = LanguageModel(found)
    assert np.isnan(scores["top5_accuracy"]) and scores["perplexity"] > 1
    (mixture,) = LanguageModel(PREDICTIONS).mixtures({"other": LanguageModel(other), "no": None}).values()
    assert mixture["perplexity"] == LanguageModel(mixed(PREDICTIONS, other))["perplexity"]


def test_pictures_are_written(tmp_path):
    from common.plots.language_model import figures

    odd = {**PREDICTIONS[0], "words": ["$x^2$", "_" * 120, "</s>"]}
    found = figures(LanguageModel(PREDICTIONS), [], [*PREDICTIONS, odd] * 30, tmp_path)
    assert all((tmp_path / name).stat().st_size > 5000 and caption for name, caption in found)
