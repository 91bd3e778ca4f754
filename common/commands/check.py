"""`check`: the rules of the repository that a linter cannot see.

A rule is a function that takes the checkout and yields a line, `file:line: what to do`, for each place that breaks it.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from common import folders

TASK_FILES = ("__init__.py", "task.py", "README.md", "results.json", "reader.py", "sample.py")
NEEDED_FILES = TASK_FILES[:3]
SECTIONS = ["Config", "Data", "Model", "Prediction", "Task"]
README_HEADINGS = ["Data", "Model", "Run", "Results", "Sample output", "Make it yours"]
TASK_LINES, MODULE_LINES = 300, 400
OWN_SETTINGS = 10
MODEL_SETTINGS = ("cell", "learning_rate")  # shared settings that only the task's model can use
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "misc", "tools", "stuff"}  # module names that say nothing

# The layers of the code, the highest first: a module imports only from its own layer or a lower one.
FLOORS = (
    ("tests", "bench", "tasks.__main__"),
    ("common.cli",),
    ("common.commands",),
    ("tasks",),
    ("common.lessons", "common.reporting"),
    ("common.training.fitting",),
    ("common.runs",),
    ("common.task",),
    ("common.baselines", "common.insight", "common.plots"),
    ("common.metrics", "common.training", "common.prediction"),
    ("common.layers",),
    ("common.encoding",),
    ("common.datasets",),
    ("common.backend", "common.errors", "common.files", "common.folders"),
)


@dataclasses.dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path  # relative to the checkout
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @property
    def module(self) -> str:
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")

    @property
    def task(self) -> str | None:
        """The name of the task whose folder contains the file."""
        return self.path.parts[1] if self.path.parts[0] == "tasks" and len(self.path.parts) > 2 else None

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and module of each import at run time; `from a import b` counts as `a.b`."""
        for node in _running(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

    def settings(self) -> dict[str, int]:
        """Name and line of every field of a class called `Config` or `TrainConfig`."""
        return {
            field.target.id: field.lineno
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ClassDef) and node.name in ("Config", "TrainConfig")
            for field in node.body
            if isinstance(field, ast.AnnAssign)
        }

    def reads(self) -> set[str]:
        """The settings that the file reads, as `config.<name>`."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, ast.Attribute))
        return {node.attr for node in nodes if ast.unparse(node.value).split(".")[-1] == "config"}


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below `node`, except what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield child
            yield from _running(child)


@dataclasses.dataclass(frozen=True)
class Checkout:
    """The files that the rules check, read once."""

    root: Path
    sources: list[Source]
    tasks: dict[str, list[str]]  # folder below tasks/ -> names of its files

    @property
    def task_sources(self) -> list[Source]:
        return [source for source in self.sources if source.task]

    @classmethod
    def read(cls, root: Path) -> Checkout:
        """Our files below `root`."""
        files = sorted(file for top in ("common", "tasks", "tests", "bench") for file in (root / top).rglob("*.py"))
        sources = [Source(file.relative_to(root), file.read_text(encoding="utf-8")) for file in files]
        tasks = {}
        for file in sorted((root / "tasks").glob("*/*")):
            if "__pycache__" not in file.parts and not file.name.startswith("."):
                tasks.setdefault(file.parent.name, []).append(file.name)
        return cls(root, sources, tasks)


def run(root: Path = folders.REPOSITORY) -> int:
    """Print every place that breaks a rule.

    Returns:
        The exit code: 0 if there is none, else 1.
    """
    checkout = Checkout.read(root)
    try:
        broken = [line for rule in RULES for line in rule(checkout)]
    except SyntaxError as error:
        broken = [f"{error.filename}:{error.lineno}: fix the syntax first: {error.msg}"]
    for line in broken:
        print(line)
    return int(bool(broken))


def folder_holds_the_files_of_a_task(checkout: Checkout) -> Iterator[str]:
    for name, files in checkout.tasks.items():
        folder = Path("tasks", name)
        for file in files:
            if file not in TASK_FILES:
                yield f"{folder / file}:1: move it: a task's folder holds {', '.join(TASK_FILES)} and nothing else"
        for file in NEEDED_FILES:
            if file not in files:
                yield f"{folder / file}:1: write it: every task has one"
    for source in checkout.task_sources:
        if source.path.name == "__init__.py" and source.text:
            yield f"{source.path}:1: empty it: a task is defined in task.py"


def module_is_short(checkout: Checkout) -> Iterator[str]:
    for source in checkout.sources:
        limit = TASK_LINES if source.task and source.path.name == "task.py" else MODULE_LINES
        if len(source.lines) > limit:
            yield f"{source.path}:{limit + 1}: shorten or divide it: {len(source.lines)} lines, of {limit} at most"


def module_is_named_after_its_content(checkout: Checkout) -> Iterator[str]:
    for source in checkout.sources:
        for name in EMPTY_NAMES.intersection(source.module.split(".")):
            yield f"{source.path}:1: rename it after what is in it: {name!r} says nothing"


def task_has_the_five_sections(checkout: Checkout) -> Iterator[str]:
    for source in checkout.task_sources:
        if source.path.name == "task.py":
            found = [(i, line.split()[-1]) for i, line in enumerate(source.lines, 1) if line.startswith("# ---------")]
            if [heading for _, heading in found] != SECTIONS:
                wrong = next((i for (i, heading), right in zip(found, SECTIONS) if heading != right), 1)
                yield f"{source.path}:{wrong}: give it the section headings {', '.join(SECTIONS)}, in this order"


def task_stands_alone(checkout: Checkout) -> Iterator[str]:
    for source in checkout.sources:
        for line, module in source.imports():
            if module.split(".")[0] == "tasks" and source.task:
                yield f"{source.path}:{line}: import from common, or from this folder as `from .reader`, not {module}"
            elif module.split(".")[0] == "tasks" and source.path.parts[0] == "common":
                yield f"{source.path}:{line}: take the task as an argument: common imports no task"


def imports_go_down(checkout: Checkout) -> Iterator[str]:
    for source in checkout.sources:
        for line, module in source.imports():
            if _floor(module) < _floor(source.module):
                yield f"{source.path}:{line}: move the code: {module} is in a higher layer than {source.module}"


def _floor(module: str) -> int:
    """Number of the layer, 0 for the highest; the longest matching name decides. Other packages are the lowest."""
    fits = [(len(name), i) for i, names in enumerate(FLOORS) for name in names if f"{module}.".startswith(f"{name}.")]
    return max(fits)[1] if fits else len(FLOORS)


def folder_does_not_repeat_its_name(checkout: Checkout) -> Iterator[str]:
    for source in checkout.task_sources:
        name = re.compile(rf"(^|\b(tasks|runs)[/.]){source.task}($|[/.])")
        docstrings = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(source.tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
            if isinstance(text, str) and name.search(text):
                yield f"{source.path}:{node.lineno}: leave out {source.task!r}: a copy of the folder has another name"


def settings_are_read(checkout: Checkout) -> Iterator[str]:
    """Every setting is read as `config.<name>`, in the task or in `common`."""
    shared = {name for source in checkout.sources if source.module == "common.task" for name in source.settings()}
    in_common = {name for source in checkout.sources if source.path.parts[0] == "common" for name in source.reads()}
    for task in checkout.tasks:
        sources = [source for source in checkout.task_sources if source.task == task]
        in_folder = {name for source in sources for name in source.reads()}
        for source in sources:
            own = {name: line for name, line in source.settings().items() if name not in shared}
            for name, line in own.items():
                if name not in in_folder | in_common:
                    yield f"{source.path}:{line}: use the setting or remove it: nothing reads config.{name}"
            if len(own) > OWN_SETTINGS:
                yield f"{source.path}:{list(own.values())[OWN_SETTINGS]}: keep to {OWN_SETTINGS} settings of its own"
        for name in MODEL_SETTINGS:
            if name in shared - in_folder:
                yield f"tasks/{task}/task.py:1: build the model with config.{name}: a user can set it"


def readme_has_the_headings(checkout: Checkout) -> Iterator[str]:
    for task, files in checkout.tasks.items():
        if "README.md" not in files:
            continue
        file = Path("tasks", task, "README.md")
        lines = (checkout.root / file).read_text(encoding="utf-8").splitlines()
        title = re.sub("[^a-z0-9]+", "_", lines[0].lower()) if lines and lines[0].startswith("# ") else ""
        if f"_{task}_" not in f"{title}_":
            yield f"{file}:1: begin with a title that names the folder: # {task.replace('_', ' ').capitalize()}"
        found = [(i, line[3:].strip()) for i, line in enumerate(lines, 1) if line.startswith("## ")]
        if [heading for _, heading in found] != README_HEADINGS:
            wrong = next((i for (i, heading), right in zip(found, README_HEADINGS) if heading != right), len(lines))
            yield f"{file}:{wrong}: give it the headings {', '.join(README_HEADINGS)}, in this order"


def results_are_those_of_the_task(checkout: Checkout) -> Iterator[str]:
    for task, files in checkout.tasks.items():
        if "results.json" in files:
            file = Path("tasks", task, "results.json")
            recorded = json.loads((checkout.root / file).read_text(encoding="utf-8")).get("task")
            if recorded != task:
                yield f"{file}:1: delete it and run `make record TASK={task}`: these are the results of {recorded}"


def keras_fit_is_not_called(checkout: Checkout) -> Iterator[str]:
    for source in checkout.sources:
        uses_keras = any(module.split(".")[0] == "keras" for _, module in source.imports())
        if not uses_keras or source.path.parts[0] in ("tests", "bench"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and re.search(r"(^|\.)(\w*model|self)\.fit$", ast.unparse(node.func)):
                yield f"{source.path}:{node.lineno}: train with common.training.fitting, not Keras's fit"


def arrays_hold_no_pickle(checkout: Checkout) -> Iterator[str]:
    for source in checkout.sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
                yield f"{source.path}:{node.value.lineno}: say allow_pickle=False: a pickle runs code when it is read"


RULES = (
    folder_holds_the_files_of_a_task,
    module_is_short,
    module_is_named_after_its_content,
    task_has_the_five_sections,
    task_stands_alone,
    imports_go_down,
    folder_does_not_repeat_its_name,
    settings_are_read,
    readme_has_the_headings,
    results_are_those_of_the_task,
    keras_fit_is_not_called,
    arrays_hold_no_pickle,
)
