"""What does a piece of DNA do? Many-to-one: bases in, one label out.

    "...CTGACATTGACAGTCGATCGGTTACGATATAATGC..." -> promoter

A convolution finds short motifs, and a bidirectional recurrent layer reads their order, with one base per step, as in
DanQ (Quang and Xie 2016, https://doi.org/10.1093/nar/gkw226); attention shows which positions mattered.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence as Many
from pathlib import Path

import numpy as np

from common.datasets import overlaps, readers
from common.datasets.splits import by_chance
from common.encoding.encoder import Encoder as BaseEncoder
from common.encoding.text import Labels
from common.prediction import classes
from common.prediction.networks import Networks, forward
from common.task import Dataset, OwnFile, Reference, Splits, Task, TrainConfig, checksums

from . import reader, sample
from .reader import Sequence, read

# ----------------------------------------------------------------------------------------------------- Config


@dataclasses.dataclass(frozen=True)
class Config(TrainConfig):
    epochs: int = 30
    learning_rate: float = 3e-3
    patience: int = 8
    max_timesteps: int = 500  # bases kept; a longer sequence loses its end
    motif_units: int = 32  # motifs that the convolution detects
    motif_length: int = 9  # bases
    place_embedding_size: int = 0  # features of each position, for sequences aligned to the same site; 0: none
    units: int = 48  # per direction
    dropout: float = 0.2  # share of the motifs and of the pooled states that training hides


# ------------------------------------------------------------------------------------------------------- Data


def load_sample(folder: None) -> Splits:
    """Generated promoters and decoys; see sample.py."""
    return Splits(*([Sequence(*pair) for pair in part] for _, part in sample.load()))


def load_splice(folder: Path, fold: int) -> Splits:
    """One of ten folds is test; a tenth of the other nine is validation. Sequences that overlap stay together."""
    examples = []
    for line in readers.lines(folder / "data" / "splice.data"):
        label, name, bases = (cell.strip() for cell in line.split(","))
        examples.append(Sequence(bases, {"N": "neither", "EI": "donor", "IE": "acceptor"}[label], name.split("-")[0]))
    joined = overlaps.sets([example.bases for example in examples], [""] * len(examples))
    order = list(range(max(joined) + 1))
    random.Random(0).shuffle(order)
    learned = [number for place, number in enumerate(order) if place % 10 != fold]
    split_of = {number: "validation" if place % 10 == 0 else "train" for place, number in enumerate(learned)}
    parts = {"train": [], "validation": [], "test": []}
    for example, number in zip(examples, joined):
        parts[split_of.get(number, "test")].append(example)
    random.Random(0).shuffle(parts["train"])
    return Splits(**parts)


def load_promoters(promoters: str, others: str):
    """A function that reads two FASTA files; 70 % train, 10 % validation, 20 % test, as Umarov and Solovyev (2017)."""

    def load(folder: Path) -> Splits:
        files = (("promoter", promoters), ("other", others))
        examples = [Sequence(b, label) for label, file in files for _, _, b in reader.fasta(folder / file)]
        return by_chance(_grouped(examples), 0, (0.7, 0.1, 0.2))

    return load


def split(examples: list[Sequence], seed: int) -> Splits:
    """At random, stratified by label; sequences that overlap and members of one group share a split."""
    return by_chance(_grouped(examples), seed)


def _grouped(examples: list[Sequence]) -> list[Sequence]:
    """The same sequences; those that overlap, or of one group, get one group, by which scores are resampled too."""
    joined = overlaps.sets([example.bases for example in examples], [example.group for example in examples])
    return [dataclasses.replace(example, group=str(number)) for example, number in zip(examples, joined)]


@dataclasses.dataclass(frozen=True)
class Encoder(BaseEncoder):
    positions = ("places",)

    labels: Labels
    longest: int  # sequence of train, in bases
    max_timesteps: int

    @classmethod
    def fit(cls, config, examples):
        longest = min(max(map(len, examples)), config.max_timesteps)
        return cls(Labels.fit(example.label for example in examples), longest, config.max_timesteps)

    def contradicts_itself(self):
        return not 1 <= self.longest <= self.max_timesteps

    def network_sizes(self):
        return {"head": len(self.labels), "places": self.longest + 1}

    def encode(self, example):
        bases = np.array([PROBABILITIES[letter] for letter in example.bases[: self.max_timesteps]])  # (timesteps, 4)
        places = np.minimum(np.arange(1, len(bases) + 1, dtype=np.int32), self.longest)  # 0 is padding
        target = None if example.label is None else np.int32(self.labels.encode(example.label))
        return {"bases": bases, "places": places}, target

    def step_names(self, example):
        return list(example.bases[: self.max_timesteps])


# Letter -> the probabilities of the bases A, C, G and T.
PROBABILITIES = {
    letter: np.float32([base in may for base in "ACGT"]) / np.float32(len(may))
    for letter, may in reader.LETTERS.items()
}


# ------------------------------------------------------------------------------------------------------ Model


def build_model(config, encoder):
    """Two networks: `finder` extracts pooled features and attention, `head` computes a logit for each label."""
    import keras

    from common.training import optimizers

    finder = build_finder(config, encoder)
    pooled = keras.Input((4 * config.units,), name="pooled")
    x = keras.layers.Dropout(config.dropout)(pooled)
    head = keras.Model({"pooled": pooled}, keras.layers.Dense(len(encoder.labels), name="logits")(x), name="head")
    model = keras.Model(finder.input, head({"pooled": finder(finder.input)["pooled"]}))
    model.compile(
        optimizer=optimizers.Adam(optimizers.CosineDecay(config.learning_rate), global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=["accuracy"],
    )
    return model


def build_finder(config, encoder):
    """Motifs by a convolution, a bidirectional recurrent layer, attention and the mean over all positions."""
    import keras
    from keras import ops

    from common import layers

    bases = keras.Input((None, 4), name="bases")
    places = keras.Input((None,), dtype="int32", name="places")
    padding_mask = ops.not_equal(places, 0)  # (batch, timesteps), True = real
    x = bases
    if config.place_embedding_size:
        embedding = keras.layers.Embedding(encoder.longest + 1, config.place_embedding_size)
        real = ops.expand_dims(ops.cast(padding_mask, "float32"), -1)  # the convolution must not see padding
        x = keras.layers.Concatenate()([x, embedding(places) * real])
    x = keras.layers.Conv1D(config.motif_units, config.motif_length, padding="same", activation="relu")(x)
    x = keras.layers.Dropout(config.dropout)(x)  # (batch, timesteps, motif_units)
    x = layers.recurrent(config.cell, config.units, return_sequences=True, bidirectional=True)(x, padding_mask)
    attended, attention = layers.AttentionPooling(config.units)(x, padding_mask)
    mean = layers.MaskedAveragePooling()(x, padding_mask)
    pooled = keras.layers.Concatenate()([attended, mean])  # (batch, 4 * units)
    return keras.Model({"bases": bases, "places": places}, {"pooled": pooled, "attention": attention}, name="finder")


# ------------------------------------------------------------------------------------------------- Prediction


def predict(config: Config, networks: Networks, encoder: Encoder, examples: Many[Sequence]) -> list[dict]:
    """`{"label", "probabilities": {label: probability}, "attention": [[base, weight], ...]}` for each sequence."""

    def analyse(inputs):
        found = networks["finder"](inputs)
        return {"logits": networks["head"]({"pooled": found["pooled"]}), "attention": found["attention"]}

    answers = []
    for example, row in zip(examples, forward(analyse, encoder, examples)):
        answer = classes.answer(encoder.labels.names, classes.probabilities(row["logits"]))
        weights = np.round(row["attention"].astype(float), 6).tolist()
        answers.append({**answer, "attention": [list(pair) for pair in zip(example.bases, weights)]})
    return answers


def baseline(config, train, examples):
    """Naive Bayes on k-mers; logistic regression and a random forest on the base at each position."""
    from common.baselines import motifs

    given = [one.bases for one in train], [one.label for one in train], [one.bases for one in examples]
    models = {
        "k-mer naive Bayes": motifs.kmer_naive_bayes,
        "position logistic regression": motifs.position_logistic_regression,
        "random forest": motifs.random_forest,
    }
    answers = {}
    for name, model in models.items():
        labels, probabilities = model(*given)
        answers[name] = [classes.answer(labels, row) for row in probabilities]
    return answers


def score(examples, predictions):
    """Matthews correlation, sensitivity, specificity, accuracy; see common/metrics/detection.py."""
    from common.metrics.detection import detection

    truth, lengths, groups = zip(*((one.label, len(one), one.group) for one in examples))
    return detection(truth, predictions, lengths, groups=groups)


# ------------------------------------------------------------------------------------------------------- Task


def promoters(
    title: str,
    files: tuple[str, str],
    size: int,
    correlation: float,
    settings: str = "place_embedding_size=8 dropout=0.4 motif_units=64",
) -> Dataset:
    """One of the four sets of CNNProm: a file of promoters and one of other sequences."""
    return Dataset(
        title=title,
        licence="none stated for the files; sequences of EPDnew, RegulonDB and DBTBS; paper CC BY",
        home="https://github.com/solovictor/CNNPromoterData",
        load=load_promoters(*files),
        base_url="https://raw.githubusercontent.com/solovictor/CNNPromoterData/b4d2949e9bc5206f3049b35a488b036125ccc653/",
        files={name: sha256 for name, sha256 in checksums("cnnprom_promoters.sha256").items() if name in files},
        size=size,
        settings=settings,
        references=(Reference("CNNProm", "matthews", correlation, "Umarov and Solovyev 2017"),),
    )


TASK = Task(
    shape="many-to-one",
    config=Config(),
    datasets={
        "sample": Dataset(
            title="Generated promoters and decoys: the same boxes in another order or at another distance",
            licence="Apache-2.0, with this project",
            home="sample.py",
            load=load_sample,
            cell_settings={"gru": "learning_rate=6e-3 batch_size=16 epochs=100 patience=100"},
        ),
        "uci_splice": Dataset(
            title="Splice junctions of primates, 60 bases around each site (UCI 69)",
            licence="CC BY 4.0 (UCI)",
            home="https://archive.ics.uci.edu/dataset/69",
            load=load_splice,
            base_url="https://raw.githubusercontent.com/drusk/splice-junction-gene-sequences/e862a929e3d82a881bb7abc8e0ffba3f68cf9a8c/",
            files={"data/splice.data": "ebbae10c85d3c285e2a2489a37e42bc2ee8d91d15005e391a9962fa3389a114f"},
            size=319_000,
            settings="place_embedding_size=16 dropout=0.4 motif_units=64",
            references=(Reference("CNN", "accuracy", 0.9618, "Nguyen et al. 2016"),),
            folds=10,
        ),
        "promoters_tata": promoters(
            "Promoters of Arabidopsis with a TATA box, 251 bases",
            ("Arabidopsis_tata.fa", "Arabidopsis_non_prom.fa"),
            1_472_513,
            0.91,
        ),
        "promoters_non_tata": promoters(
            "Promoters of Arabidopsis without a TATA box, 251 bases",
            ("Arabidopsis_non_tata.fa", "Arabidopsis_non_prom.fa"),
            2_883_073,
            0.86,
        ),
        "promoters_e_coli": promoters(
            "Promoters of E. coli (sigma 70), 81 bases", ("Ecoli_prom.fa", "Ecoli_non_prom.fa"), 376_143, 0.84
        ),
        "promoters_b_subtilis": promoters(
            "Promoters of Bacillus subtilis, 81 bases",
            ("Bacillus_prom.fa", "Bacillus_non_prom.fa"),
            124_852,
            0.86,
            settings="place_embedding_size=16 dropout=0.4 motif_units=128 patience=30",
        ),
    },
    own_file=OwnFile(
        "a CSV or TSV with the columns sequence and label, FASTA, or a folder of FASTA files", read, split, folders=True
    ),
    encoder=Encoder,
    build_model=build_model,
    predict=predict,
    baseline=baseline,
    score=score,
    metric="matthews",
)
