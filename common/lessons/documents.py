"""Documents whose numbers and outputs are computed, and the notebook generated from one of them.

A number, or a text, is enclosed by two comments: `<!--=name-->0.0052<!--/-->`. A block of Python is followed by a block
of `text` with its output. Chapters start with a heading `## `; the blocks of one chapter share a namespace.
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
    """The computed value of a number, or text, in a document.

    Attributes:
        text: as the document shows it.
        tolerance: the maximum difference between machines.
    """

    text: str
    tolerance: float = 0.0

    def agrees(self, written: str) -> bool:
        """Whether the text in a document is equal, or within the tolerance."""
        written = " ".join(written.split())  # a long text may be wrapped
        if written == self.text or not self.tolerance:
            return written == self.text
        try:
            return abs(float(written.replace(",", "")) - float(self.text.replace(",", ""))) <= self.tolerance
        except ValueError:
            return False


def number(value: float, digits: int = 2, tolerance: float = 0.0) -> Measured:
    """A number with this number of decimals."""
    return Measured(f"{value:,.{digits}f}", tolerance)


def renewed(text: str, measured: Mapping[str, Measured]) -> tuple[str, list[str]]:
    """The document with computed numbers, and a message for each number that has changed.

    A number within its tolerance is left unchanged.
    """
    stale = []

    def renew(place: re.Match) -> str:
        name, written = place.groups()
        if name not in measured:
            stale.append(f"{name}: no code computes it")
            return place[0]
        if measured[name].agrees(written):
            return place[0]
        stale.append(f"{name}: the document says {written!r}, the code {measured[name].text!r}")
        return f"<!--={name}-->{measured[name].text}<!--/-->"

    return NUMBER.sub(renew, text), stale


def run_blocks(text: str) -> tuple[str, list[str]]:
    """The document with the outputs of its blocks of Python, and a message for each output that has changed."""
    stale, parts = [], []
    for chapter in CHAPTER.split(text):
        names: dict = {}

        def renew(block: re.Match, names=names) -> str:
            code, written = block.groups()
            printed = run(code, names)
            if printed != (written or ""):
                last = code.strip().splitlines()[-1]
                stale.append(f"output of {last!r}: the document says {written!r}, the code {printed!r}")
            output = f"\n```text\n{printed}```\n" if printed else ""
            return f"```python\n{code}```\n{output}"

        parts.append(BLOCK.sub(renew, chapter))
    return "".join(parts), stale


def run(code: str, names: dict) -> str:
    """Run a block of a document of this repository; returns its output."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<document>", "exec"), names)  # noqa: S102 - our own documents
    return printed.getvalue()


def notebook(text: str) -> dict:
    """A document of chapters as a Jupyter notebook (nbformat 4.5), with the outputs in the document."""
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
    """Run the cells from top to bottom; returns a message for each output that differs from the stored one."""
    names, stale = {}, []
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            stored = "".join(line for output in cell["outputs"] for line in output["text"])
            printed = run("".join(cell["source"]), names)
            if printed != stored:
                stale.append(f"{cell['id']}: {stored!r} is stored, {printed!r} is printed")
    return stale
