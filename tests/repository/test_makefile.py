"""The Makefile hands on what a user gives, word for word, and sets .venv up exactly when it has to."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from common import folders

ROOT = folders.REPOSITORY
HOSTILE = [
    'it\'s "fine"',
    "costs $5, or $(touch hacked) or ${HOME}",
    "`touch hacked`; touch hacked & touch hacked",
    "two\nlines",
    "$(shell touch hacked)$(error hacked)",
    "back\\slash # no comment % * ? ~ | > hacked",
    "un café 日本",
    "-5 degrees",
]

# Stands for an interpreter: says its version when it is asked for it, else what it was called with.
FAKE_PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then echo {version}; exit {supported}; fi
if [ "$1" = -V ]; then echo Python {version}; exit; fi
printf '<%s>' "$@"
printf '<PYTEST_ADDOPTS=%s>' "$PYTEST_ADDOPTS"
exit {status}
"""


@pytest.fixture
def checkout(tmp_path):
    """A folder with the Makefile, an interpreter that is ready, and a PATH on which every python is too old."""
    for file in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / file, tmp_path)
        os.utime(tmp_path / file, (1, 1))
    fake_python(tmp_path / ".venv/bin/python")
    (tmp_path / ".venv/ready").touch()
    for name in ("python3", "python3.13", "python3.12", "python3.11"):
        fake_python(tmp_path / "bin" / name, version="3.9.18", supported=False)
    return tmp_path


def fake_python(path: Path, version: str = "3.11.7", supported: bool = True, status: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FAKE_PYTHON.format(version=version, supported=int(not supported), status=status))
    path.chmod(0o755)


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def called(folder: Path, *arguments: str, **environment: str) -> str:
    """What the interpreter was called with."""
    done = make(folder, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    assert not (folder / "hacked").exists()
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("list", "list"),
        ("train TASK=sentiment", "train sentiment"),
        (
            "train TASK=x DATA=sst2 CELL=lstm SEED=1 WORKERS=2 QUICK=1 RESUME=1",
            "train x --data=sst2 --cell=lstm --seed=1 --workers=2 --quick --resume",
        ),
        ("train TASK=x QUICK=0 RESUME=no", "train x"),
        ("train TASK=x DATA=a VALIDATION=b TEST=c FOLD=3", "train x --data=a --validation=b --test=c --fold=3"),
        ("evaluate", "evaluate"),
        ("predict TEXT=fine", "predict --text=fine"),
        ("evaluate TASK=x RUN=r DATA=d SET=a=1", "evaluate x --run=r --data=d --set=a=1"),
        ("predict TASK=x TEXT=fine RUN=r SET=a=1 JSON=1", "predict x --text=fine --run=r --set=a=1 --json"),
        ("predict TASK=x INPUT=file", "predict x --input=file"),
        ("export TO=out", "export --to=out"),
        ("export TASK=x TO=out RUN=r", "export x --to=out --run=r"),
        ("new TASK=spam FROM=sentiment", "new spam --from=sentiment"),
        ("record TASK=x DATA=d SET=a=1", "record x --data=d --set=a=1"),
        ("curve TASK=x DATA=d CELL=gru SEEDS=0", "curve x --data=d --cell=gru --seeds=0"),
        ("results", "results"),
        ("docs", "docs"),
        (
            "probe NAME=adding CELLS=gru LENGTHS=50 SEEDS=0 RECORD=1",
            "probe adding --cells=gru --lengths=50 --seeds=0 --record",
        ),
        ("results TASK=x", "results x"),
    ],
)
def test_commands_become_flags(checkout, arguments, expected):
    words = "".join(f"<{word}>" for word in f"-m tasks {expected}".split())
    assert called(checkout, *arguments.split()).startswith(f"{words}<PYTEST")


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    ("command", "flags"),
    [
        (
            "train",
            {
                "DATA": "data",
                "VALIDATION": "validation",
                "TEST": "test",
                "FOLD": "fold",
                "CELL": "cell",
                "SET": "set",
                "SEED": "seed",
                "WORKERS": "workers",
            },
        ),
        ("evaluate", {"RUN": "run", "DATA": "data", "SET": "set"}),
        ("predict", {"TEXT": "text", "INPUT": "input", "RUN": "run", "SET": "set"}),
        ("export", {"TO": "to", "RUN": "run"}),
        ("new", {"FROM": "from"}),
        ("record", {"DATA": "data", "CELLS": "cells", "SEEDS": "seeds", "SET": "set"}),
    ],
)
def test_values_arrive_word_for_word(checkout, command, flags, value):
    output = called(checkout, command, f"TASK={value}", *(f"{name}={value}" for name in flags))
    assert output.startswith(
        f"<-m><tasks><{command}><{value}>" + "".join(f"<--{flag}={value}>" for flag in flags.values())
    )


