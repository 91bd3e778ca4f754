"""Translate a sentence. Encoder-decoder: one sentence in, another one of a different length out.

    "eighty-one thousand, two hundred" -> "quatre-vingt-un mille deux cents"

A recurrent layer reads the source in both directions; another, whose initial state is the final state of the first,
generates the target piece by piece (Sutskever, Vinyals and Le 2014, https://arxiv.org/abs/1409.3215). Before each piece
is chosen, attention reads the source (Luong, Pham and Manning 2015, https://arxiv.org/abs/1508.04025). Its context is
not fed back into the decoder, so that in training the decoder runs over the whole true target at once.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets.splits import by_chance
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.subwords import Pieces, spaced_words
from common.encoding.text import END, PADDING, START, words
from common.prediction import decoding
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, checksums, prediction_setting

from . import reader
from .sample import load

if TYPE_CHECKING:
    import keras

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 18  # maximum number of passes over the training examples
    batch_size: int = 128  # examples per step
    learning_rate: float = 3e-3  # at the start; cosine decay to 0 over all epochs
    vocab_size: int = 10_000  # pieces of each language, including the four special ones
    subwords: bool = False  # whether pieces are learned parts of words; otherwise they are whole words
    max_timesteps: int = 100  # pieces kept of a source and of a target
    embedding_size: int = 64  # features of a piece
    units: int = 128  # of the decoder, and of each direction of the encoder
    dropout: float = 0.2  # share of features that training hides
    label_smoothing: float = 0.1  # share of a target's probability that is spread evenly over all pieces
    attention: bool = True  # whether the decoder attends to the source
    beam_width: int = prediction_setting(6)  # hypotheses of the beam search; 1 is greedy
    length_penalty: float = prediction_setting(1.0)  # score is log-probability / length ** this; 0 favours short


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation; `target` is None if it is to be predicted."""

    source: str
    target: str | None = None
    part: str = ""  # of a test set, scored separately from the main test set
    group: str = ""  # the document it belongs to, if a file names it

    def __len__(self) -> int:
        return len(words(self.source))

    def __str__(self) -> str:
        return self.source


def load_numbers(language: str, folder: None) -> Splits:
    """Names of numbers in English and another language; test also has names longer than any in train. See sample.py."""
    return load(language).map(lambda names: Pair(*names))


def load_multi30k(language: str, folder: Path) -> Splits:
    """Captions of pictures, written in English and translated; the test set is that of 2016."""
    return Splits(*reader.multi30k(language, folder)).map(lambda pair: Pair(*pair))


def read(path: Path, labelled: bool) -> list[Pair]:
    """Pairs in a user's file, or only its sources; see reader.py."""
    return [Pair(**row) for row in reader.read(path, labelled)]


def split(examples: list[Pair], seed: int) -> Splits:
    """At random; equal sources and sources of one document share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    word_inputs = ("source_ids",)
    source: Pieces
    target: Pieces
    max_timesteps: int

    @classmethod
    def fit(cls, config, examples):
        source = Pieces.fit((pair.source for pair in examples), config.vocab_size, config.subwords)
        target = Pieces.fit((pair.target for pair in examples), config.vocab_size, config.subwords)
        return cls(source, target, config.max_timesteps)

    def full_length(self, example):
        return max(len(self.source.split(example.source)), len(self.target.split(example.target or "")))

    def network_sizes(self):
        return {"source_ids": len(self.source), "target_ids": len(self.target), "logits": len(self.target)}

    def encode(self, example):
        source_ids = self.source.encode(self.source.split(example.source)[: self.max_timesteps])
        if example.target is None:
            return {"source_ids": source_ids}, None
        target_ids = self.target.encode(self.target.split(example.target)[: self.max_timesteps])
        inputs = {"source_ids": source_ids, "target_ids": np.insert(target_ids, 0, START)}
        return inputs, np.append(target_ids, np.int32(END))  # each target is the input one step later


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """An encoder and a decoder, trained as one model; `predict` runs the decoder separately, one step at a time."""
    import keras

    from common.training import losses, optimizers

    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    memory = build_encoder(config, len(encoder.source))({"source_ids": source_ids})
    decode = build_decoder(config, len(encoder.target), memory)
    logits = decode({"target_ids": target_ids, **memory})["logits"]

    model = keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits)
    optimizer = optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0)
    model.compile(optimizer, losses.SmoothedCrossentropy(config.label_smoothing))
    return model


def build_encoder(config: Config, vocab_size: int) -> keras.Model:
    """The decoder's inputs from a source: its initial state and, for attention, the states at all timesteps."""
    import keras

    from common import layers

    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    padding_mask = keras.ops.not_equal(source_ids, PADDING)  # (batch, source timesteps), True = real
    scale = keras.initializers.RandomUniform(-1.7, 1.7)  # standard deviation 1; smaller features delay attention
    x = keras.layers.Embedding(vocab_size, config.embedding_size, scale, name="source_embedding")(source_ids)
    x = keras.layers.Dropout(config.dropout)(x)
    outputs, *states = layers.recurrent(
        config.cell, config.units, return_sequences=True, return_state=True, bidirectional=True
    )(x, padding_mask)  # (batch, source timesteps, 2 * units), (batch, 2 * units)
    memory = {
        f"state_{i}": keras.layers.Dense(config.units, "tanh", name=f"first_state_{i}")(state)
        for i, state in enumerate(states)
    }  # each (batch, units)
    if config.attention:
        memory |= {"encoder_outputs": outputs, "padding_mask": padding_mask}
    return keras.Model({"source_ids": source_ids}, memory, name="encoder")


