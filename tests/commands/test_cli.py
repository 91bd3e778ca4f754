"""The command line: what a user can get wrong ends in one line and exit code 2, and light commands stay light."""

import json
import os
import subprocess
import sys

import pytest

from common import cli, files, folders
from common.errors import UserError
from common.runs import run as runs
from common.task import task_names
from tests.runs.test_run import CONFIG

REPOSITORY = folders.REPOSITORY


def command(monkeypatch, capsys, *arguments):
    """Exit code, output and error output of `python -m tasks <arguments>`."""
    monkeypatch.setattr(sys, "argv", ["tasks", *arguments])
    code = 0
    try:
        cli.main()
    except SystemExit as exit:
        code = exit.code or 0
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "sentimnt"], "did you mean sentiment?"),
        (["train", "sentiment", "--set", "epoch=3"], "did you mean epochs?"),
        (["train", "sentiment", "--set", "epochs=many"], "epochs must be a int"),
        (["train", "sentiment", "--set", "units=0"], "units must be at least 1, not 0"),
        (["train", "sentiment", "--set", "learning_rate=-1"], "learning_rate must be at least 0, not -1.0"),
        (["train", "sentiment", "--set", "learning_rate=nan"], "learning_rate must be at least 0, not nan"),
        (["train", "sentiment", "--set", "dropout=1"], "dropout must be below 1, not 1.0"),
        (["train", "sentiment", "--set", "epochs"], "NAME=VALUE"),
        (["train", "sentiment", "--seed", "99999999999"], "seed must be at most 4294967295, not 99999999999"),
        (["train", "sentiment", "--data", "ssst2"], "did you mean sst2?"),
        (["train", "sentiment", "--data", "no/such.csv"], "columns text and label"),
        (["train", "sentiment", "--resume"], "make train TASK=sentiment"),
        (["train", "sentiment", "--resume", "--quick"], "leave DATA"),
        (["evaluate", "sentiment"], "make train TASK=sentiment"),
        (["evaluate", "sentiment", "--run", "gone"], "There is no run 'gone'"),
        (["predict", "sentiment", "--text", "x"], "make train TASK=sentiment"),
        (["new", "My Task", "--from", "sentiment"], "lower-case words"),
        (["new", "sentiment", "--from", "next_word"], "exists already"),
        (["new", "spam", "--from", "sentimental"], "did you mean sentiment?"),
        (["record", "sentiment", "--data", "my.csv"], "no data set"),
        (["record", "sentiment", "--cells", "rnn"], "no cell"),
        (["record", "sentiment", "--seeds", "a"], "whole numbers"),
        (["record", "sentiment", "--seeds", ""], "SEEDS is empty"),
        (["curve", "sentiment", "--seeds", ""], "SEEDS is empty"),
        (["curve", "sentiment", "--seeds", "-1"], "seed must be at least 0, not -1"),
    ],
)
def test_mistakes_end_in_one_line(monkeypatch, capsys, own_folders, arguments, said):
    code, _, errors = command(monkeypatch, capsys, *arguments)
    assert code == 2
    assert said in errors
    assert errors.count("\n") == 1 and errors.startswith("error: ")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "make train TASK=... RESUME=1"),
        (OSError(28, "No space left on device", "state.npz"), 2, "error: state.npz: No space left on device."),
        (PermissionError(13, "Permission denied", "runs"), 2, "error: runs: Permission denied."),
        (OSError("Unable to write (errno = 28)"), 2, "error: Unable to write (errno = 28)."),
        (OSError("write failed: time = x, error message = 'No space left on device'"), 2, "error: No space left on"),
        (MemoryError(), 2, "error: There is not enough memory"),
    ],
)
def test_what_the_machine_lacks_is_said_in_one_line(monkeypatch, capsys, error, code, said):
    from common.commands import list as listing

    def fail():
        raise error

    monkeypatch.setattr(listing, "run", fail)
    found, _, errors = command(monkeypatch, capsys, "list")
    assert found == code and said in errors and errors.strip("\n").count("\n") == 0


def test_an_error_of_ours_keeps_its_traceback(monkeypatch, capsys):
    from common.commands import list as listing

    monkeypatch.setattr(listing, "run", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command(monkeypatch, capsys, "list")


def test_a_training_that_is_refused_leaves_no_run(monkeypatch, capsys, own_folders):
    """Neither `latest` nor RESUME finds it."""
    code, _, errors = command(monkeypatch, capsys, "train", "sentiment", "--quick", "--set", "units=100000000")
    assert code == 2 and "does not fit into memory" in errors
    assert not list((own_folders / "runs").glob("*/*"))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_input_that_is_not_utf8_is_refused_with_its_line(encoding):
    script = "from common.commands import predict; from common.task import load_task\n"
    script += "try: predict.read(load_task('sentiment'), None, None)\n"
    script += "except Exception as error: print(type(error).__name__, error)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        input=b"a fine film\nun film n\xe9cessaire\n",
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"UserError the text, line 2, is not UTF-8 (byte 0xe9")


