"""Subwords: encoding is lossless, special ids are in place, and an invalid file is refused."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.encoding.subwords import LARGEST_MODEL, Pieces, spaced_words
from common.encoding.text import SPECIAL, UNKNOWN
from common.errors import UserError

TEXTS = [
    "Deux hommes marchent dans la rue.",
    "Un homme dort ; l'autre (plus âgé) lit.",
    "Où est-il ? Dans la rue, dit-elle.",
    "Les hommes marchent et les femmes lisent dans la rue.",
] * 5


@pytest.fixture(scope="module", params=[False, True], ids=["words", "subwords"])
def pieces(request):
    return Pieces.fit(TEXTS, 60, request.param)


def test_special_ids(pieces):
    assert len(pieces) <= 60
    assert tuple(pieces.decode(range(4))) == SPECIAL


@pytest.mark.parametrize("text", sorted(set(TEXTS)))
def test_training_text_survives_the_way_to_ids_and_back(text):
    for subwords in (False, True):
        pieces = Pieces.fit(TEXTS, 80, subwords)
        ids = pieces.encode(pieces.split(text))
        assert UNKNOWN not in ids and ids.dtype == "int32"
        assert pieces.join(pieces.decode(ids)) == text


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="▁")))
def test_any_text_survives_split_and_join(text):
    for subwords in (False, True):
        pieces = fitted(subwords)
        assert pieces.join(pieces.split(text)) == " ".join(text.split())
        assert len(pieces.encode(pieces.split(text))) == len(pieces.split(text))


def fitted(subwords, cache={}):  # noqa: B006
    if subwords not in cache:
        cache[subwords] = Pieces.fit(TEXTS, 60, subwords)
    return cache[subwords]


def test_words_carry_their_space():
    assert spaced_words("forty-two,  it isn't") == [" forty", "-", "two", ",", " it", " isn't"]


def test_unknown_words_and_letters(pieces):
    assert UNKNOWN in pieces.encode(pieces.split("漢字"))
    assert len(pieces.encode([])) == 0 and pieces.join([]) == ""


def test_subwords_leave_no_word_of_known_letters_unknown():
    pieces = Pieces.fit(TEXTS, 60, True)
    assert UNKNOWN not in pieces.encode(pieces.split("marelle"))


def test_json_gives_the_same_pieces(pieces):
    again = Pieces.from_json(json.loads(json.dumps(pieces.to_json())))
    assert again == pieces and len(again) == len(pieces)
    assert list(again.encode(again.split(TEXTS[1]))) == list(pieces.encode(pieces.split(TEXTS[1])))


def test_learning_twice_gives_the_same_model():
    assert Pieces.fit(TEXTS, 60, True) == Pieces.fit(TEXTS, 60, True)


def test_little_text_gives_fewer_subwords():
    assert 20 < len(Pieces.fit(TEXTS, 4000, True)) < 400


def test_too_few_subwords_for_the_letters_is_said():
    with pytest.raises(UserError, match="No 10 subwords can be learned"):
        Pieces.fit(TEXTS, 10, True)


@pytest.mark.parametrize(
    "data",
    ["", "no base64!", base64.b64encode(b"not a model").decode(), "A" * (LARGEST_MODEL * 4 // 3 + 4), 7, ["a", "b"]],
)
def test_a_damaged_file_is_refused(data):
    with pytest.raises((UserError, ValueError)):
        Pieces.from_json(data)


def test_a_model_with_other_special_ids_is_refused():
    import io

    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=model, model_type="bpe", vocab_size=60, minloglevel=3
    )
    with pytest.raises(UserError, match="must begin with"):
        Pieces.from_json(base64.b64encode(model.getvalue()).decode())
