"""A run folder from elsewhere, damaged in every way: one line, exit code 2, at once, in little memory, nothing written.

The runs are of three tasks, untrained. Where the fields of an encoder contradict each other, its checksum is made to
fit: what then refuses it is the schema alone.
"""

import json
import os
import shutil
import socket
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from common import cli, files, folders
from common.encoding.subwords import Subwords
from common.runs import contents, onnx_files, weights
from common.runs import run as runs
from tests import small
from tests.runs.test_run import CONFIG, HISTORY

pytestmark = pytest.mark.xdist_group("damaged runs")  # which are made once

TASKS = ("ner_tagging", "sentiment", "stock_forecast", "translation", "dna_analysis")
SECONDS, MEMORY = 1.0, 100 << 20  # for a refusal


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder of runs, one of each task, untrained but complete."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "RUNS_FOLDER", folder)
        for name in TASKS:
            task, _, few, encoder = small.setting(name)
            model, config = small.model(name)
            about = {"task": name, "settings": vars(config), "encoder_sha256": runs.encoder_sha256(encoder)}
            run = runs.create(name, "simple_rnn", 0, {**CONFIG, **about})
            runs.save_encoder(run, encoder)
            weights.save(model, run.weights_file)
            assert onnx_files.write(run, task, config, encoder, model, few.test) is None
            run.history_file.write_text(HISTORY)
            files.write_json(run.metrics_file, METRICS)
            runs.make_latest(run)
    return folder


METRICS = {
    **dict.fromkeys(("data", "cell", "baseline_name", "code", "machine", "data_sha256"), "a text"),
    "task": "sentiment",
    "metric": "accuracy",
    "settings": {},
    "versions": {},
    "signatures": {},
    "shared": {},
    "unknown_words": None,
    "remarks": [],
    **dict.fromkeys(("seed", "test_scored", "parameters", "epochs", "cores", "predict_seconds", "train_seconds"), 1),
    "test": {"accuracy": 0.5},
    "baseline": {"accuracy": 0.5},
    "baselines": {"b": {"accuracy": 0.5}},
    "mixtures": {},
    "interval": {"accuracy": [0, None]},
    "examples": {"test": 4},
    "difference": dict.fromkeys(("difference", "low", "high", "better"), 0.0),
}


@pytest.fixture
def run(whole, tmp_path, monkeypatch):
    """A function that gives a copy of the run of a task, to be damaged."""
    monkeypatch.setattr(folders, "RUNS_FOLDER", tmp_path)
    monkeypatch.chdir(tmp_path)

    def copied(name):
        if not (tmp_path / name).exists():
            shutil.copytree(whole / name, tmp_path / name, symlinks=True)
        return runs.find(name)

    return copied


def command(name, *arguments):
    """What predicts with a task's run."""
    if name == "stock_forecast":
        rows = "".join(f"2024-{month:02}-{day:02},{100 + day % 7}\n" for month in (1, 2) for day in range(1, 29))
        Path("prices.csv").write_text("Date,Close\n" + rows)
        return ["predict", name, "--json", "--input", "prices.csv", *arguments]
    text = "ACGTACGT" if name == "dna_analysis" else "Ada sang in Rome."
    return ["predict", name, "--json", "--text", text, *arguments]


def call(monkeypatch, capfd, arguments):
    """Exit code, output and error output."""
    monkeypatch.setattr(sys, "argv", ["tasks", *arguments])
    try:
        cli.main()
    except SystemExit as ended:
        return ended.code or 0, *capfd.readouterr()
    return 0, *capfd.readouterr()


def refused(monkeypatch, capfd, arguments, pattern=""):
    before = {path: path.lstat().st_mtime_ns for path in Path().rglob("*")}
    tracemalloc.start()
    started = time.process_time()
    code, output, errors = call(monkeypatch, capfd, arguments)
    seconds, memory = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (code, output) == (2, ""), errors
    assert errors.startswith("error: ") and errors.count("\n") == 1 and len(errors) < 700
    assert errors.rstrip("\n").isprintable() and pattern in errors
    assert seconds < 5 * SECONDS and memory < MEMORY  # tracing takes time of its own
    assert {path: path.lstat().st_mtime_ns for path in Path().rglob("*")} == before


