"""Which words of a sentence name a person, a place, an organisation or a product? Many-to-many: a tag for every word.

    Stilmouth lies north of Velford . -> B-place O O O B-place O

One recurrent layer reads the characters of each word, a bidirectional one reads the sentence, and a conditional random
field scores the tags jointly, so that only valid sequences come out. After Lample et al. (2016),
https://arxiv.org/abs/1603.01360
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import readers
from common.datasets.splits import by_chance
from common.encoding import tagging
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.segmenting import Segmenter
from common.encoding.text import PADDING, UNKNOWN, Labels, Vocabulary
from common.encoding.wordforms import MAX_CHARS, SHAPES, char_ids, joined, normal, shape
from common.prediction import crf
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, prediction_setting

from .reader import tokens_of
from .sample import load

if TYPE_CHECKING:
    import keras

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 8
    learning_rate: float = 4e-3  # of the first step
    decay_steps: int = 500  # steps after which the learning rate is halved; after twice as many it is a third, etc.
    min_count: int = 2  # times a word must occur in train to be known
    embedding_size: int = 64  # features of a word
    char_embedding_size: int = 16  # features of a character
    char_units: int = 24  # of the layer that reads characters, per direction
    units: int = 64  # of the layer that reads sentences, per direction
    dropout: float = 0.2  # share of features that training hides, before and after the reading
    word_dropout: float = 0.1  # share of words that training makes unknown
    members: int = 1  # networks of the ensemble; their log-probabilities are averaged
    threshold: float = prediction_setting(0.5)  # probability above which a span is an entity; lower finds more


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True)
class Tagged:
    """One sentence; `tags` are BIO, and None if they are to be predicted."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None = None
    group: str = ""  # the document it belongs to
    text: str = dataclasses.field(default="", repr=False, compare=False)  # raw, from which the tokens were cut

    def __len__(self) -> int:
        return len(self.tokens)

    def __str__(self) -> str:
        return " ".join(self.tokens)


def load_sample(folder: None) -> Splits:
    """Generated sentences in which no two splits share a name; see sample.py."""
    return load().map(lambda pair: Tagged(*pair))


def load_wnut17(folder: Path) -> Splits:
    """Noisy text from the web, split as published: from Twitter (train), YouTube, Reddit and others."""
    names = ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
    return Splits(*(read(folder / name, labelled=True) for name in names))


def read(path: Path, labelled: bool) -> list[Tagged]:
    """Sentences in a user's file: CoNLL; for prediction also plain text with one sentence per line, or a table."""
    if not labelled and not readers.is_conll(path):
        return [Tagged(tokens_of(text), text=text) for text in readers.texts(path, "text")]
    sentences = readers.conll(path, labelled=labelled)
    return [Tagged(s.tokens, readers.to_bio(s.tags) if labelled else None, s.document) for s in sentences]


