"""Which word comes next? Many-to-many: each word of a text in, the probabilities of its successor out.

    "If the name is" -> a (0.15), not (0.10), bound (0.10) ...

The text is one long stream: the recurrent state carries over from batch to batch. The embedding and the output share
their weights (Press and Wolf 2017, https://arxiv.org/abs/1608.05859); dropout acts between the layers but not in time
(Zaremba et al. 2014, https://arxiv.org/abs/1409.2329).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import lines, tables
from common.datasets.shakespeare import TINY_SHAKESPEARE
from common.datasets.splits import by_position
from common.encoding import corpus
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.streams import Stream, following
from common.encoding.text import END, PADDING, SPECIAL, START, UNKNOWN, Vocabulary, running_text, words
from common.errors import UserError, unknown
from common.prediction import language_model, sampling
from common.prediction.networks import Networks
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, prediction_setting

from .sample import load

if TYPE_CHECKING:
    import keras

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 16
    batch_size: int = 16  # streams read in parallel
    learning_rate: float = 3e-3  # at the start; cosine decay to 0
    tokens: str = "words"  # words: words and punctuation marks; spaces: anything between spaces
    vocab_size: int = 10_000  # most frequent words kept, including the four special tokens
    timesteps: int = 32  # words through which errors are propagated back
    units: int = 256  # of the state, and features of a word
    dropout: float = 0.5  # share of the word features, and of the recurrent layer's outputs, that training hides
    cutoff: int = 0  # of the adaptive softmax: words in its head; rarer ones are in clusters. 0: a full softmax
    temperature: float = prediction_setting(0.8)  # below 1 sharper, above 1 more varied, 0 always the likeliest word
    top_k: int = prediction_setting(0)  # draw from the k likeliest words; 0 for all
    top_p: float = prediction_setting(0.95)  # draw from the likeliest words that together reach this probability
    new_words: int = prediction_setting(30)  # maximum length of a continuation; it also stops at the end of the line


# ------------------------------------------------------------------------------------------------------- Data

HELD_OUT_LINES = 5_000  # maximum number of lines of a user's file for validation and for test
TOKENS = {"words": words, "spaces": str.split}  # tokenisers


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line of a text, whose words are predicted; or, as a prompt, one that is continued."""

    text: str
    is_prompt: bool = False

    def __len__(self) -> int:
        return len(self.text.split())

    def __str__(self) -> str:
        return self.text


def load_sample(folder: None) -> Splits:
    return load().map(Line)


def load_ptb(folder: Path) -> Splits:
    """Wall Street Journal with 10,000 words, split as published."""
    files = (folder / "data" / f"ptb.{part}.txt" for part in ("train", "valid", "test"))
    return Splits(*(list(lines.lines(file)) for file in files)).map(lambda text: Line(text.strip()))


def load_shakespeare(folder: Path) -> Splits:
    """The lines that are not blank: the first 90 % for training, the rest halved."""
    return by_position([Line(text) for text in lines.lines(folder / "input.txt") if text.strip()], (0.9, 0.05, 0.05))


def read(path: Path, labelled: bool) -> Sequence[Line]:
    """The lines of a text: for training and evaluation, or each as a prompt to be continued."""
    tables.check_is_plain(path)
    if labelled:
        return lines.LineSequence(path, Line)
    return [Line(text, is_prompt=True) for text in lines.lines(path) if text.strip()]


