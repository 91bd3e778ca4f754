"""Initialise a model's embedding with pretrained word vectors in the text format of word2vec, fastText or GloVe."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from common.datasets.lines import at_line, lines
from common.encoding.encoder import Encoder
from common.encoding.text import SPECIAL, Vocabulary
from common.errors import UserError

LAYER = "word_embedding"  # name of the layer in a task's model


def read(path: Path, wanted: Collection[str]) -> tuple[dict[str, np.ndarray], int]:
    """The vectors of the wanted words, and their number of features; other words are skipped.

    A line is a word and its numbers, separated by spaces or tabs. A first line of two numbers (words, features), as
    written by word2vec and fastText, is a header. A word may contain spaces (GloVe). The first vector of a
    repeated word counts.

    Returns:
        word -> float32 array `(features,)`; and the number of features.

    Raises:
        UserError: if the file is not text, or a line has the wrong number of features or something else than numbers.
    """
    found, features = {}, 0
    for number, line in enumerate(lines(path), 1):
        cells = line.rstrip().replace("\t", " ").split(" ")
        if number == 1 and len(cells) == 2 and all(cell.isdecimal() and len(cell) < 10 for cell in cells):
            features = int(cells[1])
            continue
        features = features or len(cells) - 1
        if len(cells) <= features or features < 1:
            raise at_line(path, number, f"must hold a word and {features or 'its'} numbers, not {line!r:.60}")
        word = " ".join(cells[:-features])
        if word in wanted and word not in found:
            found[word] = _vector(path, number, cells[-features:])
    if not features:
        raise UserError(f"{path} holds no word vectors.")
    return found, features


def initialise(model, encoder: Encoder, config) -> str:
    """Write the vectors of the words that a model knows into its embedding; returns how many they are, as a sentence.

    A word without a vector gets that of its lower-case form, or keeps its values.

    Args:
        model: its word embedding is the layer named LAYER, in each of its networks that has one.
        encoder: its first vocabulary is that of the words, of which the embedding may leave out the rarest.
        config: of the run; `embeddings` is the path of the vectors. The word embedding has `embedding_size` features,
            or `units` if there is no such setting.

    Raises:
        UserError: if the model has no word embedding, or one with a different number of features.
    """
    path = Path(config.embeddings).expanduser()
    vocabulary = next((part for part in vars(encoder).values() if isinstance(part, Vocabulary)), None)
    layers = [layer for layer in _embeddings(model) if layer.name == LAYER]
    if vocabulary is None or not encoder.word_inputs or not layers:
        raise UserError("This task has no word embedding to initialise: leave out the setting embeddings.")
    known = vocabulary.tokens[: layers[0].input_dim]
    vectors, features = read(path, {form for token in known for form in (token, token.lower())})
    if layers[0].output_dim != features:
        name = "embedding_size" if hasattr(config, "embedding_size") else "units"
        raise UserError(
            f"{path} has {features} features per word, the embedding {layers[0].output_dim}: SET={name}={features}."
        )
    places = [
        i for i, token in enumerate(known) if i >= len(SPECIAL) and (token in vectors or token.lower() in vectors)
    ]
    for layer in layers:
        values = np.array(layer.embeddings)
        for place in places:
            token = known[place]
            values[place] = vectors[token if token in vectors else token.lower()]
        layer.embeddings.assign(values)
    return f"{len(places):,} of {len(known) - len(SPECIAL):,} words have a vector in {path.name}"


def _embeddings(model) -> Iterator:
    """The embedding layers of a model and of its submodels."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.Embedding):
            yield layer
        yield from _embeddings(layer) if hasattr(layer, "layers") else ()


def _vector(path: Path, number: int, cells: list[str]) -> np.ndarray:
    try:
        vector = np.array(cells, np.float32)
    except ValueError:
        raise at_line(path, number, f"has something else than numbers: {' '.join(cells)!r:.60}") from None
    if not np.isfinite(vector).all():
        raise at_line(path, number, "holds a number that is not finite")
    return vector