def put(make):
    """Damage that puts something in the place of a file."""

    def damage(path):
        path.unlink()
        make(path)

    return damage


def holding(content):
    return put(lambda path: path.write_bytes(content))


def link(target):
    return put(lambda path: path.symlink_to(target))


def socket_at(path):
    folder = os.open(path.parent, os.O_RDONLY)  # a socket's path must be short
    try:
        socket.socket(socket.AF_UNIX).bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def sparse(size):
    def make(path):
        with path.open("wb") as file:
            file.truncate(size)

    return put(make)


NO_FILES = {
    "a pipe": put(os.mkfifo),
    "a folder": put(Path.mkdir),
    "a link that leads to itself": put(lambda path: path.symlink_to(path.name)),
    "a link to nothing": link("nowhere"),
    "a link out of the folder": link("/etc/passwd"),
    "a device without an end": link("/dev/zero"),
    "standard input": link("/dev/stdin"),
    "the memory of the process": link("/proc/self/mem"),
    "a socket": put(socket_at),
    "a file of 2 GiB": sparse(2 << 30),
}
NO_JSON = {
    "nothing": holding(b""),
    "a list": holding(b"[]"),
    "a number": holding(b"3"),
    "null": holding(b"null"),
    "an empty object": holding(b"{}"),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "lists within lists": holding(b"[" * 200_000),
    "objects within objects": holding(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "5,000 digits": holding(b'{"a": ' + b"9" * 5_000 + b"}"),
    "1e400": holding(b'{"a": 1e400}'),
    "NaN": holding(b'{"a": NaN}'),
    "half a character": holding(b'{"\\ud800": 1}'),
    "a name twice": holding(b'{"a": 1, "a": 2}'),
    "Latin-1": holding(b'{"a": "\xe9"}'),
    "UTF-16": holding('{"a": 1}'.encode("utf-16")),
    "a byte order mark": holding(b"\xef\xbb\xbf{}"),
    "zeros": holding(bytes(1000)),
    "millions of numbers": holding(b'{"a": [' + b"0," * 4_000_000 + b"0]}"),
    "a million lists": holding(b'{"a": [' + b"[]," * 1_000_000 + b"0]}"),
    "100 MB of spaces": sparse(100 << 20),
}


def test_a_whole_run_answers(run, monkeypatch, capfd):
    for name in TASKS:
        run(name)
        code, output, errors = call(monkeypatch, capfd, command(name))
        read = (
            "prices.csv: prices column Close, as it was traded, step between rows day\n"
            if name == "stock_forecast"
            else ""
        )
        assert (code, errors) == (0, read) and json.loads(output)


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("file", ["config.json", "encoder.json", "encoder.npz", "networks.json", "model.onnx"])
def test_what_is_no_file(run, monkeypatch, capfd, kind, file):
    NO_FILES[kind](run("sentiment").path / file)
    refused(monkeypatch, capfd, command("sentiment"))


@pytest.mark.parametrize("kind", ["a pipe", "a link out of the folder", "a device without an end", "a file of 2 GiB"])
def test_what_is_no_file_of_metrics(run, monkeypatch, capfd, kind):
    NO_FILES[kind](run("sentiment").metrics_file)
    refused(monkeypatch, capfd, ["export", "sentiment", "--to", "out"], "metrics.json")


@pytest.mark.parametrize("kind", NO_JSON)
@pytest.mark.parametrize("file", ["config.json", "encoder.json", "networks.json"])
def test_what_is_no_json_of_a_run(run, monkeypatch, capfd, kind, file):
    path = run("sentiment").path / file
    NO_JSON[kind](path)
    refused(monkeypatch, capfd, command("sentiment"))


@pytest.mark.parametrize(
    "change", [{}, {"metric": "f1"}, {"interval": {}}, {"baselines": {"b": {"f1": 1}}}, {"seed": True}]
)
def test_what_is_no_measurement(run, monkeypatch, capfd, change):
    path = run("sentiment").metrics_file
    path.write_text(json.dumps({**METRICS, **change} if change else {}))
    refused(monkeypatch, capfd, ["export", "sentiment", "--to", "out"], "metrics.json")


def test_scores_of_a_label_that_only_one_model_predicted_are_no_damage(run):
    path = run("sentiment").metrics_file
    path.write_text(json.dumps({**METRICS, "baselines": {"b": {"accuracy": 0.5, "f1_INTJ": 0.0}}, "baseline": {}}))
    assert contents.metrics(path)["baselines"]["b"]["f1_INTJ"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"units": -1},
        {"units": "many"},
        {"seed": 1 << 40},
        {"seed": [1]},
        {"max_timesteps": 7},
        {"no_such": 1},
        {"cell": "\x1b[31m", "dropout": 7},
        {"units": 10**400},
    ],
)
def test_settings_that_cannot_be(run, monkeypatch, capfd, change):
    path = run("sentiment").config_file
    config = json.loads(path.read_text())
    config["settings"].update(change)
    path.write_text(json.dumps(config))
    refused(monkeypatch, capfd, command("sentiment"))


