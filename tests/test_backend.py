"""TensorFlow loads without a word, and what it has to say of its end arrives."""

import os
import subprocess
import sys

from common.task import TASKS_FOLDER

REPOSITORY = TASKS_FOLDER.parent


def load(*folders) -> subprocess.CompletedProcess:
    """`backend.load()` in a process of its own, with these folders before the installed packages."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment.update(TF_CPP_MIN_LOG_LEVEL="2", PYTHONPATH=os.pathsep.join(map(str, (*folders, REPOSITORY))))
    script = "from common import backend; backend.load(); import sys; print('later', file=sys.stderr)"
    return subprocess.run([sys.executable, "-c", script], check=False, env=environment, capture_output=True, text=True)


def test_nothing_is_printed_at_the_start():
    done = load()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "later\n")


def test_the_last_words_of_a_tensorflow_that_cannot_run_arrive(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\n"
        "os.write(2, b'I0000 port.cc:153] oneDNN custom operations are on. You may see\\n')\n"
        "os.write(2, b'F0000 this processor has no AVX')\n"
        "os.abort()\n"
    )
    done = load(tmp_path)
    assert done.returncode < 0
    assert done.stderr.strip() == "F0000 this processor has no AVX"
