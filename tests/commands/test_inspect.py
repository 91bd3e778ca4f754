"""`inspect` and `predict` with EXPLAIN: self-contained pages, and the contribution of each step."""

import dataclasses
import io
import json
import re
import shutil
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from rich.console import Console

from common.commands import console_output, inspect, predict, steps
from common.errors import UserError
from common.insight import counting, flow, gradients, reading, study
from common.plots import insight
from common.reporting import inspection, inspection_page
from common.runs import run as runs
from common.task import change_config, load_task
from tests import small

INPUTS = {"translation": {"source_ids", "target_ids"}, "stock_forecast": {"days"}}
VALUES = {"translation": "The mean log-odds of the answers", "stock_forecast": "The output of the model"}
PICTURES = {"weights", "unrolled", "states", "reading", "gradients", "memory", "clipping", "connectivity"}


@pytest.fixture
def run_of_sentiment(run_of):
    return run_of("sentiment")


@pytest.fixture
def quickly(monkeypatch):
    """Few examples are looked at."""
    for name, value in {"POOL": 10, "READ": 2, "FLOWS": 2}.items():
        monkeypatch.setattr(study, name, value)
    monkeypatch.setattr(reading, "MOST_POINTS", 6)


def studied(name, cell):
    """The study of a short example of a task and a small untrained network with that cell."""
    task, config, few, encoder = small.setting(name)
    keras.utils.set_random_seed(0)
    model = task.build_model(change_config(config, {"cell": cell}), encoder)
    subject = study.Subject(model, {cell: model}, {}, cell, encoder, few.test)
    return study.study(subject, sorted(few.test, key=len)[4])


@pytest.mark.parametrize(
    ("name", "cell"),
    [("translation", "gru"), ("stock_forecast", "lstm")],
)
def test_words_and_series_have_their_pages(name, cell, quickly, tmp_path):
    found = studied(name, cell)
    steps = len(found.names)
    assert found.state.shape[0] == steps == len(found.similar) == len(found.one_unit)
    assert all(expected == actual for _, _, expected, actual in found.counts)
    assert all(difference < 1e-4 for *_, difference in found.final)
    assert found.effects.completeness_error < 0.01
    assert found.effects.change == pytest.approx(found.effects.integrated.sum(), rel=0.02, abs=1e-3)
    assert {layer for _, layer, kind, _ in found.shapes if kind.startswith("input, ")} == INPUTS[name]
    assert found.over_examples[1.0]["agreed"] == 1 and found.over_examples[1.0]["distance"] == pytest.approx(
        0, abs=1e-4
    )
    assert any("expected ndim=3, found ndim=2" in message for message in found.wrong_shapes.values())
    assert (found.attention is not None) == (name == "translation")
    page, interactive = inspection.write(tmp_path, name, "an input", "an <answer>", found)
    pictures = {path.stem for path in tmp_path.glob("*.png")}
    assert pictures >= PICTURES and ("attention" in pictures) == (name == "translation")
    assert ("gates" in pictures) == (cell != "simple_rnn")
    text = page.read_text()
    assert all(f"({name}.png)" in text for name in pictures)
    assert VALUES[name] in text and "probability of the answer" not in text
    assert "an LSTM has three gates and 4 blocks" in text and "finite-time" in text
    assert f"changes by {found.effects.change:+.3f}" in text and "of the sum of their absolute values" in text
    check_page(interactive.read_text(), steps)


def test_the_values_after_each_step_are_called_what_they_are(quickly):
    found = studied("translation", "gru")
    assert found.value_name == "mean log-odds of the answers"
    assert dataclasses.replace(found, kind="each").value_name == "log-odds, summed over the labels"
    tagged = dataclasses.replace(found, reading=dataclasses.replace(found.reading, by_step=True))
    assert tagged.has_probability and "each step has an answer of its own" in insight._reading_caption(tagged)
    classified = dataclasses.replace(found, answers=["good"])
    assert insight._reading_caption(classified).startswith("The probability of the answer after each step")
    assert [insight._reading(one).axes[0].get_ylabel() for one in (found, classified)] == [
        "mean log-odds of the answers",
        "probability of the answer",
    ]


