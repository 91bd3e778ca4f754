"""What does a picture show? One-to-many: a picture in, a sentence out, word by word.

    scene.png -> "a small red circle above a large blue square"

A convolutional network, trained here, turns the picture into a grid of features; a recurrent decoder generates the
caption (Vinyals et al. 2015, https://arxiv.org/abs/1411.4555), and before each word attention reads the grid (Xu et al.
2015, https://arxiv.org/abs/1502.03044). The attention context is not fed back into the decoder, so that in training the
decoder runs over the whole true caption at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.datasets.lines import Text
from common.datasets.splits import by_chance
from common.encoding import photographs
from common.encoding.augmenting import Augmented
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.text import END, START, Vocabulary
from common.prediction import decoding
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, prediction_setting

from . import reader, sample

if TYPE_CHECKING:
    import keras

OTHERS = 8  # training pictures that the encoder keeps, to measure the probability of a caption given a wrong picture
LONGEST = 30  # words of a caption, including its end

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 3e-3  # at the start; cosine decay to 0 over all epochs
    patience: int = 8
    picture_size: int = 48  # pixels in both directions that the network sees
    filters: int = 24  # of the first convolution; each further one has twice as many
    embedding_size: int = 64  # features of a word
    units: int = 128  # of the decoder
    dropout: float = 0.2  # share of features that training hides
    min_count: int = 2  # times a word must occur in train to be known
    photographs: bool = False  # whether training mirrors, moves and relights pictures; not if left and right matter
    backbone: str = "small"  # the convolutions: small, trained here, or mobilenet_v2, pretrained
    beam_width: int = prediction_setting(4)  # hypotheses of the beam search; 1 is greedy
    length_penalty: float = prediction_setting(1.0)  # score is log-probability / length ** this; 0 favours short


# ------------------------------------------------------------------------------------------------------- Data


@dataclasses.dataclass(frozen=True, slots=True, eq=False, repr=False)
class Captioned:
    """A picture with one of its captions; `caption` is None if it is to be generated."""

    picture: np.ndarray  # uint8 (height, width, 3)
    caption: str | None = None
    references: tuple[str, ...] = ()  # all captions of the picture
    name: str = ""
    group: str = ""  # the picture: its examples share a split
    kind: str = ""  # of scene, if the set names it

    def __len__(self) -> int:
        return len((self.caption or "a caption").split())

    def __str__(self) -> str:
        return self.name

    @property
    def content(self) -> str:
        return photographs.digest(self.picture)

    def __repr__(self) -> str:
        return f"Captioned({self.content}, {self.caption!r}, {self.references}, {self.name!r}, {self.kind!r})"


def captioned(picture: np.ndarray, captions: list[str], name: str, kind: str = "") -> list[Captioned]:
    """An example for every caption of a picture."""
    return [Captioned(picture, caption, tuple(captions), name, name, kind) for caption in captions]


def load_sample(folder: None) -> Splits:
    """Drawn scenes of two or more things; combinations in test never occur in train. See sample.py."""
    return Splits(*([one for scene in scenes for one in captioned(*scene)] for _, scenes in sample.load()))


def load_flickr8k(folder: Path) -> Splits:
    """Photographs with three captions each; see reader.py."""
    return Splits(*([one for photo in photos for one in captioned(*photo)] for _, photos in reader.flickr8k(folder)))


def read(path: Path | Text, labelled: bool) -> list[Captioned]:
    """Pictures in a user's folder with a table, one row per caption; for prediction also single files."""
    if not labelled:
        return [Captioned(picture, name=name) for picture, _, name in reader.own(path, labelled)]
    return [one for found in reader.own(path, labelled) for one in captioned(*found)]


