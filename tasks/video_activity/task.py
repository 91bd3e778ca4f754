"""What is somebody doing in a film? Many-to-one: frames or skeletons in, one activity out, with answers on the way.

    24 frames of a figure that swings its legs -> walk

Each frame becomes a vector, by a small convolution or because it is a skeleton already; a recurrent layer reads the
vectors in both directions, as Du et al. (2015), https://doi.org/10.1109/CVPR.2015.7298714, read skeletons.
"""

from __future__ import annotations

import dataclasses
import hashlib
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
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig

from . import reader, sample

SHARES = tuple(part / 8 for part in range(1, 9))  # of a clip after which an answer is given

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 24
    batch_size: int = 32
    learning_rate: float = 5e-3  # at the start; it falls to 0 over all epochs
    patience: int = 24  # all epochs run, since the learning rate falls to 0 over them; the best one is kept
    filters: int = 8  # of the first convolution; the second one has twice as many
    frame_units: int = 48  # features of a frame
    units: int = 64  # per direction
    recurrent_gain: float = 0.6  # scale of the orthogonal initial recurrent kernel
    dropout: float = 0.3  # share of the frame's features and of the pooled states that training hides
    smoothing: float = 0.1  # share of the target's probability that is spread evenly over all labels
    change: float = 1.0  # strength of warping, turning, shifting and scaling in training; 0: none


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Clip:
    """One clip; `label` is None if it is to be predicted, `group` is the person shown."""

    frames: np.ndarray = dataclasses.field(compare=False)  # uint8 (frames, side, side), or joints, float32 (.., 20, 3)
    name: str
    label: str | None = None
    group: str = ""

    def __len__(self) -> int:
        return len(self.frames)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Clip({self.name!r}, {self.label!r}, {self.group!r}, {len(self)} frames, {self.content})"

    @property
    def content(self) -> str:
        return hashlib.sha256(self.frames.tobytes()).hexdigest()[:16]

    @property
    def kind(self) -> str:
        return "frames" if self.frames.dtype == np.uint8 else "joints"

    def first(self, share: float) -> Clip:
        """The clip up to this share of its frames, at least one."""
        return dataclasses.replace(self, frames=self.frames[: max(1, round(share * len(self)))])

    def picture(self, share: float) -> np.ndarray:
        """The last frame of that share, uint8 `(height, width)`."""
        frames = self.frames if self.kind == "frames" else reader.drawn(self.frames)
        return frames[max(1, round(share * len(self))) - 1]


def load_sample(folder: None) -> Splits:
    """Drawn figures; see sample.py."""
    return Splits(*([Clip(*raw) for raw in subset] for _, subset in sample.load()))


def load_msr(folder: Path) -> Splits:
    """The cross-subject split of the field: even subjects are test. Of the odd ones, subject 9 is validation."""
    splits = {"train": [], "validation": [], "test": []}
    for raw in reader.msr_action3d(folder):
        number = int(raw.group.split()[1])
        subset = "test" if number % 2 == 0 else "validation" if number == 9 else "train"
        splits[subset].append(Clip(*raw))
    return Splits(**splits)


def load_msr_drawn(folder: Path) -> Splits:
    """The same clips, with the skeletons drawn as pictures of 32 x 32."""
    splits = (part for _, part in load_msr(folder))
    return Splits(*([dataclasses.replace(clip, frames=reader.drawn(clip.frames)) for clip in part] for part in splits))


def read(path: Path | Text, labelled: bool) -> list[Clip]:
    """Clips in a user's folder."""
    return [Clip(*raw) for raw in reader.own_clips(path, labelled)]


