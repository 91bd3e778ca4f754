"""Which part of speech is each word of a sentence? Many-to-many: a tag for every word.

    They can can fish . -> PRON AUX VERB NOUN PUNCT

One recurrent layer reads the characters of each word, a second one reads the sentence in both directions, and every
word gets a softmax over the tags. After Ling et al. (2015), https://arxiv.org/abs/1508.02096
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import readers
from common.datasets.splits import by_chance
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.segmenting import Segmenter
from common.encoding.text import PADDING, UNKNOWN, Labels, Vocabulary
from common.encoding.wordforms import MAX_CHARS, SHAPES, char_ids, normal, shape
from common.prediction import classes
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig

from .reader import conllu, is_conllu, tokens_of
from .sample import load

if TYPE_CHECKING:
    import keras

    from common.metrics.scores import Scores

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 8
    batch_size: int = 32
    learning_rate: float = 4e-3  # of the first step; cosine decay to 0
    min_count: int = 2  # times a word must occur in train to have its own embedding
    embedding_size: int = 64  # features of a word
    char_embedding_size: int = 24  # features of a character
    char_units: int = 32  # of the layer that reads characters, per direction
    units: int = 64  # of the layer that reads sentences, per direction
    dropout: float = 0.3  # share of features that training hides, before and after the reading
    word_dropout: float = 0.1  # share of words that training makes unknown


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True)
class Tagged:
    """One sentence; `tags` are None if they are to be predicted."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None = None
    group: str = ""  # the document it belongs to
    text: str = dataclasses.field(default="", repr=False, compare=False)  # raw, from which the tokens were cut

    def __len__(self) -> int:
        return len(self.tokens)

    def __str__(self) -> str:
        return " ".join(self.tokens)


def load_sample(folder: None) -> Splits:
    """Generated sentences in which context decides; see sample.py."""
    return load().map(lambda pair: Tagged(*pair))


def load_ewt(folder: Path) -> Splits:
    """Blogs, e-mails, reviews and questions in English, split as published."""
    return Splits(*(read(folder / f"en_ewt-ud-{part}.conllu", labelled=True) for part in ("train", "dev", "test")))


def load_sequoia(folder: Path) -> Splits:
    """News, encyclopaedia, parliament and medicine in French, split as published."""
    return Splits(*(read(folder / f"fr_sequoia-ud-{part}.conllu", labelled=True) for part in ("train", "dev", "test")))


def read(path: Path, labelled: bool) -> list[Tagged]:
    """Sentences in a user's file: CoNLL-U or other CoNLL; for prediction also plain text or a table."""
    in_conllu = is_conllu(path)
    if not labelled and not in_conllu and not readers.is_conll(path, spans=False):
        return [Tagged(tokens_of(text), text=text) for text in readers.texts(path, "text")]
    sentences = conllu(path, labelled) if in_conllu else readers.conll(path, spans=False, labelled=labelled)
    return [Tagged(s.tokens, s.tags if labelled else None, s.document) for s in sentences]