def split(examples: list[Captioned], seed: int) -> Splits:
    """At random; all captions of a picture, and equal pictures, share a split."""
    return by_chance(examples, seed)


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    fixed = ("picture",)
    vocabulary: Vocabulary
    picture_size: int
    photographs: bool
    others: np.ndarray  # uint8 (OTHERS, picture_size, picture_size, 3), pictures of train

    @classmethod
    def fit(cls, config, examples):
        vocabulary = Vocabulary.fit((one.caption.split() for one in examples), 10**5, config.min_count)
        chosen = np.linspace(0, len(examples) - 1, OTHERS).astype(int)
        others = np.stack([photographs.resized(examples[i].picture, config.picture_size) for i in chosen])
        return cls(vocabulary, config.picture_size, config.photographs, others)

    def contradicts_itself(self):
        return self.others.shape != (OTHERS, self.picture_size, self.picture_size, 3) or self.others.dtype != np.uint8

    def network_sizes(self):
        return {"target_ids": len(self.vocabulary), "logits": len(self.vocabulary)}

    def encode(self, example):
        inputs = {"picture": photographs.resized(example.picture, self.picture_size)}
        if example.caption is None:
            return inputs, None
        ids = self.vocabulary.encode(example.caption.split())
        return inputs | {"target_ids": np.insert(ids, 0, START)}, np.append(ids, np.int32(END))

    def batches(self, encoded, batch_size, seed=None):
        """In training, photographs are augmented in every batch."""
        if seed is None or not self.photographs:
            return super().batches(encoded, batch_size, seed)
        return Augmented(encoded, batch_size, seed, photographs.changed)


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config: Config, encoder: Encoder) -> keras.Model:
    """An encoder of pictures and a decoder, trained as one; `predict` runs the decoder one step at a time."""
    import keras

    from common.training import losses, optimizers

    picture = keras.Input((config.picture_size, config.picture_size, 3), dtype="uint8", name="picture")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    memory = build_encoder(config)({"picture": picture})
    logits = build_decoder(config, len(encoder.vocabulary), memory)({"target_ids": target_ids, **memory})["logits"]

    model = keras.Model({"picture": picture, "target_ids": target_ids}, logits)
    optimizer = optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0)
    model.compile(optimizer, losses.SmoothedCrossentropy(0.1))
    return model


def build_encoder(config: Config) -> keras.Model:
    """The grid of features of a picture, and the decoder's initial state, computed from all of it."""
    import keras

    from common.layers import convolutions

    picture = keras.Input((config.picture_size, config.picture_size, 3), dtype="uint8", name="picture")
    x = convolutions.backbone(config.backbone, config.filters)(picture)  # (batch, rows, columns, features)
    x = keras.layers.Reshape((-1, x.shape[-1]))(x)  # (batch, places, features)
    x = keras.layers.Dropout(config.dropout)(x)
    whole = keras.layers.Dense(config.units, "tanh", name="whole")(keras.layers.Flatten()(x))
    memory = {"places": x}
    for i in range(2 if config.cell == "lstm" else 1):
        memory[f"state_{i}"] = keras.layers.Dense(config.units, "tanh", name=f"first_state_{i}")(whole)
    return keras.Model({"picture": picture}, memory, name="encoder")


