"""Which language is a text written in? Many-to-one: characters in, one language out.

    "femogfyrretusind" -> da

Every character is represented by hashed n-grams of it and up to three characters before it in its word, so any script
can be read. A bidirectional recurrent layer reads the characters. The n-gram features follow Joulin et al. (2017),
https://arxiv.org/abs/1607.01759; their hashing follows Weinberger et al. (2009), https://arxiv.org/abs/0902.2206; and
that the model starts from naive Bayes follows Wang and Manning (2012), https://aclanthology.org/P12-2018/
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import readers
from common.datasets.splits import by_chance
from common.encoding import ngrams
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.text import PADDING, UNKNOWN, Labels
from common.prediction import classes
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, checksums

from .sample import load

if TYPE_CHECKING:
    import keras

    from common.metrics.scores import Scores

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 8
    learning_rate: float = 4e-3  # of the first step; cosine decay to 0
    max_timesteps: int = 160  # characters kept of a text; longer ones are truncated at the end
    longest_ngram: int = 4  # characters of the longest n-gram
    buckets: int = 1 << 14  # buckets of the n-gram hash; more buckets give fewer collisions
    embedding_size: int = 32  # features of an n-gram, besides one for each language
    units: int = 64  # per direction
    dropout: float = 0.3  # share of features that training hides, before and after the reading
    ngram_dropout: float = 0.1  # share of n-grams that training hides


# ------------------------------------------------------------------------------------------------------- Data

ALPHA = 0.1  # added to every count of an n-gram in a language


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """A text; `label` is its language, or None if that is to be predicted."""

    text: str
    label: str | None = None
    kind: str = ""  # such as a sentence or a word; each kind gets a separate score

    def __len__(self) -> int:
        return len(self.text)

    def __str__(self) -> str:
        return self.text


def load_sample(folder: None) -> Splits:
    """Number names in thirty languages; see sample.py."""
    return load().map(lambda pair: Written(*pair))


def load_lingua(folder: Path) -> Splits:
    """Sentences and single words in 75 languages; equal texts, in any language, share a split."""
    examples = {}
    for kind, name in (("sentence", "sentences"), ("word", "single-words")):
        for path in sorted((folder / "cmd/language-testdata" / name).glob("*.txt")):
            for line in readers.lines(path):
                if line.strip():
                    examples[Written(line.strip(), path.stem, kind)] = None  # an ordered set: 491 words occur twice
    return by_chance(examples, seed=0)


def read(path: Path, labelled: bool) -> list[Written]:
    """Texts in a user's file: a table with `text` and `label`, or plain text with one text per line."""
    if not labelled:
        return [Written(text) for text in readers.texts(path, "text")]
    return [Written(**row) for row in readers.labelled_table(path, ("text", "label"))]


def split(examples: list[Written], seed: int) -> Splits:
    """At random, stratified by label; texts with equal encodings share a split."""
    return by_chance(examples, seed, key=lambda example: normal(example.text))


def normal(text: str) -> str:
    """The text in composed lower-case characters, digits as 0, one space between words."""
    text = re.sub(r"\d", "0", unicodedata.normalize("NFC", text).lower())
    return " ".join(text.split())


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    labels: Labels
    log_ratios: np.ndarray  # naive Bayes log-count ratio of each bucket with each label, float32 (buckets, labels)
    max_timesteps: int
    longest_ngram: int
    buckets: int

    @classmethod
    def fit(cls, config, examples):
        labels = Labels.fit(example.label for example in examples)
        encoder = cls(labels, np.zeros(0), config.max_timesteps, config.longest_ngram, config.buckets)
        counts = np.full((config.buckets, len(labels)), ALPHA)
        for example in examples:
            inputs, label = encoder.encode(example)
            for token_ids in inputs.values():
                np.add.at(counts, (token_ids, label), 1)
        logs = np.log(counts / counts.sum(axis=0))
        ratios = logs - logs.mean(axis=1, keepdims=True)
        ratios[: ngrams.FIRST] = 0  # a missing n-gram says nothing
        return dataclasses.replace(encoder, log_ratios=np.float32(ratios))

    def contradicts_itself(self):
        if not 1 <= self.longest_ngram <= 64 or not 3 <= self.buckets <= 1 << 24:
            return True
        return self.log_ratios.shape != (self.buckets, len(self.labels))

    def network_sizes(self):
        return super().network_sizes() | {f"ngrams_{size}": self.buckets for size in range(1, self.longest_ngram + 1)}

    def encode(self, example):
        text = f" {normal(example.text)[: self.max_timesteps]} "
        hashed = ngrams.hashed(text, self.longest_ngram, self.buckets)  # (timesteps, longest_ngram)
        inputs = {f"ngrams_{size}": hashed[:, size - 1] for size in range(1, self.longest_ngram + 1)}
        targets = None if example.label is None else np.int32(self.labels.encode(example.label))
        return inputs, targets

    def step_names(self, example):
        return list(f" {normal(example.text)[: self.max_timesteps]} ")