@pytest.mark.parametrize("value", HOSTILE)
def test_values_of_the_environment_arrive_word_for_word(checkout, value):
    assert f"<x><--text={value}>" in called(checkout, "predict", TASK="x", TEXT=value)


@pytest.mark.parametrize("value", HOSTILE)
def test_switches_and_interpreter_execute_nothing(checkout, value):
    assert "<--quick>" in called(checkout, "train", "TASK=x", f"QUICK={value}")
    done = make(checkout, "train", "TASK=x", f"PYTHON={value}")
    assert done.returncode == 2
    assert not (checkout / "hacked").exists()


def test_several_settings_are_one_flag(checkout):
    assert "<--set=epochs=3 units=64>" in called(checkout, "train", "TASK=x", "SET=epochs=3 units=64")


def test_arguments_of_pytest(checkout):
    output = called(checkout, "test", "ARGS=-k 'one or two' -x", PYTEST_ADDOPTS="--lf")
    assert "<-m><pytest>" in output
    assert "--lf -k 'one or two' -x>" in output


@pytest.mark.parametrize("command", ["train", "record", "new"])
def test_missing_task_is_one_line_before_any_set_up(checkout, command):
    shutil.rmtree(checkout / ".venv")
    done = make(checkout, command)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"make {command} TASK=" in done.stderr
    assert "`make list`" in done.stderr


def test_missing_name_of_a_probe(checkout):
    done = make(checkout, "probe")
    assert done.returncode == 2
    assert "NAME is missing. Say make probe NAME=adding" in done.stderr


def test_missing_source_of_a_copy(checkout):
    done = make(checkout, "new", "TASK=spam")
    assert done.returncode == 2
    assert "FROM is missing. Say make new TASK=spam FROM=sentiment" in done.stderr


def test_help_names_every_command_and_needs_no_python(checkout):
    shutil.rmtree(checkout / ".venv")
    started = time.perf_counter()
    output = make(checkout, "help").stdout
    assert time.perf_counter() - started < 0.5
    lines = (checkout / "Makefile").read_text().splitlines()
    phony = next(line for line in lines if line.startswith("COMMANDS =")).split()[2:]
    for command in ["help", "clean", *phony]:
        assert f"\nmake {command} " in f"\n{output}"
    assert make(checkout).stdout == output


def test_check_runs_all_its_parts(checkout):
    fake_python(checkout / ".venv/bin/python", status=1)
    done = make(checkout, "check")
    assert done.returncode == 2
    assert all(part in done.stdout for part in ("<ruff><check>", "<ruff><format>", "<tasks><check>"))


# Set-up. `make -n` prints what would be done.


def sets_up(folder: Path, *arguments: str) -> bool:
    done = make(folder, "-n", "list", *arguments)
    assert done.returncode == 0, done.stderr
    return "-m venv .venv" in done.stdout


def test_what_is_ready_stays(checkout):
    assert not sets_up(checkout)


