"""Export a folder that predicts without this repository: ONNX files, encoder, and the source that prediction needs."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from common import folders
from common.errors import UserError
from common.runs import contents, onnx_files, standalone
from common.runs import run as runs
from common.runs.run import Run
from common.task import Task

# What predict.py imports in addition to the task's own names.
SHARED = (
    ("common.datasets.lines", "Text"),
    ("common.errors", "UserError"),
    ("common.prediction.networks", "Networks"),
    ("common.prediction.onnx_networks", "OnnxNetwork"),
    ("common.task", "change_config"),
)
PROGRAM = '''\
"""Predictions of the exported model, one JSON object per line.

    python predict.py "a text"         inputs as typed, one per line
    python predict.py --file inputs    a file in the format that README.md names
    python predict.py < inputs.txt     lines of text

From Python: `from predict import answer`, which takes a list of examples such as `main` reads.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
{imports}

FOLDER = Path(__file__).resolve().parent


def load() -> tuple:
    """Settings, networks and encoder of this folder."""
    about = json.loads((FOLDER / "model.json").read_text(encoding="utf-8"))
    config = change_config({Config}(), about["settings"])
    networks = {{name: OnnxNetwork(FOLDER / f"{{name}}.onnx", name) for name in about["networks"]}}
    encoder = json.loads((FOLDER / "encoder.json").read_text(encoding="utf-8"))
    file = FOLDER / "encoder.npz"
    arrays = dict(np.load(file, allow_pickle=False)) if file.exists() else {{}}
    return config, Networks(networks, "ONNX Runtime", about["parameters"]), {Encoder}.from_json(encoder, arrays)


def answer(examples) -> list[dict]:
    """The prediction for each example, in order."""
    return {predict}(*load(), examples)


def main() -> None:
    parser = argparse.ArgumentParser(description="Predictions of the exported model, one JSON object per line.")
    parser.add_argument("text", nargs="?", help="inputs, one per line; by default standard input")
    parser.add_argument("--file", type=Path, help="a file of inputs")
    given = parser.parse_args()
    try:
        text = given.text
        if text is None and given.file is None:
            text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")  # a line that is not UTF-8 is named
        examples = list({read}(given.file or Text(text), False))
        for example, prediction in zip(examples, answer(examples), strict=True):
            print(json.dumps({{"input": str(example), **prediction}}, ensure_ascii=False))
    except UserError as error:
        print(f"error: {{error}}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
'''


def write(run: Run, task: Task, folder: Path, card: Callable[[dict, dict[str, str]], str]) -> list[str]:
    """Write the folder of a run.

    Args:
        folder: must not exist, or be empty.
        card: makes the text of README.md from the content of `networks.json` and from the name and version of each
            package that is needed.

    Returns:
        The names of the files and of the package with the source.

    Raises:
        UserError: if the run has no ONNX files, or the folder is not empty.
    """
    if not os.path.lexists(run.networks_file):
        raise UserError(f"Run {run.path.name} has no ONNX files, which an exported folder predicts with: train again.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists already and is not an empty folder: name another with TO=.")
    about = contents.networks(run.networks_file)
    _, encoder = runs.load_encoder(run, task)
    name = run.config["task"]
    source, program = _source(name, task)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder.parent) as parent:
        made = Path(parent) / folder.name
        made.mkdir()
        for network in about["networks"]:
            (made / f"{network}.onnx").write_bytes(onnx_files.checked(onnx_files.path_of(run, network)))
        runs.save_encoder(Run(made), encoder)
        settings = {"settings": run.config["settings"], **{key: about[key] for key in ("networks", "parameters")}}
        (made / "model.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        (made / "predict.py").write_text(program, encoding="utf-8")
        for file, text in {"__init__.py": "", **source.files}.items():
            (made / name / file).parent.mkdir(exist_ok=True)
            (made / name / file).write_text(text, encoding="utf-8")
        needed = _packages(source.modules)
        pinned = "".join(f"{package}=={version}\n" for package, version in needed.items())
        (made / "requirements.txt").write_text(pinned, encoding="utf-8")
        (made / "README.md").write_text(card(about, needed), encoding="utf-8")
        os.replace(made, folder)  # replaces an empty folder
    return sorted(path.name for path in folder.iterdir())


def _source(name: str, task: Task) -> tuple[standalone.Package, str]:
    """The source that the predictions of a task need, and the text of predict.py."""
    module = sys.modules[f"tasks.{name}.task"]
    objects = {
        "Config": type(task.config),
        "Encoder": task.encoder,
        "predict": task.predict,
        "read": task.own_file.read,
    }
    names = {role: _name_of(module, value) for role, value in objects.items()}
    wanted = [*((module.__name__, own) for own in names.values()), *SHARED]
    source = standalone.package(folders.REPOSITORY, wanted, called=("from_json",))
    by_module = {}
    for needed, one in wanted:
        by_module.setdefault(source.names[needed], set()).add(one)
    lines = (f"from {name}.{short} import {', '.join(sorted(found))}" for short, found in sorted(by_module.items()))
    return source, PROGRAM.format(imports="\n" + "\n".join(lines), **names)


def _name_of(module, value) -> str:
    """The name of a part of `TASK` in the task's module."""
    for name, found in vars(module).items():
        if found is value:
            return name
    raise UserError(f"{module.__name__} has no name for {value!r:.80}, so it cannot be exported: give it one.")


def _packages(modules: set[str]) -> dict[str, str]:
    """Name and version of each package that holds one of the modules."""
    of_module = importlib.metadata.packages_distributions()
    names = sorted({of_module[module][0] for module in modules})
    return {name: importlib.metadata.version(name) for name in names}
