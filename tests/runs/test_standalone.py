"""The part of the source that some functions need: all of it, and not more."""

import subprocess
import sys

import pytest

from common.runs import standalone

FILES = {
    "tasks/mine/task.py": '''
        """A task."""

        from __future__ import annotations

        import dataclasses
        import math
        from typing import TYPE_CHECKING

        import numpy as np
        from common import tools
        from common.parts import Base, Part as Whole
        from common.parts import unused

        from .helper import help

        if TYPE_CHECKING:
            import keras

        # What is tried.
        TRIES = 3
        OTHER = unused()
        # ---------------------------------------------------------------- Section
        # Names.
        ONE, TWO = 1, 2


        @dataclasses.dataclass(frozen=True)
        class Thing(Base):
            """A thing."""

            size: int = TWO

            @classmethod
            def fit(cls, data):
                from sklearn import svm

                return svm.SVC(data, math.pi)

            def double(self) -> Whole:
                return Whole(self.size * 2)


        def train(model: keras.Model):
            return unused(model)


        def run(thing: Thing) -> int:
            from common.deep import (
                lowest,
                one as other,
            )

            whole = Thing(thing.size).double()
            return tools.bigger(whole.value) + help(TRIES) + lowest() + other() + int(np.abs(ONE))
    ''',
    "tasks/mine/helper.py": "def help(number):\n    return number\n\n\ndef no():\n    return 1\n",
    "common/__init__.py": "",
    "common/parts.py": '''
        class Base:
            pass


        class Part:
            def __init__(self, value):
                self.value = value

            def never(self):
                return unused()


        def unused():
            import tensorflow
    ''',
    "common/tools.py": """
        import re

        from common.deep import helper


        def bigger(value):
            return value + 1


        def no():
            return re, helper
    """,
    "common/deep/__init__.py": "def lowest():\n    return 1\n\n\ndef one():\n    return 2\n",
    "common/deep/helper.py": "",
}  # fmt: skip


@pytest.fixture
def root(tmp_path):
    import textwrap

    for name, text in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return tmp_path / "source"


def test_what_is_kept_is_what_is_mentioned(root):
    found = standalone.package(root, [("tasks.mine.task", "run")])
    assert found.modules == {"numpy"}
    assert sorted(found.files) == ["deep.py", "helper.py", "parts.py", "task.py", "tools.py"]
    task = found.files["task.py"]
    for kept in ("# What is tried.\nTRIES = 3", "# Names.\nONE, TWO", "class Thing(Base):", "def double", "def run"):
        assert kept in task
    for gone in ("OTHER", "unused", "sklearn", "def fit", "def train", "keras", "import math", "Section", "common"):
        assert gone not in task
    assert "from .parts import Base, Part as Whole" in task and "\n    from .deep import lowest, one as other\n" in task
    assert "never" not in found.files["parts.py"] and "tensorflow" not in found.files["parts.py"]
    assert "no()" not in found.files["tools.py"] and "import re" not in found.files["tools.py"]


def test_the_package_runs_by_itself(root, tmp_path):
    found = standalone.package(root, [("tasks.mine.task", "run"), ("tasks.mine.task", "Thing")])
    (tmp_path / "alone").mkdir()
    for name, text in {"__init__.py": "", **found.files}.items():
        (tmp_path / "alone" / name).write_text(text)
    script = "from alone.task import Thing, run; print(run(Thing(5)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "18\n", done.stderr


def test_methods_that_the_user_calls_are_kept(root):
    found = standalone.package(root, [("tasks.mine.task", "Thing")], called=["fit"])
    assert "def fit" in found.files["task.py"] and "import math" in found.files["task.py"]
    assert found.modules == {"sklearn"}


def test_a_name_that_is_not_there_is_an_error(root):
    with pytest.raises(ValueError, match=r"tasks\.mine\.task does not define gone"):
        standalone.package(root, [("tasks.mine.task", "gone")])


def test_modules_of_the_same_name_are_told_apart(root):
    (root / "common" / "task.py").write_text("def shared():\n    return 1\n")
    found = standalone.package(root, [("common.task", "shared"), ("tasks.mine.task", "run")])
    assert found.names["tasks.mine.task"] == "task" and found.names["common.task"] == "common_task"
