"""Which steering angle follows from the last frames of the camera? Many-to-one: the last frames in, an angle out.

    12 frames of a road that bends to the right -> 0.31, of -1 (left) to 1 (right)

A convolution turns each frame into a vector, as in Bojarski et al. (2016), https://arxiv.org/abs/1604.07316; a
recurrent layer reads the vectors of the last frames. No angle of the past is an input: a car that repeats it needs no
camera.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.datasets.lines import Text
from common.encoding.augmenting import Augmented
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.photographs import digest
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Splits, Task, TrainConfig

from . import sample
from .reader import Drive, drives, in_blocks

SIZE = sample.HEIGHT, sample.WIDTH  # pixels of a frame
PART = 40  # frames that are resampled together: two seconds

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 20
    batch_size: int = 16
    learning_rate: float = 4e-3
    patience: int = 20  # all epochs run, since the learning rate falls to 0 over them; the best one is kept
    window: int = 8  # frames that the network reads, including the present one
    filters: int = 8  # of the first convolution; each further one has twice as many
    frame_units: int = 32  # features of a frame
    units: int = 32
    recurrent_gain: float = 0.9  # scale of the orthogonal initial recurrent kernel
    dropout: float = 0.1  # share of the frame's features and of the last state that training hides


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """A frame of a drive, with the frames before it; `angle` is the steering angle to predict."""

    drive: Drive
    number: int  # of the frame, from 0
    angle: float | None = None
    last_angle: float | None = None  # of the frame before; read only by the baseline that repeats it

    def __len__(self) -> int:
        return self.number + 1

    def __str__(self) -> str:
        return f"{self.drive.name}, frame {self.number}"

    @property
    def content(self) -> str:
        """Checksum of the present frame: drives of different tubs have the same names."""
        return digest(self.picture())

    @property
    def group(self) -> str:
        """The group to resample together: a generated road, or two seconds of a drive."""
        return self.drive.name if self.drive.road else f"{self.drive.name}, part {self.number // PART}"

    def picture(self) -> np.ndarray:
        """The present frame, uint8 `(height, width)`."""
        return self.drive.frames[self.number]

    def past(self, window: int) -> np.ndarray:
        """The last frames up to this one, uint8 `(window, height, width)`; the first frame of a drive is repeated."""
        numbers = np.arange(self.number - window + 1, self.number + 1)
        return self.drive.frames[np.maximum(numbers, 0)]


def moments(drive: Drive, ahead: int = 0) -> list[Moment]:
    """All moments of a drive; the angle is that of the frame `ahead` frames later, which must be in the drive."""
    if drive.angles is None:
        return [Moment(drive, number) for number in range(len(drive))]
    angles = drive.angles.tolist()
    return [
        Moment(drive, number, angles[number + ahead], angles[max(number - 1, 0)])
        for number in range(len(drive) - ahead)
    ]


def load_sample(folder: None) -> Splits:
    """Drives on generated roads; see sample.py."""
    return splits({part: [Drive(*raw) for raw in some] for part, some in sample.load()})


def load_donkey(ahead: int):
    """A function that reads the drives; the target is the angle a given number of frames later."""

    def load(folder: Path) -> Splits:
        return splits(in_blocks(drives(folder, True, SIZE)), ahead)

    return load


def splits(parts: dict[str, list[Drive]], ahead: int = 0) -> Splits:
    """The moments of the drives in each split."""
    return Splits(
        **{part: [moment for drive in some for moment in moments(drive, ahead)] for part, some in parts.items()}
    )


def read(path: Path | Text, labelled: bool) -> list[Moment]:
    """The moments of a tub; for prediction a folder of pictures will do."""
    return [moment for drive in drives(path, labelled, SIZE) for moment in moments(drive)]


def split(examples: Sequence[Moment], seed: int) -> Splits:
    """By time, in blocks; the seed is not used."""
    return splits(in_blocks(list(dict.fromkeys(moment.drive for moment in examples))))


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    fixed = ("frames",)
    answers = "number"

    window: int

    @classmethod
    def fit(cls, config, examples):
        return cls(config.window)

    def contradicts_itself(self):
        return not 1 <= self.window <= 1000

    def encode(self, example):
        frames = example.past(self.window)[..., None]  # (window, height, width, 1)
        return {"frames": frames}, None if example.angle is None else np.float32(example.angle)

    def batches(self, encoded, batch_size, seed=None):
        if seed is None:
            return super().batches(encoded, batch_size)
        return Augmented(encoded, batch_size, seed, mirrored)


def mirrored(random, inputs, targets):
    """Half of the moments mirrored, with the sign of the angle changed; all made slightly brighter or darker."""
    turned = random.random(len(targets)) < 0.5
    frames = np.where(turned[:, None, None, None, None], inputs["frames"][:, :, :, ::-1], inputs["frames"])
    frames = frames * random.uniform(0.8, 1.2, (len(frames), 1, 1, 1, 1)).astype(np.float32)
    frames = np.clip(frames, 0, 255).astype(np.uint8)
    return {"frames": frames}, np.where(turned, -targets, targets).astype(np.float32)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config, encoder):
    """A vector for each frame by convolutions, a recurrent layer over the last frames, and the angle as output."""
    import keras

    from common import layers
    from common.training import optimizers

    frames = keras.Input((encoder.window, *SIZE, 1), dtype="uint8", name="frames")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(layers.FoldFrames()(frames))  # (batch * window, height, width, 1)
    for filters in (config.filters, 2 * config.filters, 4 * config.filters):
        x = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(config.frame_units, activation="relu")(x)
    x = layers.UnfoldFrames()(keras.layers.Dropout(config.dropout)(x), frames)  # (batch, window, frame_units)
    x = layers.recurrent(config.cell, config.units, recurrent_gain=config.recurrent_gain)(x)  # (batch, units)
    x = keras.layers.Dropout(config.dropout)(x)
    angle = keras.layers.Dense(1, name="angle")(x)

    model = keras.Model({"frames": frames}, angle)
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"),
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Moment]) -> list[dict]:
    """`{"angle"}` of each moment; at the start of a generated road also the `drive` steered by the network."""
    angles = [float(output[0]) for output in forward(networks["model"], encoder, examples)]
    predictions = [{"angle": float(np.clip(angle, -1, 1))} for angle in angles]
    starts = [i for i, moment in enumerate(examples) if moment.drive.road and not moment.number]

    def steer(seen: Sequence[np.ndarray]) -> list[float]:
        now = [Moment(Drive("", frames[-encoder.window :]), min(len(frames), encoder.window) - 1) for frames in seen]
        return [float(output[0]) for output in forward(networks["model"], encoder, now)]

    for i, drive in zip(starts, sample.driven([examples[i].drive.road for i in starts], steer)):
        predictions[i]["drive"] = drive
    return predictions


def baseline(config, train, examples):
    """From one frame: ridge regression on its pixels, boosted trees on its principal components; and the mean angle."""
    from common.baselines import angles

    truths, groups = np.array([moment.angle for moment in train]), np.array([moment.group for moment in train])
    seen, asked = (np.stack([_pixels(moment) for moment in some]) for some in (train, examples))
    answers = {
        "ridge, one frame": angles.ridge(seen, truths, groups, asked),
        "gradient boosting, one frame": angles.boosting(seen, truths, groups, asked),
        "mean angle": np.full(len(examples), truths.mean()),
    }
    return {name: [{"angle": float(np.clip(angle, -1, 1))} for angle in some] for name, some in answers.items()}


def _pixels(moment: Moment) -> np.ndarray:
    """The last frame at half its size, float32 `(pixels,)`."""
    height, width = SIZE
    frame = moment.picture().astype(np.float32) / 255
    return frame.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).ravel()


def score(examples, predictions):
    """RMSE, MAE and R2 of the angle, its error relative to repeating the last angle, and the closed loop.

    See common/metrics/steering.py. The last angle contains information that the network lacks: the driver's steering.
    """
    from common.metrics.steering import Steering

    return Steering(
        [moment.angle for moment in examples],
        [prediction["angle"] for prediction in predictions],
        kept=[prediction.get("drive", {}).get("kept", np.nan) for prediction in predictions],
        naive=np.array([moment.last_angle for moment in examples]),
        groups=[moment.group for moment in examples],
    )


# ------------------------------------------------------------------------------------------------------- Task

DONKEY = dict(
    licence="none stated",
    home="https://github.com/JustinWit/csc3520-autonomous-rc-car",
    base_url="https://github.com/JustinWit/csc3520-autonomous-rc-car/archive/",
    archive="3e7fc5dff137dbe2ac5f1f53f987711386900401.tar.gz",
    files={
        "data/*.catalog": "5cf1a09cbcce2127d87bb71109e4d82c337dfd61aff3c2ff79d1c5c59ba08d05",
        "data/*.json": "1fd2e8cf67cf58a4bdfa88dc9117ac2d327f931a13af53823b3aea313e02a7d1",
        "data/images/*.jpg": "0e79c7e0cf78eddba8793a9fe35419554de72115cf5f248a9b2bee0643ae474c",
    },
    size=16_109_770,
    settings="window=12 epochs=12 batch_size=32 learning_rate=2e-3",
)

TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="A drawn road with curves, seen from a car",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
        ),
        "donkey_rc_car": Dataset(
            title="A Donkeycar on its track: 5,015 camera frames with the angle of the wheel",
            load=load_donkey(0),
            **DONKEY,
        ),
        "donkey_rc_car_ahead": Dataset(
            title="The same drives: the angle half a second ahead",
            load=load_donkey(10),
            **DONKEY,
        ),
    },
    own_file=OwnFile("a tub of a Donkeycar: a folder with catalog_0.catalog and images", read, split, folders=True),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="r2",
)
