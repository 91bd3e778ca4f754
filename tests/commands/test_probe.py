"""`make probe`: rows, table and picture, and what a user can ask for."""

import dataclasses

import pytest

from common.commands import probe
from common.errors import UserError
from common.insight import probes, probing
from common.reporting import probes as recorded


@pytest.fixture
def documents(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "JSON", tmp_path / "probes.json")
    monkeypatch.setattr(recorded, "PICTURES", tmp_path / "pictures")
    monkeypatch.setattr(recorded, "DOCUMENT", tmp_path / "probes.md")
    recorded.DOCUMENT.write_text("before\n<!-- results -->\n<!-- /results -->\nafter\n")
    return tmp_path


def test_rows_table_and_picture(documents, monkeypatch):
    monkeypatch.setattr(probing, "UNITS", 4)
    monkeypatch.setattr(probing, "TESTED", 64)
    monkeypatch.setitem(probes.PROBES, "order", dataclasses.replace(probes.PROBES["order"], steps=2))
    probe.run("order", ["simple_rnn"], [10], [1, 0])
    rows = recorded.read()["order"]
    assert [row["seed"] for row in rows] == [0, 1]
    assert list(rows[0]["scores"]) == ["10", "20", "40"] and rows[0]["memoryless"]["10"] == 0.25
    probe.run("order", ["simple_rnn"], [10], [1])
    assert len(recorded.read()["order"]) == 2  # the new row replaced the old one
    text = recorded.DOCUMENT.read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert "| 10 steps | SimpleRNN | 10 steps | " in text and "2 training batches" in text
    assert (documents / "pictures" / "probe_order.png").stat().st_size > 5000


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
    assert not recorded.JSON.exists()


def test_table_of_the_document_is_that_of_the_rows():
    assert "\n".join(recorded.table(recorded.read())) in recorded.DOCUMENT.read_text()
