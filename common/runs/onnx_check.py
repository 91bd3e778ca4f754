"""Check that an ONNX file contains only what our writer could have written, by parsing the protocol buffer.

The package onnx could read it too, but loading it takes a quarter of the time of `make predict`. Each message has a
list of the fields that it may contain, so everything else, such as values in another file, graphs within nodes (and
thus loops) or functions, is refused without being interpreted. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

OPSET = 17  # the lowest with all operators that the writer uses; every ONNX Runtime since 2022 reads it
IR_VERSION = 8

# Message -> field number -> the message in that field, or None for a value.
FIELDS = {
    "model": {1: None, 2: None, 7: "graph", 8: "opset"},  # IR version, producer, graph, opset
    "opset": {1: None, 2: None},  # domain, version
    "graph": {1: "node", 2: None, 5: "tensor", 11: None, 12: None},  # nodes, name, constants, inputs, outputs
    "node": {1: None, 2: None, 3: None, 4: None, 5: "attribute", 7: None},  # inputs, outputs, name, kind, ..., domain
    "attribute": {1: None, 2: None, 3: None, 4: None, 7: None, 8: None, 20: None},  # name, numbers and texts, type
    "tensor": {1: None, 2: None, 8: None, 9: None},  # axes, type, name, values
}
_FLOAT = 1  # the type of a tensor
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # wire types: how a value is stored


def objection(content: bytes) -> str | None:
    """What is wrong with a file, in a few words; None if nothing is."""
    versions, domain, kind, finite = {"model": [], "opset": []}, b"", None, True
    try:
        for message, field, value in _walk("model", memoryview(content)):
            if (message, field) in (("model", 1), ("opset", 2)):
                versions[message] = [*versions[message], value][:3]
            elif (message, field) in (("node", 7), ("opset", 1)):
                domain = domain or bytes(value)
            elif (message, field) == ("tensor", 2):  # a tensor's type comes before its values
                kind = value
            elif (message, field) == ("tensor", 9) and kind == _FLOAT:
                finite = finite and not np.isnan(np.frombuffer(value[: len(value) // 4 * 4], "<f4")).any()
    except ValueError as error:
        return str(error)
    if versions != {"model": [IR_VERSION], "opset": [OPSET]}:
        found = f"{versions['model']} and {versions['opset']}"
        return f"it must have IR version {IR_VERSION} and opset {OPSET}, not {found}"
    if not finite:
        return "it holds weights that are not numbers"
    if domain:
        return f"it uses operators of {domain.decode(errors='replace')!r:.40}"
    return None


def tables(content: bytes) -> list[tuple[str, int]]:
    """`(input, rows)` of each table from which a network picks a row by an id that it reads, an embedding say.

    Args:
        content: of a file without objection.
    """
    rows, nodes, axes = {}, [], []
    for message, field, value in _walk("model", memoryview(content)):
        text = bytes(value).decode(errors="replace") if isinstance(value, memoryview) else ""
        if (message, field) == ("graph", 1):
            nodes.append(([], []))  # inputs, and what the node does
        elif (message, field) in (("node", 1), ("node", 4)):
            nodes[-1][field == 4].append(text)
        elif (message, field) == ("graph", 5):
            axes = []
        elif (message, field) == ("tensor", 1):
            axes.append(value)
        elif (message, field) == ("tensor", 8):  # the name comes after the axes
            rows[text] = axes[0] if axes else 0
    picked = [inputs for inputs, kind in nodes if kind == ["Gather"] and len(inputs) == 2]
    return [(ids, rows[table]) for table, ids in picked if table in rows]


def _walk(message: str, data: memoryview) -> Iterator[tuple[str, int, int | memoryview]]:
    """Message, field and value of everything in a message and in the messages within it.

    Raises:
        ValueError: if it is damaged, or has a field that is not listed.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        field, kind = key >> 3, key & 7
        if field not in FIELDS[message]:
            raise ValueError(f"field {field} of {message} is not one that the writer fills")
        inner = FIELDS[message][field]
        if kind == _VARINT:
            value, place = _varint(data, place)
        elif kind in (_BYTES, _EIGHT, _FOUR):
            size, place = _varint(data, place) if kind == _BYTES else ({_EIGHT: 8, _FOUR: 4}[kind], place)
            value, place = data[place : place + size], place + size
        else:
            raise ValueError("it is no ONNX file")
        if place > len(data) or (inner and kind != _BYTES):
            raise ValueError("it is damaged")
        yield message, field, value
        if inner:
            yield from _walk(inner, value)


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number of up to 64 bits, seven in each byte, and the position after it."""
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("it is damaged")
        byte, place = data[place], place + 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
    raise ValueError("it is damaged")