def test_a_translation_as_long_as_its_source_has_no_answer_of_each_step(quickly):
    found = studied("translation", "gru")
    data = inspection_page._data(dataclasses.replace(found, answers=["a"] * len(found.names)))
    assert data["by_step"] is False and len(data["answers"]) == len(data["names"])


def test_recurrent_layers_and_perceptron_are_counted_on_the_same_input(quickly):
    found = studied("translation", "gru")
    by_length, by_words = insight._weights(found).axes
    for axes, sizes in ((by_length, [found.vocabulary]), (by_words, [100, 1000, 10_000, 100_000])):
        for line in axes.lines[:3]:
            counts = {counting.weights(line.get_label(), size, found.main.units) for size in sizes}
            assert set(line.get_ydata()) == counts
    dense = by_length.lines[3]
    assert list(dense.get_ydata()) == [
        counting.perceptron(steps, found.vocabulary, found.main.units) for steps in dense.get_xdata()
    ]


def check_page(html: str, steps: int):
    """The page holds its data, escapes what it shows, and names no address."""
    assert not re.findall(r"""(?:src|href)=["'](?!data:)|https?://|url\(|@import""", html)
    data = json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)[1])
    for part in ("names", "state", "read", "strongest", "similar"):
        assert len(data[part]) == min(steps, study.MOST_SHOWN)
    assert all(len(effect) == len(data["names"]) for effect in data["effects"].values())
    assert "<answer>" not in html


@pytest.mark.xdist_group("sentiment")
def test_a_trained_run_is_inspected(run_of_sentiment, quickly, capsys):
    page, interactive = inspect.run(None, None, "</script><b>loved\nit", None)
    assert page.parent.name == "inspect" and page.parent.parent == run_of_sentiment.path
    text, html = page.read_text(), interactive.read_text()
    for label in ("simple_rnn, trained", "gru, untrained", "lstm, untrained", "The probability of the answer after"):
        assert label in text
    assert "make train TASK=sentiment DATA=sample QUICK=1 CELL=lstm" in text
    assert "</script><b>" not in html
    check_page(html, 8)
    assert "inspect.html" in "".join(capsys.readouterr().out.split())
    with pytest.raises(UserError, match="not both"):
        inspect.run("sentiment", None, "a", "b")


@pytest.mark.xdist_group("sentiment")
def test_runs_with_other_cells_are_shown_with_it_if_they_saw_the_same(run_of_sentiment, monkeypatch):
    run, task = run_of_sentiment, load_task("sentiment")
    for cell, sha256 in (("gru", run.config["data_sha256"]), ("lstm", "another")):
        copy = shutil.copytree(run.path, run.path.parent / f"copy-{cell}")
        about = {**run.config, "data_sha256": sha256}
        (copy / "config.json").write_text(json.dumps({**about, "settings": {**about["settings"], "cell": cell}}))
    monkeypatch.setattr(runs, "load_model", lambda other, task, config, encoder: (other.path.name, config.cell))
    assert inspect._others(task, run) == ({"gru": ("copy-gru", "gru")}, [])
    (note,) = inspect._missing(run, {"simple_rnn", "gru"})
    assert note.endswith("too: make train TASK=sentiment DATA=sample QUICK=1 CELL=lstm.")
    assert inspect._missing(run, {"simple_rnn", "gru", "lstm"}) == []
    file = run.path.parent / "copy-gru" / "config.json"
    file.write_text(file.read_text().replace('"cores"', '"kernels"'))
    others, (note,) = inspect._others(task, run)
    assert others == {} and note.startswith("Run copy-gru is damaged and left out: ")


