"""Passages of whole lines."""

from hypothesis import given
from hypothesis import strategies as st

from common.datasets.prose import passages


@given(st.lists(st.text("ab", max_size=6)), st.integers(1, 12))
def test_passages_are_the_text(lines, shortest):
    found = list(passages(lines, shortest))
    assert "".join(found) == "".join(f"{line}\n" for line in lines)
    assert all(len(passage) >= shortest for passage in found[:-1])