def split(examples: list[Tagged], seed: int) -> Splits:
    """At random; equal sentences and sentences of one document share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    word_inputs = ("token_ids",)
    words: Vocabulary  # all words of train, frequent ones first
    known: int  # number of words with their own embedding; larger ids belong to rarer words
    characters: Vocabulary
    tags: Labels
    segmenter: Segmenter

    @classmethod
    def fit(cls, config, examples):
        counts = Counter(normal(token) for example in examples for token in example.tokens)
        words = Vocabulary.of_counts(counts, 10**6)
        known = len(Vocabulary.of_counts(counts, 10**6, config.min_count))
        characters = Vocabulary.fit((token for example in examples for token in example.tokens), 10**4)
        tags = Labels.fit(tag for example in examples for tag in example.tags)
        return cls(words, known, characters, tags, Segmenter.fit(example.tokens for example in examples))

    def contradicts_itself(self):
        return self.known > len(self.words)

    def network_sizes(self):
        return super().network_sizes() | {"token_ids": self.known, "char_ids": len(self.characters)}

    def encode(self, example):
        example = self.segmenter.cut(example)
        token_ids = self.words.encode(map(normal, example.tokens))  # (timesteps,)
        inputs = {
            "token_ids": np.where(token_ids < self.known, token_ids, UNKNOWN).astype(np.int32),
            "char_ids": char_ids(example.tokens, self.characters),  # (timesteps, MAX_CHARS)
            "shapes": np.array([shape(token) for token in example.tokens], np.float32),  # (timesteps, SHAPES)
        }
        if example.tags is None:
            return inputs, None
        return inputs, np.array([self.tags.encode(tag) for tag in example.tags], np.int32)  # (timesteps,)

    def step_names(self, example):
        return list(self.segmenter.cut(example).tokens)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """Words by embedding, characters and shape, a bidirectional recurrent layer, one softmax over tags per word."""
    import keras

    from common import layers
    from common.training import optimizers

    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    char_ids = keras.Input((None, MAX_CHARS), dtype="int32", name="char_ids")
    shapes = keras.Input((None, SHAPES), name="shapes")
    padding_mask = keras.ops.not_equal(token_ids, PADDING)  # (batch, timesteps), True = real
    known = layers.TokenDropout(config.word_dropout, UNKNOWN, PADDING)(token_ids)
    words = keras.layers.Embedding(encoder.known, config.embedding_size, name="word_embedding")(known)
    chars = keras.layers.Embedding(len(encoder.characters), config.char_embedding_size)(char_ids)
    speller = layers.recurrent(config.cell, config.char_units, bidirectional=True)  # its last states are features
    spelling = layers.PerTimestep(speller)(chars, keras.ops.not_equal(char_ids, PADDING))
    x = keras.layers.Concatenate()([words, spelling, shapes])
    x = keras.layers.Dropout(config.dropout)(x)  # (batch, timesteps, embedding_size + 2 * char_units + SHAPES)
    x = layers.recurrent(config.cell, config.units, return_sequences=True, bidirectional=True)(x, padding_mask)
    x = keras.layers.Dropout(config.dropout)(x)  # (batch, timesteps, 2 * units)
    logits = keras.layers.Dense(len(encoder.tags), name="logits")(x)
    model = keras.Model({"token_ids": token_ids, "char_ids": char_ids, "shapes": shapes}, logits)
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=["accuracy"],
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Tagged]) -> list[dict]:
    """`{"words": [{"word", "tag", "probability"}], "unknown": words that train does not have}` for each sentence."""
    examples = [encoder.segmenter.cut(example) for example in examples]
    predictions = []
    for example, padded in zip(examples, forward(networks["model"], encoder, examples)):
        probabilities = classes.probabilities(padded[: len(example)])  # (timesteps, tags)
        tags = [encoder.tags.names[best] for best in probabilities.argmax(axis=-1)]
        answer = _answer(example.tokens, tags, encoder.words)
        for word, row in zip(answer["words"], probabilities):
            word["probability"] = float(row.max())
        predictions.append(answer)
    return predictions


def baseline(config: Config, train: Sequence[Tagged], examples: Sequence[Tagged]) -> dict[str, list[dict]]:
    """The most frequent tag of each word in train; and logistic regression on a word and two neighbours on each side.

    A word that is not in train gets the most frequent tag of the words that occur once.
    """
    from common.baselines import unigram, window

    tokens, tags = [example.tokens for example in train], [example.tags for example in train]
    forms = [list(map(normal, sentence)) for sentence in tokens]
    counts = unigram.count(forms, tags)
    known, fallback = unigram.most_frequent_tags(counts), unigram.tag_of_rare_words(counts)
    asked = [example.tokens for example in examples]
    answers = {
        "most frequent tag": [[known.get(normal(token), fallback) for token in sentence] for sentence in asked],
        "logistic regression on five words": window.window_logistic_regression(tokens, tags, asked),
    }
    return {name: [_answer(*pair, known) for pair in zip(asked, found)] for name, found in answers.items()}


def _answer(tokens, tags, vocabulary) -> dict:
    return {
        "words": [{"word": word, "tag": tag} for word, tag in zip(tokens, tags)],
        "unknown": [token for token in tokens if normal(token) not in vocabulary],
    }


def score(examples: Sequence[Tagged], predictions: Sequence[dict]) -> Scores:
    """Accuracy over words, over unknown words and over whole sentences, and F1 of each tag; see metrics/tagging.py."""
    from common.metrics.tagging import score_tags

    return score_tags(
        [example.tokens for example in examples],
        [example.tags for example in examples],
        [[word["tag"] for word in prediction["words"]] for prediction in predictions],
        [set(prediction["unknown"]) for prediction in predictions],
        [example.group for example in examples],
    )


# ------------------------------------------------------------------------------------------------------- Task

_UD = "https://raw.githubusercontent.com/UniversalDependencies/"

TASK = Task(
    shape="many-to-many",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Generated sentences in which the class of a word depends on its context",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
        ),
        "ewt": Dataset(
            title="Universal Dependencies English Web Treebank (EWT), universal tags",
            licence="CC BY-SA 4.0",
            home="https://github.com/UniversalDependencies/UD_English-EWT",
            load=load_ewt,
            base_url=_UD + "UD_English-EWT/15d613d8447b3478787d4c278730a1e48a945efb/",
            files={
                "en_ewt-ud-train.conllu": "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
                "en_ewt-ud-dev.conllu": "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
                "en_ewt-ud-test.conllu": "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
            },
            size=17_813_085,
            settings="units=128",
            references=(
                Reference(
                    "Stanza 1.0, BiLSTM with vectors of words, from raw text, UD 2.5", "accuracy", 0.954, "Stanza"
                ),
            ),
        ),
        "sequoia": Dataset(
            title="Universal Dependencies French Sequoia 2.16, universal tags",
            licence="LGPL-LR",
            home="https://github.com/UniversalDependencies/UD_French-Sequoia",
            load=load_sequoia,
            base_url=_UD + "UD_French-Sequoia/0e45d60d0d6fc41cc4a7a33e33afa8f0a72066d4/",
            files={
                "fr_sequoia-ud-train.conllu": "56424954edf9d20a4d1184e37bfe931fb7c64da82bf2a587b4f35b828d79d767",
                "fr_sequoia-ud-dev.conllu": "a5138dc5e8886484c2f8919e97113f56b9e4329e5cf2a999c021d6ee45e8b45d",
                "fr_sequoia-ud-test.conllu": "a650e7a223fe191009ded17cedae740659449be20354bd68205c376de4ddef2d",
            },
            size=4_534_718,
            settings="units=128",
            references=(
                Reference("spaCy transformer, UD 2.5", "accuracy", 0.9856, "model card fr_udv25_frenchsequoia_trf"),
            ),
        ),
    },
    own_file=OwnFile("CoNLL-U, or a word and its tag per line and a blank line after each sentence", read, split),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="accuracy",
)
