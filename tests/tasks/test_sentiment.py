"""Generated reviews: labels follow from the texts, no combination of test is in train, counting words fails."""

import dataclasses
import functools
import itertools
import re
from collections import Counter

import keras
import numpy as np
import pytest

from common.encoding.text import SPECIAL, words
from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.sentiment import sample
from tasks.sentiment.task import TASK, Review
from tests import small

WORDS, MATTER, CONSTRUCTIONS = (sample.rules(text) for text in (sample.WORDS, sample.MATTER, sample.CONSTRUCTIONS))
OPINIONS = {word: kind for kind, kinds in WORDS.items() for word in kinds if kind != "noun"}

BY_HAND = {
    "The plot was dull, although the cast was superb.": "negative",
    "Although the plot was dull, the cast was superb.": "positive",
    "I would not say that the script was witty. It is not on disc.": "negative",
    "It is not a long film, and it is true that the script was witty.": "positive",
    "Nobody who had read the book would call the ending clumsy.": "positive",
    "I cannot say that the ending was not clumsy.": "negative",
    "The music was not only bland but stale.": "negative",
    "The music was not bland but moving.": "positive",
    "Critics called the villain lazy, but I laughed out loud.": "positive",
    "I laughed out loud, but critics called the villain lazy.": "positive",
    "My friends fell asleep; I did not.": "positive",
    "I fell asleep; my friends did not.": "negative",
    "The score was slightly messy and the cast was deeply touching.": "positive",
    "The score was deeply messy and the cast was slightly touching.": "negative",
    "The finale, which is taken from an elegant novel, was tedious.": "negative",
    "The humour was not nearly as funny as I had expected.": "negative",
}


@pytest.fixture(scope="module")
def reviews():
    return sample.load()


def pattern(text: str) -> str:
    """Regular expression of a form; placeholders of words of WORDS are captured."""
    parts = []
    for literal, symbol in re.findall(r"([^<]*)(?:<(\w+)>|$)", text):
        parts.append(re.escape(literal))
        if symbol in MATTER:
            parts.append(f"(?:{'|'.join(map(pattern, MATTER[symbol]))})")
        elif symbol == "noun":
            parts.append(f"(?:{'|'.join(WORDS['noun'])})")
        elif symbol:
            kinds = [kind for kind in WORDS if kind.endswith("_deed") == symbol.endswith("deed") and kind != "noun"]
            choices = itertools.chain.from_iterable(WORDS[kind] for kind in kinds)
            parts.append(f"(?P<{symbol}_{len(parts)}>{'|'.join(choices)})")
    return "".join(parts)


FORMS = [(name, re.compile(pattern(form), re.IGNORECASE)) for name, forms in CONSTRUCTIONS.items() for form in forms]
NEUTRAL = re.compile("|".join(map(pattern, [*MATTER["opening"], *MATTER["closing"]])), re.IGNORECASE)


@functools.cache
def readings(text: str) -> set[tuple[str, str]]:
    """`(construction, label)` of every way in which the grammar could have written the text."""
    sentences = re.sub(r"\ban (?=[aeiou])", "a ", text).removesuffix(".").split(". ")
    (verdict,) = (sentence for sentence in sentences if not NEUTRAL.fullmatch(sentence))
    found = set()
    for name, form in FORMS:
        if match := form.fullmatch(verdict):
            labels = {
                (OPINIONS[word.lower()].split("_")[0] == "positive") != symbol.startswith("other")
                for symbol, word in match.groupdict().items()
            }
            if len(labels) == 1:
                found.add((name, sample.LABELS[labels.pop()]))
    return found


def meetings(texts) -> set[tuple[str, str]]:
    """Opinions with the nouns and the constructions that they are combined with."""
    found = set()
    for text in texts:
        (construction, _), *_ = sorted(readings(text))
        opinions = [opinion for opinion in OPINIONS if re.search(rf"\b{opinion}\b", text)]
        nouns = [noun for noun in WORDS["noun"] if re.search(rf"\b{noun}\b", text, re.IGNORECASE)]
        found |= set(itertools.product(opinions, [construction, *nouns]))
    return found


def test_sizes_balance_and_lengths(reviews):
    for split, pairs in reviews:
        assert len(pairs) == sample.REVIEWS[split]
        assert Counter(label for _, label in pairs) == dict.fromkeys(sample.LABELS, len(pairs) / 2)
    lengths = [len(words(text)) for text, _ in reviews.train]
    assert 12 < np.mean(lengths) < 25 and max(lengths) > 35


