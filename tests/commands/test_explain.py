"""`predict` with EXPLAIN: the share of each step of the input in the answer."""

import io
import json

import pytest
from rich.console import Console

from common import folders
from common.commands import console_output, predict, train
from common.runs.examples import Request
from common.task import load_task
from tests import small


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The runs folder of a short training of sentiment."""
    folder = tmp_path_factory.mktemp("explained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "RUNS_FOLDER", folder / "runs")
        patch.setattr(folders, "CACHE_FOLDER", folder / "cache")
        settings = {key: str(value) for key, value in small.settings(load_task("sentiment").config).items()}
        train.run("sentiment", Request(), settings, quick=True)
    return folder / "runs"


def test_explanation_stands_beside_the_prediction(trained, monkeypatch, capsys):
    monkeypatch.setattr(folders, "RUNS_FOLDER", trained)
    predict.run("sentiment", "I loved it.\nno", None, None, {}, True, explain=True)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["explanation"]["steps"] == ["I", "loved", "it", "."]
    assert second["explanation"]["steps"] == ["no"]
    for answer in (first, second):
        told = answer["explanation"]
        assert len(told["share"]) == len(told["effect"]) == len(told["steps"])
        assert sum(map(abs, told["share"])) == pytest.approx(1, abs=1e-3)


def test_without_a_terminal_the_shares_are_told_in_words(trained, monkeypatch, capsys):
    monkeypatch.setattr(folders, "RUNS_FOLDER", trained)
    predict.run("sentiment", "I loved it.", None, None, {}, False, explain=True)
    shown = capsys.readouterr().out
    assert "share of the answer: " in shown and "loved " in shown and "%" in shown and "\x1b" not in shown
    predict.run("sentiment", "I loved it.", None, None, {}, False)
    assert "share of the answer" not in capsys.readouterr().out


def test_on_a_terminal_the_input_is_coloured():
    file = io.StringIO()
    Console(file=file, force_terminal=True, color_system="truecolor").print(
        console_output.coloured(["fine", "film", "dull"], [0.5, 0.0, -0.5])
    )
    fine, film, dull = file.getvalue().split("fi")[1], file.getvalue().split("film")[0], file.getvalue()
    assert "48;2;40;200;40" in dull and "48;2;200;40;40" in dull  # green for, red against
    assert fine and film.endswith(" ")
