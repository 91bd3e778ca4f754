"""What a run says about the code that it was trained with."""

import subprocess

from common import folders
from common.runs import provenance


def test_a_task_that_is_not_committed_is_a_change(tmp_path, monkeypatch):
    """Of a new folder as of a changed file; a recorded result changes nothing."""
    monkeypatch.setattr(folders, "REPOSITORY", tmp_path)
    assert provenance.code() == "unknown"
    (tmp_path / "tasks" / "sentiment").mkdir(parents=True)
    (tmp_path / "tasks" / "sentiment" / "task.py").touch()
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    commit = provenance.code()
    (tmp_path / "tasks" / "sentiment" / "results.json").touch()
    assert provenance.code() == commit and len(commit) == 12
    (tmp_path / "tasks" / "spam").mkdir()
    (tmp_path / "tasks" / "spam" / "task.py").touch()
    assert provenance.code() == f"{commit} and changes"
