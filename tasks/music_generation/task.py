"""Which notes come next? Many-to-many: the notes of each step in, the probabilities of the next step's notes out.

    "C4 E4 G4 E4" -> 32 more notes, as text, MIDI and sound

Polyphonic music is represented by 88 keys, each sounding or not, as in Boulanger-Lewandowski et al. (2012,
https://arxiv.org/abs/1206.6392); a melody by one key or a rest per step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets import scores
from common.datasets.splits import by_chance
from common.encoding import notes
from common.encoding.encoder import Encoder as BaseEncoder
from common.errors import UserError
from common.prediction import sampling
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, may_be_zero, prediction_setting

from . import reader
from .sample import load

if TYPE_CHECKING:
    import keras

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 4e-3  # at the start; cosine decay to 0
    embedding_size: int = 64  # features of a frame
    units: int = 192
    dropout: float = 0.1  # share of the features, and of the recurrent layer's outputs, that training hides
    echo: int = may_be_zero(4)  # also read what followed an earlier occurrence of the last `echo` frames; 0: do not
    temperature: float = prediction_setting(0.8)  # below 1 sharper, above 1 more varied, 0 always the likeliest
    new_frames: int = prediction_setting(32)  # frames to generate after a prompt
    save: str = prediction_setting("")  # name of the MIDI and WAV files to write, such as "tune"; none if empty


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True)
class Piece:
    """A piece of music, step by step: a sequence to score or, as a prompt, to continue."""

    frames: scores.Frames
    title: str = ""
    steps: int = 2  # frames per quarter note
    held: bool = False  # whether a pitch in two successive frames is one long note, not two
    is_prompt: bool = False
    group: str = ""  # pieces that share their music, such as two settings of a tune

    def __len__(self) -> int:
        return len(self.frames)

    def __str__(self) -> str:
        return scores.written(self.frames)


def load_sample(folder: None) -> Splits:
    """Generated tunes of the form AABA; see sample.py."""
    return load().map(lambda tune: Piece(tuple((pitch,) for pitch in tune)))


def load_chorales(folder: Path) -> Splits:
    """Bach's chorales in quarter notes, split as by Boulanger-Lewandowski."""
    return reader.chorales(folder).map(lambda frames: Piece(frames, steps=1, held=True))


def load_tunes(folder: Path) -> Splits:
    """The pitches of Irish tunes; all settings of a tune share a split."""
    return reader.tunes(folder).map(lambda tune: Piece(tune[0], tune[1], group=tune[2]))


def read(path: Path, labelled: bool) -> list[Piece]:
    """The pieces of a text with one per line, of a MIDI file, or of all MIDI files in a folder."""
    return [Piece(one.frames, one.title, one.steps, one.held, is_prompt=not labelled) for one in scores.read(path)]


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    answers = property(lambda self: "class" if self.melody else "each")
    melody: bool  # whether no frame of train has two notes
    steps: int  # frames per quarter note
    held: bool
    echo: int

    @classmethod
    def fit(cls, config, examples):
        melody = all(len(frame) < 2 for piece in examples for frame in piece.frames)
        return cls(melody, examples[0].steps, examples[0].held, config.echo)

    def contradicts_itself(self):
        return not 1 <= self.steps <= 480

    def encode(self, example):
        """Each step reads the frame before it, the first step reads silence. A prompt is read to its end."""
        frames = (*example.frames, ()) if example.is_prompt else example.frames
        if self.melody and any(len(frame) > 1 for frame in frames):
            raise UserError(f"{example.title or 'A piece'} has chords, but this model has learned melodies.")
        keys = notes.to_keys(((), *frames[:-1]))
        if self.echo:
            heard = notes.to_keys([frame or () for frame in notes.echoes(frames, self.echo)[:-1]])
            keys = np.concatenate([keys, heard], axis=1)
        targets = notes.to_classes if self.melody else notes.to_keys
        return {"keys": keys}, None if example.is_prompt else targets(frames)

    def step_names(self, example):
        return scores.written(((), *example.frames)).split()


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """Features of the keys, a recurrent layer, and logits of the keys of the next step."""
    import keras

    from common import layers
    from common.training import losses, optimizers

    keys = keras.Input((None, notes.KEYS * (2 if encoder.echo else 1)), dtype="uint8", name="keys")
    x = keras.layers.Rescaling(1.0)(keys)  # (batch, timesteps, keys)
    x = keras.layers.Dense(config.embedding_size)(x)
    x = keras.layers.Dropout(config.dropout)(x)
    x = layers.recurrent(config.cell, config.units, return_sequences=True)(x)
    x = keras.layers.Dropout(config.dropout)(x)
    logits = keras.layers.Dense(notes.KEYS + 1 if encoder.melody else notes.KEYS)(x)

    model = keras.Model({"keys": keys}, logits)
    nats = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=nats if encoder.melody else losses.MultiHot(),
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction

CONTINUED, LONGEST = 8, 32  # the model also generates the second half, at most 32 frames, of the first 8 pieces


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Piece]) -> list[dict]:
    """For a prompt, its continuation; for a piece, the probability of each frame given all frames before it.

    A prompt: `{"continuation": text, "frames": the pitches of all frames, "files": names}`.
    A piece: `{"log_probabilities", "likeliest", "beginning", "continuation", "steps", "held"}`; for the first pieces
    the model continues after the first `beginning` frames, without seeing the true continuation.
    """
    network = networks["model"]
    told = [piece for piece in examples if not piece.is_prompt]
    scored = iter(_score_all(config, network, encoder, told))
    written = (_go_on(config, network, encoder, *prompt) for prompt in enumerate(p for p in examples if p.is_prompt))
    return [next(written if piece.is_prompt else scored) for piece in examples]


