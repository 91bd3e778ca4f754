"""Which words are spoken in a recording? Many-to-many: a spectrogram in, words out, whose times are not given.

    three_digits.wav -> "seven one four"

Two bidirectional recurrent layers read the spectrogram and predict a word, or none, at every timestep.
Connectionist temporal classification sums over all alignments of the words (Graves et al. 2006,
https://www.cs.toronto.edu/~graves/icml_2006.pdf), so that training needs the words and not their times.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from common.datasets.splits import by_chance
from common.encoding import spectrogram
from common.encoding.augmenting import Augmented
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.series import Scaler
from common.encoding.text import PADDING, Labels
from common.errors import UserError
from common.prediction import classes, ctc
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Splits, Task, TrainConfig, prediction_setting

from . import reader, sample
from .reader import Utterance, read

if TYPE_CHECKING:
    import keras

RECURRENT_SCALE = 0.6  # factor of the orthogonal initial recurrent kernel of a SimpleRNN

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 20
    batch_size: int = 16
    learning_rate: float = 3e-3  # at the start; cosine decay to 0 over all epochs
    patience: int = 6
    bands: int = 40  # of the spectrogram
    frames_per_step: int = 2  # frames of 10 ms that the network reads at a time
    units: int = 64  # of each layer, per direction
    dropout: float = 0.2  # share of features that training hides
    warp: float = 0.12  # share by which training stretches or shrinks the bands, to simulate other speakers
    tempo: float = 0.25  # share by which training makes recordings slower or faster
    colour: float = 0.2  # strength with which training makes some bands louder and others quieter, relative as noise is
    noise: float = 0.2  # standard deviation of the noise added in training, relative to features with about 1
    characters: bool = False  # whether the network spells; otherwise it knows only the words of train
    beam_width: int = prediction_setting(8)  # hypotheses of the beam search; 1 is greedy


# ------------------------------------------------------------------------------------------------------- Data


def load_sample(folder: None) -> Splits:
    """Strings of digits by a formant synthesiser, each voice in one split; see sample.py."""
    return sample.load().map(lambda spoken: Utterance(*spoken, group=spoken[3]))


def split(examples: list[Utterance], seed: int) -> Splits:
    """At random; equal recordings and recordings of one speaker share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    weight_per_example, positions = True, ("real",)

    tokens: Labels  # words or characters, numbered here from 0 and in the targets from 1
    scaler: Scaler
    bands: int
    frames_per_step: int
    characters: bool
    warp: float
    tempo: float
    colour: float
    noise: float

    @classmethod
    def fit(cls, config, examples):
        tokens = Labels.fit(token for e in examples for token in (e.text if config.characters else e.text.split()))
        scaler = Scaler.fit(np.concatenate([spectrogram.levelled(example.sound, config.bands) for example in examples]))
        return cls(
            tokens=tokens,
            scaler=scaler,
            bands=config.bands,
            frames_per_step=config.frames_per_step,
            characters=config.characters,
            warp=config.warp,
            tempo=config.tempo,
            colour=config.colour,
            noise=config.noise,
        )

    def contradicts_itself(self):
        return len(self.scaler) != self.bands or not 1 <= self.frames_per_step <= 100

    def encode(self, example):
        frames = self.scaler.scale(spectrogram.levelled(example.sound, self.bands)).astype(np.float32)
        steps = spectrogram.stacked(frames, self.frames_per_step)  # (timesteps, frames_per_step * bands)
        inputs = {"frames": steps, "real": np.ones(len(steps), np.int32)}
        if example.text is None:
            return inputs, None
        targets = np.array([1 + number for number in self._numbers(example)], np.int32)
        if len(steps) < ctc.steps_needed(targets):
            raise UserError(
                f"{example} lasts {example.sound.seconds:.2f} s, too short for “{example.text:.60}”: check its text, "
                "or train with SET=frames_per_step=1."
            )
        return inputs, targets

    def _numbers(self, example) -> list[int]:
        if self.characters:
            return [self.tokens.encode(character) for character in example.text if character in self.tokens.names]
        for word in example.text.split():
            if word not in self.tokens.names:
                raise UserError(
                    f"The word {word!r} of {example} does not occur in train: with SET=characters=true the network "
                    "spells, and can write words it has not seen."
                )
        return [self.tokens.encode(word) for word in example.text.split()]

    def batches(self, encoded, batch_size, seed=None):
        """In training every batch is augmented; see `spectrogram.stretched` and `spectrogram.augmented`."""
        if seed is None:
            return super().batches(encoded, batch_size)

        def change(random, inputs, targets):
            frames, real = inputs["frames"], inputs["real"]
            factors = random.uniform(1 - self.tempo, 1 + self.tempo, len(frames))
            steps = np.count_nonzero(real, axis=1)
            factors = np.maximum(factors, ctc.steps_needed(targets) / np.maximum(steps, 1))
            frames, steps = spectrogram.stretched(frames, steps, factors, self.bands)
            real = (np.arange(real.shape[1]) < steps[:, None]).astype(real.dtype)
            frames = spectrogram.augmented(random, frames, self.bands, self.warp, self.colour, self.noise)
            return {"frames": frames * real[:, :, None], "real": real}, targets

        return Augmented(encoded, batch_size, seed, change)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """A convolution over time, two bidirectional recurrent layers, and a logit for every token and the blank."""
    import keras

    from common import layers
    from common.layers.ctc import CTCLoss, blank_at_padding
    from common.training import optimizers

    frames = keras.Input((None, config.bands * config.frames_per_step), name="frames")
    real = keras.Input((None,), dtype="int32", name="real")
    padding_mask = keras.ops.not_equal(real, PADDING)  # (batch, timesteps), True = real
    x = keras.layers.Conv1D(config.units, 3, padding="same", activation="relu")(frames)
    x = keras.layers.Dropout(config.dropout)(x)
    for _ in range(2):
        recurrent = layers.recurrent(config.cell, config.units, return_sequences=True, bidirectional=True)
        x = recurrent(x, padding_mask)  # (batch, timesteps, 2 * units)
        x = keras.layers.Dropout(config.dropout)(x)
        if config.cell == "simple_rnn":
            for _, recurrent_kernel, _ in recurrent.kernels:
                recurrent_kernel.assign(RECURRENT_SCALE * recurrent_kernel)
    logits = keras.layers.Dense(1 + len(encoder.tokens), name="logits")(x)

    model = keras.Model({"frames": frames, "real": real}, blank_at_padding(logits, padding_mask))
    optimizer = optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0)
    model.compile(optimizer, CTCLoss())
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Utterance]) -> list[dict]:
    """`{"text", "probability", "words": [{"word", "start", "stop"}]}` of each recording, times in seconds."""
    silent = [dataclasses.replace(example, text=None) for example in examples]
    seconds = spectrogram.STEP * encoder.frames_per_step
    predictions = []
    for logits in forward(networks["model"], encoder, silent):  # at padding the blank has probability 1
        log_probs = classes.log_probabilities(logits)
        labels, log_probability = ctc.search(log_probs, config.beam_width)
        tokens = [encoder.tokens.names[label - 1] for label in labels]
        spans = [(start * seconds, stop * seconds) for start, stop in ctc.alignment(log_probs, labels)]
        placed = ctc.spelled(tokens, spans) if encoder.characters else zip(tokens, *zip(*spans))
        found = [{"word": word, "start": round(start, 2), "stop": round(stop, 2)} for word, start, stop in placed]
        text = " ".join(word["word"] for word in found)
        predictions.append({"text": text, "probability": float(np.exp(log_probability)), "words": found})
    return predictions


