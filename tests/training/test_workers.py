"""Several workers take the steps that one process takes."""

import json
import os
import subprocess
import sys

import pytest

from common import folders
from common.commands import train
from common.errors import UserError
from common.runs.examples import Request
from common.training import workers

REPOSITORY = folders.REPOSITORY

TRAIN = """
import json, sys
from pathlib import Path
from common import folders
from common.commands import train
from common.runs.examples import Request
folders.RUNS_FOLDER = Path(sys.argv[1])
folders.CACHE_FOLDER = folders.RUNS_FOLDER / "cache"
train.run("next_word", Request(), json.loads(sys.argv[2]), quick=True)
"""
SETTINGS = {"epochs": "2", "units": "8", "dropout": "0"}


@pytest.mark.parametrize("cutoff", ["0", "20"], ids=["the loss of Keras", "the loss of an adaptive softmax"])
def test_two_workers_follow_the_curve_of_one(tmp_path, monkeypatch, cutoff):
    """The same losses in every epoch, though each worker sees half of every batch, of unequal length."""
    settings = {**SETTINGS, "cutoff": cutoff}
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    ports = workers._free_ports(2)
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    running = []
    for index in range(2):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        together = [sys.executable, script, tmp_path / "two", json.dumps(settings)]
        running.append(subprocess.Popen(together, env={**environment, "TF_CONFIG": config}, stdout=subprocess.DEVNULL))
    try:
        monkeypatch.setattr(folders, "RUNS_FOLDER", tmp_path / "one")
        monkeypatch.setattr(folders, "CACHE_FOLDER", tmp_path / "one" / "cache")
        train.run("next_word", Request(), settings, quick=True)
        assert [process.wait(timeout=240) for process in running] == [0, 0]
    finally:
        for process in running:
            process.kill()
    one, two = (_history(tmp_path / folder / "next_word" / "latest" / "history.csv") for folder in ("one", "two"))
    assert len(one) == len(two) == 2
    for name in ("loss", "validation_loss"):
        assert [row[name] for row in two] == pytest.approx([row[name] for row in one], rel=2e-4)


def test_a_lost_worker_is_named_and_the_others_stop(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(UserError, match=r"lost.*RESUME=1 WORKERS=2"):
        workers.start(2, ["train", "sentiment"])


@pytest.mark.parametrize("others", ["exec sleep 60", "echo error: line 3 of a.csv is empty >&2; exit 2"])
def test_a_user_error_of_any_worker_is_shown_once(tmp_path, monkeypatch, capfd, others):
    """Worker 1 may find the error before worker 0 does, which then waits for it or prints the same."""
    script = tmp_path / "python"
    script.write_text(f"""#!/bin/sh
        case "$TF_CONFIG" in *'"index": 0'*) {others};; esac
        echo error: line 3 of a.csv is empty >&2; exit 2
    """)
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(SystemExit) as ended:
        workers.start(2, ["train", "sentiment"])
    assert ended.value.code == 2 and capfd.readouterr().err == "error: line 3 of a.csv is empty\n"


def _history(path):
    header, *rows = (line.split(",") for line in path.read_text().splitlines())
    return [dict(zip(header, map(float, row))) for row in rows]