def forged(run, change):
    """Change the encoder, and give the checksum that fits."""
    encoder = json.loads(run.encoder_file.read_text())
    arrays = files.read_arrays(run.arrays_file) if run.arrays_file.exists() else {}
    change(encoder, arrays)
    run.encoder_file.write_text(json.dumps(encoder))
    if arrays:
        files.write_arrays(run.arrays_file, arrays)
        arrays = files.read_arrays(run.arrays_file)
    config = json.loads(run.config_file.read_text())
    config["encoder_sha256"] = runs._sha256(run.encoder_file.read_bytes(), arrays)
    run.config_file.write_text(json.dumps(config))


SUBWORDS = Subwords.fit(["two words", "words of two"] * 9, 12).to_json()
CONTRADICTIONS = {
    "no labels": ("sentiment", lambda e, a: e.update(labels=[])),
    "a label twice": ("sentiment", lambda e, a: e.update(labels=["a", "a"])),
    "a label too few": ("sentiment", lambda e, a: e.update(labels=["a"])),
    "a label that steers the terminal": ("sentiment", lambda e, a: e.update(labels=["\x1b[31ma\x07", "b"])),
    "labels that are no texts": ("sentiment", lambda e, a: e.update(labels=[1, 2])),
    "no special tokens": ("sentiment", lambda e, a: e.update(vocabulary=e["vocabulary"][4:])),
    "a token too few": ("sentiment", lambda e, a: e.update(vocabulary=e["vocabulary"][:-1])),
    "max_timesteps below 0": ("sentiment", lambda e, a: e.update(max_timesteps=-1)),
    "max_timesteps true": ("sentiment", lambda e, a: e.update(max_timesteps=True)),
    "max_timesteps of other settings": ("sentiment", lambda e, a: e.update(max_timesteps=3)),
    "ratios that are short": ("sentiment", lambda e, a: a.update(log_ratios=a["log_ratios"][:-1])),
    "ratios of one axis": ("sentiment", lambda e, a: a.update(log_ratios=a["log_ratios"].ravel())),
    "ratios that are no numbers": ("sentiment", lambda e, a: a.update(log_ratios=a["log_ratios"] * np.nan)),
    "another array": ("sentiment", lambda e, a: a.update(more=np.zeros(3))),
    "another field": ("sentiment", lambda e, a: e.update(more=3)),
    "a field too few": ("sentiment", lambda e, a: e.pop("labels")),
    "no tag O": ("ner_tagging", lambda e, a: e.update(tags=["B-x", "I-x"])),
    "a tag without its other": ("ner_tagging", lambda e, a: e.update(tags=["O", "B-x"])),
    "tags too few": ("ner_tagging", lambda e, a: e.update(tags=e["tags"][:-2])),
    "a token too many": ("ner_tagging", lambda e, a: e["words"].append("another word")),
    "a character too few": ("ner_tagging", lambda e, a: e["characters"].pop()),
    "source words too few": ("translation", lambda e, a: e.update(source=e["source"][:20])),
    "target words too few": ("translation", lambda e, a: e.update(target=e["target"][:8])),
    "target words of subwords": ("translation", lambda e, a: e.update(target=SUBWORDS)),
    "a label too many for the head": ("dna_analysis", lambda e, a: e["labels"].append("z")),
    "a place too few": ("dna_analysis", lambda e, a: e.update(longest=e["longest"] - 1)),
    "a scaler that is short": ("stock_forecast", lambda e, a: e.update(scaler={"means": [0.0], "deviations": [1.0]})),
    "a deviation of 0": ("stock_forecast", lambda e, a: e["scaler"].update(deviations=[0.0] * 5)),
    "a window of 1e9": ("stock_forecast", lambda e, a: e.update(window=10**9)),
    "a horizon of 0": ("stock_forecast", lambda e, a: e.update(horizon=0)),
}


