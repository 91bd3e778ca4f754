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

WANTED = "write one object a line (jq -c '.[]' for an array; pandas: to_json(path, orient='records', lines=True))"


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
        problem = "begins a JSON array" if line.lstrip().startswith("[") else f"is not JSON ({one_line(error, 80)})"
        reading.refuse(at_line(path, number, f"{problem}: {WANTED}"))
        return None
    if isinstance(found, list):
        raise at_line(path, number, f"is a JSON array: {WANTED}")
    if not isinstance(found, dict) or not found:
        raise at_line(path, number, f"is no JSON object but {line.strip()!r:.40}: {WANTED}")
    if _holds_all(found):
        raise at_line(path, number, f"holds all examples in one object, {line.strip()!r:.40}: {WANTED}")
    return {name: cell for outer, value in found.items() for name, cell in _flat(outer, value)}


def _holds_all(found: Mapping) -> bool:
    """Whether an object is a whole table: of lists, or of columns or rows by number, as pandas writes them."""
    values = found.values()
    if all(isinstance(value, dict) and value for value in values):
        return all(map(str.isdecimal, found)) or all(name.isdecimal() for value in values for name in value)
    return all(isinstance(value, list) for value in values)


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
