"""Where data comes from: declared source, download with checksum, cache, mirror, licence.

A task declares its sets as `Dataset`s. `fetch` downloads the files of one to `data/<name>/`, verifies each before it
gets its final name, and returns the folder for `Dataset.load` to read. Nothing downloaded is executed or unpickled.

Every task imports this module, so modules that only a download needs are imported inside functions.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from common import files, folders
from common.datasets.declaration import Dataset, sha256_of_lines, stays_inside
from common.errors import UserError

CONNECTIONS = 8  # files downloaded at a time; a set of many small files is mostly waiting
LARGEST_ARCHIVE = 1 << 30  # bytes; an archive contains a whole repository, of which a set may be a small part

Progress = Callable[[str, int, int], None]


def sha256_of_file(path: Path) -> str:
    """The checksum of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 16):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_of_path(path: Path) -> str:
    """The checksum of a file, or one over the checksums and relative paths of all files below a folder."""
    if path.is_file():
        return sha256_of_file(path)
    found = sorted(file for file in path.rglob("*") if file.is_file())
    return sha256_of_lines((file.relative_to(path).as_posix(), sha256_of_file(file)) for file in found)


def fetch(
    name: str,
    dataset: Dataset,
    folder: Path = folders.DATA_FOLDER,
    progress: Progress | None = None,
) -> Path | None:
    """The folder with the verified files of a set; files that are missing are downloaded.

    Before a download, one line with title, size, source and licence goes to standard error: standard output belongs to
    the answer of a command.

    A file that was verified once is trusted while its size and modification time stay the same; a changed file is
    hashed again, and downloaded again if it differs from the declared one.

    Args:
        name: of the set and of its folder.
        folder: parent of the folders of all sets.
        progress: called with `(file, bytes_done, bytes_total)`, the bytes of the whole set, from several threads.

    Returns:
        `folder/name`, or None if the set is embedded.

    Raises:
        UserError: without a network; for a file that is missing or not the declared one, a full disk, a bad ZOO_MIRROR.
    """
    if not dataset.files:
        return None
    if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
        raise ValueError(f"name must be a plain folder name, not {name!r}")
    home = folder / name
    verified = _verified(home, dataset.files)
    missing = [path for path in dataset.files if path not in verified]
    if missing:
        print(
            f"Downloading {name}: {dataset.title}, {dataset.size / 1e6:.1f} MB from {dataset.home}."
            f" Licence: {dataset.licence}.",
            file=sys.stderr,
        )
        meter = _Meter(progress, sum(stamp[0] for stamp in verified.values()), dataset.size)
        try:
            if dataset.archive:
                _unpack(dataset, home, meter)
            else:
                _download_all(dataset, home, missing, meter)
        except OSError as error:
            raise _disk_error(error, home) from error
        _write_stamps(home, {path: _stamp(home, path) for path in dataset.files}, dataset.files)
    return home


class _Meter:
    """Adds up the bytes that several threads have downloaded and reports the sum."""

    def __init__(self, progress: Progress | None, done: int, total: int):
        self.progress, self.done, self.total = progress, done, total
        self.lock = threading.Lock()

    def add(self, file: str, count: int) -> None:
        with self.lock:
            self.done += count
            if self.progress:
                self.progress(file, min(self.done, self.total), self.total)


def _download_all(dataset: Dataset, home: Path, paths: Iterable[str], meter: _Meter) -> None:
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        jobs = [pool.submit(_download, dataset, home, path, meter) for path in paths]
        try:
            for job in concurrent.futures.as_completed(jobs):
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _download(dataset: Dataset, home: Path, path: str, meter: _Meter) -> None:
    """Download one file to its final name; after an error nothing is left behind."""
    from common.datasets.download import address, download

    target, url = home / path, dataset.base_url + path
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.written(target) as part:
        with part.open("wb") as file:
            got = download(url, file, dataset.size, lambda count: meter.add(path, count))
        if got != dataset.files[path]:
            raise _wrong_checksum(path, address(url), dataset.files[path], got)


def _unpack(dataset: Dataset, home: Path, meter: _Meter) -> None:
    """Unpack the declared members of the archive; each is verified before it gets its final name."""
    from common.datasets.download import address, download

    home.mkdir(parents=True, exist_ok=True)
    url = dataset.base_url + dataset.archive
    with tempfile.TemporaryDirectory(prefix=".part-", dir=home) as scratch:
        packed, unpacked = Path(scratch, "archive"), Path(scratch, "members")
        with packed.open("wb") as file:
            download(url, file, LARGEST_ARCHIVE, lambda count: meter.add(dataset.archive, count))
        _extract(dataset, packed, unpacked, url)
        for path, sha256 in dataset.files.items():
            if (got := _sha256_below(unpacked, path)) != sha256:
                raise _wrong_checksum(path, address(url), sha256, got)
        declared = [path for pattern in dataset.files for path in _members(unpacked, pattern)]
        _refuse_foreign(home, dataset.files, declared)
        for path in declared:
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(unpacked / path, home / path)