def split(examples: list[Clip], seed: int) -> Splits:
    """At random; equal clips and clips of one group share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    positions = ("real",)

    labels: Labels
    kind: str  # frames or joints
    change: float

    @classmethod
    def fit(cls, config, examples):
        return cls(Labels.fit(clip.label for clip in examples), examples[0].kind, config.change)

    def contradicts_itself(self):
        return self.kind not in ("frames", "joints")

    def encode(self, example):
        if example.kind != self.kind:
            raise UserError(f"{example} has {example.kind}, but this model reads {self.kind}: train it on such clips.")
        clip = example.frames[..., None] if self.kind == "frames" else reader.vectors(reader.centred(example.frames))
        targets = None if example.label is None else np.int32(self.labels.encode(example.label))
        return {self.kind: clip, "real": np.ones(len(example), np.int32)}, targets

    def batches(self, encoded, batch_size, seed=None):
        if seed is None or not self.change:
            return super().batches(encoded, batch_size, seed)
        return Augmented(encoded, batch_size, seed, self.changed)

    def changed(self, random, inputs, targets):
        """The batch with warped time, and skeletons turned and scaled or pictures shifted."""
        changed = np.zeros_like(inputs[self.kind])
        for row, (clip, real) in enumerate(zip(inputs[self.kind], inputs["real"])):
            if count := int(real.sum()):
                changed[row, :count] = reader.changed(random, clip[:count], self.change)
        return {**inputs, self.kind: changed}, targets


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config, encoder):
    """A vector for each frame, a bidirectional recurrent layer, mean and maximum over time, one logit per label."""
    import keras

    from common import layers
    from common.training import losses, optimizers

    real = keras.Input((None,), dtype="int32", name="real")
    padding_mask = keras.ops.not_equal(real, 0)  # (batch, timesteps)
    if encoder.kind == "frames":
        frames = keras.Input((None, reader.SIDE, reader.SIDE, 1), dtype="uint8", name="frames")
        inputs = {"frames": frames, "real": real}
        x = keras.layers.Rescaling(1 / 255)(layers.FoldFrames()(frames))  # (batch * timesteps, side, side, 1)
        for filters in (config.filters, 2 * config.filters):
            x = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dense(config.frame_units, activation="relu")(x)
        x = layers.UnfoldFrames()(x, frames)  # (batch, timesteps, frame_units)
    else:
        x = keras.Input((None, 2 * 3 * reader.JOINTS), name="joints")
        inputs = {"joints": x, "real": real}
    x = keras.layers.Dropout(config.dropout)(x)
    recurrent = layers.recurrent(
        config.cell, config.units, return_sequences=True, bidirectional=True, recurrent_gain=config.recurrent_gain
    )
    states = recurrent(x, padding_mask)  # (batch, timesteps, 2 * units)
    pooled = [layers.MaskedAveragePooling()(states, padding_mask), layers.MaskedMaxPooling()(states, padding_mask)]
    x = keras.layers.Dropout(config.dropout)(keras.layers.Concatenate()(pooled))
    logits = keras.layers.Dense(len(encoder.labels), name="logits")(x)

    model = keras.Model(inputs, logits)
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=losses.SmoothedCrossentropy(config.smoothing),
        weighted_metrics=["accuracy"],
    )
    return model


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Clip]) -> list[dict]:
    """`{"label", "probabilities", "running"}`: the answer at the end, and the answers after each eighth of the clip."""
    parts = [list(forward(networks["model"], encoder, [clip.first(share) for clip in examples])) for share in SHARES]
    so_far = classes.probabilities(np.stack(parts, axis=1))  # (examples, shares, labels)
    return running.answers(encoder.labels.names, SHARES, so_far)


def baseline(config, train, examples):
    """Logistic regression on statistics over time, and the nearest training clip, both on centred bodies."""
    from common.baselines import sequences

    labels, groups = [clip.label for clip in train], [clip.group for clip in train]
    seen, asked = ([_plain(clip) for clip in some] for some in (train, examples))
    statistics, resampled = (
        [np.stack([function(one) for one in some]) for some in (seen, asked)]
        for function in (sequences.statistics, sequences.resampled)
    )
    answers = {
        "logistic regression on statistics": sequences.logistic_regression(
            statistics[0], labels, groups, statistics[1]
        ),
        "nearest clip": sequences.nearest_neighbour(resampled[0], labels, resampled[1]),
    }
    return {name: [classes.answer(names, row) for row in rows] for name, (names, rows) in answers.items()}


def _plain(clip: Clip) -> np.ndarray:
    """`(frames, features)`: positions and velocities of joints, or a picture of 16 x 16 with a centred figure."""
    if clip.kind == "joints":
        return reader.vectors(reader.centred(clip.frames))
    bright = np.argwhere(clip.frames > clip.frames.max() // 3)
    middle = (bright[:, 1:].mean(axis=0) if len(bright) else np.full(2, reader.SIDE / 2)).round().astype(int)
    frames = np.roll(clip.frames, reader.SIDE // 2 - middle, axis=(1, 2)).astype(np.float32) / 255
    return frames.reshape(len(clip), reader.SIDE // 2, 2, reader.SIDE // 2, 2).mean(axis=(2, 4)).reshape(len(clip), -1)


def score(examples, predictions):
    """Accuracy and macro-F1 at the end and halfway; see common/metrics/running.py."""
    from common.metrics.running import running_classification

    groups = [clip.group or clip.name for clip in examples]
    truth, lengths = [clip.label for clip in examples], [len(clip) for clip in examples]
    return running_classification(truth, predictions, lengths, groups)


# ------------------------------------------------------------------------------------------------------- Task

MSR = dict(
    licence="none stated in the repository; Microsoft offers it for research",
    home="https://sites.google.com/view/wanqingli/data-sets/msr-action3d",
    base_url="https://github.com/skyleBrains/covMSRAction3D/archive/",
    archive="bf5bcefc35a6f90302f9c13e4810254af2eba90f.tar.gz",
    files={"data/*.txt": "8ccc284010d55442e2623ae76719047d3964c16dedb6f89fece5b6ed898a0c8d"},
    size=17_549_112,
    references=(
        Reference("bag of 3D points, mean of three sets of 8 actions", "accuracy", 0.747, "Li et al. 2010"),
        Reference("hierarchical LSTM, mean of three sets of 8 actions", "accuracy", 0.9449, "Du et al. 2015"),
    ),
)

TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Drawn figures that walk to and fro, run, wave, jump, sit down and stand up",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
        ),
        "msr_action3d": Dataset(
            title="MSR Action3D: 20 actions by 10 subjects, as skeletons of 20 joints",
            load=load_msr,
            settings="epochs=90 patience=90 units=96 batch_size=32 learning_rate=2e-3",
            **MSR,
        ),
        "msr_action3d_drawn": Dataset(
            title="MSR Action3D, the skeletons drawn as pictures of 32 x 32",
            load=load_msr_drawn,
            settings="epochs=40 patience=40 units=96 filters=16 learning_rate=2e-3",
            **MSR,
        ),
    },
    own_file=OwnFile(
        "a folder with a CSV or TSV (folder, label, perhaps group) and a folder of pictures for each clip",
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