def build_decoder(config: Config, vocab_size: int, memory: Mapping[str, keras.KerasTensor]) -> keras.Model:
    """Logits of the word after each word, the attention weights, and the state from which the next call can go on."""
    import keras

    from common import layers

    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    memory = {name: keras.Input(part.shape[1:], dtype=part.dtype, name=name) for name, part in memory.items()}
    first_states = [part for name, part in memory.items() if name.startswith("state_")]
    small = keras.initializers.VarianceScaling(mode="fan_out")  # shared with the output layer; keeps logits small
    embedding = keras.layers.Embedding(vocab_size, config.embedding_size, small, name="word_embedding")
    x = keras.layers.Rescaling(config.embedding_size**0.5)(embedding(target_ids))  # to a deviation of about 1
    recurrent = layers.recurrent(config.cell, config.units, return_sequences=True, return_state=True)
    x, *states = recurrent(keras.layers.Dropout(config.dropout)(x), initial_state=first_states)
    context, weights = layers.Attention()(x, memory["places"])
    x = keras.layers.Dense(config.embedding_size, "tanh", name="mixture")(keras.layers.Concatenate()([x, context]))
    x = keras.layers.Dropout(config.dropout)(x)
    logits = layers.TiedOutput(embedding, name="logits")(x)
    results = {"logits": logits, "attention": weights, **{f"state_{i}": state for i, state in enumerate(states)}}
    return keras.Model({"target_ids": target_ids, **memory}, results, name="decoder")


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Sequence[Captioned]) -> list[dict]:
    """`{"text", "attention", "surprise"}`: a weight for each word and grid cell, and the nats of the true caption.

    `surprise` compares the true caption given its own picture and given a wrong one; None if there is no caption.
    """

    def describe(inputs):
        memory = networks["encoder"](inputs)
        limits = np.full(len(inputs["picture"]), LONGEST)
        ids = decoding.search(networks["decoder"], memory, limits, config.beam_width, config.length_penalty)
        attention = networks["decoder"]({"target_ids": decoding.with_start(ids), **memory})["attention"]
        return {"ids": ids, "attention": attention}

    def surprise(inputs):
        wrong = encoder.others[[int(photographs.digest(picture), 16) % OTHERS for picture in inputs["picture"]]]
        ids = [row[1 : np.count_nonzero(row)] for row in inputs["target_ids"]]
        seen = {"own_picture": inputs["picture"], "wrong_picture": wrong}
        memories = {name: networks["encoder"]({"picture": pictures}) for name, pictures in seen.items()}
        costs = {name: decoding.nats(networks["decoder"], memory, ids) for name, memory in memories.items()}
        return {**costs, "words": [len(row) + 1 for row in ids]}

    untold = [dataclasses.replace(example, caption=None) for example in examples]
    told = forward(surprise, encoder, (example for example in examples if example.caption))
    predictions = []
    for example, row in zip(examples, forward(describe, encoder, untold)):
        text, weights = " ".join(encoder.vocabulary.decode(row["ids"])), row["attention"][: len(row["ids"])]
        attention = np.round(weights.astype(float), 3).tolist()
        predictions.append({"text": text, "attention": attention, "surprise": next(told) if example.caption else None})
    return predictions


def baseline(config, train, examples):
    """One caption for all, and captions of the nearest pictures; see common/baselines/captions.py."""
    from common.baselines import captions

    known = {id(example.picture): example for example in train}.values()
    asked = [example.picture for example in examples]
    near = captions.nearest([one.picture for one in known], [one.references for one in known], asked)
    same = captions.most_likely([example.caption for example in train])
    answers = {"captions of the nearest pictures": near, "most likely caption": [same] * len(examples)}
    return {name: [{"text": text} for text in texts] for name, texts in answers.items()}


def score(examples, predictions):
    """CIDEr, BLEU, chrF and the gain from the picture; see common/metrics/captioning.py."""
    from common.metrics.captioning import captioning

    return captioning(predictions, *zip(*((example.references, example.group, example.kind) for example in examples)))


# ------------------------------------------------------------------------------------------------------- Task

TASK = Task(
    shape="one-to-many",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Drawn scenes of shapes, whose combinations train does not have",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
        ),
        "flickr8k_part": Dataset(
            title="Flickr8k, 1,350 photographs of 224 x 224 pixels with 3 captions each",
            licence="not stated; Flickr8k is for research and education, the photographs belong to their owners",
            home="http://www.jair.org/papers/paper3994.html",
            load=load_flickr8k,
            base_url="https://github.com/RlNZLER/Image-Text-Matching/",
            files={
                "data/flickr8k.TrainImages.txt": "18de48f5291130d5dd506fed419853add7ec70e0bf4100c2e0a50aaf0a7ce860",
                "data/images/*.jpg": "fae428ba32e3680d3e7dceb354fd5ae03cde655834ddc8abd02799fcc45ba058",
            },
            archive="archive/56a15d913c3f290e2ee896386ece6076c1eea02e.tar.gz",
            size=39_183_290,
            settings="picture_size=64 photographs=true dropout=0.4 min_count=4 learning_rate=1e-3 epochs=30",
            references=(
                Reference("pretrained CNN, all of Flickr8k, 5 captions", "bleu_1", 63.0, "Vinyals et al. 2015"),
            ),
        ),
    },
    own_file=OwnFile(
        "a folder of PNG or JPEG pictures and a CSV or TSV with the columns file and caption", read, split, folders=True
    ),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="cider",
)
