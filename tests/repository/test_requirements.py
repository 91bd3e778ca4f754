"""requirements.txt pins what the code imports, once for every Python and platform, and nothing else."""

import importlib.metadata
import sys

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from common import folders
from common.commands.check import Checkout

ROOT = folders.REPOSITORY
LINES = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
REQUIREMENTS = [Requirement(line) for line in LINES]
NAMES = {
    "PIL": "pillow",
    "charset_normalizer": "charset-normalizer",
    "sklearn": "scikit-learn",
}  # modules whose package is called otherwise
OPTIONAL = {"atheris"}  # guides `make fuzz` where somebody has installed it
STARTED_BY_MAKE = {"pytest-xdist", "ruff"}


@pytest.mark.parametrize("platform", [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_interpreter_gets_one_version_of_everything(python, platform):
    environment = {"python_version": python, "sys_platform": platform[0], "platform_machine": platform[1]}
    names = [r.name for r in REQUIREMENTS if r.marker is None or r.marker.evaluate(environment)]
    assert len(names) == len(set(names))
    assert {r.name for r in REQUIREMENTS} - set(names) <= {"tensorflow", "tensorflow-cpu"}
    assert ("tensorflow-cpu" in names) == (platform == ("linux", "x86_64"))


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_what_is_installed_here_supports_every_python_that_gets_it(python):
    """As far as it can be seen here: what only another platform gets is not installed."""
    for requirement in REQUIREMENTS:
        if requirement.marker is None or requirement.marker.evaluate():
            about = importlib.metadata.metadata(requirement.name)
            supported = SpecifierSet(about["Requires-Python"] or "")
            assert supported.contains(f"{python}.99"), f"{requirement} needs Python {supported}"


def test_every_version_is_exact():
    for requirement in REQUIREMENTS:
        assert [part.operator for part in requirement.specifier] == ["=="], requirement


def test_imports_and_requirements_are_the_same():
    """The bench sets up an environment of its own for its peers."""
    sources = [source for source in Checkout.read(ROOT).sources if source.path.parts[0] != "bench"]
    modules = {module.split(".")[0] for source in sources for _, module in source.imports()}
    others = modules - sys.stdlib_module_names - {"common", "tasks", "tests", "bench", "packaging"}
    imported = {NAMES.get(module, module) for module in others - OPTIONAL}
    assert imported | STARTED_BY_MAKE == {requirement.name.removesuffix("-cpu") for requirement in REQUIREMENTS}
