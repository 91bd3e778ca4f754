"""`predict` and `export`: readable output, without TensorFlow, here and in an exported folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common import folders
from common.commands import export, predict, train
from common.errors import UserError
from common.runs import onnx_own_layers, onnx_writer
from common.runs import run as runs
from common.runs.examples import Request
from common.task import load_task, task_names
from tests import small

HEAVY = {"tensorflow", "keras", "h5py", "sklearn", "matplotlib", "rich", "pandas", "pytest"}

HOW_PRICES_ARE_READ = "prices.csv: prices column Close, as it was traded, step between rows day\n"


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (
            {"label": "positive", "probabilities": {"negative": 0.25, "positive": 0.75}},
            ["positive", "  input: fine", "  probabilities: negative 0.25  positive 0.75"],
        ),
        ({"text": "bien", "source_tokens": ["fine"], "attention": [[1.0]]}, ["bien", "  input: fine"]),
        (
            {"entities": [{"type": "place", "text": "Rome"}, {"type": "person", "text": "Ada"}], "tokens": ["fine"]},
            ["type place  text Rome", "type person  text Ada", "  input: fine"],
        ),
        ({"entities": [], "tokens": ["fine"]}, ["no entities", "  input: fine"]),
        ({"tags": ["NOUN", "VERB"], "sure": 0.5}, ["NOUN VERB", "  input: fine", "  sure: 0.5"]),
    ],
)
def test_a_person_reads_the_answer_first(prediction, expected):
    assert predict._readable("fine", prediction) == expected


def own_inputs(name, folder):
    """Arguments that name something to predict: text of the sample, or a file."""
    if name == "stock_forecast":
        path = folder / "prices.csv"
        rows = (f"2024-01-{day:02d},{100 + day % 7}" for day in range(1, 31))
        path.write_text("Date,Close\n" + "\n".join(rows) + "\n")
        return "file", str(path)
    *_, few, _ = small.setting(name)
    return "text", "\n".join(str(example) for example in few.test[:3])


@pytest.fixture(params=small.params(["ner_tagging", "next_word", "sentiment", "stock_forecast", "translation"]))
def asked(request, run_of, own_folders):
    """A folder with a short run of the task, which is where runs are; the name of the task, and inputs for it."""
    name = request.param
    run_of(name)
    return own_folders, name, *own_inputs(name, own_folders)


def answers(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def printed(folder, arguments: list[str], unwanted: set[str]) -> str:
    """What a command prints in a process of its own, in which none of these modules may be loaded."""
    script = (
        "import sys, pathlib\n"
        "from common import cli, folders\n"
        f"folders.RUNS_FOLDER = pathlib.Path({str(folder / 'runs')!r})\n"
        "sys.argv[0] = 'tasks'\n"
        "try: cli.main()\n"
        "finally:\n"
        f"    loaded = {unwanted} & set(sys.modules)\n"
        "    assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folders.REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == (HOW_PRICES_ARE_READ if "--input=" in arguments[-1] else "")
    return done.stdout


def predicted(folder, name, kind, given) -> list[dict]:
    arguments = ["predict", name, "--json", f"--{'input' if kind == 'file' else 'text'}={given}"]
    return answers(printed(folder, arguments, HEAVY if kind == "text" else HEAVY - {"pandas"}))  # which reads series


def test_an_exported_folder_answers_as_predict_does(asked):
    """In a process that cannot import this repository, from whatever folder it is started."""
    folder, name, kind, given = asked
    out = folder / "out"
    export.run(name, None, str(out))
    assert "# " + name.replace("_", " ") in (out / "README.md").read_text()
    assert "onnxruntime==" in (out / "requirements.txt").read_text()
    for file in out.rglob("*"):
        if file.suffix in (".py", ".md", ".json", ".txt"):
            text = file.read_text(encoding="utf-8")
            assert str(folders.REPOSITORY) not in text and str(folder) not in text, file
        if file.suffix == ".py":
            assert "tensorflow" not in text and "import keras" not in text, file

    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    alone = folder / "elsewhere"
    alone.mkdir()
    moved = shutil.move(out, alone / "exported")
    arguments = ["--file", given] if kind == "file" else [given]
    done = subprocess.run(
        [sys.executable, str(Path(moved) / "predict.py"), *arguments],
        cwd=alone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert subprocess.run([sys.executable, "-c", "import common"], cwd=alone, env=environment, check=False).returncode
    assert answers(done.stdout) == predicted(*asked)
    for arguments, said in ((["--file", "gone.csv"], b""), ([], "un café\n".encode("latin-1"))):
        wrong = subprocess.run(
            [sys.executable, str(Path(moved) / "predict.py"), *arguments],
            cwd=alone,
            env={**environment, "PYTHONUTF8": "1"},
            input=said,
            capture_output=True,
            check=False,
        )
        assert wrong.returncode == 2, wrong.stderr
        assert wrong.stderr.startswith(b"error: ") and wrong.stderr.count(b"\n") == 1


def test_every_other_task_finds_its_source():
    """What a run of it would export can be found and compiled, whatever the task imports."""
    from common.runs import export as folder_of

    for name in task_names():
        task = load_task(name)
        source, program = folder_of._source(name, task)
        for text in (program, *source.files.values()):
            compile(text, name, "exec")
        assert "tensorflow" not in source.modules and "keras" not in source.modules


def test_export_refuses_a_folder_in_use_and_a_run_without_files(asked):
    folder, name, *_ = asked
    (folder / "mine.txt").touch()
    with pytest.raises(UserError, match="is not an empty folder: name another with TO="):
        export.run(name, None, str(folder))
    with pytest.raises(UserError, match="is not an empty folder"):
        export.run(name, None, str(folder / "mine.txt"))
    (folder / "run").mkdir()
    for file in ("config.json", "encoder.json", "metrics.json"):
        shutil.copy(folder / "runs" / name / "latest" / file, folder / "run" / file)
    with pytest.raises(UserError, match="has no ONNX files"):
        export.run(name, str(folder / "run"), str(folder / "out"))


def test_a_run_without_onnx_predicts_through_keras_and_says_so(own_folders, monkeypatch, capsys):
    """A layer that the writer does not know: the run is trained and measured all the same."""
    monkeypatch.delitem(onnx_writer.LAYERS, onnx_own_layers.layers.MaskedAveragePooling)
    run = train.run("sentiment", Request(), {**small.settings_as_text("sentiment"), "epochs": "1"}, quick=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert "predicts with Keras" in shown and "layer masked_average_pooling" in shown
    assert "MaskedAveragePooling" in shown
    assert run.finished and not run.networks_file.exists() and not list(run.path.glob("*.onnx"))
    predict.run("sentiment", "a fine film", None, None, {}, True)
    said = capsys.readouterr()
    assert "has no ONNX files" in said.err and json.loads(said.out)["label"] in ("negative", "positive")
    assert runs.find("sentiment").path == run.path