def test_interrupted_set_up_starts_anew(checkout):
    fake_python(checkout / "bin/python3")
    (checkout / ".venv/ready").unlink()
    assert sets_up(checkout)


def test_changed_requirements_set_up_anew(checkout):
    fake_python(checkout / "bin/python3")
    os.utime(checkout / "requirements.txt")
    os.utime(checkout / ".venv/ready", (1, 1))
    assert sets_up(checkout)


def test_requirements_that_were_touched_and_not_changed_set_nothing_up(checkout):
    """A checkout gives a file a new time; what counts is what is in it, older or newer."""
    fake_python(checkout / "bin/python3")
    shutil.copy(checkout / "requirements.txt", checkout / ".venv/installed")
    os.utime(checkout / "requirements.txt")
    os.utime(checkout / ".venv/ready", (1, 1))
    assert not sets_up(checkout)
    with (checkout / "requirements.txt").open("a") as file:
        file.write("another==1.0\n")
    os.utime(checkout / "requirements.txt", (1, 1))
    os.utime(checkout / ".venv/ready")
    assert sets_up(checkout)


def test_lost_interpreter_or_packages_set_up_anew(checkout):
    fake_python(checkout / "bin/python3")
    (checkout / ".venv/bin/python").unlink()
    assert sets_up(checkout)
    (checkout / ".venv/bin/python").symlink_to("/nowhere/python3")
    assert sets_up(checkout)
    (checkout / ".venv/bin/python").unlink()
    (checkout / ".venv/bin/python").write_text("#!/bin/sh\necho No module named ruff >&2\nexit 1\n")
    (checkout / ".venv/bin/python").chmod(0o755)
    assert sets_up(checkout)


def test_interpreter_by_name(checkout):
    same, other = checkout / "same python", checkout / "it's another"
    fake_python(same)
    fake_python(other, version="3.12.1")
    assert not sets_up(checkout, f"PYTHON={same}")
    assert sets_up(checkout, f"PYTHON={other}")
    (checkout / ".venv/ready").unlink()
    output = make(checkout, "list", f"PYTHON={other}").stdout
    assert "Setting up .venv with Python 3.12.1" in output


def test_first_supported_interpreter_on_the_path(checkout):
    (checkout / ".venv/ready").unlink()
    fake_python(checkout / "bin/python3.12")
    fake_python(checkout / "bin/python3.11")
    assert "'python3.12' -m venv .venv" in make(checkout, "-n", "list").stdout


@pytest.mark.parametrize("chosen", [[], ["PYTHON=python3"], ["PYTHON=nonsense"]])
def test_unsupported_interpreter_is_one_line(checkout, chosen):
    (checkout / ".venv/ready").unlink()
    done = make(checkout, "list", *chosen)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Python 3.11, 3.12 or 3.13" in done.stderr
    assert not done.stdout


def test_failed_set_up_says_why_and_is_not_ready(checkout):
    (checkout / ".venv/ready").unlink()
    (checkout / "bin/python3").write_text(
        """#!/bin/sh
if [ "$2" = venv ]; then
    mkdir -p .venv/bin
    printf '#!/bin/sh\\necho no such package >&2\\nexit 1\\n' >.venv/bin/python
    chmod +x .venv/bin/python
fi
"""
    )
    done = make(checkout, "list")
    assert done.returncode == 2
    assert "no such package\nerror: .venv could not be set up" in done.stderr
    assert not (checkout / ".venv/ready").exists()


def test_clean_keeps_runs_and_data(checkout):
    for path in ("runs/x/metrics.json", "data/x/file", "common/__pycache__/x.pyc"):
        (checkout / path).parent.mkdir(parents=True)
        (checkout / path).touch()
    assert make(checkout, "clean").returncode == 0
    assert (checkout / "runs/x/metrics.json").exists() and (checkout / "data/x/file").exists()
    assert not (checkout / ".venv").exists() and not (checkout / "common/__pycache__").exists()
