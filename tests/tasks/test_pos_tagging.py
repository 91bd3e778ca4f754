"""What only pos_tagging has: its sample, its tokens, its files, its answers."""

import functools
from collections import Counter, defaultdict

import numpy as np
import pytest

from common.datasets.lines import Text
from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.pos_tagging import sample
from tasks.pos_tagging.reader import is_conllu, tokens_of
from tasks.pos_tagging.task import TASK, Encoder, Tagged, baseline, predict, read, score
from tests import small

CONLLU = """\
# newdoc id = one
# text = They can't fish.
1\tThey\tthey\tPRON\tPRP\t_\t3\tnsubj\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
2\tca\tcan\tAUX\tMD\t_\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tfish\tfish\tVERB\tVB\t_\t0\troot\t_\t_
4.1\tnothing\tnothing\tPRON\t_\t_\t_\t_\t_\t_

# newdoc id = two
1\t5 000\t5 000\tNUM\t_\t_\t0\troot\t_\t_
"""


@functools.cache
def made():
    return sample.load()


def invented(split):
    """Words of a split that the grammar does not have, in lower case."""
    listed = {word.split("/")[0] for forms in sample.rules(sample.GRAMMAR + sample.MATTER).values() for form in forms
              for word in form.split()}  # fmt: skip
    return {word.lower() for tokens, _ in split for word in tokens} - {word.lower() for word in listed} - {"an"}


def test_sample_has_its_sizes_and_no_sentence_twice():
    splits = {name: list(split) for name, split in made()}
    assert {name: len(split) for name, split in splits.items()} == sample.SENTENCES
    sentences = [tokens for split in splits.values() for tokens, _ in split]
    assert len(set(sentences)) == len(sentences)
    assert all(len(tokens) == len(tags) for split in splits.values() for tokens, tags in split)


def test_invented_words_of_test_are_new():
    train, test = invented(made().train), invented(made().test)
    assert len(test) > 2000
    # A stem never returns; two words may still be equal by chance, as "blur" + "ed" and "blured".
    assert len(test & train) < 0.01 * len(test)


def test_words_of_the_sample_have_several_tags_and_far_words_decide():
    tags = defaultdict(Counter)
    far = 0
    for tokens, its_tags in made().test:
        for place, (token, tag) in enumerate(zip(tokens, its_tags)):
            tags[token.lower()][tag] += 1
            far += token == "that" and tag in ("SCONJ", "PRON") and place > 1
    assert set(tags["that"]) == {"SCONJ", "PRON", "DET"}
    assert set(tags["before"]) == {"ADP", "SCONJ"} and set(tags["had"]) == {"AUX", "VERB"}
    assert set(tags["can"]) == {"AUX", "VERB", "NOUN"}
    assert min(tags["before"].values()) > 30 and min(tags["had"].values()) > 80
    assert far > 150


def test_that_is_a_pronoun_where_its_clause_lacks_an_object():
    """In "the claim that A saw B was", a conjunction; in "the claim that A saw was", a pronoun."""
    found = Counter()
    for tokens, tags in made().test:
        for place in range(2, len(tokens)):
            if tokens[place] == "that" and tokens[place - 1] in ("claim", "story", "rumour", "report", "letter"):
                later = list(zip(tokens[place + 1 :], tags[place + 1 :]))
                verb = next(i for i, (word, tag) in enumerate(later) if tag == "VERB" and later[i - 1][0] not in
                            ("who", "we"))  # fmt: skip
                found[tags[place], later[verb + 1][1] in ("DET", "PROPN", "PRON")] += 1
    assert found["PRON", True] == 0 and found["SCONJ", False] == 0
    assert min(found["PRON", False], found["SCONJ", True]) > 50


def test_same_seed_same_sentences(monkeypatch):
    monkeypatch.setattr(sample, "SENTENCES", {"train": 20, "validation": 5, "test": 5})
    assert sample.load() == sample.load()
    assert sample.load(seed=1).train != sample.load().train


