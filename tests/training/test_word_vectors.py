"""Pretrained vectors: read in all formats, assigned to their words, refused if they do not fit."""

import dataclasses
import gzip

import keras
import numpy as np
import pytest

from common.errors import UserError
from common.training import word_vectors
from tests import small


def test_formats(tmp_path):
    rows = "the 1 2 3\nnew york 4 5 6\nfilm -1e-2 0 7\nthe 9 9 9\n"
    for name, content in (("glove.txt", rows), ("word2vec.vec", "4 3\n" + rows), ("tabs.tsv", rows.replace(" ", "\t"))):
        (tmp_path / name).write_text(content)
        found, features = word_vectors.read(tmp_path / name, {"the", "film", "new york", "absent"})
        assert features == 3 and sorted(found) == ["film", "new york", "the"]
        np.testing.assert_allclose(found["the"], [1, 2, 3])
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content.encode()))
        assert word_vectors.read(tmp_path / f"{name}.gz", {"film"})[0]["film"][2] == 7


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2\nfilm 1\n", "line 2, must hold a word and 2 numbers"),
        ("the 1 x\n", "line 1, has something else than numbers"),
        ("the 1 nan\n", "line 1, holds a number that is not finite"),
        ("2 2\n", None),
    ],
)
def test_what_is_no_vector_is_refused(tmp_path, content, message):
    path = tmp_path / "a.vec"
    path.write_text(content)
    if message is None:
        assert word_vectors.read(path, {"the"}) == ({}, 2)
        return
    with pytest.raises(UserError, match=rf"a\.vec, {message}"):
        word_vectors.read(path, {"the", "film"})


def written(path, token, features=8):
    path.write_text(f"{token.lower()} " + " ".join(map(str, range(features))) + "\n")
    return path


@pytest.mark.parametrize("name", ["sentiment", "ner_tagging", "pos_tagging", "next_word"])
def test_the_embedding_of_words_begins_with_the_vectors(name, tmp_path):
    *_, encoder = small.setting(name)
    model, config = small.model(name)
    vocabulary = encoder.words if name.endswith("tagging") else encoder.vocabulary
    place = next(i for i, token in enumerate(vocabulary.tokens) if i > 3 and token.isalpha())
    path = written(tmp_path / "a.vec", vocabulary.tokens[place])
    config = dataclasses.replace(config, embeddings=str(path))
    said = word_vectors.initialise(model, encoder, config)
    assert said.startswith(("1 of", "2 of"))
    found = [layer for layer in word_vectors._embeddings(model) if layer.name == word_vectors.LAYER]
    assert len(found) == getattr(config, "members", 1)
    for layer in found:
        np.testing.assert_array_equal(np.array(layer.embeddings)[place], np.arange(8))
    path.write_text("the 1 2 3\n")
    size = "units" if name == "next_word" else "embedding_size"
    with pytest.raises(UserError, match=f"3 features per word, the embedding 8: SET={size}=3"):
        word_vectors.initialise(model, encoder, config)


def test_an_embedding_of_characters_is_left_alone_though_as_large(tmp_path):
    *_, encoder = small.setting("pos_tagging")
    token = next(token for token in encoder.words.tokens[4:] if token.isalpha())
    config = dataclasses.replace(small.model("pos_tagging")[1], embeddings=str(written(tmp_path / "a.vec", token)))
    ids = keras.Input((None,), dtype="int32")
    layers = [keras.layers.Embedding(encoder.known, 8, name=name) for name in (word_vectors.LAYER, "characters")]
    model = keras.Model(ids, [layer(ids) for layer in layers])
    before = np.array(layers[1].embeddings)
    word_vectors.initialise(model, encoder, config)
    place = encoder.words.tokens.index(token)
    np.testing.assert_array_equal(np.array(layers[0].embeddings)[place], np.arange(8))
    np.testing.assert_array_equal(np.array(layers[1].embeddings), before)


@pytest.mark.parametrize("name", ["language_detection", "translation"])
def test_a_task_without_words_takes_none(name, tmp_path):
    *_, encoder = small.setting(name)
    model, config = small.model(name)
    config = dataclasses.replace(config, embeddings=str(tmp_path / "a.vec"))
    with pytest.raises(UserError, match="no word embedding to initialise"):
        word_vectors.initialise(model, encoder, config)
