"""The reliability diagram."""

import numpy as np
import pytest

from common.metrics.classification import classification
from common.plots import reliability, style


def test_error_of_the_diagram_is_that_of_the_metric(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    stated = random.uniform(0.5, 1, 200)
    predictions = [{"label": "a", "probabilities": {"a": one, "b": 1 - one}} for one in stated]
    truth = random.choice(["a", "b"], 200)
    found = classification(truth, predictions, [1] * 200)
    drawn = []
    monkeypatch.setattr(style, "save", lambda figure, path: drawn.append(figure))
    reliability.diagram(found.confidence, found.truth == found.answer, tmp_path / "reliability.png")
    title = drawn[0].axes[0].get_title(loc="left")
    assert float(title.removeprefix("calibration error ")) == pytest.approx(found["calibration_error"], abs=5e-4)