def test_unknown_cell_is_refused(monkeypatch, capsys, own_folders):
    code, _, errors = command(monkeypatch, capsys, "train", "sentiment", "--quick", "--cell", "rnn")
    assert code == 2 and "simple_rnn" in errors


def test_list_shows_every_task(monkeypatch, capsys):
    code, shown, _ = command(monkeypatch, capsys, "list")
    assert code == 0
    assert all(name in shown for name in task_names())


def test_list_and_help_import_no_heavy_library():
    script = (
        "import sys; sys.argv = ['tasks', 'list']\n"
        "from common import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def test_discovery_is_fast():
    """Best of three, in CPU seconds of the child, since other tests run in parallel."""
    script = (
        "import time; started = time.process_time()\n"
        "from common.task import load_task, task_names\n"
        "[load_task(name) for name in task_names()]\n"
        "print(time.process_time() - started)"
    )
    seconds = [float(subprocess.check_output([sys.executable, "-c", script], cwd=REPOSITORY)) for _ in range(3)]
    assert min(seconds) < 0.5


def test_a_damaged_run_is_named(monkeypatch, capsys, own_folders):
    run = runs.create("sentiment", "simple_rnn", 0, CONFIG)
    runs.make_latest(run)
    run.encoder_file.write_text("{")
    code, _, errors = command(monkeypatch, capsys, "evaluate", "sentiment")
    assert code == 2 and "damaged" in errors
    run.encoder_file.write_text(json.dumps({"vocabulary": []}))
    code, _, errors = command(monkeypatch, capsys, "evaluate", "sentiment")
    assert code == 2 and "train again" in errors


def test_latest_is_the_last_run_that_was_measured(own_folders):
    first = runs.create("sentiment", "simple_rnn", 0, {})
    second = runs.create("sentiment", "gru", 1, {})
    assert first.path != second.path
    with pytest.raises(UserError, match=rf"no trained run .*{second.path.name} was stopped: go on with RESUME=1"):
        runs.find("sentiment")
    runs.make_latest(first)
    assert (folders.RUNS_FOLDER / "sentiment" / "latest").resolve() == first.path
    assert runs.find("sentiment").path == first.path and runs.unfinished("sentiment").path == second.path
    assert runs.find("sentiment", second.path.name).path == second.path


def test_without_a_task_the_one_trained_last_is_taken(own_folders):
    with pytest.raises(UserError, match="make train TASK="):
        runs.last_trained()
    for number, name in enumerate(("translation", "sentiment", "next_word")):
        run = runs.create(name, "gru", 0, {})
        os.utime(run.config_file, (1e9 + number, 1e9 + number))
        if name != "next_word":  # this one was stopped
            run.metrics_file.write_text("{}")
            runs.make_latest(run)
    assert runs.last_trained() == "sentiment"


def test_what_killed_runs_left_is_removed_by_the_next(own_folders):
    ended = subprocess.Popen(["true"])
    ended.wait()
    run = runs.create("sentiment", "gru", 0, {})
    left = run.path / f".part-{ended.pid}-report.md"
    mine = run.path / f".part-{os.getpid()}-report.md"
    left.touch()
    mine.touch()
    runs.create("sentiment", "gru", 0, {})
    assert not left.exists() and mine.exists()


@pytest.mark.parametrize("learned", [False, True])
def test_a_run_killed_before_its_first_epoch_is_removed_by_the_next(own_folders, learned):
    script = f"""
import os, pathlib
from common import folders
from common.runs import run as runs
folders.RUNS_FOLDER = pathlib.Path({str(folders.RUNS_FOLDER)!r})
run = runs.create("sentiment", "lstm", 0, {{}})
with runs.beginning(run):
    if {learned}:
        run.weights_file.touch()
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=REPOSITORY).returncode == -9
    (left,) = (folders.RUNS_FOLDER / "sentiment").iterdir()
    assert [file.name for file in left.glob(".part-*")] != []
    with runs.beginning(runs.create("sentiment", "gru", 0, {})):
        runs.create("sentiment", "gru", 0, {})  # a training beside another one
        assert left.exists() == learned and not list(left.glob(".part-*"))
        assert len(list((folders.RUNS_FOLDER / "sentiment").iterdir())) == 2 + learned


def test_a_run_that_goes_on_is_in_use(own_folders):
    """What the killed process left does not mark it any more."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    run = runs.create("sentiment", "gru", 0, {})
    next(run.path.glob(".part-*-begun")).rename(run.path / f".part-{ended.pid}-begun")
    with runs.beginning(run):
        runs.create("sentiment", "gru", 0, {})
        assert run.config_file.exists()
    assert [file.name for file in run.path.iterdir()] == ["config.json"]


@pytest.mark.parametrize("cell", ["the 1 2 3", "the 1 x"])
def test_word_vectors_that_do_not_fit_are_refused_before_there_is_a_run(monkeypatch, capsys, own_folders, cell):
    monkeypatch.setattr(runs, "create", lambda *given: pytest.fail("there is a run"))
    vectors = own_folders / "a.vec"
    vectors.write_text(f"{cell}\n")
    settings = f"embeddings={vectors} embedding_size=4"
    code, _, errors = command(monkeypatch, capsys, "train", "sentiment", "--quick", "--set", settings)
    assert code == 2 and errors.count("\n") == 1 and str(vectors) in errors


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    files.write_text(path, "old")

    def write_half():
        with files.written(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_a_new_task_trains_at_once(tmp_path):
    """A copied folder, in a copy of the repository: trains, evaluates, predicts, under its own name."""
    import shutil

    for folder in ("common", "tasks", "data"):
        ignored = shutil.ignore_patterns("__pycache__", "cache", "*.gz")
        if (REPOSITORY / folder).exists():
            shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=ignored, symlinks=True)
    tasks = [sys.executable, "-m", "tasks"]
    settings = ["--quick", "--set", "epochs=1"]
    subprocess.run([*tasks, "new", "spam", "--from", "sentiment"], cwd=tmp_path, check=True)
    assert not (tmp_path / "tasks" / "spam" / "results.json").exists()
    subprocess.run([*tasks, "train", "spam", *settings], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert json.loads((tmp_path / "runs" / "spam" / "latest" / "metrics.json").read_text())["task"] == "spam"

    shutil.copytree(tmp_path / "tasks" / "sentiment", tmp_path / "tasks" / "plain_copy")
    done = subprocess.run([*tasks, "validate", "plain_copy"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = subprocess.check_output(
        [*tasks, "predict", "spam", "--json"], cwd=tmp_path, input="a fine film\nit 'is' $dull\n", text=True
    )
    rows = [json.loads(line) for line in said.splitlines()]
    assert [row["input"] for row in rows] == ["a fine film", "it 'is' $dull"]
    assert all(row["label"] in row["probabilities"] for row in rows)


def test_own_file_trains_and_is_measured(own_folders, monkeypatch, capsys):
    """A CSV of the user's: train on it, evaluate on another, and be told when it has changed."""
    table = own_folders / "mine.csv"
    rows = [
        f'"{word} film number {number}",{label}'
        for number in range(40)
        for word, label in (("good", "up"), ("bad", "down"))
    ]
    table.write_text("text,label\n" + "\n".join(rows) + "\n")
    code, shown, errors = command(
        monkeypatch, capsys, "train", "sentiment", "--data", str(table), "--set", "epochs=1 units=4"
    )
    assert code == 0, errors
    assert "your own file" in shown
    metrics = json.loads((runs.find("sentiment").metrics_file).read_text())
    assert metrics["data"] == str(table)
    assert metrics["examples"] == {"train": 64, "validation": 8, "test": 8}
    other = own_folders / "other.csv"
    other.write_text("text,label\nbad film,down\ngood film,up\n")
    code, *_ = command(monkeypatch, capsys, "evaluate", "sentiment", "--data", str(other))
    assert code == 0
    (measured,) = runs.find("sentiment").path.glob("evaluations/other-*/metrics.json")
    assert json.loads(measured.read_text())["examples"]["test"] == 2
    assert json.loads((runs.find("sentiment").metrics_file).read_text()) == metrics
    table.write_text("text,label\n" + "\n".join(rows[:-2]) + "\n")
    code, _, errors = command(monkeypatch, capsys, "evaluate", "sentiment")
    assert code == 2 and "has changed" in errors


def test_diverged_training_says_what_to_do(own_folders, monkeypatch, capsys):
    code, _, errors = command(
        monkeypatch, capsys, "train", "sentiment", "--quick", "--set", "learning_rate=1e38 units=4 epochs=2"
    )
    assert code == 2 and "SET=learning_rate=" in errors
    assert not list(own_folders.glob("runs/sentiment/*simple_rnn*"))  # nothing was learned that could be gone on with