def baseline(config, train, examples):
    """A support vector machine on pieces cut at pauses; see common/baselines/segments.py."""
    from common.baselines import segments

    spoken = [example.text.split() for example in train]
    found = segments.recognise([e.sound for e in train], spoken, [e.sound for e in examples])
    return {"SVM on segments": [{"text": " ".join(w["word"] for w in heard), "words": heard} for heard in found]}


def score(examples, predictions):
    """Word error rate and its parts; see common/metrics/transcription.py."""
    from common.metrics.transcription import transcription

    return transcription(
        [example.text for example in examples],
        [prediction["text"] for prediction in predictions],
        [example.speaker for example in examples],
        [example.group for example in examples],
    )


# ------------------------------------------------------------------------------------------------------- Task


def fsdd(title: str, strings: bool, folds: int, settings: str) -> Dataset:
    """The declaration of a variant of the Free Spoken Digit Dataset."""
    return Dataset(
        title=f"Free Spoken Digit Dataset, {title}",
        licence="CC BY-SA 4.0",
        home="https://github.com/Jakobovski/free-spoken-digit-dataset",
        load=functools.partial(reader.fsdd, strings),
        base_url="https://github.com/Jakobovski/free-spoken-digit-dataset/",
        files={"recordings/*.wav": "04e1baae96c6a26e39c623f2b01d0182ddae627ba0ac02a3cdc17ba2af99fd9b"},
        archive="archive/26eb9aaf76e81b692f806f9140c2d2777410d7a1.tar.gz",
        size=21_128_848,
        settings=settings,
        folds=folds,
    )


SIZES = "units=96 dropout=0.3 batch_size=32 colour=0.4"
SHORT = f"{SIZES} epochs=30 patience=10"
STRINGS = f"{SIZES} epochs=60 patience=60"
WORDS = f"{SIZES} bands=24 frames_per_step=4"  # bands too wide to show the pitch, which tells speakers apart
KNOWN, UNSEEN = f"{WORDS} epochs=60 patience=60", f"{WORDS} epochs=90 patience=90"
TASK = Task(
    shape="many-to-many",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Strings of 3 to 7 digits, spoken by a formant synthesiser with many voices",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
        ),
        "fsdd_strings": fsdd("strings of digits, official split", True, 0, SHORT),
        "fsdd_strings_unseen": fsdd("strings of digits, test speaker unseen", True, len(reader.SPEAKERS), STRINGS),
        "fsdd": fsdd("single digits, official split", False, 0, KNOWN),
        "fsdd_unseen": fsdd("single digits, test speaker unseen", False, len(reader.SPEAKERS), UNSEEN),
        "kaldi_yesno": Dataset(
            title="Kaldi yesno (OpenSLR 1): eight words a recording, each yes or no",
            licence="Attribution 3.0",
            home="https://www.openslr.org/1/",
            load=reader.yesno,
            base_url="https://github.com/keighrim/kaldi-yesno-tutorial/",
            files={"waves_yesno/*.wav": "4193abd8ba48ba1071aa82a6421a0e18ee8e55b429e96310683d9b1c618f8b67"},
            archive="archive/f4e2910de0d3b58f5f3b5cd10a8e57712c60b34a.tar.gz",
            size=5_885_360,
            settings="epochs=120 patience=120 batch_size=8",
        ),
    },
    own_file=OwnFile("a folder of WAV files and a CSV or TSV with columns file and text", read, split, folders=True),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="word_error",
)
