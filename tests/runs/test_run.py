"""A run folder may come from anywhere: an invalid file is refused in one line."""

import dataclasses
import json

import pytest

from common.errors import UserError
from common.runs import run as runs
from common.runs.examples import Request
from common.task import load_task

CONFIG = {
    "task": "sentiment",
    "data": "sample",
    "request": dataclasses.asdict(Request("sample")),
    "data_sha256": "0" * 64,
    "encoder_sha256": "0" * 64,
    "quick": True,
    "settings": {"epochs": 3},
    "versions": {},
    "code": "unknown",
    "code_sha256": "0" * 64,
    "machine": "a computer",
    "cores": 2,
    "workers": 1,
}
HISTORY = "epoch,loss,validation_loss,seconds\n1,0.7,0.6,1.5\n2,0.5,0.4,1.5\n"


@pytest.fixture
def run(own_folders):
    return runs.create("sentiment", "gru", 0, CONFIG)


def one_line(pattern):
    return pytest.raises(UserError, match=rf"\A(?!.*\n)(?=.{{1,600}}\Z).*{pattern}")


def test_a_whole_config_is_read(run):
    assert run.config == CONFIG


@pytest.mark.parametrize("name", CONFIG)
def test_config_lacks_something(run, name):
    for value in (None, 3.5, ["a"]):
        run.config_file.write_text(json.dumps({**CONFIG, name: value}))
        with one_line(rf"config\.json: {name} must be an? .*Train again"):
            _ = run.config
    run.config_file.write_text(json.dumps({key: value for key, value in CONFIG.items() if key != name}))
    with one_line(f"{name} must be a"):
        _ = run.config


@pytest.mark.parametrize(
    "request_", [{}, {"data": "sample"}, {**CONFIG["request"], "fold": "1"}, {**CONFIG["request"], "more": None}]
)
def test_a_damaged_request(run, request_):
    assert run.request == Request("sample")
    run.config_file.write_text(json.dumps({**CONFIG, "request": request_}))
    with one_line("request must be an object with data, validation, test, fold, columns, not .*Train again"):
        _ = run.request


@pytest.mark.parametrize("content", ["[]", "3", "{", '{"settings": []}', '{"settings": {"epochs": NaN}}'])
def test_a_damaged_config_is_refused_where_the_encoder_is_loaded(run, content):
    run.config_file.write_text(content)
    with one_line(r"config\.json.*[tT]rain again"):
        runs.load_encoder(run, load_task("sentiment"))


@pytest.mark.parametrize(
    "settings", [{"epochs": "x"}, {"epochs": [3]}, {"epochs": {}}, {"unknown": 3}, {"cell": 3, "units": None}]
)
def test_settings_of_the_wrong_type(run, settings):
    run.config_file.write_text(json.dumps({**CONFIG, "settings": settings}))
    with one_line(r"[sS]etting"):
        runs.load_encoder(run, load_task("sentiment"))


def test_a_whole_history_is_read(run):
    run.history_file.write_text(HISTORY)
    assert run.history[1] == {"epoch": 2, "loss": 0.5, "validation_loss": 0.4, "seconds": 1.5}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"epoch,loss,validation_loss,seconds\n",
        HISTORY.replace("0.5", "half").encode(),
        HISTORY.replace("0.5", "nan").encode(),
        HISTORY.replace("0.5,", "").encode(),
        HISTORY.replace("0.5", "0.5,0.5").encode(),
        HISTORY.replace("validation_loss", "other").encode(),
        HISTORY.replace("\n2,", "\n3,").encode(),
        HISTORY.encode("utf-16"),
        b"\xff" + HISTORY.encode(),
        HISTORY.encode() + b"\x00",
        HISTORY.encode()[:-4],
        HISTORY.encode() + b'"' * 200_000,
    ],
    ids=range(13),
)
def test_a_damaged_history(run, content):
    run.history_file.write_bytes(content)
    with one_line(r"history\.csv is damaged .*train again"):
        _ = run.history


def test_a_missing_history(run):
    with one_line(r"history\.csv is missing.*train again"):
        _ = run.history
