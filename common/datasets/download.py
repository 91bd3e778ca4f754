"""Download one address, from the network or from the mirror that ZOO_MIRROR names, to a file."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from common.errors import UserError

TIMEOUT = 30  # seconds without an answer
CHUNK = 1 << 16  # bytes read at a time


def download(url: str, file: IO[bytes], limit: int, count: Callable[[int], None]) -> str:
    """Write what is at the address to a file and return its sha256.

    Args:
        url: http(s) address; ZOO_MIRROR replaces its scheme and host.
        file: open for writing.
        limit: bytes; a longer answer is refused.
        count: called with the bytes of each piece written.

    Raises:
        UserError: for an address that does not answer, or not with a whole file below the limit; a bad ZOO_MIRROR.
        OSError: if the file cannot be written.
    """
    url = address(url)
    digest, length = hashlib.sha256(), 0
    with _open(url) as response:
        promised = response.headers.get("Content-Length", "")
        while chunk := _reading(url, lambda: response.read(CHUNK)):
            length += len(chunk)
            if length > limit:
                raise UserError(
                    f"{url} is longer than the {limit:,} bytes it should have: it is not the declared file."
                )
            digest.update(chunk)
            file.write(chunk)
            count(len(chunk))
    if promised.isdigit() and length < int(promised):
        raise UserError(f"{url} broke off after {length:,} of {int(promised):,} bytes: run the command again.")
    return digest.hexdigest()


def _open(url: str) -> IO[bytes]:
    opener = urllib.request.OpenerDirector()  # only these handlers: no ftp: and no data: addresses
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.FileHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    request = urllib.request.Request(url, headers={"User-Agent": "rnn-task-zoo"})
    return _reading(url, lambda: opener.open(request, timeout=TIMEOUT))


def _reading(url: str, read: Callable):
    """The result of `read()`; network errors become one line."""
    try:
        return read()
    except urllib.error.HTTPError as error:
        raise UserError(
            f"{url} answered {error.code} {error.reason}: set ZOO_MIRROR to a copy of the source."
        ) from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:  # the last for a host that is no name
        reason = getattr(error, "reason", error)
        if url.startswith("file:"):
            raise UserError(f"{url} cannot be read ({reason}): ZOO_MIRROR is not a full copy.") from error
        host = urllib.parse.urlsplit(url).netloc
        raise UserError(
            f"Cannot reach {host} ({reason}): connect to the network, set ZOO_MIRROR to a copy of the source"
            " (file:///folder or http://host), or use the default data set, which needs no network."
        ) from error


def address(url: str) -> str:
    """The address to read instead of `url`: ZOO_MIRROR, if set, replaces scheme and host.

    Raises:
        UserError: if ZOO_MIRROR is neither file:///a/folder nor http(s)://a.host.
    """
    parts = urllib.parse.urlsplit(url)
    path = urllib.parse.quote(parts.path, safe="/%")
    mirror = os.environ.get("ZOO_MIRROR")
    if not mirror:
        return f"{parts.scheme}://{parts.netloc}{path}"
    wrong = UserError(f"ZOO_MIRROR={mirror} must be file:///a/folder or http://a.host.")
    try:
        place = urllib.parse.urlsplit(mirror)
    except ValueError:
        raise wrong from None
    is_host = place.scheme in ("http", "https") and place.netloc
    is_folder = place.scheme == "file" and place.netloc in ("", "localhost")
    if is_folder and not Path(urllib.request.url2pathname(place.path)).is_dir():
        raise UserError(f"ZOO_MIRROR={mirror} names no folder.")
    if not (is_host or is_folder):
        raise wrong
    return mirror.rstrip("/") + path
