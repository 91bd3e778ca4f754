"""Text by characters: passages, the state carried over, continuations, what the model's own texts are like."""

import dataclasses

import numpy as np
import pytest

from common.encoding import batching
from common.encoding.streams import Stream
from common.encoding.text import UNKNOWN
from common.metrics.generation import Generation, Source
from common.prediction import language_model
from common.prediction.keras_networks import of_model
from common.task import change_config
from tasks.text_generation.task import TASK, Encoder, Passage, read
from tests import small

# ------------------------------------------------------------------------------------------------------- Data


def test_a_file_is_read_whole_and_split_without_overlap(tmp_path):
    text = "".join(f"Line {number} of a text that is long enough.\n" for number in range(3000))
    path = tmp_path / "mine.txt"
    path.write_text(text)
    passages = read(path, True)
    assert "".join(map(str, passages)) == text and all(500 <= len(passage) < 600 for passage in passages[:-1])
    made = TASK.own_file.split(passages, 0)
    assert [passage for passage in passages if passage in made.test] == list(made.test) == passages[-len(made.test) :]
    rest = [*made.train, *made.validation]
    assert sorted(map(str, rest)) == sorted(map(str, passages[: len(rest)]))
    assert made.train[-1] == passages[len(rest) - 1], "train must reach up to the test"
    prompts = TASK.own_file.parse("The value\n\nof")
    assert [prompt.text for prompt in prompts] == ["The value", "", "of"] and all(p.is_prompt for p in prompts)


def test_encoding_predicts_each_next_character():
    encoder = Encoder.fit(TASK.config, [Passage("aab\nab\nx\n")])
    inputs, targets = encoder.encode(Passage("ax\n"))
    a, newline = (int(encoder.vocabulary.encode(character)[0]) for character in "a\n")
    assert targets.tolist() == [a, UNKNOWN, newline]  # x was seen once
    assert inputs["token_ids"].tolist() == [newline, a, UNKNOWN]
    assert encoder.decode(encoder.train) == "aab\nab\n\ufffd\n"


# ------------------------------------------------------------------------------------------------- Prediction


@pytest.fixture(scope="module", params=[("simple_rnn", 1), ("lstm", 2)], ids=["simple_rnn", "lstm, two layers"])
def trained(request):
    """A small model after an epoch; its config, encoder and passages."""
    _, _, few, encoder = small.setting("text_generation")
    cell, layers = request.param
    model, config = small.model("text_generation", cell=cell, layers=layers, learning_rate=0.02, new_characters=20)
    batches = Stream(batching.encode(encoder, few.train[:8]), 4, 32)
    model.optimizer.schedule.steps = config.epochs * len(batches)
    model.fit(batches.dataset(), epochs=1, verbose=0, shuffle=False)
    return config, of_model(model), encoder, list(few.test[:3])


def test_scores_are_those_of_one_step_after_the_other(trained):
    config, networks, encoder, passages = trained
    step, expected = networks["model"], []
    states = language_model.fresh_states(step, 1)
    passage = Passage(f"{passages[0].text[:60]}\n")
    inputs, targets = encoder.encode(passage)
    for token, target in zip(inputs["token_ids"], targets):
        outputs = step({"token_ids": np.array([[token]]), **states})
        states = {name: outputs[name] for name in states}
        logits = outputs["logits"][0, 0].astype(float)
        expected.append(logits[target] - np.log(np.exp(logits).sum()))
    (found,) = TASK.predict(config, networks, encoder, [passage])
    np.testing.assert_allclose(found["log_probabilities"], expected, rtol=1e-4, atol=1e-5)
    assert len(found["guesses"]) == len(passage)


def test_what_comes_later_changes_no_prediction(trained):
    config, networks, encoder, passages = trained
    together = TASK.predict(config, networks, encoder, passages)
    assert TASK.predict(config, networks, encoder, passages[:1]) == together[:1]
    assert TASK.predict(config, networks, encoder, []) == []
    assert list(together[0]["samples"]) == ["0.5", "0.8", "1.0"]
    assert all(len(sample["text"]) == 20 for sample in together[0]["samples"].values())


