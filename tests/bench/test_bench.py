"""The benchmark: every peer does every piece of work, and the measurements are written as a page."""

import importlib
import inspect
import json
import re

import numpy as np
import pytest

from bench import memory, plan, report, turns, work
from bench.__main__ import DOCS
from tests import small

SIZES = {"cell": "simple_rnn", "embedding_size": 4, "units": 3}


@pytest.fixture
def data(tmp_path):
    """Sentences with labels, and pairs of sentences, in files as the bench stores them."""
    texts = [np.arange(1, 2 + i % 5, dtype=np.int32) for i in range(20)]
    labels = np.arange(20, dtype=np.int32) % 2
    splits = {"train": texts, "train_of_labels": labels, "validation": texts, "validation_of_labels": labels}
    work.save(tmp_path / "sentences.npz", **splits, vocab_size=7)
    work.save(
        tmp_path / "pairs.npz",
        source=texts,
        target=[np.append(text, 1) for text in texts],
        vocab_sizes=np.array([7, 8]),
    )
    return tmp_path


@pytest.mark.parametrize("peer", ["zoo", "keras"])
def test_peers_do_every_work(peer, data, unoptimised):
    peer = importlib.import_module(f"bench.peers.{peer}")
    sentences = {**SIZES, "batch": 4, "data": str(data / "sentences.npz")}
    peer.step(**SIZES, batch=2, timesteps=5, vocab_size=9)(2)
    peer.predict(**SIZES, timesteps=5, vocab_size=9)(2)
    answer = peer.pipeline(**SIZES, steps_per_epoch=3, batch=2, timesteps=5, vocab_size=9)(2)
    assert answer["seconds"] > 0 and answer["parts"]["alone"] > 0
    peer.epoch(**sentences)(1)
    peer.translation(**{**sentences, "data": str(data / "pairs.npz")})(1)
    answer = peer.accuracy(**sentences, dropout=0.5, learning_rate=1e-3, target=2.0, most_epochs=2)(1)
    assert answer["epochs"] == 2 and 0 <= answer["best"] <= 1


def test_a_corpus_is_counted_and_encoded(tmp_path):
    (tmp_path / "corpus.txt").write_text("w1 w2 w3 w4\nw2 w1\n" * 200)
    answer = importlib.import_module("bench.peers.zoo").corpus(tmp_path / "corpus.txt", "words", 1)(2)
    assert answer["seconds"] == pytest.approx(answer["parts"]["counting"] + answer["parts"]["encoding"])


@pytest.mark.parametrize("kind", sorted(set(report.TITLES) - {"memory"}))
def test_every_kind_is_planned_in_quick_as_in_full(kind, tmp_path, monkeypatch):
    """Each piece names a function of each of its peers, and its arguments."""
    monkeypatch.setattr(plan, "_loaded", lambda task, name: small.sample(task))
    monkeypatch.setattr(memory, "write_corpus", lambda path, megabytes: None)
    whole, quick = (plan.pieces(tmp_path, [kind], quick) for quick in (False, True))
    assert whole and (kind == "accuracy" or len(quick) >= len(whole) - 1)
    for piece in [*whole, *quick]:
        arguments = dict(piece.told)
        does = arguments.pop("does")
        assert piece.kind == kind
        for peer in set(piece.peers) - {"pytorch"}:
            inspect.signature(getattr(importlib.import_module(f"bench.peers.{peer}"), does)).bind(**arguments)


def test_peers_take_turns_and_a_row_says_where_and_how_often():
    told = {"does": "step", "cell": "gru", "batch": 2, "timesteps": 5, "vocab_size": 9, "embedding_size": 4, "units": 3}
    row = turns.measure(plan.Piece("a step", "step", told, ("floor",), turns=3, repeats=2), ["zoo", "floor"])
    low, high = row["spread"]["floor"]
    assert 0 < low <= row["floor"] <= high and "zoo" not in row
    assert row["turns"] == 3 and row["cores"] >= 1 and {"machine", "commit"} <= row.keys()
    assert row["versions"].keys() >= {"python", "tensorflow"} and "pytorch" not in row["versions"]
    assert turns.place(["zoo", "pytorch"])["versions"]["pytorch"] == turns.TORCH_VERSION


def test_a_row_is_the_median_of_the_turns():
    piece = plan.Piece("epochs", "pipeline", {"cell": "gru"}, ("zoo",), turns=3, repeats=2, tokens=60)
    answers = [{"seconds": 2 * s, "peak_mb": s, "parts": {"alone": s}} for s in (3.0, 1.0, 7.0)]
    row = turns.row(piece, {"zoo": answers})
    assert row["zoo"] == 3000 and row["spread"] == {"zoo": [1000, 7000]} and row["peak_mb"] == {"zoo": 7}
    assert row["alone"] == {"zoo": 1500} and row["tokens_per_second"] == {"zoo": 20}


