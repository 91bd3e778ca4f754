"""Downloads: verified before they get their name, cached after, and one line for everything that can go wrong."""

import errno
import http.server
import io
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from common import folders
from common.datasets import download, fetching
from common.datasets.declaration import Dataset, checksums, sha256_of
from common.datasets.fetching import fetch
from common.errors import UserError
from tests.datasets.declared import BASE, FILES, declare, fails, files_below, sha256


@pytest.fixture
def serve(monkeypatch):
    """Starts a server on this machine that answers as the function says; ZOO_MIRROR names it."""
    servers = []

    def start(answer):
        handler = type(
            "Handler", (http.server.BaseHTTPRequestHandler,), {"do_GET": answer, "log_message": lambda *_: None}
        )
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("ZOO_MIRROR", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def answer_files(handler):
    content = FILES.get(handler.path.removeprefix("/owner/repo/commit/").replace("%20", " "))
    handler.send_response(404 if content is None else 200)
    handler.send_header("Content-Length", str(len(content or b"")))
    handler.end_headers()
    handler.wfile.write(content or b"")


# ----------------------------------------------------------------------------------------------- what arrives


def test_files_arrive_below_the_folder_of_the_set(mirror, tmp_path, capsys):
    dataset = declare()
    home = fetch("words", dataset, tmp_path / "data")
    assert home == tmp_path / "data" / "words"
    assert {path: (home / path).read_bytes() for path in FILES} == FILES
    assert dataset.load(home) == "first\nsecond\n"
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and all(part in said.err for part in ("Three words", "CC0", dataset.home))
    assert not said.out  # where `validate --json` writes its object


def test_files_arrive_over_http(serve, tmp_path):
    serve(answer_files)
    home = fetch("words", declare(), tmp_path)
    assert (home / "data/test file.txt").read_bytes() == FILES["data/test file.txt"]


def test_an_embedded_set_needs_no_folder(tmp_path):
    dataset = Dataset("Made here", "Apache-2.0", "this repository", load=lambda folder: folder)
    assert fetch("sample", dataset, tmp_path / "data") is None
    assert not (tmp_path / "data").exists()
    assert sha256_of(dataset) == ""


def test_the_second_call_neither_connects_nor_hashes(mirror, tmp_path, monkeypatch):
    home = fetch("words", declare(), tmp_path / "data")

    def never(*_):
        raise AssertionError("must not be called")

    monkeypatch.setattr(download, "download", never)
    monkeypatch.setattr(fetching, "sha256_of_file", never)
    assert fetch("words", declare(), tmp_path / "data") == home


def test_files_put_there_by_hand_are_taken_if_they_are_the_declared_ones(tmp_path, monkeypatch):
    monkeypatch.delenv("ZOO_MIRROR", raising=False)
    monkeypatch.setattr(download, "download", None)
    for path, content in FILES.items():
        (tmp_path / "words" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "words" / path).write_bytes(content)
    fetch("words", declare(), tmp_path)


def test_only_a_missing_or_altered_file_is_downloaded_again(mirror, tmp_path, monkeypatch):
    home = fetch("words", declare(), tmp_path / "data")
    (home / "data/train.txt").write_bytes(b"altered by me")
    asked = []
    original = download.download
    monkeypatch.setattr(download, "download", lambda url, *rest: asked.append(url) or original(url, *rest))
    fetch("words", declare(), tmp_path / "data")
    assert asked == [BASE + "data/train.txt"]
    assert (home / "data/train.txt").read_bytes() == FILES["data/train.txt"]


def test_a_new_checksum_in_the_declaration_brings_the_new_file(mirror, tmp_path):
    home = fetch("words", declare(), tmp_path / "data")
    (mirror / "owner/repo/commit/data/train.txt").write_bytes(b"newer text\n")
    files = {path: sha256(content) for path, content in (FILES | {"data/train.txt": b"newer text\n"}).items()}
    fetch("words", declare(files=files), tmp_path / "data")
    assert (home / "data/train.txt").read_bytes() == b"newer text\n"


def test_progress_counts_the_bytes_of_the_whole_set(mirror, tmp_path):
    seen = []
    dataset = declare()
    fetch("words", dataset, tmp_path / "data", progress=lambda *facts: seen.append(facts))
    assert {file for file, *_ in seen} == set(FILES)
    done = [bytes_done for _, bytes_done, _ in seen]
    assert done == sorted(done) and done[-1] == dataset.size
    assert {total for *_, total in seen} == {dataset.size}


def test_two_processes_may_fetch_at_once(mirror, tmp_path):
    """Each may see temporary files of the other, but its own files are whole when `fetch` returns."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]);"
        "from tests.datasets.declared import FILES, declare; from common.datasets.fetching import fetch;"
        "home = fetch('words', declare(), pathlib.Path(sys.argv[2]));"
        "print({path: (home / path).read_bytes() for path in FILES} == FILES)"
    )
    root = folders.REPOSITORY
    command = [sys.executable, "-c", code, str(root), str(tmp_path / "data")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in running:
        assert process.communicate(timeout=120)[0].endswith("True\n")
        assert process.returncode == 0
    assert set(files_below(tmp_path / "data/words")) == {*FILES, ".verified.json"}


# ----------------------------------------------------------------------------------------------- what may fail


def test_no_network_says_so_and_names_the_mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_MIRROR", "http://127.0.0.1:9")  # the discard port: nobody answers
    fails(declare(), tmp_path, r"Cannot reach 127\.0\.0\.1:9 .*ZOO_MIRROR.*needs no network")


def test_without_a_mirror_the_declared_address_is_read(monkeypatch):
    monkeypatch.delenv("ZOO_MIRROR", raising=False)
    assert download.address(BASE + "data/test file.txt") == BASE + "data/test%20file.txt"


def test_a_file_that_is_not_there(serve, mirror, tmp_path):
    (mirror / "owner/repo/commit/data/train.txt").unlink()
    fails(declare(), tmp_path / "data", r"commit/data/train\.txt cannot be read .*ZOO_MIRROR is not a full copy")
    serve(lambda handler: handler.send_error(404))
    both = r"data/(train|test%20file)\.txt"  # asked for side by side: either may be refused first
    fails(declare(), tmp_path / "data", rf"{both} answered 404 Not Found")


def test_a_wrong_checksum_names_file_expected_and_got(mirror, tmp_path):
    forged = b"first\nSECOND\n"
    (mirror / "owner/repo/commit/data/train.txt").write_bytes(forged)
    expected = sha256(FILES["data/train.txt"])
    fails(declare(), tmp_path / "data", rf"data/train\.txt .*not kept: sha256 {sha256(forged)}, expected {expected}")
    assert not (tmp_path / "data/words/data/train.txt").exists()


def test_what_arrived_before_a_failure_is_kept(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "CONNECTIONS", 1)
    (mirror / "owner/repo/commit/data/test file.txt").unlink()
    fails(declare(), tmp_path / "data", "cannot be read")
    assert files_below(tmp_path / "data") == ["words/data/train.txt"]


def test_an_endless_answer_is_cut(serve, tmp_path):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while sum(sent) < 1 << 30:
                handler.wfile.write(b"x" * 100_000)
                sent.append(100_000)
        except OSError:
            pass  # hung up on

    serve(endless)
    fails(declare(), tmp_path, "longer than the 19 bytes it should have")
    assert sum(sent) < 1 << 26


def test_an_answer_that_breaks_off_says_how_far_it_came(serve, tmp_path):
    def half(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "13")
        handler.end_headers()
        handler.wfile.write(b"first\n")

    serve(half)
    fails(declare(), tmp_path, "broke off|Cannot reach")


def test_a_silent_server_is_given_up(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    serve(lambda handler: time.sleep(2))
    fails(declare(), tmp_path, r"Cannot reach .*timed out")


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/x", "file:///etc/hostname", "data:text/plain,first"])
def test_a_redirect_to_anything_but_http_is_not_followed(serve, tmp_path, place):
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.end_headers()

    serve(elsewhere)
    fails(declare(), tmp_path, "answered 302|Cannot reach")


@pytest.mark.parametrize(
    ("mirror", "pattern"),
    [
        ("/a/folder", "must be file:///a/folder or http://a.host"),
        ("ftp://host", "must be file:///a/folder or http://a.host"),
        ("http:///no-host", "must be file:///a/folder or http://a.host"),
        ("http://[", "must be file:///a/folder or http://a.host"),
        ("file:///no/such/folder", "names no folder"),
        ("file://host/folder", "must be file"),
    ],
)
def test_a_bad_mirror_says_how_it_must_look(tmp_path, monkeypatch, mirror, pattern):
    monkeypatch.setenv("ZOO_MIRROR", mirror)
    fails(declare(), tmp_path, f"ZOO_MIRROR={re.escape(mirror)} {pattern}")


def test_a_mirror_whose_host_is_no_name_is_not_reached(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_MIRROR", f"http://{'a' * 100}.example")
    fails(declare(), tmp_path, "Cannot reach a+.example")


def test_a_full_disk_says_so(mirror, tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(self, mode="r", **options):
        return Full() if mode == "wb" else original(self, mode, **options)

    original = Path.open
    monkeypatch.setattr(Path, "open", full)
    fails(declare(), tmp_path / "data", "No space is left for .*words: free some")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_says_so(mirror, tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    fails(declare(), tmp_path / "data", "Cannot write below .*check the folder's rights")


def test_a_file_in_the_place_of_the_folder_says_so(mirror, tmp_path):
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(UserError, match="Cannot write below"):
        fetch("words", declare(), tmp_path / "data")


# ------------------------------------------------------------------------------------------------- declaration


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "file:///etc/"},
        {"base_url": "ftp://host/"},
        {"base_url": BASE.rstrip("/")},
        {"size": 0},
        {"files": {"../outside": "0" * 64}},
        {"files": {"/etc/passwd": "0" * 64}},
        {"files": {"a/../../b": "0" * 64}},
        {"files": {"a\\b": "0" * 64}},
        {"files": {"c:b": "0" * 64}},
        {"files": {"fine": "0" * 63}},
        {"files": {"*.txt": "0" * 64}},
    ],
)
def test_a_wrong_declaration_fails_at_import(changes):
    with pytest.raises(ValueError, match=r"base_url|size|files"):
        declare(**changes)


@pytest.mark.parametrize("name", ["../words", "a/b", "", ".", ".."])
def test_the_name_of_a_set_is_a_plain_folder_name(tmp_path, name):
    with pytest.raises(ValueError, match="name"):
        fetch(name, declare(), tmp_path)


def test_sha256_of_a_set_is_that_of_its_sorted_lines():
    lines = sorted(f"{sha256(content)}  {path}\n" for path, content in FILES.items())
    lines.sort(key=lambda line: line.split("  ", 1)[1])
    assert sha256_of(declare()) == sha256("".join(lines).encode())
    assert sha256_of(declare()) == sha256_of(declare(files=dict(reversed(declare().files.items()))))


def test_checksums_read_what_sha256sum_writes(tmp_path):
    path = tmp_path / "sums"
    path.write_text("".join(f"{sha256(content)}  {name}\n" for name, content in FILES.items()))
    assert checksums(path) == declare().files


def test_the_committed_checksums_make_a_declaration():
    files = checksums("stocknet_prices.sha256")
    assert len(declare(files=files).files) == 88
    assert "price/raw/AAPL.csv" in files