def build_decoder(config: Config, vocab_size: int, memory: Mapping[str, keras.KerasTensor]) -> keras.Model:
    """Logits of the piece after each piece of the target, and the state from which the next call can continue."""
    import keras

    from common import layers

    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    memory = {name: keras.Input(part.shape[1:], dtype=part.dtype, name=name) for name, part in memory.items()}
    first_states = [part for name, part in memory.items() if name.startswith("state_")]
    small = keras.initializers.VarianceScaling(mode="fan_out")  # keeps dot products over many features small
    embedding = keras.layers.Embedding(vocab_size, config.embedding_size, small, name="target_embedding")
    x = keras.layers.Rescaling(config.embedding_size**0.5)(embedding(target_ids))  # to standard deviation 1, as above
    x = keras.layers.Dropout(config.dropout)(x)
    recurrent = layers.recurrent(config.cell, config.units, return_sequences=True, return_state=True)
    x, *states = recurrent(x, initial_state=first_states)  # (batch, target timesteps, units), (batch, units)
    results = {f"state_{i}": state for i, state in enumerate(states)}
    if config.attention:
        context, weights = layers.Attention()(x, memory["encoder_outputs"], memory["padding_mask"])
        x = keras.layers.Concatenate()([x, context])
        results["attention"] = weights  # (batch, target timesteps, source timesteps)
    x = keras.layers.Dense(config.embedding_size, "tanh", name="mixture")(x)
    x = keras.layers.Dropout(config.dropout)(x)
    results["logits"] = layers.TiedOutput(embedding, name="logits")(x)
    return keras.Model({"target_ids": target_ids, **memory}, results, name="decoder")


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Pair]) -> list[dict]:
    """`{"text", "source_tokens", "target_tokens", "attention"}`: a weight for each target and source token."""

    def translate(inputs):
        memory, lengths = networks["encoder"](inputs), np.count_nonzero(inputs["source_ids"], axis=1)
        limits = np.where(lengths > 0, 2 * lengths + 10, 1)  # no translation here needs twice the pieces of its source
        found = decoding.search(networks["decoder"], memory, limits, config.beam_width, config.length_penalty)
        attention = _attention(networks["decoder"], memory, found) if config.attention else [None] * len(found)
        return {"target_ids": found, "weights": attention}

    sources = [Pair(example.source) for example in examples]
    return [_answer(encoder, pair, **row) for pair, row in zip(sources, forward(translate, encoder, sources))]


def _attention(decode, memory, found) -> np.ndarray:
    """Attention weights for each generated piece, float `(batch, target timesteps, source timesteps)`."""
    return decode({"target_ids": decoding.with_start(found), **memory})["attention"]


def _answer(encoder, pair, target_ids, weights) -> dict:
    source, target = encoder.source.split(pair.source)[: encoder.max_timesteps], encoder.target.decode(target_ids)
    answer = {"text": encoder.target.join(target), "source_tokens": source, "target_tokens": target}
    if weights is not None:
        answer["attention"] = np.round(weights[: len(target), : len(source)].astype(float), 3).tolist()
    return answer


def baseline(config, train, examples):
    """Each word's translation in the order of the source; see common/baselines/dictionary.py."""
    from common.baselines import dictionary

    learned = dictionary.learn((spaced_words(pair.source), spaced_words(pair.target)) for pair in train)
    texts = ("".join(dictionary.translate(learned, spaced_words(pair.source))).strip() for pair in examples)
    return {"word-for-word dictionary": [{"text": text} for text in texts]}


def score(examples, predictions):
    """BLEU, chrF and exact match; see common/metrics/translation.py."""
    from common.metrics.translation import translation

    lengths, parts, groups = zip(*((len(pair), pair.part, pair.group) for pair in examples))
    return translation([pair.target for pair in examples], predictions, lengths, parts, groups)


# ------------------------------------------------------------------------------------------------------- Task


def numbers(name: str, code: str) -> Dataset:
    """The declaration of number names in a language."""
    return Dataset(
        title=f"Names of numbers, English to {name}",
        licence="LGPL-2.1 (the package num2words, which makes the names)",
        home="https://github.com/savoirfairelinux/num2words",
        load=functools.partial(load_numbers, code),
    )


def multi30k(name: str, code: str, epochs: int, size: int, bleu: float) -> Dataset:
    """The declaration of Multi30k from English to a language."""
    files = checksums("multi30k.sha256")
    return Dataset(
        title=f"Multi30k, task 1, English to {name}, test set of 2016",
        licence="not stated; derived from Flickr30K: research and education only",
        home="https://github.com/multi30k/dataset",
        load=functools.partial(load_multi30k, code),
        base_url="https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/",
        files={path: sha256 for path, sha256 in files.items() if path.endswith((".en.gz", f".{code}.gz"))},
        size=size,
        settings="subwords=true vocab_size=4000 embedding_size=256 units=256 "
        f"epochs={epochs} batch_size=32 learning_rate=2e-3",
        references=(Reference("GRU with attention, lower-cased, tokenised", "bleu", bleu, "Caglayan et al. 2017"),),
    )


TASK = Task(
    shape="encoder-decoder",
    config=Config(),
    datasets={
        "sample": numbers("French", "fr"),
        "numbers_russian": numbers("Russian", "ru"),
        "numbers_spanish": numbers("Spanish", "es"),
        "multi30k_en_fr": multi30k("French", "fr", epochs=12, size=1_261_209, bleu=52.5),
        "multi30k_en_de": multi30k("German", "de", epochs=7, size=1_296_271, bleu=38.1),
    },
    own_file=OwnFile("a table with the columns source and target, or two files: a.en,a.fr", read, split, parallel=True),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="bleu",
)
