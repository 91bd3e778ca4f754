"""What only language_detection has: its sample, its normal form, its encoder, its answers."""

import functools

import numpy as np
import pytest

from common.datasets.splits import same_input, shared
from common.encoding.ngrams import FIRST
from common.errors import UserError
from common.prediction.keras_networks import of_model
from common.task import change_config
from tasks.language_detection import sample
from tasks.language_detection.task import TASK, Encoder, Written, baseline, load_lingua, normal, predict, read, score
from tests import small


@functools.cache
def made():
    return TASK.datasets["sample"].load(None)


def test_sample_has_thirty_languages_in_every_split():
    assert len(sample.LANGUAGES) == 30
    for name, part in made():
        assert {example.label for example in part} == set(sample.LANGUAGES)
        assert 0.85 * 30 * sample.NUMBERS[name] < len(part) <= 30 * sample.NUMBERS[name]


def test_no_text_of_the_sample_is_in_two_splits():
    assert set(shared(made()).values()) == {0}
    for _, part in made():
        assert len({(example.text, example.label) for example in part}) == len(part)


def test_no_number_of_the_sample_is_in_two_splits():
    """Neither with accents nor without: each split's names, made plain, are in no other split."""
    parts = [{(sample.without_accents(e.text), e.label) for e in part} for _, part in made()]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


def test_half_of_the_names_lack_their_accents():
    swedish = [example.text for example in made().train if example.label == "sv"]
    with_eight = [text for text in swedish if "atta" in text or "åtta" in text]
    assert 0.3 < np.mean(["å" not in text for text in with_eight]) < 0.7
    assert sample.without_accents("tjugoåtta, dvě stě, łódź, yirmı, йод") == "tjugoatta, dve ste, lodz, yirmi, иод"


def test_same_seed_same_names(monkeypatch):
    monkeypatch.setattr(sample, "NUMBERS", {"train": 3, "validation": 2, "test": 2})
    monkeypatch.setattr(sample, "LANGUAGES", ["en", "da"])
    assert sample.load() == sample.load()
    assert sample.load(seed=1) != sample.load()


def test_normal_form():
    assert normal("  Ein   Cafe\u0301,\n ZWEI 1984!") == "ein café, zwei 0000!"
    assert same_input(Written("Ein Café")) == normal("EIN   CAFÉ").replace(" ", "")


def test_encoder_gives_the_ngrams_of_every_size_and_cuts_the_end():
    config = TASK.config
    encoder = Encoder.fit(config, [Written("one", "en"), Written("une", "fr")])
    inputs, target = encoder.encode(Written("x" * 1000, "fr"))
    assert list(inputs) == [f"ngrams_{size}" for size in (1, 2, 3, 4)]
    assert {len(array) for array in inputs.values()} == {config.max_timesteps + 2}
    assert (inputs["ngrams_1"] >= FIRST).all() and target == 1
    assert encoder.encode(Written("x"))[1] is None
    assert (
        encoder.encode(Written("ONE"))[0]["ngrams_2"].tolist() == encoder.encode(Written("one"))[0]["ngrams_2"].tolist()
    )


def test_training_starts_from_naive_bayes():
    """The first logits are the mean log-count ratios, but for what the recurrent layer adds."""
    train = [Written("ab", "x"), Written("ab", "x"), Written("cd", "y")]
    config = change_config(TASK.config, {"longest_ngram": 1, "buckets": 1000, "units": 1, "embedding_size": 1})
    encoder = Encoder.fit(config, train)
    inputs, _ = encoder.encode(Written("a"))
    space, a, _ = inputs["ngrams_1"]
    counts = {space: (4, 2), a: (2, 0)}  # in x, which has 8 characters, and in y, which has 4
    for bucket, (in_x, in_y) in counts.items():
        ratio = np.log((in_x + 0.1) / (8 + 100)) - np.log((in_y + 0.1) / (4 + 100))
        np.testing.assert_allclose(encoder.log_ratios[bucket], [ratio / 2, -ratio / 2], rtol=1e-5)
    assert not encoder.log_ratios[:FIRST].any()

    model = TASK.build_model(config, encoder)
    kernel = np.array(model.get_layer("logits").kernel)
    model.get_layer("logits").kernel.assign(np.where(np.arange(len(kernel))[:, None] < 2, kernel, 0))
    expected = encoder.log_ratios[inputs["ngrams_1"]].mean(axis=0)
    np.testing.assert_allclose(np.array(model({"ngrams_1": inputs["ngrams_1"][None]}))[0], expected, rtol=1e-4)