def split(examples: Sequence[Line], seed: int) -> Splits:
    """The last lines are held out; blank ones do not count."""
    held_out = min(0.1, HELD_OUT_LINES / len(examples))
    shares = (1 - 2 * held_out, held_out, held_out)
    return by_position(examples, shares, lambda line: bool(line.text.strip()), "lines of text")


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    word_inputs = ("token_ids",)
    vocabulary: Vocabulary
    counts: list[int]  # how often each token of the vocabulary occurs in train
    tokens: str
    timesteps: int

    @classmethod
    def fit(cls, config, examples):
        if config.tokens not in TOKENS:
            raise UserError(unknown("kind of tokens", config.tokens, list(TOKENS)))
        counts = corpus.count((line.text for line in examples), TOKENS[config.tokens], SPECIAL[END])
        # Unless a text marks unknown words itself, words seen once become unknown: train must contain some.
        vocabulary = Vocabulary.of_counts(counts, config.vocab_size, 1 if SPECIAL[UNKNOWN] in counts else 2)
        encoder = cls(vocabulary, [], config.tokens, config.timesteps)
        in_train = np.bincount(encoder.ids(counts), list(counts.values()), len(vocabulary))
        return dataclasses.replace(encoder, counts=in_train.astype(int).tolist())

    def contradicts_itself(self):
        return len(self.counts) != len(self.vocabulary) or self.tokens not in TOKENS

    def split(self, line):
        return TOKENS[self.tokens](line.text)

    def ids(self, tokens):
        """Ids, int32 `(words,)`. A word known only in lower case is encoded in lower case."""
        ids = self.vocabulary.encode(token if token in self.vocabulary else token.lower() for token in tokens)
        return np.where((ids == PADDING) | (ids == START), UNKNOWN, ids)  # these have no meaning within a text

    def network_sizes(self):
        return {"token_ids": len(self.vocabulary), "logits": len(self.vocabulary)}

    def encode(self, example):
        """A line follows the END of the line before. The target of a word is the next word; that of the last is END."""
        ids = self.ids(self.split(example))
        targets = np.append(ids, END).astype(np.int32) if len(ids) else ids  # a blank line has no targets
        return {"token_ids": np.roll(targets, 1)}, targets

    def encode_all(self, examples):
        """Encode many lines at a time, ten times as fast."""
        encoder = corpus.Encoder(TOKENS[self.tokens], self.ids, END)
        return following(encoder.parts(line.text for line in examples))

    def batches(self, encoded, batch_size, seed=None):
        """Several streams for training; one for evaluation, so that scores do not depend on the batch size."""
        return Stream(encoded, 1, 512) if seed is None else Stream(encoded, batch_size, self.timesteps)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """Embedding, a recurrent layer whose state is carried over, and an output tied to the embedding."""
    import keras

    from common import layers
    from common.training import optimizers, stateful

    recurrent = layers.recurrent(config.cell, config.units, return_sequences=True, return_state=True)
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    names = ("state_h", "state_c") if config.cell == "lstm" else ("state_h",)
    states = {name: keras.Input((config.units,), name=name) for name in names}
    scale = keras.initializers.RandomUniform(-0.25, 0.25)
    embedding = keras.layers.Embedding(len(encoder.vocabulary), config.units, scale, name="word_embedding")
    x = keras.layers.Dropout(config.dropout)(embedding(token_ids))  # (batch, timesteps, units)
    x, *final = recurrent(x, initial_state=list(states.values()))
    x = keras.layers.Dropout(config.dropout)(x)
    in_clusters = 0 < config.cutoff < len(encoder.vocabulary)
    reduced = layers.AdaptiveOutput(embedding, config.cutoff) if in_clusters else None
    output = reduced or layers.TiedOutput(embedding)
    logits = output(x)  # (batch, timesteps, vocab_size)
    # Initialise the output bias to the unigram log-probabilities.
    output.bias.assign(np.log(np.maximum(encoder.counts, 0.1) / sum(encoder.counts)))

    model = stateful.StatefulModel(
        {"token_ids": token_ids, **states}, {"logits": logits, "hidden": x, **dict(zip(states, final))}
    )
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        reduced_loss=reduced and reduced.nats,
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Line]) -> list[dict]:
    """For a line, the probability of each word given all text before it; for a prompt, its continuation.

    A line: `{"words", "token_ids", "log_probabilities", "guesses", "in_top5"}`, lists that end with the line's end.
    A prompt: `{"continuation": text, "words": [{"word", "probability", "alternatives": {word: probability}}]}`.
    """
    network = networks["model"]
    lines = [line for line in examples if not line.is_prompt]
    scores = language_model.score_lines(network, map(encoder.encode, lines))
    scored = (_scored(encoder, line, *score) for line, score in zip(lines, scores))
    return [_go_on(config, network, encoder, line) if line.is_prompt else next(scored) for line in examples]