def test_a_continuation_depends_on_seed_and_beginning_alone(trained):
    config, networks, encoder, _ = trained
    prompts = TASK.own_file.parse("The value of\nIf")
    both = TASK.predict(config, networks, encoder, prompts)
    assert TASK.predict(config, networks, encoder, prompts[1:]) == both[1:]
    assert TASK.predict(dataclasses.replace(config, seed=1), networks, encoder, prompts) != both
    assert both[0]["text"].startswith("The value of") and len(both[0]["text"]) == len("The value of") + 20
    (nothing,) = TASK.predict(config, networks, encoder, [Passage("", is_prompt=True)])
    assert len(nothing["text"]) == 20
    greedy, narrow = change_config(config, {"temperature": 0.0}), change_config(config, {"top_k": 1, "seed": 3})
    assert TASK.predict(greedy, networks, encoder, prompts) == TASK.predict(narrow, networks, encoder, prompts)


def test_baselines_answer_in_the_same_form(trained):
    config, networks, encoder, passages = trained
    *_, few, _ = small.setting("text_generation")
    answers = TASK.baseline(config, few.train, passages)
    assert list(answers) == ["Kneser-Ney of order 7", "Kneser-Ney of order 5", "Kneser-Ney of order 3"]
    (mine, *_) = TASK.predict(config, networks, encoder, passages)
    for predictions in answers.values():
        assert predictions[0].keys() == mine.keys() and predictions[0]["samples"].keys() == mine["samples"].keys()
        assert [len(one["log_probabilities"]) for one in predictions] == list(map(len, passages))


# ----------------------------------------------------------------------------------------------------- Scores


def test_scores_by_hand():
    sample = {"text": "the xx", "words": 2, "real_words": 0.5, "longest_copy": 0}
    predictions = [
        {"log_probabilities": np.log([0.5, 0.25]).tolist(), "guesses": "ax", "samples": {"1.0": sample}},
        {"log_probabilities": [np.log(0.125)], "guesses": "\n", "samples": {}},
    ]
    scores = Generation(["ab", "\n"], predictions)
    assert scores["bits_per_char"] == pytest.approx(2) and scores["char_loss"] == pytest.approx(2 * np.log(2))
    assert scores["accuracy"] == pytest.approx(2 / 3)
    assert scores["real_words at 1.0"] == 0.5 and scores["longest_copy at 1.0"] == 0
    assert scores.truths[0] == "a[b]" and scores.answers[0] == "a[x]"
    assert scores.by_place["2nd"] == pytest.approx({"share": 1 / 3, "bits": 2, "accuracy": 0})


def test_few_passages_have_an_interval_and_the_longest_copy_none():
    sample = {"text": "a", "words": 2, "real_words": 0.5, "longest_copy": 14}
    ones = [{"log_probabilities": [-nats], "guesses": "a", "samples": {"1.0": sample}} for nats in (1.0, 2.0, 3.0)]
    intervals = Generation(["a"] * 3, ones).intervals()
    assert intervals["char_loss"][0] < 2 < intervals["char_loss"][1]
    assert np.isnan(intervals["longest_copy at 1.0"]).all() and intervals["real_words at 1.0"] == [0.5, 0.5]


def test_the_longest_copy_is_the_longest_common_piece():
    random = np.random.default_rng(0)
    train = "".join(random.choice(list("abc"), 3000))
    source = Source(train)
    for text in (
        "".join(random.choice(list("abc"), 200)),
        f"xx{train[50:90]}yy{train[400:431]}",
        train[-20:],
        "abc",
        "",
    ):
        pieces = (j - i for i in range(len(text)) for j in range(i + 12, len(text) + 1) if text[i:j] in train)
        assert source.longest_copy(text) == max(pieces, default=0)


def test_words_are_real_if_train_has_them():
    found = Source("It isn't a dull film.\n").described("isn't dull dulls 3 It")
    assert found == {"words": 4, "real_words": 0.75, "longest_copy": 0}


def test_pictures_are_written(tmp_path):
    from common.plots.generation import figures

    sample = {"text": "$x^2$ a\nb" * 30, "words": 2, "real_words": 0.5, "longest_copy": 14}
    text = "Some words, and $more$ words.\n" * 20
    one = {"log_probabilities": [-1.5] * len(text), "guesses": text, "samples": {"0.5": sample, "1.0": sample}}
    found = figures(Generation([text] * 3, [one] * 3), [Passage(text)] * 3, [one] * 3, tmp_path)
    assert [name for name, _ in found] == ["samples.png", "characters.png", "places.png"]
    assert all((tmp_path / name).stat().st_size > 5000 and caption for name, caption in found)
