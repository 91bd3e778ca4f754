"""Write files atomically, and check the files of a run while reading them."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UserError, one_line

if TYPE_CHECKING:
    import zipfile

    import numpy as np

_TEMPORARY = ".part-"
LARGEST_JSON = 48 << 20  # bytes; a vocabulary of a million words takes 20 MB
_MOST_VALUES = 3_000_000  # in a JSON file; an empty list takes 20 times as much memory as its two characters
_MOST_LISTS = 100_000  # lists and objects among them


@contextlib.contextmanager
def written(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends without an error.

    The content reaches the disk before the name changes, so a crash leaves the old file or the new one, never half a
    file. The temporary file is removed after an error; `remove_abandoned` removes those of killed processes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_link(path: Path, target: str) -> None:
    """Create a symbolic link, or replace it atomically."""
    temporary = temporary_path(path)
    temporary.unlink(missing_ok=True)  # of a killed process that had the number of this one
    temporary.symlink_to(target)
    os.replace(temporary, path)


def temporary_path(path: Path) -> Path:
    """Beside `path`, with the number of this process in its name: `abandoned` finds it when the process has ended."""
    return path.with_name(f"{_TEMPORARY}{os.getpid()}-{path.name}")


def abandoned(folder: Path) -> list[Path]:
    """The temporary files and links below `folder` whose processes no longer run."""
    found = []
    for path in folder.rglob(f"{_TEMPORARY}*"):
        process = path.name.removeprefix(_TEMPORARY).split("-")[0]
        if process.isdecimal() and (path.is_file() or path.is_symlink()) and not _runs(int(process)):
            found.append(path)
    return found


def remove_abandoned(folder: Path) -> None:
    """Remove these files and links."""
    for path in abandoned(folder):
        path.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name as an uncompressed `.npz`."""
    import numpy as np

    with written(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def check_file(path: Path, largest: int) -> None:
    """Check that a path is a regular file of limited size, so that reading it is safe and ends soon.

    Args:
        largest: bytes that the file may have.

    Raises:
        UserError: if it is missing, not a regular file (a link, a folder, a pipe, a device), or too large.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise UserError(f"{path} is missing: the run is not complete; train again.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): train again.") from None
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{path} is not a regular file (a link, a folder, a pipe or a device): train again.")
    if status.st_size > largest:
        raise UserError(f"{path} is larger than {largest >> 20} MiB: it was not written by a run. Train again.")


def read_bytes(path: Path, largest: int) -> bytes:
    """The content of a file of a run.

    Raises:
        UserError: as for `check_file`, or if it cannot be read.
    """
    check_file(path, largest)
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): train again.") from None


def read_arrays(path: Path, largest: int = 1 << 30) -> dict[str, np.ndarray]:
    """The arrays in a file that `write_arrays` wrote; nothing is unpickled or decompressed.

    The size of every array must agree with its shape, so the arrays take no more memory than the file takes space.

    Args:
        largest: bytes that the file may have.

    Raises:
        UserError: if the file is missing or damaged, or is not such a file.
    """
    import zipfile

    import numpy as np

    check_file(path, largest)
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _check_array(archive, member)
            if len(set(archive.namelist())) < len(archive.namelist()):
                raise ValueError("a name occurs twice")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    # zipfile raises RuntimeError for an encrypted member, and its subclass NotImplementedError for unknown methods.
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): train again.") from None


def _check_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise a ValueError unless a member of the archive is an array without objects, as `write_arrays` writes it."""
    import zipfile

    import numpy as np

    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    with archive.open(member) as file:
        if not member.filename.endswith(".npy") or np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{member.filename} is not an array")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.hasobject:
            raise ValueError(f"{member.filename} holds objects")
        if member.file_size - file.tell() != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"the size of {member.filename} is not that of {shape} {dtype}")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_text(path: Path, text: str) -> None:
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def json_text(value: object) -> str:
    """The text of a JSON file."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: object) -> None:
    write_text(path, json_text(value))


def read_json(path: Path) -> dict:
    """The JSON object in a file of a run.

    Raises:
        UserError: if the file is missing, not a regular file, too large, or not a JSON object with unique names, finite
            numbers and valid Unicode.
    """
    return parse_json(read_bytes(path, LARGEST_JSON), path)


def parse_json(content: bytes, path: Path) -> dict:
    """The object in the content of the file at `path`.

    Raises:
        UserError: as for `read_json`.
    """
    try:
        if content.count(b",") > _MOST_VALUES or content.count(b"[") + content.count(b"{") > _MOST_LISTS:
            raise ValueError("it holds more values than a run writes")
        text = content.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
        if re.search(rb"\\u[dD][89a-fA-F]", content):  # perhaps a lone surrogate, which cannot be written again
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): train again.") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} must hold a JSON object, not {one_line(json.dumps(value), 40)}: train again.")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"an object has {len(pairs)} names and {len(pairs) - len(found)} of them twice")
    return found


def _finite(text: str) -> float:
    """A finite number; also called for NaN, Infinity and -Infinity, which Python reads but JSON does not allow."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text:.40} is not a finite number")
    return value
