"""The measurements: every piece of work, its arguments for the peers, and the number of turns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import memory, work
from common.task import load_task

CELLS = ("simple_rnn", "gru", "lstm")
SIZES = {"batch": 64, "embedding_size": 64, "units": 128}
STEP = {**SIZES, "timesteps": 200, "vocab_size": 10_000}
SMALL_STEP = {"batch": 64, "timesteps": 100, "vocab_size": 10_000, "embedding_size": 64, "units": 64}
SENTENCE = {"timesteps": 20, "vocab_size": 10_000, "embedding_size": 64, "units": 64}
SENTENCES, PAIRS = 6400, 1600
CORPUS_MB = 50

# A validation accuracy on sst2, when a peer gives up, and a rate that suits random word vectors in every peer.
GOAL = {"target": 0.78, "most_epochs": 6, "learning_rate": 5e-4}

ALL, NO_TORCH = ("zoo", "keras", "pytorch"), ("zoo", "keras")


@dataclasses.dataclass(frozen=True)
class Piece:
    """One row of the tables.

    Attributes:
        name: of the work.
        kind: of work, its section of the report.
        told: the request to the peers: the name of their function, `does`, and its arguments.
        peers: the peers that take part.
        turns: the number of turns of each; the median is reported.
        repeats: how often a turn repeats the work.
        tokens: real tokens in the work, 0 if meaningless.
        warm: whether each does the work once before its turns, which traces, compiles and fills caches.
    """

    name: str
    kind: str
    told: dict
    peers: tuple[str, ...]
    turns: int
    repeats: int = 1
    tokens: int = 0
    warm: bool = True


def pieces(folder: Path, kinds: list[str], quick: bool) -> list[Piece]:
    """The work of these kinds; `folder` is for the data that the peers read."""
    made = [piece for kind in kinds if kind in _KINDS for piece in _KINDS[kind](folder, quick)]
    if quick:
        made = [dataclasses.replace(piece, turns=2, repeats=min(piece.repeats, 2)) for piece in made]
    return made


def _steps(folder: Path, quick: bool) -> Iterator[Piece]:
    for cell in CELLS:
        told = {"does": "step", **STEP, "cell": cell}
        yield Piece(f"training step, {cell}", "step", told, (*ALL, "floor"), turns=7, repeats=6)


def _growth(folder: Path, quick: bool) -> Iterator[Piece]:
    for timesteps, units in ((50, 128), (100, 128), (200, 128), (400, 128), (100, 64), (100, 256)):
        told = {"does": "step", **STEP, "cell": "simple_rnn", "timesteps": timesteps, "units": units}
        yield Piece(f"simple_rnn, {timesteps} timesteps, {units} units", "growth", told, ALL, turns=5, repeats=4)


def _pipelines(folder: Path, quick: bool) -> Iterator[Piece]:
    for steps in (10, 20) if quick else (10, 100, 1000):
        told = {"does": "pipeline", **SMALL_STEP, "cell": "simple_rnn", "steps_per_epoch": steps}
        turns = 3 if steps == 1000 else 5
        yield Piece(f"epochs of {steps:,} steps", "pipeline", told, NO_TORCH, turns, repeats=max(1, 200 // steps))


def _predictions(folder: Path, quick: bool) -> Iterator[Piece]:
    for cell in CELLS:
        told = {"does": "predict", **SENTENCE, "cell": cell}
        yield Piece(f"one sentence, {cell}", "predict", told, ALL, turns=9, repeats=30)


def _epochs(folder: Path, quick: bool) -> Iterator[Piece]:
    for name, path in _sentences(folder, quick).items():
        tokens = sum(map(len, work.sentences(path)[0]))
        for cell in CELLS if name == "sst2" else CELLS[:1]:
            told = {"does": "epoch", **SIZES, "cell": cell, "data": path}
            yield Piece(f"sentences of {name}, {cell}", "epoch", told, ALL, turns=3, tokens=tokens)


def _accuracy(folder: Path, quick: bool) -> Iterator[Piece]:
    paths = _sentences(folder, quick)
    if "sst2" in paths and not quick:
        task = load_task("sentiment")
        config = task.config_for("sst2", {})
        told = {name: getattr(config, name) for name in ("embedding_size", "units", "dropout", "cell")}
        told |= {"does": "accuracy", "batch": config.batch_size, "data": paths["sst2"], **GOAL}
        yield Piece(f"validation accuracy of {GOAL['target']} on sst2", "accuracy", told, ALL, turns=2, warm=False)


def _translations(folder: Path, quick: bool) -> Iterator[Piece]:
    path = _pairs(folder, quick)
    for cell in CELLS[:1] if path else ():  # one cell takes two minutes
        told = {"does": "translation", **SIZES, "cell": cell, "data": path}
        yield Piece(f"translation with attention, multi30k, {cell}", "translation", told, NO_TORCH, turns=3)


def _corpora(folder: Path, quick: bool) -> Iterator[Piece]:
    megabytes = 1 if quick else CORPUS_MB
    memory.write_corpus(folder / "words.txt", megabytes)
    for tokens in ("words", "spaces"):
        told = {"does": "corpus", "data": str(folder / "words.txt"), "tokens": tokens, "megabytes": megabytes}
        yield Piece(f"{megabytes} MB, tokens={tokens}", "corpus", told, ("zoo",), turns=3)


_KINDS = {
    "step": _steps,
    "growth": _growth,
    "pipeline": _pipelines,
    "epoch": _epochs,
    "translation": _translations,
    "accuracy": _accuracy,
    "predict": _predictions,
    "corpus": _corpora,
}


def _sentences(folder: Path, quick: bool) -> dict[str, str]:
    """Encoded sentences of sst2 and multi30k in files that all peers read; name -> path. Empty off-line."""
    from common.encoding.text import Vocabulary

    found, most = {}, SENTENCES // 10 if quick else SENTENCES
    if splits := _loaded("sentiment", "sst2"):
        vocabulary = Vocabulary.fit((review.text.split() for review in splits.train), 10_000)
        stored = {"vocab_size": len(vocabulary)}
        for part, reviews in splits:
            stored[part] = [vocabulary.encode(review.text.split()) for review in reviews[:most]]
            stored[f"{part}_of_labels"] = np.array([review.label == "positive" for review in reviews[:most]], np.int32)
        found["sst2"] = work.save(folder / "sst2.npz", **stored)
    if splits := _loaded("translation", "multi30k_en_fr"):
        texts = [pair.source.split() for pair in splits.train[:most]]
        vocabulary = Vocabulary.fit(texts, 4000)
        ids = [vocabulary.encode(text) for text in texts]
        labels = np.array([len(text) % 2 for text in texts], np.int32)
        found["multi30k"] = work.save(
            folder / "multi30k.npz", train=ids, train_of_labels=labels, vocab_size=len(vocabulary)
        )
    return found


def _pairs(folder: Path, quick: bool) -> str | None:
    """Encoded pairs of sentences of multi30k in a file; None off-line."""
    from common.encoding.text import END, START, Vocabulary

    splits = _loaded("translation", "multi30k_en_fr")
    if not splits:
        return None
    pairs, stored = splits.train[: PAIRS // 10 if quick else PAIRS], {}
    vocabularies = []
    for text_of in ("source", "target"):
        texts = [getattr(pair, text_of).split() for pair in pairs]
        vocabularies.append(Vocabulary.fit(texts, 4000))
        stored[text_of] = [vocabularies[-1].encode(text) for text in texts]
    stored["target"] = [np.concatenate([[START], ids, [END]]).astype(np.int32) for ids in stored["target"]]
    return work.save(folder / "pairs.npz", **stored, vocab_sizes=np.array([*map(len, vocabularies)]))


def _loaded(task: str, name: str):
    """The splits of a declared set; if it is not available, None, and the reason is printed."""
    from common.datasets import fetching
    from common.errors import UserError

    dataset = load_task(task).datasets[name]
    try:
        return dataset.load(fetching.fetch(name, dataset))
    except UserError as error:
        print(f"{name} is left out: {error}")
        return None