@pytest.mark.xdist_group("sentiment")
def test_a_run_of_other_code_is_not_read(run_of_sentiment):
    """Its config may have other fields, which are no reason to refuse the run that is inspected."""
    run = run_of_sentiment
    copy = shutil.copytree(run.path, run.path.parent / "copy")
    (copy / "config.json").write_text(json.dumps({"code_sha256": "another", "data_sha256": 3}))
    assert inspect._others(load_task("sentiment"), run) == ({}, [])


@pytest.mark.xdist_group("sentiment")
def test_a_file_is_read_with_the_columns_of_the_run(run_of_sentiment, own_folders, monkeypatch):
    run, file = run_of_sentiment, own_folders / "a.csv"
    request = {**run.config["request"], "columns": "text=review label=stars"}
    run.config_file.write_text(json.dumps({**run.config, "request": request}))
    file.write_text("id,review,stars\nno film at all,a fine film,good\n")
    source = SimpleNamespace(splits=small.sample("sentiment"))
    monkeypatch.setattr(steps, "reload_source", lambda *given: source)
    monkeypatch.setattr(study, "study", lambda subject, example: None)
    monkeypatch.setattr(inspection, "write", lambda folder, title, text, answer, result, notes: [text])
    monkeypatch.setattr(console_output, "relative", str)
    assert inspect.run("sentiment", None, None, str(file)) == ["a fine film"]


def test_without_test_examples_of_a_length_that_is_studied_the_reason_is_said(quickly, monkeypatch):
    monkeypatch.setattr(study, "LONGEST_STEPS", 1)
    with pytest.raises(UserError, match="None of the first 10 test examples has 1 to 1 steps"):
        studied("pixel_sequence", "simple_rnn")


@pytest.mark.xdist_group("sentiment")
def test_explanation_is_printed_with_the_prediction(run_of_sentiment, capsys):
    predict.run("sentiment", "I loved it.\nno", None, None, {}, True, explain=True)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["explanation"]["steps"] == ["I", "loved", "it", "."]
    assert second["explanation"]["steps"] == ["no"]
    for answer in (first, second):
        told = answer["explanation"]
        assert len(told["share"]) == len(told["effect"]) == len(told["steps"])
        assert sum(map(abs, told["share"])) == pytest.approx(1, abs=1e-3)


@pytest.mark.xdist_group("sentiment")
def test_without_a_terminal_the_shares_are_told_in_words(run_of_sentiment, capsys):
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


def test_an_untrained_gradient_of_gain_g_is_the_line_that_is_drawn(quickly):
    """The picture's lines g^k are what a kernel g times orthogonal does where inputs and states are zero."""
    found = studied("pixel_sequence", "simple_rnn").main
    still = [np.zeros_like(found.inputs[0])]
    for gain in (0.9, 1.1):
        weights = flow.with_gain(found, gain, orthogonal=True)
        weights[2] = np.zeros_like(weights[2])
        kept = type(found)("", "", found.cell, "forward", weights, still).kept()
        norms = gradients.norms_by_distance(found.cell, kept, weights)
        np.testing.assert_allclose(norms[:, -1], gain ** len(kept), rtol=1e-9)


def test_one_unit_is_followed_by_hand():
    first, second = flow.one_unit(np.array([1.0, -0.5]))
    assert first["h"] == pytest.approx(np.tanh(0.8 + 0.1))
    assert second["sum"] == pytest.approx(-0.4 + 0.5 * first["h"] + 0.1)


def test_a_steep_kernel_makes_larger_gradients_and_flows_say_where_they_vanish(quickly):
    found = studied("pixel_sequence", "simple_rnn").main
    norms = flow.kernel_gradients(found, orthogonal=True)
    assert norms[0] < norms[2]
    gone = flow.Flow("made up", 0.5 ** np.arange(20)[None], np.zeros(1), 20, np.zeros(1))
    assert gone.in_words() == "below a hundredth after 7 steps"
    grown = flow.Flow("made up", 2.0 ** np.arange(20)[None], np.zeros(1), 20, np.zeros(1))
    assert grown.in_words() == "above a hundredfold after 7 steps"
