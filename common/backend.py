"""TensorFlow, loaded without its announcement of oneDNN. Comes before the first `import keras` of a command."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

# With oneDNN on TensorFlow says so in four lines at each start, whatever TF_CPP_MIN_LOG_LEVEL is
# (https://github.com/tensorflow/tensorflow/issues/100442).
_ANNOUNCEMENT = "oneDNN custom operations are on|All log messages before absl::InitializeLog"

# glibc gives arrays of more than 128 kB back to the system as soon as they are freed, and each training step has the
# system clear their pages anew. From these sizes on it still does, in bytes (mallopt(3)).
_M_TRIM_THRESHOLD, _KEPT_FREE = -1, 1 << 28
_M_MMAP_THRESHOLD, _GIVEN_BACK = -3, 1 << 25


def load() -> None:
    """Import TensorFlow, and let it keep the memory of freed arrays for the next ones.

    What else it writes to standard error while it loads is passed on. The filter is a process of its own, so that the
    last words of a TensorFlow that cannot run here, and ends this process while it loads, still arrive.
    """
    _keep_freed_memory()
    if "tensorflow" in sys.modules:
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    command = ["grep", "--line-buffered", "-vE", _ANNOUNCEMENT]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stderr) as grep:
            os.dup2(grep.stdin.fileno(), 2)
            try:
                import tensorflow  # noqa: F401
            finally:
                os.dup2(stderr, 2)
    finally:
        os.close(stderr)


def _keep_freed_memory() -> None:
    """A training step takes 10 to 20 % less processor time (two cores, GRU and LSTM of 128 units)."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):  # only glibc has it
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_FREE)
        library.mallopt(_M_MMAP_THRESHOLD, _GIVEN_BACK)
