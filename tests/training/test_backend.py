"""TensorFlow loads silently, and its fatal errors are still shown."""

import os
import subprocess
import sys

import pytest

from common import folders

REPOSITORY = folders.REPOSITORY


def run(script: str, *folders) -> subprocess.CompletedProcess:
    """A script in a process of its own, with these folders before the installed packages."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment.update(TF_CPP_MIN_LOG_LEVEL="2", PYTHONPATH=os.pathsep.join(map(str, (*folders, REPOSITORY))))
    return subprocess.run([sys.executable, "-c", script], check=False, env=environment, capture_output=True, text=True)


LOAD = "import sys\nfrom common import backend\nbackend.load()\nprint('later', file=sys.stderr)"


def test_nothing_is_printed_at_the_start():
    done = run(LOAD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "later\n")


def test_the_last_words_of_a_tensorflow_that_cannot_run_arrive(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\n"
        "os.write(2, b'I0000 port.cc:153] oneDNN custom operations are on. You may see\\n')\n"
        "os.write(2, b'F0000 this processor has no AVX')\n"
        "os.abort()\n"
    )
    done = run(LOAD, tmp_path)
    assert done.returncode < 0
    assert done.stderr.strip() == "F0000 this processor has no AVX"


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_freed_arrays_are_used_again_without_asking_the_system():
    """Each page that the system hands out is a fault: 1,024 for an array of 4 MB."""
    done = run(
        "import resource, sys\n"
        "import numpy as np\n"
        "from common import backend\n"
        "sys.modules['tensorflow'] = np  # loading it changes nothing here\n"
        "backend.load()\n"
        "def faults():\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    for _ in range(20):\n"
        "        arrays = [np.ones(1 << 22, np.uint8) for _ in range(5)]\n"
        "        del arrays\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "faults()\n"
        "assert faults() < 10_000, faults()\n"
    )
    assert done.returncode == 0, done.stderr