def test_the_answer_comes_first_and_probabilities_fall():
    _, _, few, encoder = small.setting("language_detection")
    model, config = small.model("language_detection")
    for answer in predict(config, of_model(model), encoder, few.test):
        names, values = zip(*answer["probabilities"].items())
        assert list(answer) == ["label", "probabilities"] and answer["label"] == names[0]
        assert list(values) == sorted(values, reverse=True) and sum(values) == pytest.approx(1)


def test_a_language_that_train_does_not_have_can_be_tested():
    *_, encoder = small.setting("language_detection")
    model, config = small.model("language_detection")
    test = [Written("wan tu tri", "tpi"), Written("one", "en")]
    scores = score(test, predict(config, of_model(model), encoder, test))
    assert "tpi" in scores.labels and scores["accuracy"] <= 0.5


def test_letters_that_train_never_saw_are_no_error():
    *_, encoder = small.setting("language_detection")
    model, config = small.model("language_detection")
    assert len(predict(config, of_model(model), encoder, [Written("ᚠᚢᚦ 🙂"), Written("x")])) == 2


def test_baseline_reads_characters():
    train = [Written("sju tjugo", "sv"), Written("sieben zwanzig", "de")] * 3
    answers = baseline(TASK.config, train, [Written("Zwanzig"), Written("tjugosju")])["naive Bayes on characters"]
    assert [answer["label"] for answer in answers] == ["de", "sv"]


def test_kinds_of_texts_are_scored_apart():
    examples = [Written("a b", "en", "sentence"), Written("a", "en", "word")]
    answers = [{"label": label, "probabilities": {label: 1.0}} for label in ("en", "de")]
    scores = score(examples, answers)
    assert (scores["accuracy_sentence"], scores["accuracy_word"]) == (1, 0)


def test_lingua_keeps_a_word_of_two_languages_in_one_split(tmp_path):
    for name, texts in (("sentences", "{0} sagt es {1}\n"), ("single-words", "wort{1}\nwort{1}\n\n{0}{1}\n")):
        folder = tmp_path / "cmd/language-testdata" / name
        folder.mkdir(parents=True)
        for language in ("de", "nl"):
            lines = "".join(texts.format(language, number) for number in range(40))
            (folder / f"{language}.txt").write_text(lines, encoding="utf-8")
    splits = load_lingua(tmp_path)
    examples = [example for _, part in splits for example in part]
    assert len(examples) == 2 * (40 + 40 + 40)  # a word that stands twice in a file counts once
    assert set(shared(splits).values()) == {0}
    split_of = {}
    for name, part in splits:
        for example in part:
            assert split_of.setdefault(example.text, name) == name
    assert {example.kind for example in examples} == {"sentence", "word"}


def test_files_of_a_user(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("text;label\nein Haus;de\neen huis;nl\n", encoding="utf-8")
    assert read(table, labelled=True) == [Written("ein Haus", "de"), Written("een huis", "nl")]
    assert read(table, labelled=False) == [Written("ein Haus"), Written("een huis")]
    assert TASK.own_file.parse("ein Haus\n\neen huis") == [Written("ein Haus"), Written("een huis")]
    table.write_text("text;label\nein Haus;\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.csv, line 2, has an empty label"):
        read(table, labelled=True)
