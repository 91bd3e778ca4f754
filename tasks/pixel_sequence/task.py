"""Which digit is it, when the picture is read pixel by pixel? Many-to-one: 64 pixels in, one label out.

    0 0 5 13 9 1 0 0 ... -> 0

There is one number per timestep, and the evidence lies up to 64 timesteps back: the test of recurrent memory by Le,
Jaitly and Hinton (2015), https://arxiv.org/abs/1504.00941, with handwritten digits, row by row and in a shuffled order.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.datasets.lines import Text
from common.datasets.splits import by_chance
from common.encoding.augmenting import Augmented
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.text import Labels
from common.errors import UserError
from common.prediction import classes, running
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Splits, Task, TrainConfig, may_be_zero

from .reader import MOST_PIXELS, raw_pictures

FRACTIONS = (0.7, 0.1, 0.2)  # of the sample
POINTS = 8  # answers while a picture is read: one per row of the sample
BRIGHTEST = 255

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 120
    batch_size: int = 32
    learning_rate: float = 2e-3
    patience: int = 120  # all epochs run, since the learning rate falls to 0 over them; the best one is kept
    units: int = 96
    recurrent_gain: float = 0.9  # scale of the orthogonal initial recurrent kernel
    dropout: float = 0.2  # share of the last state that training hides
    shift: int = may_be_zero(1)  # maximum number of pixels by which training moves a picture to the left or right
    noise: float = 0.05  # standard deviation of the noise added in training, as a share of the full brightness


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """One picture; `label` is None if it is to be predicted."""

    pixels: tuple[int, ...]  # brightness, 0 to 255, row by row
    width: int  # pixels per row
    label: str | None = None
    group: str = ""  # the writer, if a file names it
    order: tuple[int, ...] = dataclasses.field(default=(), repr=False)  # in which pixels are read; empty: row by row

    def __len__(self) -> int:
        return len(self.pixels)

    def __str__(self) -> str:
        return " ".join(map(str, self.pixels))

    def picture(self, share: float) -> np.ndarray:
        """The picture with only this share of its pixels read, the others grey; uint8 `(height, width)`."""
        unread = list(self.order or range(len(self)))[round(share * len(self)) :]
        shown = np.array(self.pixels, np.uint8)
        shown[unread] = BRIGHTEST // 3
        return shown.reshape(-1, self.width)


def load_sample(folder: None) -> Splits:
    """Scikit-learn's digits: 1,797 pictures of 8 x 8 pixels in 17 shades, by 13 unnamed writers."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    shades = (digits.data * (BRIGHTEST / digits.data.max())).round().astype(int).tolist()
    pictures = [Picture(tuple(pixels), 8, str(label)) for pixels, label in zip(shades, digits.target.tolist())]
    return by_chance(pictures, seed=0, fractions=FRACTIONS)


def load_permuted(folder: None) -> Splits:
    """The same digits in the same splits, read in one fixed random order."""
    order = list(range(64))
    random.Random(0).shuffle(order)
    splits = (part for _, part in load_sample(None))
    return Splits(*([dataclasses.replace(picture, order=tuple(order)) for picture in part] for part in splits))


def read(path: Path | Text, labelled: bool) -> list[Picture]:
    """Pictures in a user's file or folder, or typed: the numbers of one picture per line."""
    return [Picture(*raw) for raw in raw_pictures(path, labelled)]