# ------------------------------------------------------------------------------------------------------ Model

SCALE = 0.1  # of the naive Bayes features of an embedding


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """The sum of the n-grams that end at each character, a recurrent layer, averages of both over time, and logits."""
    import keras

    from common import layers
    from common.training import optimizers

    inputs = {
        name: keras.Input((None,), dtype="int32", name=name)
        for name in (f"ngrams_{size}" for size in range(1, encoder.longest_ngram + 1))
    }
    padding_mask = keras.ops.not_equal(inputs["ngrams_1"], PADDING)  # (batch, timesteps), True = real
    hide = layers.TokenDropout(config.ngram_dropout, UNKNOWN, PADDING)
    languages = len(encoder.labels)
    embedding = keras.layers.Embedding(encoder.buckets, languages + config.embedding_size)
    embedded = [embedding(hide(token_ids)) for token_ids in inputs.values()]
    features = keras.layers.Add()(embedded) if len(embedded) > 1 else embedded[0]
    x = keras.layers.Dropout(config.dropout)(features)  # (batch, timesteps, features)
    x = layers.recurrent(config.cell, config.units, return_sequences=True, bidirectional=True)(x, padding_mask)
    pooled = [layers.MaskedAveragePooling()(sequence, padding_mask) for sequence in (features, x)]
    x = keras.layers.Concatenate()(pooled)  # (batch, features + 2 * units)
    x = keras.layers.Dropout(config.dropout)(x)
    output = keras.layers.Dense(languages, name="logits")
    model = keras.Model(inputs, output(x))
    # Initialise one embedding feature per language with the n-gram's naive Bayes log-count ratio, scaled down for the
    # recurrent layer. The logits begin as the averages of the ratios over the characters.
    embedding.embeddings.assign(np.column_stack([SCALE * encoder.log_ratios, embedding.embeddings[:, languages:]]))
    output.kernel.assign(np.concatenate([np.eye(languages) / SCALE, output.kernel[languages:]]))
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=["accuracy"],
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Written]) -> list[dict]:
    """`{"label", "probabilities": {language: probability}}` for each text, the most probable language first."""
    logits = forward(networks["model"], encoder, examples)  # of each text (labels,)
    return [classes.answer(encoder.labels.names, classes.probabilities(row)) for row in logits]


def baseline(config: Config, train: Sequence[Written], examples: Sequence[Written]) -> dict[str, list[dict]]:
    """Naive Bayes on the character n-grams of words."""
    from common.baselines.characters import naive_bayes

    texts, labels = [normal(example.text) for example in train], [example.label for example in train]
    names, probabilities = naive_bayes(texts, labels, [normal(example.text) for example in examples])
    return {"naive Bayes on characters": [classes.answer(names, row) for row in probabilities]}


def score(examples: Sequence[Written], predictions: Sequence[dict]) -> Scores:
    """Accuracy, of each kind of text too, and macro-F1; see common/metrics/classification.py."""
    from common.metrics.classification import classification

    return classification(
        [example.label for example in examples],
        predictions,
        [len(example) for example in examples],
        kinds=[example.kind for example in examples],
    )


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Number names in thirty languages",
            licence="made with num2words (LGPL)",
            home="sample.py",
            load=load_sample,
        ),
        "lingua": Dataset(
            title="Test data of the Lingua detector: sentences and single words in 75 languages",
            licence="Apache-2.0; from the Leipzig corpora, CC BY",
            home="https://github.com/pemistahl/lingua-go",
            load=load_lingua,
            base_url="https://raw.githubusercontent.com/pemistahl/lingua-go/a440fc12f15b142f9c6c7b1eb95375fe5ac0f3e7/",
            files=checksums("lingua.sha256"),
            size=11_823_646,
            settings="buckets=65536 batch_size=128 learning_rate=2e-3 epochs=5",
            references=(
                Reference(
                    "Lingua, other training text, sentences", "accuracy_sentence", 0.9612, "its accuracy reports"
                ),
                Reference("Lingua, other training text, words", "accuracy_word", 0.7409, "its accuracy reports"),
                Reference("CLD3, 68 languages, sentences", "accuracy_sentence", 0.9306, "the same reports"),
                Reference("CLD3, 68 languages, words", "accuracy_word", 0.4831, "the same reports"),
            ),
        ),
    },
    own_file=OwnFile("a CSV or TSV with the columns text and label", read, split),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="accuracy",
)