@pytest.mark.parametrize("kind", CONTRADICTIONS)
def test_an_encoder_that_contradicts_itself(run, monkeypatch, capfd, kind):
    name, change = CONTRADICTIONS[kind]
    forged(run(name), change)
    refused(monkeypatch, capfd, command(name), "train again")


def test_the_encoder_of_another_run(run, monkeypatch, capfd):
    path = run("sentiment").encoder_file
    encoder = json.loads(path.read_text())
    path.write_text(json.dumps({**encoder, "labels": encoder["labels"][::-1]}))
    refused(monkeypatch, capfd, command("sentiment"), "is not the encoder that this run was trained with")


@pytest.mark.parametrize("content", [b"", b"text", bytes(5000), "half", "cut"])
@pytest.mark.parametrize("file", ["model.onnx", "encoder.npz"])
def test_networks_and_arrays_that_are_damaged(run, monkeypatch, capfd, content, file):
    path = run("sentiment").path / file
    size = {"half": path.stat().st_size // 2, "cut": path.stat().st_size - 1}
    path.write_bytes(path.read_bytes()[: size[content]] if content in size else content)
    refused(monkeypatch, capfd, command("sentiment"))


def test_weights_that_are_no_numbers(run, monkeypatch, capfd):
    """Also those in the ONNX file, whose output would be NaN."""
    import onnx
    from onnx import numpy_helper

    path = run("sentiment").path / "model.onnx"
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32("nan"), tensor.name))
    onnx.save(model, path)
    refused(monkeypatch, capfd, command("sentiment"), "weights that are not numbers")


def test_the_networks_of_another_task(run, monkeypatch, capfd):
    shutil.copy(run("stock_forecast").path / "model.onnx", run("sentiment").path / "model.onnx")
    refused(monkeypatch, capfd, command("sentiment"), "train again")


@pytest.mark.parametrize("kind", NO_FILES)
def test_weights_that_are_no_file(run, monkeypatch, capfd, kind):
    """They are read where there are no ONNX files."""
    folder = run("sentiment")
    folder.networks_file.unlink()
    NO_FILES[kind](folder.weights_file)
    refused_through_keras(monkeypatch, capfd)


def test_a_model_larger_than_its_weights_file_is_not_built(run, monkeypatch, capfd):
    """Of 15,000 units the first matrix alone would take 900 MB."""
    folder = run("sentiment")
    folder.networks_file.unlink()
    config = json.loads(folder.config_file.read_text())
    config["settings"]["units"] = 15_000
    folder.config_file.write_text(json.dumps(config))
    refused_through_keras(monkeypatch, capfd, "too small for the model that the settings describe")


def refused_through_keras(monkeypatch, capfd, pattern=""):
    tracemalloc.start()
    code, output, errors = call(monkeypatch, capfd, command("sentiment"))
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (code, output) == (2, "") and memory < MEMORY
    said, problem = errors.splitlines()
    assert said.endswith("Keras predicts, which takes longer to start.")
    assert problem.startswith("error: ") and pattern in problem