def test_a_failing_peer_is_named(capsys):
    with pytest.raises(SystemExit, match=r"floor failed(.|\n)*no_such_work"):
        turns.measure(plan.Piece("nothing", "step", {"does": "no_such_work"}, ("floor",), turns=1), ["floor"])


def test_peers_end_when_another_cannot_be_started(monkeypatch):
    ended = []

    class Peer:
        def __init__(self, name):
            self.name = name
            if name == "pytorch":
                raise FileNotFoundError(name)

        def close(self):
            ended.append(self.name)

    monkeypatch.setattr(turns, "_Peer", Peer)
    with pytest.raises(FileNotFoundError):
        turns.measure(plan.Piece("a step", "step", {}, ("floor", "pytorch"), turns=1), ["floor", "pytorch"])
    assert ended == ["floor"]


def test_what_is_recorded_fills_its_page(tmp_path):
    """The page in docs is what the report makes of the numbers in docs."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "benchmarks.json").write_text((DOCS / "benchmarks.json").read_text())
    report.write([], tmp_path)
    written = (DOCS / "benchmarks.md").read_text()
    for number in re.findall(r"\d+\.\d \(\d+\.\d to \d+\.\d\)", (tmp_path / "benchmarks.md").read_text()):
        assert number in written


def test_corpus_of_a_size_is_always_the_same(tmp_path):
    for name in ("one", "two"):
        memory.write_corpus(tmp_path / name, 1)
    text = (tmp_path / "one").read_text()
    assert text == (tmp_path / "two").read_text() and 1_000_000 <= len(text) < 2_000_000
    words = text.split()
    assert {len(line.split()) for line in text.splitlines()} == {20}
    assert words.count("w0") == pytest.approx(2 * words.count("w1"), rel=0.05)  # by Zipf


def test_memory_is_measured_at_every_stage(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "STEPS", 2)
    (tmp_path / "corpus.txt").write_text("w1 w2 w3 w4\nw2 w1\n" * 200)
    measured = memory.measure(tmp_path / "corpus.txt")
    assert set(measured) == {f"{s} {w}" for s in ("encoding", "training", "measuring") for w in ("seconds", "peak MB")}
    assert measured["encoding peak MB"] <= measured["training peak MB"] <= measured["measuring peak MB"]


def test_page_has_medians_ratios_and_spread(tmp_path):
    (tmp_path / "pictures").mkdir()
    row = {"work": "training step, gru", "kind": "step", "cell": "gru", "zoo": 2.0, "keras": 5.0}
    row |= {"spread": {"zoo": [1.5, 3.0], "keras": [4.0, 6.0]}, "peak_mb": {"zoo": 10, "keras": 20}}
    row |= {"machine": "Abacus", "cores": 2, "commit": "abc", "turns": 5}
    growth = [{**row, "kind": "growth", "timesteps": 100, "units": units} for units in (128, 256)]
    pipeline = {**row, "kind": "pipeline", "alone": {"zoo": 1.9, "keras": 2.5}}
    corpus = {
        **row,
        "kind": "corpus",
        "megabytes": 50,
        "counting": {"zoo": 1000},
        "encoding": {"zoo": 4000},
        "zoo": 5000,
    }
    report.write([row, *growth, pipeline, corpus], tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("Measured on Abacus, 2 cores; code abc; 5 turns.") == 4  # no row has versions
    assert "| 2.0 (1.5 to 3.0) | 1.9 | 1.05 | 5.0 (4.0 to 6.0) | 2.5 | 2.00 |" in page
    assert "| 50.0 | 12.5 | 10.0 | 10 |" in page
    assert "2.0 (1.5 to 3.0)" in page and "| 2.50" in page
    assert {file.name for file in (tmp_path / "pictures").iterdir()} == {"benchmarks.png", "growth.png", "memory.png"}

    again = {"work": "one sentence, gru", "kind": "predict", "turns": 1, "versions": {"python": "3.1", "keras": "4.2"}}
    report.write([{**row, **again}], tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("python") == 1 and "code abc; one turn; python 3.1, keras 4.2." in page  # of this row alone
    kept = json.loads((tmp_path / "benchmarks.json").read_text())
    assert [entry["kind"] for entry in kept] == ["step", "growth", "growth", "pipeline", "corpus", "predict"]
    assert kept[0]["ratio"] == {"keras": 2.5}
