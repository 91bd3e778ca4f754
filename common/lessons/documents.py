"""Documents whose numbers and outputs come from code, and the notebook that is made from one of them.

A number stands between two comments, `<!--=name-->0.0052<!--/-->`. A block of Python is followed by a block `text` with
what it prints. The blocks of one chapter, which begins with a heading `## `, share their names.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
from collections.abc import Iterator, Mapping

NUMBER = re.compile(r"<!--=(\w+)-->(.*?)<!--/-->", re.DOTALL)
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
CHAPTER = re.compile(r"^(?=## )", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Measured:
    """What the code gives for a number of a document.

    Attributes:
        text: as the document shall show it.
        tolerance: by how much the number may differ from one machine to another.
    """

    text: str
    tolerance: float = 0.0

    def agrees(self, written: str) -> bool:
        """Whether a document that says `written` is right."""
        written = " ".join(written.split())  # a long text may stand on two lines
        if written == self.text or not self.tolerance:
            return written == self.text
        try:
            return abs(float(written.replace(",", "")) - float(self.text.replace(",", ""))) <= self.tolerance
        except ValueError:
            return False


def number(value: float, digits: int = 2, tolerance: float = 0.0) -> Measured:
    """A number with so many decimals."""
    return Measured(f"{value:,.{digits}f}", tolerance)


def renewed(text: str, measured: Mapping[str, Measured]) -> tuple[str, list[str]]:
    """The document with the numbers that the code gives, and a line for each that was another.

    A number within its tolerance stays as it is written.
    """
    stale = []

    def renew(place: re.Match) -> str:
        name, written = place.groups()
        if name not in measured:
            stale.append(f"{name}: no code gives it")
            return place[0]
        if measured[name].agrees(written):
            return place[0]
        stale.append(f"{name}: it says {written!r}, the code gives {measured[name].text!r}")
        return f"<!--={name}-->{measured[name].text}<!--/-->"

    return NUMBER.sub(renew, text), stale


def run_blocks(text: str) -> tuple[str, list[str]]:
    """The document with what its blocks of Python print, and a line for each output that was another."""
    stale, parts = [], []
    for chapter in CHAPTER.split(text):
        names: dict = {}

        def renew(block: re.Match, names=names) -> str:
            code, written = block.groups()
            printed = run(code, names)
            if printed != (written or ""):
                stale.append(f"output of {code.strip().splitlines()[-1]!r}: it says {written!r}, not {printed!r}")
            output = f"\n```text\n{printed}```\n" if printed else ""
            return f"```python\n{code}```\n{output}"

        parts.append(BLOCK.sub(renew, chapter))
    return "".join(parts), stale


def run(code: str, names: dict) -> str:
    """Run a block of a document of this repository; what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<document>", "exec"), names)  # noqa: S102 - our own documents
    return printed.getvalue()


def notebook(text: str) -> dict:
    """A chapter document as a Jupyter notebook (nbformat 4.5), with the outputs that the document shows."""
    cells = [_cell('import sys\n\nsys.path.insert(0, "..")  # the root of the repository\n', None)]
    for chapter in CHAPTER.split(text):
        cells += _cells(chapter)
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cells(chapter: str) -> Iterator[dict]:
    end = 0
    for block in BLOCK.finditer(chapter):
        yield from _prose(chapter[end : block.start()])
        yield _cell(*block.groups())
        end = block.end()
    yield from _prose(chapter[end:])


def _prose(text: str) -> Iterator[dict]:
    plain = NUMBER.sub(r"\2", text).replace("](pictures/", "](../docs/pictures/").strip()
    if plain:
        yield {"cell_type": "markdown", "metadata": {}, "source": plain.splitlines(keepends=True)}


def _cell(code: str, output: str | None) -> dict:
    outputs = [{"name": "stdout", "output_type": "stream", "text": output.splitlines(keepends=True)}] if output else []
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": outputs,
        "source": code.strip("\n").splitlines(keepends=True),
    }


def run_notebook(content: Mapping) -> list[str]:
    """Run the cells from top to bottom; a line for each whose output is not the one that is kept."""
    names, stale = {}, []
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            kept = "".join(line for output in cell["outputs"] for line in output["text"])
            printed = run("".join(cell["source"]), names)
            if printed != kept:
                stale.append(f"{cell['id']}: {kept!r}, not {printed!r}")
    return stale