def _extract(dataset: Dataset, packed: Path, unpacked: Path, url: str) -> None:
    """Write the declared members of the archive below the folder `unpacked`.

    Raises:
        UserError: if the archive is damaged anywhere, or its members are larger than the declared ones.
    """
    import tarfile
    import zipfile

    left = dataset.size
    try:
        for name, size, opened in _archived(packed, url):
            path = name.partition("/")[2]  # without the top folder
            if not (stays_inside(path) and _is_declared(path, dataset.files)):
                continue
            left -= size
            if left < 0:
                raise UserError(f"{url} unpacks to more than {dataset.size:,} bytes: it is not the declared one.")
            (unpacked / path).parent.mkdir(parents=True, exist_ok=True)
            with opened as source, (unpacked / path).open("wb") as target:
                shutil.copyfileobj(source, target)
    # zipfile raises RuntimeError for an encrypted member, and its subclass NotImplementedError for unknown methods.
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, RuntimeError) as error:
        raise UserError(f"{url} is not a whole archive ({error}): run the command again.") from error


def _archived(packed: Path, url: str) -> Iterator[tuple[str, int, IO[bytes]]]:
    """`(name, declared size, opened content)` of every regular file in a .tar.gz or .zip, one at a time.

    `tarfile` and `zipfile` yield no more bytes of a member than it declares.
    """
    import tarfile
    import zipfile

    if url.endswith(".zip"):
        with zipfile.ZipFile(packed) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    yield member.filename, member.file_size, archive.open(member)
    else:
        with tarfile.open(packed, "r:gz") as archive:
            for member in archive:
                if member.isreg():
                    yield member.name, member.size, archive.extractfile(member)


def _is_declared(path: str, declared: Mapping[str, str]) -> bool:
    """Whether a member is one of the declared paths or matches a declared pattern."""
    return path in declared or any(_matches(path, pattern) for pattern in declared if "*" in pattern)


def _matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def _members(folder: Path, pattern: str) -> list[str]:
    """Paths below `folder` of the files that match a declared path or pattern."""
    found = folder.glob(pattern) if "*" in pattern else [folder / pattern]
    return sorted(path.relative_to(folder).as_posix() for path in found if path.is_file())


def _sha256_below(folder: Path, pattern: str) -> str:
    hashed = [(path, sha256_of_file(folder / path)) for path in _members(folder, pattern)]
    if "*" in pattern:
        return sha256_of_lines(hashed)
    return hashed[0][1] if hashed else "no file"


def _refuse_foreign(home: Path, patterns: Iterable[str], declared: Iterable[str]) -> None:
    """Raise a UserError if a file that was not declared matches a pattern: it would be read as data."""
    foreign = sorted({path for pattern in patterns for path in _members(home, pattern)} - set(declared))
    if foreign:
        more = f" and {len(foreign) - 1} more files do" if len(foreign) > 1 else " does"
        raise UserError(f"{home / foreign[0]}{more} not belong to the data set: move it out of the folder.")


def _stamp(home: Path, pattern: str) -> list:
    """The total bytes of the files, the time of the last change to any of them, and their paths."""
    members = _members(home, pattern)
    facts = [(home / path).stat() for path in members]
    return [sum(fact.st_size for fact in facts), max((fact.st_mtime_ns for fact in facts), default=0), members]


def _verified(home: Path, declared: Mapping[str, str]) -> dict[str, list]:
    """Stamps of the declared files that exist and have the declared checksum; hashes those not hashed before.

    Raises:
        UserError: if a file was added to those that match a pattern.
    """
    known = _read_stamps(home)
    stamps, news = {}, False
    for path, sha256 in declared.items():
        stamp = _stamp(home, path)
        if known.get(path) != [sha256, *stamp]:
            if not stamp[-1]:
                continue
            if _sha256_below(home, path) != sha256:
                if path in known and known[path][0] == sha256:
                    _refuse_foreign(home, [path], known[path][-1])
                continue
            news = True
        stamps[path] = stamp
    if news:
        _write_stamps(home, stamps, declared)
    return stamps


def _read_stamps(home: Path) -> dict:
    try:
        stamps = json.loads((home / ".verified.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    stamps = stamps.items() if isinstance(stamps, dict) else ()
    return {path: stamp for path, stamp in stamps if isinstance(stamp, list) and stamp and isinstance(stamp[-1], list)}


def _write_stamps(home: Path, stamps: Mapping[str, list], declared: Mapping[str, str]) -> None:
    with contextlib.suppress(OSError):  # a folder that cannot be written is hashed again each time
        files.write_json(home / ".verified.json", {path: [declared[path], *stamp] for path, stamp in stamps.items()})


def _wrong_checksum(path: str, url: str, expected: str, got: str) -> UserError:
    return UserError(f"{path} from {url} is not the declared file and was not kept: sha256 {got}, expected {expected}.")


def _disk_error(error: OSError, home: Path) -> UserError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"No space is left for {home}: free some and run the command again.")
    return UserError(f"Cannot write below {home} ({error.strerror or error}): check the folder's rights.")
