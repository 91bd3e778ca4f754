"""Write a text, character by character. One-to-many: a prompt, or nothing, in; a text out.

    "The value of " -> "The value of " and 300 more characters

The text is one stream: the recurrent state carries over from batch to batch. With several layers each also
reads the characters, and the output reads all layers (Graves 2013, https://arxiv.org/abs/1308.0850).
"""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import lines, tables
from common.datasets.prose import PASSAGE, passages, without_blank_ends
from common.datasets.shakespeare import TINY_SHAKESPEARE
from common.datasets.splits import scattered
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.streams import Stream
from common.encoding.text import END, PADDING, START, UNKNOWN, Vocabulary
from common.prediction import language_model, sampling
from common.prediction.networks import Networks
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, prediction_setting

from .sample import load

if TYPE_CHECKING:
    import keras

    from common.metrics.generation import Source

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 16
    batch_size: int = 16  # streams read in parallel
    learning_rate: float = 3e-3  # at the start; cosine decay to 0
    timesteps: int = 64  # characters through which errors are propagated back
    embedding_size: int = 48  # features of a character
    units: int = 256  # of the state of a layer
    layers: int = 1  # stacked recurrent layers
    dropout: float = 0.1  # share of the features, and of the recurrent layers' outputs, that training hides
    temperature: float = prediction_setting(0.7)  # below 1 sharper, above 1 more varied, 0 always the likeliest
    top_k: int = prediction_setting(0)  # draw from the k likeliest characters; 0 for all
    top_p: float = prediction_setting(1.0)  # draw from the likeliest characters that together reach this probability
    new_characters: int = prediction_setting(300)  # characters to generate


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text, in whole lines: to score character by character or, as a prompt, to continue."""

    text: str
    is_prompt: bool = False

    def __len__(self) -> int:
        return len(self.text)

    def __str__(self) -> str:
        return self.text


def load_sample(folder: None) -> Splits:
    return load().map(Passage)


def load_shakespeare(folder: Path) -> Splits:
    return scattered(read(folder / "input.txt", True))  # the last tenth is the validation set of others


def read(path: Path, labelled: bool) -> list[Passage]:
    """The passages of a text; or its lines, each a prompt, a blank one for a text from nothing."""
    tables.check_is_plain(path)
    if labelled:
        return [Passage(text) for text in passages(without_blank_ends(lines.lines(path)))]
    return [Passage(text, is_prompt=True) for text in lines.lines(path)]


def split(examples: Sequence[Passage], seed: int) -> Splits:
    """The last tenth is test; validation is scattered over the rest."""
    return scattered(examples, f"passages of {PASSAGE} characters in whole lines")


KEPT = 4_000_000  # characters of train that a run stores, to find what its model copies


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    vocabulary: Vocabulary  # characters, most frequent first
    timesteps: int
    train: np.ndarray  # uint16 ids of the training text, at most KEPT

    @classmethod
    def fit(cls, config, examples):
        counts = Counter()
        for passage in examples:
            counts.update(passage.text)
        # A character seen once becomes the unknown one: train must contain some.
        vocabulary = Vocabulary.of_counts(counts, 1 << 16, 2)
        kept = islice(chain.from_iterable(passage.text for passage in examples), KEPT)
        return cls(vocabulary, config.timesteps, vocabulary.encode(kept).astype(np.uint16))

    @functools.cached_property
    def source(self) -> Source:
        """The training text, for comparison with generated texts."""
        from common.metrics.generation import Source

        return Source(self.decode(self.train))

    def contradicts_itself(self):
        return self.train.ndim != 1 or self.train.dtype != np.uint16 or (self.train >= len(self.vocabulary)).any()

    def decode(self, ids: Iterable[int]) -> str:
        return "".join("\ufffd" if i == UNKNOWN else self.vocabulary.tokens[i] for i in ids)

    def network_sizes(self):
        return {"token_ids": len(self.vocabulary), "logits": len(self.vocabulary)}

    def encode(self, example):
        """Each character predicts the next; a passage follows a line break. A prompt is read to its end."""
        targets = self.vocabulary.encode(example.text)
        token_ids = np.append(self.vocabulary.encode("\n"), targets).astype(np.int32)
        return ({"token_ids": token_ids}, None) if example.is_prompt else ({"token_ids": token_ids[:-1]}, targets)

    def batches(self, encoded, batch_size, seed=None):
        """For training as many streams as a batch has rows; for evaluation always eight."""
        return Stream(encoded, 8, 512) if seed is None else Stream(encoded, batch_size, self.timesteps)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """Embedding, recurrent layers whose states are carried over, and one output that reads all of them."""
    import keras

    from common import layers
    from common.training import optimizers, stateful

    vocab_size = len(encoder.vocabulary)
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    characters = keras.layers.Embedding(vocab_size, config.embedding_size)(token_ids)
    states, final, outputs = {}, {}, []
    names = ("state_h", "state_c") if config.cell == "lstm" else ("state_h",)
    for number in range(1, config.layers + 1):
        initial = {f"{name}_{number}": keras.Input((config.units,), name=f"{name}_{number}") for name in names}
        x = keras.layers.Concatenate()([characters, outputs[-1]]) if outputs else characters
        x = keras.layers.Dropout(config.dropout)(x)  # (batch, timesteps, features)
        recurrent = layers.recurrent(config.cell, config.units, return_sequences=True, return_state=True)
        x, *last = recurrent(x, initial_state=list(initial.values()))
        outputs.append(x)
        states |= initial
        final |= dict(zip(initial, last, strict=True))
    hidden = keras.layers.Concatenate()(outputs) if len(outputs) > 1 else outputs[0]
    hidden = keras.layers.Dropout(config.dropout)(hidden)
    # Initialise the output bias to the log-probabilities of the characters.
    output = keras.layers.Dense(vocab_size)
    logits = output(hidden)  # (batch, timesteps, vocab_size)
    output.bias.assign(np.log(np.maximum(np.bincount(encoder.train, minlength=vocab_size), 0.1) / len(encoder.train)))

    model = stateful.StatefulModel({"token_ids": token_ids, **states}, {"logits": logits, "hidden": hidden, **final})
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction

TEMPERATURES = (0.5, 0.8, 1.0)
SAMPLED, PRIMED = 16, 100  # the model continues the first 16 passages, after reading their last 100 characters
ORDERS, MOST = (7, 5, 3), 2_000_000  # orders of the n-gram models, and the maximum number of characters they count
NEVER = (PADDING, UNKNOWN, START, END)


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Passage]) -> list[dict]:
    """For a prompt, its continuation; for a passage, the probability of each character given all text before it.

    A prompt: `{"text": prompt and continuation, "words", "real_words", "longest_copy"}`: the number of generated words,
    the share of them that occur in train, and the length of the longest substring that also occurs in train.
    A passage: `{"log_probabilities", "guesses", "samples"}`; samples are continuations by temperature.
    """
    network = networks["model"]
    scored = iter(_score_all(config, network, encoder, [passage for passage in examples if not passage.is_prompt]))
    return [_go_on(config, network, encoder, each) if each.is_prompt else next(scored) for each in examples]


def _go_on(config, network, encoder, prompt) -> dict:
    """Draw characters one by one; the result depends on the seed, not on other prompts."""
    written = sampling.continuation(
        network,
        np.append(encoder.vocabulary.encode("\n"), encoder.vocabulary.encode(prompt.text)),
        language_model.fresh_states(network, 1),
        sampling.by_settings(config),
        NEVER,
    )
    text = encoder.decode(token for token, _ in islice(written, config.new_characters))
    return {"text": prompt.text + text, **encoder.source.described(text)}


def _score_all(config, network, encoder, examples) -> list[dict]:
    """Score all passages as one stream, and generate continuations of the first ones."""
    if not examples:
        return []
    scores = language_model.score_lines(network, map(encoder.encode, examples))
    states = language_model.fresh_states(network, SAMPLED * len(TEMPERATURES))
    write = functools.partial(sampling.continuations, network, states, never=NEVER)
    return _answers(config, encoder, examples, scores, write)


def _answers(config, encoder, examples, scores, write) -> list[dict]:
    """Predictions for passages from the scores of each, as of `language_model.score`, and a generating function.

    The number of generated texts is fixed, so that none of them depends on the number of passages.
    """
    answers = [
        {"log_probabilities": logs.tolist(), "guesses": encoder.decode(ids), "samples": {}} for logs, ids, _ in scores
    ]
    texts = [passage.text for passage in examples[:SAMPLED]] + [""] * (SAMPLED - len(examples))
    prompts = np.array([encoder.vocabulary.encode(text.rjust(PRIMED, "\n")[-PRIMED:]) for text in texts])
    written = sampling.at_temperatures(write, prompts, TEMPERATURES, config.new_characters, config.seed)
    for answer, of_passage in zip(answers, written):
        texts = [encoder.decode(ids) for ids in of_passage]
        described = [{"text": text, **encoder.source.described(text)} for text in texts]
        answer["samples"] = dict(zip(map(str, TEMPERATURES), described, strict=True))
    return answers


def baseline(config, train, examples):
    """Interpolated Kneser-Ney of several orders, up to six characters of context; it generates texts too."""
    from common.baselines.ngram import KneserNey

    encoder = Encoder.fit(config, train)
    targets = [encoder.encode(passage)[1] for passage in examples]
    answers = {}
    for order in ORDERS:
        model = KneserNey([encoder.train[:MOST]], order, len(encoder.vocabulary))
        scores = language_model.by_line(model.score(np.concatenate(targets)), list(map(len, targets)))
        write = functools.partial(model.continuations, never=NEVER)
        answers[f"Kneser-Ney of order {order}"] = _answers(config, encoder, examples, scores, write)
    return answers


def score(examples, predictions):
    """Nats and bits per character, and properties of generated texts; see common/metrics/generation.py."""
    from common.metrics.generation import Generation

    return Generation([passage.text for passage in examples], predictions)


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="one-to-many",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Prose of Python's own language reference, by characters",
            licence="PSF-2.0, with Python",
            home="pydoc_data.topics",
            load=load_sample,
        ),
        "tinyshakespeare": Dataset(
            title="Tiny Shakespeare, by characters",
            load=load_shakespeare,
            **TINY_SHAKESPEARE,
            settings="units=512 embedding_size=64 dropout=0.2 batch_size=32 learning_rate=2e-3 epochs=16",
            references=(
                Reference("Transformer, 6 layers of 384, validated on our test", "char_loss", 1.4697, "nanoGPT README"),
                Reference("Transformer, 4 layers of 128, validated on our test", "char_loss", 1.88, "nanoGPT README"),
            ),
        ),
    },
    own_file=OwnFile("plain text of any kind; to predict, one prompt per line", read, split),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="char_loss",
)
