"""The rows of a file of JSON lines: one object a line."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from common.datasets import reading
from common.datasets.lines import Text, at_line, lines
from common.errors import UserError, one_line


def rows(path: Path | Text) -> Iterator[tuple[int, list[str]]]:
    """The names of the first object as a header, then the values of every object under these names."""
    names: list[str] = []
    for number, line in enumerate(lines(path), 1):
        if not line.strip():
            continue
        found = _object(path, number, line)
        if found is None:
            continue
        if not names:
            names = list(found)
            yield number, names
        yield number, [_cell(name, found.get(name)) for name in names]
    if not names:
        raise UserError(f"{path} holds no JSON objects.")


def _object(path, number: int, line: str) -> Mapping | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        hint = "; turn a JSON array into lines with jq -c '.[]'" if line.lstrip().startswith("[") else ""
        reading.refuse(at_line(path, number, f"is not JSON ({one_line(error, 80)}): write one object a line{hint}"))
        return None
    if not isinstance(found, dict) or not found:
        raise at_line(
            path, number, f"is no JSON object but {line.strip()!r:.40}: write one object a line (jq -c '.[]')"
        )
    return {name: cell for outer, value in found.items() for name, cell in _flat(outer, value)}


def _flat(name: str, value: object) -> list[tuple[str, object]]:
    """The cells of a value: those of an object in an object are named `outer.inner`."""
    if isinstance(value, dict) and value:
        return [(f"{name}.{inner}", cell) for inner, cell in value.items()]
    return [(name, value)]


class Problem(str):
    """What is wrong with a cell that no text can stand for; it is said where the cell is wanted."""


def _cell(name: str, value: object) -> str:
    if isinstance(value, (list, dict)):
        return Problem(f"has several values under {name!r}: give each example one (several labels are not supported)")
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if re.search("[\0\ud800-\udfff]", value):
        return Problem(f"holds no text under {name!r}, but NUL or half a character")
    return unicodedata.normalize("NFC", value).strip()