def _scored(encoder, line, log_probabilities, guesses, in_top5) -> dict:
    return {
        "words": [*encoder.split(line), SPECIAL[END]][: len(guesses)],
        "token_ids": encoder.encode(line)[1].tolist(),
        "log_probabilities": log_probabilities.tolist(),
        "guesses": encoder.vocabulary.decode(guesses),
        "in_top5": in_top5.tolist(),
    }


def _go_on(config, network, encoder, line) -> dict:
    """Draw words one by one; the result depends on the seed, not on other prompts."""
    drawn = sampling.continuation(
        network,
        np.append(END, encoder.ids(encoder.split(line))),
        language_model.fresh_states(network, 1),
        sampling.by_settings(config),
        never=(PADDING, UNKNOWN, START),
    )
    drawn = islice(takewhile(lambda choice: choice[0] != END, drawn), config.new_words)
    choices = [sampling.describe(word, probabilities, encoder.vocabulary.tokens) for word, probabilities in drawn]
    write = " ".join if encoder.tokens == "spaces" else running_text
    return {"continuation": write(choice["word"] for choice in choices), "words": choices}


def baseline(config, train, examples):
    """Interpolated Kneser-Ney models of the next word: a trigram and a bigram."""
    from common.baselines.ngram import KneserNey

    encoder, answers = Encoder.fit(config, train), {}
    for name, order in {"Kneser-Ney trigram": 3, "Kneser-Ney bigram": 2}.items():
        model = KneserNey((encoder.encode(line)[1] for line in train), order, len(encoder.vocabulary))
        scores = (model.score(encoder.encode(line)[1]) for line in examples)
        answers[name] = [_scored(encoder, line, *score) for line, score in zip(examples, scores)]
    return answers


def score(examples, predictions):
    """Perplexity, top-5 accuracy and the share of known words; see common/metrics/language_model.py."""
    from common.metrics.language_model import LanguageModel

    return LanguageModel(predictions)


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="many-to-many",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Prose of Python's own language reference",
            licence="PSF-2.0, with Python",
            home="pydoc_data.topics",
            load=load_sample,
        ),
        "ptb": Dataset(
            title="Penn Treebank, Wall Street Journal, 10,000 words (Mikolov)",
            licence="LDC99T42; the public files state none: measure with them, do not pass them on",
            home="http://www.fit.vutbr.cz/~imikolov/rnnlm/",
            load=load_ptb,
            base_url="https://raw.githubusercontent.com/timbmg/RNNLM/e26dff5d8f4b5d07ee459f192ee2131923d7584f/",
            files={
                "data/ptb.train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
                "data/ptb.valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
                "data/ptb.test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
            },
            size=5_951_345,
            settings="tokens=spaces vocab_size=10002 cutoff=400 units=400 dropout=0.4 batch_size=32 epochs=7",
            references=(
                Reference("recurrent network", "perplexity", 124.7, "Mikolov and Zweig 2012"),
                Reference("Kneser-Ney 5-gram", "perplexity", 141.2, "Mikolov and Zweig 2012"),
                Reference("recurrent network", "perplexity", 114.5, "Bai et al. 2018, table 1"),
                Reference("LSTM", "perplexity", 78.93, "Bai et al. 2018, table 1"),
            ),
        ),
        "tinyshakespeare": Dataset(
            title="Tiny Shakespeare, by words",
            load=load_shakespeare,
            **TINY_SHAKESPEARE,
            settings="epochs=10",
        ),
    },
    own_file=OwnFile("plain text, one sentence or paragraph per line", read, split),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="perplexity",
)
