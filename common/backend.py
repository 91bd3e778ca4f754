"""The cores of this process, and TensorFlow loaded without its message about oneDNN."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

# If oneDNN is on, TensorFlow prints four lines about it at each start, regardless of TF_CPP_MIN_LOG_LEVEL
# (https://github.com/tensorflow/tensorflow/issues/100442).
_ANNOUNCEMENT = "oneDNN custom operations are on|All log messages before absl::InitializeLog"

# glibc returns arrays of more than 128 kB to the system as soon as they are freed, and the system must clear their
# pages again in each training step. These are the sizes, in bytes, above which it still does so (mallopt(3)).
_M_TRIM_THRESHOLD, _KEPT_FREE = -1, 1 << 28
_M_MMAP_THRESHOLD, _GIVEN_BACK = -3, 1 << 25


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> None:
    """Import TensorFlow, before the first `import keras` of a command, and let it reuse the memory of freed arrays.

    Everything else that it writes to standard error while loading is passed on. The filter is a separate process, so
    that the message of a TensorFlow that cannot run here, and ends this process while loading, is still printed.
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
    """Saves 10 to 20 % of a training step's processor time (two cores, GRU and LSTM of 128 units)."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):  # only glibc has it
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_FREE)
        library.mallopt(_M_MMAP_THRESHOLD, _GIVEN_BACK)
