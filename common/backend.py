"""TensorFlow, loaded without its announcement of oneDNN. Comes before the first `import keras` of a command."""

from __future__ import annotations

import os
import subprocess
import sys

# With oneDNN on TensorFlow says so in four lines at each start, whatever TF_CPP_MIN_LOG_LEVEL is
# (https://github.com/tensorflow/tensorflow/issues/100442).
_ANNOUNCEMENT = "oneDNN custom operations are on|All log messages before absl::InitializeLog"


def load() -> None:
    """Import TensorFlow; everything else that it writes to standard error while it loads is passed on.

    The filter is a process of its own, so that the last words of a TensorFlow that cannot run here, and ends this
    process while it loads, still arrive.
    """
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