def test_most_frequent_tag_and_the_tag_of_rare_words():
    train = [
        Tagged(("the", "can", "fell"), ("DET", "NOUN", "VERB")),
        Tagged(("the", "can", "rusts"), ("DET", "NOUN", "VERB")),
        Tagged(("They", "can"), ("PRON", "AUX")),
    ]
    example = Tagged(("CAN", "zorgs"), ("NOUN", "VERB"))
    (answer,) = baseline(TASK.config, train, [example])["most frequent tag"]
    assert answer == {
        "words": [{"word": "CAN", "tag": "NOUN"}, {"word": "zorgs", "tag": "VERB"}],
        "unknown": ["zorgs"],
    }
    assert score([example], [answer])["accuracy_unknown"] == 1


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("They can't fish.", "They ca n't fish ."),
        ("It’s Ada's dog, isn't it?", "It ’s Ada 's dog , is n't it ?"),
        ("L'homme qu'il n'a pas vu", "L' homme qu' il n' a pas vu"),
        ("He paid 1,200.50 at 10:30 ...", "He paid 1,200.50 at 10:30 ..."),
        ("see https://example.org/a?b=1 or ada@example.org", "see https://example.org/a?b=1 or ada@example.org"),
        ("the U.S. army (old)", "the U.S. army ( old )"),
        ("well-known", "well - known"),
        ("5 o'clock", "5 o ' clock"),
    ],
)
def test_plain_text_becomes_tokens(line, tokens):
    assert tokens_of(line) == tuple(tokens.split(" "))


def test_conllu_gives_words_universal_tags_and_documents(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU)
    assert is_conllu(path)
    expected = [
        Tagged(("They", "ca", "n't", "fish"), ("PRON", "AUX", "PART", "VERB"), "document 1"),
        Tagged(("5 000",), ("NUM",), "document 2"),
    ]
    assert read(path, labelled=True) == expected
    assert [example.tags for example in read(path, labelled=False)] == [None, None]
    assert [example.tokens for example in read(path, labelled=False)] == [example.tokens for example in expected]


def test_conllu_without_tags_can_be_tagged_but_not_trained_on(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU.replace("\tAUX\t", "\t_\t"))
    assert len(read(path, labelled=False)) == 2
    with pytest.raises(UserError, match=r"a.conllu, line 5, has no tag for 'ca': fill column 4, or name another"):
        read(path, labelled=True)


def test_other_conll_has_the_tag_in_its_last_column(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("They PRP PRON\ncan MD AUX\n\nfish VB VERB\n")
    assert not is_conllu(path)
    assert read(path, labelled=True) == [Tagged(("They", "can"), ("PRON", "AUX")), Tagged(("fish",), ("VERB",))]


def test_typed_text_is_read_without_a_file():
    assert TASK.own_file.parse("They can fish.\n\nWe can't.\n") == [
        Tagged(("They", "can", "fish", ".")),
        Tagged(("We", "ca", "n't", ".")),
    ]
    assert read(Text(CONLLU, suffix=".conllu"), labelled=True)[0].tags == ("PRON", "AUX", "PART", "VERB")


def test_rare_words_are_unknown_to_the_network_and_words_of_train_to_nobody():
    train = [Tagged(("the", "the", "cat"), ("DET", "DET", "NOUN"))]
    encoder = Encoder.fit(TASK.config, train)
    inputs, _ = encoder.encode(Tagged(("the", "cat", "dog")))
    assert inputs["token_ids"].tolist() == [4, 1, 1]
    assert encoder.known == 5 and "cat" in encoder.words and "dog" not in encoder.words


def test_a_tag_that_train_does_not_have_can_be_tested():
    *_, encoder = small.setting("pos_tagging")
    model, config = small.model("pos_tagging")
    test = [Tagged(("wow", "!"), ("INTJ", "PUNCT"))]
    assert score(test, predict(config, of_model(model), encoder, test))["f1_INTJ"] == 0


def test_answers_have_a_tag_and_a_probability_for_every_word():
    _, config, few, encoder = small.setting("pos_tagging")
    model, config = small.model("pos_tagging")
    for example, answer in zip(few.test, predict(config, of_model(model), encoder, few.test)):
        assert [word["word"] for word in answer["words"]] == list(example.tokens)
        assert all(1 / len(encoder.tags) <= word["probability"] <= 1 for word in answer["words"])
        assert set(answer["unknown"]) <= set(example.tokens)


def test_a_word_is_read_by_its_spelling_where_it_is_unknown():
    """Two unknown words of one shape differ for the network by nothing but their letters."""
    *_, encoder = small.setting("pos_tagging")
    model, config = small.model("pos_tagging")
    one, other = (
        predict(config, of_model(model), encoder, [Tagged(("the", word))])[0] for word in ("qxwfousness", "zvbjklized")
    )
    assert len(one["unknown"]) == len(other["unknown"]) == 1
    assert not np.isclose(one["words"][1]["probability"], other["words"][1]["probability"], rtol=1e-6)
