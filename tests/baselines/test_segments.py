"""Spoken words cut at pauses and named."""

import numpy as np
import pytest

from common.baselines import segments
from common.datasets.sounds import Sound


def test_the_baseline_names_segments(monkeypatch):
    """Words with long pauses between them are cut rightly; a tone and a noise are told apart."""
    random = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 500 * np.arange(1600) / 8000)

    def spoken(words):
        parts = [np.concatenate([tone if w == "tone" else random.normal(0, 0.7, 1600), np.zeros(1600)]) for w in words]
        return Sound((np.concatenate(parts) * 8000).astype(np.int16), 8000)

    said = [["tone", "noise"], ["noise", "noise", "tone"], ["tone"], ["noise"]] * 3
    answers = segments.recognise([spoken(words) for words in said], said, [spoken(["noise", "tone"])])
    assert [found["word"] for found in answers[0]] == ["noise", "tone"]
    assert answers[0][1]["start"] == pytest.approx(0.4, abs=0.03)

    gap = np.zeros(800)
    halting = Sound((np.concatenate([tone, gap, tone]) * 8000).astype(np.int16), 8000)  # one word of the first speaker
    fluent = Sound((np.concatenate([tone, gap, random.normal(0, 0.7, 1600)]) * 8000).astype(np.int16), 8000)
    monkeypatch.setattr(segments, "TRIED", 4)
    said = [["tone"]] * 4 + [["tone", "noise"]] * 12
    answers = segments.recognise([halting] * 4 + [fluent] * 12, said, [fluent])
    assert [found["word"] for found in answers[0]] == ["tone", "noise"]  # most speakers count, not the first
