"""The bench: every peer does every work, and what was measured becomes a page."""

import importlib
import json

import numpy as np
import pytest

from bench import memory, report, work

SIZES = {"cell": "gru", "embedding_size": 4, "units": 3}


@pytest.fixture
def data(tmp_path):
    """Sentences with labels, and pairs of sentences, in files as the bench stores them."""
    texts = [np.arange(1, 2 + i % 5, dtype=np.int32) for i in range(20)]
    labels = np.arange(20, dtype=np.int32) % 2
    sides = {"train": texts, "train_of_labels": labels, "validation": texts, "validation_of_labels": labels}
    work.save(tmp_path / "sentences.npz", **sides, vocab_size=7)
    work.save(
        tmp_path / "pairs.npz",
        source=texts,
        target=[np.append(text, 1) for text in texts],
        vocab_sizes=np.array([7, 8]),
    )
    return tmp_path


@pytest.mark.parametrize("peer", ["zoo", "keras"])
def test_peers_do_every_work(peer, data):
    peer = importlib.import_module(f"bench.peers.{peer}")
    sentences = {**SIZES, "batch": 4, "data": str(data / "sentences.npz")}
    peer.step(**SIZES, batch=2, timesteps=5, vocab_size=9)(2)
    peer.predict(**SIZES, timesteps=5, vocab_size=9)(2)
    peer.epoch(**sentences)(1)
    peer.translation(**{**sentences, "data": str(data / "pairs.npz")})(1)
    answer = peer.accuracy(**sentences, dropout=0.5, learning_rate=1e-3, target=2.0, most_epochs=2)(1)
    assert answer["epochs"] == 2 and answer["tokens"] == 2 * 60 and 0 <= answer["best"] <= 1


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
    growth = [{**row, "kind": "growth", "timesteps": 100, "units": units} for units in (128, 256)]
    report.write([row, *growth], tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert "2.0 (1.5 to 3.0)" in page and "| 2.50" in page
    assert {file.name for file in (tmp_path / "pictures").iterdir()} == {"benchmarks.png", "growth.png", "memory.png"}

    report.write([{**row, "work": "one sentence, gru", "kind": "predict"}], tmp_path)
    kept = json.loads((tmp_path / "benchmarks.json").read_text())
    assert [entry["kind"] for entry in kept] == ["step", "growth", "growth", "predict"]
    assert kept[0]["ratio"] == {"keras": 2.5}