def split(examples: list[Picture], seed: int) -> Splits:
    """At random; equal pictures and pictures of one group share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    labels: Labels
    width: int
    order: list[int]  # in which the pixels are read
    shift: int
    noise: float

    def __len__(self) -> int:
        return len(self.order)

    @classmethod
    def fit(cls, config, examples):
        first = examples[0]
        order = list(first.order or range(len(first)))
        return cls(Labels.fit(picture.label for picture in examples), first.width, order, config.shift, config.noise)

    def contradicts_itself(self):
        square = 1 <= len(self) <= MOST_PIXELS and self.width >= 1 and len(self) % self.width == 0
        return not square or sorted(self.order) != list(range(len(self)))

    def encode(self, example):
        size, wanted = (f"{pixels.width} x {len(pixels) // pixels.width}" for pixels in (example, self))
        if size != wanted:
            raise UserError(f"A picture has {size} pixels and those of train have {wanted}: make all of one size.")
        pixels = np.array(example.pixels, np.uint8)[self.order]  # (timesteps,)
        return {"pixels": pixels}, None if example.label is None else np.int32(self.labels.encode(example.label))

    def step_names(self, example):
        return [f"row {1 + pixel // self.width}, column {1 + pixel % self.width}" for pixel in self.order]

    def batches(self, encoded, batch_size, seed=None):
        if seed is None or not (self.shift or self.noise):
            return super().batches(encoded, batch_size, seed)
        return Augmented(encoded, batch_size, seed, self.changed)

    def changed(self, random, inputs, targets):
        """The pictures shifted to the left or right, made brighter or darker, and with noise."""
        pixels = np.zeros_like(inputs["pixels"])
        pixels[:, self.order] = inputs["pixels"]
        pictures = pixels.reshape(len(pixels), -1, self.width)
        moves = random.integers(-self.shift, self.shift + 1, len(pictures))
        moved = np.stack([np.roll(picture, move, axis=1) for picture, move in zip(pictures, moves)])
        moved = moved * random.uniform(0.8, 1.2, (len(moved), 1, 1))
        moved += random.normal(0, self.noise * BRIGHTEST, moved.shape)
        pixels = moved.clip(0, BRIGHTEST).round().astype(np.uint8).reshape(len(pixels), -1)
        return {"pixels": pixels[:, self.order]}, targets


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config, encoder):
    """A recurrent layer over single pixels; its last state gives one logit per label."""
    import keras

    from common import layers
    from common.training import optimizers

    pixels = keras.Input((None,), dtype="uint8", name="pixels")  # all pictures of a batch have the same size
    x = keras.layers.Rescaling(1 / BRIGHTEST)(pixels)
    x = keras.layers.Reshape((-1, 1))(x)  # (batch, timesteps, 1)
    x = layers.recurrent(config.cell, config.units, recurrent_gain=config.recurrent_gain)(x)  # (batch, units)
    x = keras.layers.Dropout(config.dropout)(x)
    logits = keras.layers.Dense(len(encoder.labels), name="logits")(x)

    model = keras.Model({"pixels": pixels}, logits)
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=["accuracy"],
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Picture]) -> list[dict]:
    """`{"label", "probabilities", "running"}`: the answer at the end, and those after each eighth of the pixels."""
    shares = tuple(part / POINTS for part in range(1, POINTS + 1))
    parts = [list(forward(networks["model"], FirstPart(encoder, share), examples)) for share in shares]
    so_far = classes.probabilities(np.stack(parts, axis=1))  # (examples, shares, labels)
    return running.answers(encoder.labels.names, shares, so_far)


@dataclasses.dataclass(frozen=True)
class FirstPart:
    """Encodes only the first pixels of a picture."""

    encoder: Encoder
    share: float

    def encode(self, example):
        pixels = self.encoder.encode(example)[0]["pixels"]
        return {"pixels": pixels[: max(1, round(self.share * len(pixels)))]}, None


def baseline(config, train, examples):
    """Models that read all pixels at once: logistic regression, and a support vector machine with a Gaussian kernel."""
    from common.baselines import pixels

    given = [picture.pixels for picture in train], [picture.label for picture in train]
    asked = [picture.pixels for picture in examples]
    answers = {"SVM": pixels.support_vectors(*given, asked), "logistic regression": pixels.logistic(*given, asked)}
    return {name: [classes.answer(names, row) for row in rows] for name, (names, rows) in answers.items()}


def score(examples, predictions):
    """Accuracy and macro-F1 at the end and halfway; see common/metrics/running.py."""
    from common.metrics.running import running_classification

    groups = [picture.group or f"picture {i}" for i, picture in enumerate(examples)]
    truth, lengths = [picture.label for picture in examples], [len(picture) for picture in examples]
    return running_classification(truth, predictions, lengths, groups)


# ------------------------------------------------------------------------------------------------------- Task

FAST = "learning_rate=5e-3"  # a GRU or an LSTM learns little with the SimpleRNN's
DIGITS = dict(
    cell_settings={"gru": FAST, "lstm": FAST},
    licence="CC BY 4.0 (UCI), comes with scikit-learn",
    home="https://archive.ics.uci.edu/dataset/80, as scikit-learn carries it",
)

TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(title="Handwritten digits of 8 x 8 pixels, row by row", load=load_sample, **DIGITS),
        "permuted": Dataset(
            title="The same digits, their pixels in one shuffled order",
            load=load_permuted,
            settings="units=128",
            **DIGITS,
        ),
    },
    own_file=OwnFile(
        "a CSV with a column label and one for each pixel, or a folder of PNG pictures with a CSV or TSV (file, "
        f"label); at most {MOST_PIXELS:,} pixels a picture",
        read,
        split,
        folders=True,
    ),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="accuracy",
)