def _score_all(config, network, encoder, examples) -> list[dict]:
    answers = []
    for number, (piece, logits) in enumerate(zip(examples, forward(network, encoder, examples), strict=True)):
        answer = _answer(encoder, piece, _log_probabilities(encoder, logits[: len(piece)]))
        if number < CONTINUED and len(piece) > 1:
            beginning = len(piece) // 2
            count = min(len(piece) - beginning, LONGEST)
            written = _continue(config, network, encoder, piece.frames[:beginning], count)
            answer |= {"beginning": beginning, "continuation": [list(frame) for frame in written]}
        answers.append(answer)
    return answers


def _log_probabilities(encoder, logits: np.ndarray) -> np.ndarray:
    """Log-probabilities: of each class `(timesteps, 89)`, or that a key is silent or sounds `(timesteps, 88, 2)`."""
    if encoder.melody:
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True, dtype=np.float64)
    return -np.logaddexp(0, np.stack([logits, -logits], axis=-1), dtype=np.float64)


def _answer(encoder, piece, log_probabilities: np.ndarray) -> dict:
    _, targets = encoder.encode(piece)
    own = np.take_along_axis(log_probabilities, targets[..., None].astype(np.int64), axis=-1)[..., 0]
    likeliest = log_probabilities.argmax(axis=-1)
    return {
        "log_probabilities": (own if encoder.melody else own.sum(axis=1)).tolist(),
        "likeliest": [list(notes.of_class(row) if encoder.melody else notes.of_keys(row)) for row in likeliest],
        "beginning": 0,
        "continuation": [],
        "steps": encoder.steps,
        "held": encoder.held,
    }


def _continue(config, network, encoder, frames, count: int) -> list[tuple[int, ...]]:
    """Frames drawn one by one, each given all before; the result depends on the seed, not on other pieces."""
    random, frames, first = np.random.default_rng(config.seed), [*frames], len(frames)
    for _ in range(count):
        logits = next(forward(network, encoder, [Piece(tuple(frames), is_prompt=True)]))[len(frames)]
        if encoder.melody:
            frames.append(notes.of_class(sampling.sample(logits, random, config.temperature)))
        else:
            sounds = random.random(len(logits)) < 1 / (1 + np.exp(-logits / max(config.temperature, 1e-3)))
            frames.append(notes.of_keys(sounds))
    return frames[first:]


def _go_on(config, network, encoder, number: int, piece) -> dict:
    written = _continue(config, network, encoder, piece.frames, config.new_frames)
    frames = [*piece.frames, *written]
    name = config.save if number == 0 else f"{config.save}-{number + 1}"
    names = notes.write_files(name, frames, encoder.steps, encoder.held) if config.save else []
    return {"continuation": scores.written(written), "frames": [list(frame) for frame in frames], "files": names}


def baseline(config, train, examples):
    """For a melody, interpolated Kneser-Ney of several orders; for chords, models of a frame given the last one."""
    from common.baselines import music

    encoder = Encoder.fit(config, train)
    fit = music.of_melodies if encoder.melody else music.of_chords
    models = fit(*([piece.frames for piece in split] for split in (train, examples)))
    return {
        name: [_answer(encoder, piece, logs) for piece, logs in zip(examples, found, strict=True)]
        for name, found in models.items()
    }


def score(examples, predictions):
    """Nats per frame, correct notes, and how often phrases return; see common/metrics/music.py."""
    from common.metrics.music import Music

    return Music([piece.frames for piece in examples], predictions, [piece.group for piece in examples])


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="many-to-many",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Generated tunes whose first phrase returns (AABA)",
            licence="made here",
            home="sample.py",
            load=load_sample,
        ),
        "jsb_chorales": Dataset(
            title="Bach's chorales in quarter notes, split by Boulanger-Lewandowski",
            licence="unstated; the music is in the public domain",
            home="https://github.com/czhuang/JSB-Chorales-dataset",
            load=load_chorales,
            base_url="https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/"
            "9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/",
            files={"jsb-chorales-quarter.json": "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91"},
            size=407_200,
            settings="echo=0 units=300 embedding_size=100 dropout=0.5 epochs=100 "
            "batch_size=16 learning_rate=2e-3 patience=100",
            cell_settings={"lstm": "units=400 dropout=0.6"},
            references=(
                Reference("recurrent network", "frame_loss", 8.91, "Bai et al. 2018, table 1"),
                Reference("GRU", "frame_loss", 8.43, "Bai et al. 2018, table 1"),
                Reference("RNN-NADE, keys not independent", "frame_loss", 5.56, "Boulanger-Lewandowski et al. 2012"),
            ),
        ),
        "irish_tunes": Dataset(
            title="1,195 Irish dance tunes, pitches alone (Ceol Rince na hEireann)",
            licence="CC BY 4.0",
            home="https://github.com/polifonia-project/folk_ngram_analysis",
            load=load_tunes,
            base_url="https://github.com/polifonia-project/folk_ngram_analysis/archive/",
            archive="9d8ccf9fe40ffdd2a1787e75527062fc1d07c669.tar.gz",
            files={reader.TUNES: "e475d62698df6b8933470133fa237056382d90250fda15cab062985fc9b578e8"},
            size=7_212_186,
            settings="dropout=0.3 units=256 batch_size=16 learning_rate=2e-3 epochs=30",
        ),
    },
    own_file=OwnFile(
        "MIDI files, or text, a piece a line: C4 a note, C4+E4 a chord, - a rest", read, by_chance, folders=True
    ),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="frame_loss",
)
