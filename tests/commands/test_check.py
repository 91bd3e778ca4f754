"""Every rule of `make check` finds what it is for, and nothing in a checkout that keeps to all of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from common import folders
from common.commands import check

ROOT = folders.REPOSITORY
RULE = "# ------------------------------"
TASK = f'''"""A task. What spam is stands in docs/spam.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.task import TrainConfig

from .reader import read

if TYPE_CHECKING:
    from common.runs.run import Run

{RULE} Config


class Config(TrainConfig):
    units: int = 64


{RULE} Data

HOME = "https://example.org/spam/data/spam.csv"
{RULE} Model


def build_model(config, encoder):
    return config.cell, config.units, config.learning_rate


{RULE} Prediction

{RULE} Task
'''
README = "# Spam: is it?\n\n" + "".join(f"## {heading}\n\ntext\n\n" for heading in check.README_HEADINGS)
FILES = {
    "common/__init__.py": "",
    "common/task.py": "class TrainConfig:\n    cell: str\n    epochs: int\n    learning_rate: float\n",
    "common/runs/run.py": "import common.task\n",
    "common/layers/x.py": "import keras\n\n\ndef f(self, vocabulary):\n    vocabulary.fit()\n",
    "common/training/fitting.py": "import keras\n\n\ndef fit(model, config):\n    train(model, config.epochs)\n",
    "common/commands/__init__.py": "",
    "common/commands/train.py": "from common.runs import run\nfrom common.training import fitting\n",
    "tasks/__init__.py": "",
    "tasks/__main__.py": "from common.commands import train\n",
    "tasks/spam/__init__.py": "",
    "tasks/spam/task.py": TASK,
    "tasks/spam/reader.py": "",
    "tasks/spam/README.md": README,
    "tasks/spam/results.json": '{"task": "spam", "rows": []}',
    "tasks/__pycache__/x.pyc": "",
    "tasks/spam/__pycache__/x.pyc": "",
    "tests/test_spam.py": "import tasks.spam.task\n\nassert True\n",
}


@pytest.fixture
def checkout(tmp_path):
    for name, text in FILES.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def broken(root: Path, capsys) -> list[str]:
    code = check.run(root)
    lines = capsys.readouterr().out.splitlines()
    assert code == bool(lines)
    return lines


def test_a_good_checkout_breaks_no_rule(checkout, capsys):
    assert broken(checkout, capsys) == []


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        # folder
        ("tasks/spam/model.py", "", "tasks/spam/model.py:1: move it"),
        ("tasks/spam/notes.txt", "", "tasks/spam/notes.txt:1: move it"),
        ("tasks/ham/reader.py", "", "tasks/ham/task.py:1: write it"),
        ("tasks/spam/__init__.py", "x = 1\n", "tasks/spam/__init__.py:1: empty it"),
        # length
        ("tasks/spam/task.py", TASK + "\n" * 300, "tasks/spam/task.py:301: shorten or divide it"),
        ("tasks/spam/reader.py", "\n" * 401, "tasks/spam/reader.py:401: shorten or divide it: 401 lines, of 400"),
        (
            "common/layers/x.py",
            "\n" * 401,
            "common/layers/x.py:401: shorten or divide it: 401 lines, of 400",
        ),
        # names
        ("common/utils.py", "", "common/utils.py:1: rename it"),
        ("tests/helpers/__init__.py", "", "tests/helpers/__init__.py:1: rename it"),
        ("tasks/spam/sample.py", '\n\nPATH = "tasks/spam/sample.txt"\n', "tasks/spam/sample.py:3: leave out 'spam'"),
        ("tasks/spam/sample.py", 'NAME = "spam"\n', "tasks/spam/sample.py:1: leave out 'spam'"),
        ("tasks/spam/sample.py", 'f"runs/spam/{1}"\n', "tasks/spam/sample.py:1: leave out 'spam'"),
        # sections
        ("tasks/spam/task.py", TASK.replace(f"{RULE} Model", ""), "tasks/spam/task.py:31: give it the section"),
        ("tasks/spam/task.py", "config.cell, config.learning_rate", "tasks/spam/task.py:1: give it the section"),
        # what may be imported
        ("tasks/spam/sample.py", "import tasks.ham.task\n", "tasks/spam/sample.py:1: import from common"),
        ("tasks/spam/sample.py", "from tasks import spam\n", "tasks/spam/sample.py:1: import from common"),
        (
            "common/layers/x.py",
            "def f():\n    from tasks.spam import task\n",
            "common/layers/x.py:2: take the task as",
        ),
        ("common/commands/new.py", "from tasks.spam import task\n", "common/commands/new.py:1: take the task as"),
        (
            "common/layers/x.py",
            "import common.task\n",
            "common/layers/x.py:1: move the code: common.task is",
        ),
        ("common/task.py", "from common.runs import run\n", "common/task.py:1: move the code: common.runs.run is"),
        ("common/runs/run.py", "from common.training.fitting import fit\n", "common/runs/run.py:1: move the code"),
        ("common/runs/run.py", "from tests import small\n", "common/runs/run.py:1: move the code"),
        ("tasks/spam/sample.py", "from common.commands import train\n", "tasks/spam/sample.py:1: move the code"),
        ("common/layers/x.py", "import\n", "common/layers/x.py:1: fix the syntax first"),
        # settings
        (
            "tasks/spam/task.py",
            TASK.replace("config.units", "1"),
            "tasks/spam/task.py:18: use the setting or remove it",
        ),
        ("tasks/spam/task.py", TASK.replace("config.cell", "1"), "tasks/spam/task.py:1: build the model with config.c"),
        (
            "tasks/spam/task.py",
            TASK.replace("    units: int = 64\n", "".join(f"    s{i}: int = 1\n" for i in range(11)))
            + "\n".join(f"config.s{i}" for i in range(11)),
            "tasks/spam/task.py:28: keep to 10 settings",
        ),
        # README and results
        (
            "tasks/spam/README.md",
            README.replace("# Spam:", "# Spamming:"),
            "tasks/spam/README.md:1: begin with a title",
        ),
        ("tasks/spam/README.md", "", "tasks/spam/README.md:1: begin with a title that names the folder: # Spam"),
        ("tasks/spam/README.md", README.replace("## Run", "## Use"), "tasks/spam/README.md:11: give it the headings"),
        ("tasks/spam/README.md", README + "## More\n", "tasks/spam/README.md:27: give it the headings"),
        ("tasks/spam/results.json", '{"task": "ham", "rows": []}', "tasks/spam/results.json:1: delete it and run"),
        # training and safety
        (
            "common/layers/x.py",
            "def f(model):\n    import keras\n    model.fit()\n",
            "common/layers/x.py:3: train with common.training.fitting",
        ),
        (
            "common/layers/x.py",
            "from keras import ops\n\nself.model.fit()\n",
            "common/layers/x.py:3: train with common.training.fitting",
        ),
        (
            "common/training/fitting.py",
            "import keras\n\n\ndef fit(model, config):\n    model.fit(config.epochs)\n",
            "common/training/fitting.py:5: train with",
        ),
        (
            "common/layers/x.py",
            "np.load(file, allow_pickle=True)\n",
            "common/layers/x.py:1: say allow_pickle=False",
        ),
    ],
)
def test_each_rule_finds_what_it_is_for(checkout, capsys, file, text, expected):
    write(checkout, file, text)
    found = broken(checkout, capsys)
    assert [line for line in found if line.startswith(expected)], found


@pytest.mark.parametrize("name", ["__init__.py", "task.py", "README.md"])
def test_what_every_task_has(checkout, capsys, name):
    (checkout / "tasks/spam" / name).unlink()
    assert any(line.startswith(f"tasks/spam/{name}:1: write it") for line in broken(checkout, capsys))


def test_a_copied_folder_is_told_its_old_name(checkout, capsys):
    for name, text in FILES.items():
        if name.startswith("tasks/spam/"):
            write(checkout, name.replace("spam", "ham"), text)
    found = broken(checkout, capsys)
    assert len(found) == 2
    assert found[0] == "tasks/ham/README.md:1: begin with a title that names the folder: # Ham"
    assert found[1].startswith("tasks/ham/results.json:1: delete it and run `make record TASK=ham`")


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        ("common/x.py", '"""X."""\n\nassert True\n', "S101"),
        ("common/x.py", '"""X."""\n\nimport pickle\n', "TID251"),
        ("common/x.py", '"""X."""\n\nexec("1")\n', "S102"),
        ("common/x.py", '"""X."""\n\neval("1")\n', "S307"),
        ("common/x.py", '"""X."""\n\nimport keras\n\nkeras.models.load_model("x")\n', "TID251"),
        ("common/x.py", '"""X."""\n\nimport subprocess\n\nsubprocess.run("ls", shell=True, check=True)\n', "S602"),
        ("tasks/x/task.py", '"""X."""\n\nimport keras\n', "TID253"),
        ("tasks/x/task.py", '"""X."""\n\nfrom ..y import task\n', "TID252"),
    ],
)
def test_the_linter_finds_what_is_left_to_it(file, text, code):
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--output-format=concise",
        "--stdin-filename",
        file,
        "-",
    ]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    assert f" {code} " in done.stdout, done.stdout + done.stderr
