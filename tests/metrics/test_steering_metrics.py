"""The share of the road that is kept, regression scores, pictures and animation."""

import numpy as np
import pytest
from PIL import Image

from common.metrics.steering import Steering
from common.plots.steering import figures

NONE = np.nan


class Road:
    line = np.stack([np.arange(9.0), np.zeros(9)], axis=1)

    def frame(self, car, number):
        return np.full((6, 8), 20 * number, np.uint8)


class Drive:
    name, road = "road 1", Road()


class Shown:
    drive = Drive()

    def picture(self):
        return np.zeros((6, 8), np.uint8)


def scored(kept):
    truth, said = [0.5, -0.5, 0.5, -0.5], [0.25, -0.5, 0.5, -0.25]
    return Steering(truth, said, kept=kept, naive=[0, 0, 0, 0], groups=["a", "a", "b", "b"])


def test_scores_by_hand():
    scores = scored([0.4, NONE, 1.0, NONE])
    assert scores["road_kept"] == pytest.approx(0.7)
    assert scores["mae_error"] == pytest.approx(0.125) and scores["scaled_error"] == pytest.approx(0.25)
    assert scores["r2"] == pytest.approx(1 - 0.125 / 1)
    assert scores.over(np.array([2, 3]))["road_kept"] == 1
    low, high = scores.intervals()["road_kept"]
    assert low == pytest.approx(0.4) and high == 1


def test_without_a_closed_loop_there_is_no_share():
    assert "road_kept" not in scored([NONE] * 4)


def test_pictures_and_film(tmp_path):
    path = [[0.5 * x, 0.0, 0.1 * x] for x in range(5)]
    predictions = [{"angle": 0.25, "drive": {"kept": 0.4, "path": path}}] + [{"angle": 0.0}] * 3
    found = figures(scored([0.4, NONE, NONE, NONE]), [Shown()] * 4, predictions, tmp_path)
    assert {name for name, _ in found} == {file.name for file in tmp_path.iterdir()}
    with Image.open(tmp_path / "drive.gif") as film:
        assert film.n_frames == 5 and film.width == 40