def test_no_text_twice(reviews):
    texts = [text for _, pairs in reviews for text, _ in pairs]
    assert len(set(texts)) == len(texts)


def test_same_seed_same_reviews(reviews):
    assert sample.load() == reviews
    assert sample.load(seed=1) != reviews


@pytest.mark.parametrize(("text", "label"), BY_HAND.items())
def test_verdict_by_hand(text, label):
    assert {found for _, found in readings(text)} == {label}


def test_every_label_follows_from_its_text(reviews):
    wrong = [(text, label) for text, label in reviews.test if {found for _, found in readings(text)} != {label}]
    assert not wrong


def test_all_constructions_serve_both_labels_in_every_split(reviews):
    for _, pairs in reviews:
        served = {reading for text, _ in pairs for reading in readings(text)}
        assert served == set(itertools.product(CONSTRUCTIONS, sample.LABELS))


def test_no_combination_of_test_is_in_train(reviews):
    train, validation, test = (meetings(text for text, _ in pairs) for _, pairs in reviews)
    assert len(test) > 300 and len(train) > 1000
    assert not test & train and not test & validation and not validation & train


def test_every_word_of_test_is_in_train(reviews):
    known = {word for text, _ in reviews.train for word in words(text.lower())}
    assert {word for text, _ in reviews.test for word in words(text.lower())} <= known


def test_words_and_pairs_of_words_do_not_suffice():
    splits = small.sample("sentiment")
    predictions = next(iter(TASK.baseline(TASK.config, splits.train, splits.test).values()))
    assert 0.55 < TASK.score(splits.test, predictions)["accuracy"] <= 0.80


def test_a_long_review_loses_its_beginning():
    config = small.setting("sentiment")[1]
    encoder = TASK.encoder.fit(config, [Review("dull but moving .", "positive"), Review("dull", "negative")])
    cut = dataclasses.replace(encoder, max_timesteps=2)
    inputs, target = cut.encode(Review("Dull but MOVING.", "positive"))
    assert encoder.vocabulary.decode(inputs["token_ids"]) == ["moving", "."]
    assert target == encoder.labels.encode("positive")


def test_words_begin_with_the_log_ratios_of_naive_bayes():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    _, config, few, encoder = small.setting("sentiment")
    texts, labels = [review.text for review in few.train], [review.label for review in few.train]
    tokens = encoder.vocabulary.tokens[len(SPECIAL) :]
    counter = CountVectorizer(tokenizer=words, token_pattern=None, binary=True, vocabulary=tokens)
    expected = MultinomialNB().fit(counter.transform(texts), labels).feature_log_prob_.T
    expected = expected - expected.mean(axis=1, keepdims=True)
    ratios = encoder.log_ratios[len(SPECIAL) :]
    # scikit-learn is not given the special tokens; that shifts all words alike.
    np.testing.assert_allclose(ratios - ratios.mean(axis=0), expected - expected.mean(axis=0), atol=2e-4)
    assert ratios.std() > 0.1
    model = TASK.build_model(config, encoder)
    features = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)).get_weights()[0]
    np.testing.assert_allclose(features[len(SPECIAL) :, : len(encoder.labels)], ratios, atol=1e-6)


def test_own_files(tmp_path):
    table, lines = tmp_path / "reviews.csv", tmp_path / "reviews.txt"
    table.write_text('label,text\ngood,"not bad, this"\npoor,dull\n', encoding="utf-8")
    lines.write_text("not bad, this\n\ndull\n", encoding="utf-8")
    assert list(TASK.own_file.read(table, True)) == [Review("not bad, this", "good"), Review("dull", "poor")]
    assert list(TASK.own_file.read(lines, False)) == [Review("not bad, this"), Review("dull")]
    table.write_text("text\ndull\n", encoding="utf-8")
    with pytest.raises(UserError, match="label"):
        TASK.own_file.read(table, True)


def test_answer_is_the_label_of_the_highest_probability():
    task, _, few, encoder = small.setting("sentiment")
    model, config = small.model("sentiment")
    for prediction in task.predict(config, of_model(model), encoder, few.test):
        probabilities = prediction["probabilities"]
        assert sum(probabilities.values()) == pytest.approx(1)
        assert prediction["label"] == max(probabilities, key=probabilities.get)
