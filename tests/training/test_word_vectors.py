"""Pretrained vectors: read in all formats, assigned to their words, refused if they do not fit."""

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


@pytest.mark.parametrize("name", ["sentiment", "ner_tagging", "next_word"])
def test_the_embedding_of_words_begins_with_the_vectors(name, tmp_path):
    *_, encoder = small.setting(name)
    model, _ = small.model(name)
    vocabulary = encoder.words if name == "ner_tagging" else encoder.vocabulary
    place = next(i for i, token in enumerate(vocabulary.tokens) if i > 3 and token.isalpha())
    path = tmp_path / "a.vec"
    path.write_text(f"{vocabulary.tokens[place].lower()} " + " ".join(map(str, range(8))) + "\n")
    said = word_vectors.initialise(model, encoder, path)
    assert said.startswith(("1 of", "2 of"))
    found = [layer for layer in word_vectors._embeddings(model) if layer.input_dim == len(vocabulary)]
    assert found and all(isinstance(layer, keras.layers.Embedding) for layer in found)
    np.testing.assert_array_equal(np.array(found[0].embeddings)[place], np.arange(8))
    path.write_text("the 1 2 3\n")
    with pytest.raises(UserError, match="3 features per word, the embedding 8: SET="):
        word_vectors.initialise(model, encoder, path)


def test_a_task_without_words_takes_none(tmp_path):
    *_, encoder = small.setting("language_detection")
    with pytest.raises(UserError, match="tasks on words"):
        word_vectors.initialise(small.model("language_detection")[0], encoder, tmp_path / "a.vec")
