"""`make probe`: rows, table and picture, and what a user can ask for."""

import dataclasses

import pytest

from common import folders
from common.commands import probe
from common.errors import UserError
from common.insight import probes, probing
from common.reporting import probes as recorded


@pytest.fixture
def documents(tmp_path, monkeypatch):
    """An empty docs/, with nothing trained."""
    monkeypatch.setattr(recorded, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(folders, "RUNS_FOLDER", tmp_path / "runs")
    recorded.DOCS.mkdir()
    (recorded.DOCS / "probes.md").write_text("before\n<!-- results -->\n<!-- /results -->\nafter\n")
    return recorded.DOCS


def test_rows_table_and_picture(documents, monkeypatch):
    monkeypatch.setattr(probing, "UNITS", 4)
    monkeypatch.setattr(probing, "TESTED", 64)
    monkeypatch.setitem(probes.PROBES, "order", dataclasses.replace(probes.PROBES["order"], steps=2))
    probe.run("order", ["simple_rnn"], [10], [1, 0], record=True)
    rows = recorded.read(documents)["order"]
    assert [row["seed"] for row in rows] == [0, 1]
    assert list(rows[0]["scores"]) == ["10", "20", "40"] and rows[0]["memoryless"]["10"] == 0.25
    probe.run("order", ["simple_rnn"], [10], [1], record=True)
    assert len(recorded.read(documents)["order"]) == 2  # the new row replaced the old one
    text = (documents / "probes.md").read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert "| 10 steps | SimpleRNN | 10 steps | " in text and "2 training batches" in text
    assert (documents / "pictures" / "probe_order.png").stat().st_size > 5000
    assert not folders.RUNS_FOLDER.exists()


def test_what_is_recorded_stays_unless_it_is_to_be_replaced(documents, monkeypatch, capsys):
    """The probe has one length, so its picture has a bar for each cell."""
    before = {file: file.read_bytes() for file in documents.rglob("*")}
    monkeypatch.setitem(probes.PROBES, "pixels", dataclasses.replace(probes.PROBES["pixels"], steps=2))
    probe.run("pixels", ["gru"], None, [0])
    assert {file: file.read_bytes() for file in documents.rglob("*")} == before
    tried = folders.RUNS_FOLDER / "probes"
    assert "| 64 steps | GRU | 64 steps | " in (tried / "probes.md").read_text()
    assert (tried / "pictures" / "probe_pixels.png").stat().st_size > 5000
    assert "wrote" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ading", ["gru"], None, [0]), "did you mean adding"),
        (("adding", ["gur"], None, [0]), "did you mean gru"),
        (("adding", [], None, [0]), "CELLS is empty"),
        (("adding", ["gru"], [], [0]), "LENGTHS is empty"),
        (("adding", ["gru"], None, []), "SEEDS is empty"),
        (("adding", ["gru"], [9], [0]), "from 10 to 2000, not 9"),
        (("adding", ["gru"], [100_000], [0]), "from 10 to 2000"),
        (("adding", ["gru"], None, [-1]), "A seed is"),
        (("pixels", ["gru"], [100], [0]), "always have 64 steps"),
    ],
)
def test_what_cannot_be_asked_is_one_line(documents, arguments, said):
    with pytest.raises(UserError, match=said):
        probe.run(*arguments)
    assert not (documents / "probes.json").exists() and not folders.RUNS_FOLDER.exists()


def test_table_of_the_document_is_that_of_the_rows():
    document = (recorded.DOCS / "probes.md").read_text()
    assert "\n".join(recorded.table(recorded.read(recorded.DOCS))) in document