def split(examples: list[Tagged], seed: int) -> Splits:
    """At random; equal sentences and sentences of one document share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    word_inputs = ("token_ids",)
    words: Vocabulary
    characters: Vocabulary
    tags: Labels
    segmenter: Segmenter

    @classmethod
    def fit(cls, config, examples):
        texts = [joined(example.tokens) for example in examples]
        words = Vocabulary.fit((map(normal, tokens) for tokens in texts), 10**6, config.min_count)
        characters = Vocabulary.fit(map("".join, texts), 10**4)
        types = sorted({span.type for e in examples for span in tagging.spans(e.tags)})
        tags = Labels(("O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI")))
        return cls(words, characters, tags, Segmenter.fit(example.tokens for example in examples))

    def contradicts_itself(self):
        return not tagging.is_complete(self.tags.names)

    def network_sizes(self):
        return {"token_ids": len(self.words), "char_ids": len(self.characters), "scores": len(self.tags)}

    def encode(self, example):
        example = self.segmenter.cut(example)
        tokens = joined(example.tokens)
        inputs = {
            "token_ids": self.words.encode(map(normal, tokens)),  # (timesteps,)
            "char_ids": char_ids(tokens, self.characters),  # (timesteps, MAX_CHARS)
            "shapes": np.array([shape(token) for token in tokens], np.float32),  # (timesteps, SHAPES)
        }
        if example.tags is None:
            return inputs, None
        return inputs, np.array([self.tags.encode(tag) for tag in example.tags], np.int32)  # (timesteps,)

    def step_names(self, example):
        return list(self.segmenter.cut(example).tokens)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """`members` networks that read the same sentences; the output is the mean of their log-probabilities.

    The loss of that mean is the mean of their losses, so the members learn independently. The ensemble reduces the
    variance of networks trained on few examples (Heskes 1997, logarithmic opinion pool).
    """
    import keras

    from common import layers
    from common.training import optimizers

    inputs = {
        "token_ids": keras.Input((None,), dtype="int32", name="token_ids"),
        "char_ids": keras.Input((None, MAX_CHARS), dtype="int32", name="char_ids"),
        "shapes": keras.Input((None, SHAPES), name="shapes"),
    }
    padding_mask = keras.ops.not_equal(inputs["token_ids"], PADDING)  # (batch, timesteps), True = real
    members = [build_member(config, encoder, f"member_{number}") for number in range(config.members)]
    opinions = [layers.CRF()(**member(inputs), padding_mask=padding_mask) for member in members]
    model = keras.Model(inputs, sum(opinions) / config.members)
    steps = keras.optimizers.schedules.InverseTimeDecay(config.learning_rate, config.decay_steps, 1.0)
    optimizer = optimizers.Adam(steps, global_clipnorm=1.0)
    model.compile(optimizer, layers.TransitionLoss(reduction="mean_with_sample_weight"))
    return model


def build_member(config: Config, encoder: Encoder, name: str) -> keras.Model:
    """Words by embedding, characters and shape, a bidirectional recurrent layer; scores of tags and transitions."""
    import keras

    from common import layers

    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    char_ids = keras.Input((None, MAX_CHARS), dtype="int32", name="char_ids")
    shapes = keras.Input((None, SHAPES), name="shapes")
    padding_mask = keras.ops.not_equal(token_ids, PADDING)  # (batch, timesteps), True = real
    known = layers.TokenDropout(config.word_dropout, UNKNOWN, PADDING)(token_ids)
    words = keras.layers.Embedding(len(encoder.words), config.embedding_size, name="word_embedding")(known)
    chars = keras.layers.Embedding(len(encoder.characters), config.char_embedding_size)(char_ids)
    speller = layers.recurrent(config.cell, config.char_units, bidirectional=True)  # its last states are features
    spelling = layers.PerTimestep(speller)(chars, keras.ops.not_equal(char_ids, PADDING))
    x = keras.layers.Concatenate()([words, spelling, shapes])
    x = keras.layers.Dropout(config.dropout)(x)  # (batch, timesteps, embedding_size + 2 * char_units + SHAPES)
    x = layers.recurrent(config.cell, config.units, return_sequences=True, bidirectional=True)(x, padding_mask)
    x = keras.layers.Dropout(config.dropout)(x)  # (batch, timesteps, 2 * units)
    scores = keras.layers.Dense(len(encoder.tags))(x)  # (batch, timesteps, num_tags)
    transitions = layers.Transitions(tagging.allowed(encoder.tags.names))(scores)  # (num_tags + 1, num_tags)
    inputs = {"token_ids": token_ids, "char_ids": char_ids, "shapes": shapes}
    return keras.Model(inputs, {"scores": scores, "transitions": transitions}, name=name)


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Tagged]) -> list[dict]:
    """`{"entities": [{"type", "text", "start", "stop", "probability"}], "tokens", "tags", "unknown"}` each.

    An entity is a span more probable than the threshold and than the spans that it overlaps; `unknown` are the tokens
    that are not in the vocabulary. The threshold for the best F1 is half of that F1 (Lipton et al. 2014,
    https://arxiv.org/abs/1402.1892): 0.5 suits a model that is nearly always right, a weaker one needs a lower one.
    """

    def pooled(inputs):
        padding_mask = inputs["token_ids"] != PADDING
        opinions = [crf.log_probabilities(**member(inputs), padding_mask=padding_mask) for member in networks.values()]
        return sum(opinions) / len(opinions)  # log-probabilities (batch, timesteps, num_tags + 1, num_tags)

    examples = [encoder.segmenter.cut(example) for example in examples]
    predictions = []
    for example, padded in zip(examples, forward(pooled, encoder, examples)):
        conditional = np.exp(padded[: len(example)])
        conditional /= conditional.sum(axis=-1, keepdims=True)  # a mean of log-probabilities is not normalised
        probabilities = tagging.span_probabilities(conditional, encoder.tags.names, config.threshold)
        found = tagging.without_overlap(probabilities)
        answer = _answer(example.tokens, tagging.tags_of(found, len(example)))
        for entity, span in zip(answer["entities"], found):
            entity["probability"] = probabilities[span]
        forms = zip(example.tokens, joined(example.tokens))
        answer["unknown"] = [token for token, form in forms if normal(form) not in encoder.words]
        predictions.append(answer)
    return predictions


def baseline(config, train, examples):
    """The most frequent tag of each word in train, O for a new word; and a classifier of windows of five words."""
    from common.baselines import unigram, window

    tokens, tags = [example.tokens for example in train], [example.tags for example in train]
    asked = [example.tokens for example in examples]
    known = unigram.most_frequent_tags(unigram.count(tokens, tags))
    answers = {
        "most frequent tag": [[known.get(token, "O") for token in sentence] for sentence in asked],
        "logistic regression on five words": window.window_logistic_regression(tokens, tags, asked),
    }
    return {name: [_answer(*pair) for pair in zip(asked, found)] for name, found in answers.items()}


def _answer(tokens, tags) -> dict:
    entities = [
        {"type": span.type, "text": " ".join(tokens[span.start : span.stop]), "start": span.start, "stop": span.stop}
        for span in tagging.spans(tags)
    ]
    return {"entities": entities, "tokens": list(tokens), "tags": list(tags)}


def score(examples, predictions):
    """Exact-span precision, recall and F1, over all and of each type; see common/metrics/spans.py."""
    from common.metrics.spans import score_spans

    unknown = [set(prediction["unknown"]) for prediction in predictions if "unknown" in prediction]
    return score_spans(
        [example.tokens for example in examples],
        [example.tags for example in examples],
        [prediction["tags"] for prediction in predictions],
        unknown or None,
        [example.group for example in examples],
    )


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="many-to-many",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Generated sentences whose names occur nowhere in train",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
        ),
        "wnut17": Dataset(
            title="WNUT-17: emerging and rare entities in tweets and comments",
            licence="CC BY 4.0",
            home="https://noisy-text.github.io/2017/emerging-rare-entities.html",
            load=load_wnut17,
            base_url="https://raw.githubusercontent.com/leondz/emerging_entities_17/"
            "e52a2d2a71ac1a051ca2d532eef28653c5c02603/",
            files={
                "wnut17train.conll": "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
                "emerging.dev.conll": "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
                "emerging.test.annotated": "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
            },
            size=800_955,
            settings="learning_rate=2e-3 batch_size=32 epochs=12 members=5 threshold=0.07",
            references=(
                Reference("BLSTM and CRF with outside resources, the winner", "f1", 0.4186, "UH-RiTUAL 2017"),
                Reference("the last of seven systems with outside resources", "f1", 0.2630, "Drexel-CCI 2017"),
            ),
        ),
    },
    own_file=OwnFile("CoNLL: a token and its BIO tag per line, a blank line after each sentence", read, split),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="f1",
)
