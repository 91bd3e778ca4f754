"""Fixtures of all tests: a quiet TensorFlow, separate run folders and caches, and a short run of each task."""

import concurrent.futures
import functools
import multiprocessing
import os
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ["KERAS_BACKEND"] = "tensorflow"
if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores: threads that spin while they wait cost most
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ[threads] = "1"

import hypothesis
import numpy as np
import pytest

from common.datasets import fetching
from common.runs import run as runs
from common.task import load_task
from tests import short_runs
from tests.datasets.declared import mirror  # noqa: F401 - a fixture

hypothesis.settings.register_profile("zoo", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("zoo")


WATCHED = ("tests", "tasks", "commands")  # folders of tests in which nothing is said that a user should not see


def pytest_collection_modifyitems(items):
    """Tests of real data sets run in one process, which reads each set once; without a copy of the sets they skip.

    The tests of a task, in `tests/tasks/test_<task>.py`, run where its short run is made.
    """
    for item in items:
        if item.get_closest_marker("real_data"):
            item.add_marker(pytest.mark.xdist_group("real data"))
            if not os.environ.get("ZOO_MIRROR"):
                item.add_marker(pytest.mark.skip(reason="ZOO_MIRROR names no copy of the real sets"))
        elif item.path.parent.name == "tasks":
            item.add_marker(pytest.mark.xdist_group(item.path.stem.removeprefix("test_")))


@pytest.fixture
def own_folders(tmp_path, monkeypatch):
    """Runs and cached arrays go to a temporary folder, and reports are rough; gives that folder."""
    from common import folders
    from common.plots import style  # noqa: F401 - `rough_reports` changes its settings

    monkeypatch.setattr(folders, "RUNS_FOLDER", tmp_path / "runs")
    monkeypatch.setattr(folders, "CACHE_FOLDER", tmp_path / "cache")
    with short_runs.rough_reports():
        yield tmp_path


@pytest.fixture
def draw():
    """Random numbers that are the same whichever tests ran before."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def real_folder(tmp_path_factory):
    """A function that fetches a declared set, `(task, name)`, and gives its folder."""
    base = tmp_path_factory.mktemp("data")

    @functools.cache
    def folder(task, name):
        return fetching.fetch(name, load_task(task).datasets[name], base)

    return folder


@pytest.fixture(scope="session")
def real_splits(real_folder):
    """A function that gives the splits of a declared set, `(task, name)`, or of one fold of it; not to be changed."""

    @functools.cache  # all sets together take 1 GB
    def splits(task, name, *fold):
        return load_task(task).datasets[name].load(real_folder(task, name), *fold)

    return splits


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A function that gives the folder of `short_runs.train` for a task; trained once, to be copied and not changed."""

    @functools.cache
    def folder(name):
        made = tmp_path_factory.mktemp(name)
        short_runs.train(name, made)
        return made

    return folder


@pytest.fixture
def run_of(trained, own_folders):
    """A function that copies the short run of a task to the runs of this test, and gives the copy."""

    def copied(name):
        shutil.copytree(trained(name) / "runs", own_folders / "runs", symlinks=True)
        return runs.find(name)

    return copied


@pytest.fixture(scope="session")
def light_process():
    """A process that has loaded nothing yet."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def unoptimised():
    """See `short_runs.unoptimised`."""
    with short_runs.unoptimised():
        yield


@pytest.fixture
def eagerly():
    """Functions run eagerly, which is faster than tracing them for one small batch."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test of a whole task or a command in which oneDNN complains fails; others may run stock Keras beside ours.

    Of what it cannot do, such as to transpose integers, it tells a user once in each process, as an error. On some
    processors that is what stock Keras does with its masks.
    """
    report = yield
    said = "".join(text for title, text in report.sections if "stderr" in title)
    if report.when == "call" and report.passed and "oneDNN" in said and item.path.parent.name in WATCHED:
        report.outcome, report.longrepr = "failed", f"oneDNN complained:\n{said}"
    return report
