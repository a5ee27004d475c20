"""The page of gadgets is the one that the code generates."""

from __future__ import annotations

from pathlib import Path

from gc2pc.gadgets.catalogue import page


def test_the_committed_page_is_up_to_date() -> None:
    committed = Path(__file__).parents[2] / "docs" / "gadgets.md"
    assert committed.read_text() == page(), "run python -m gc2pc.gadgets.catalogue > docs/gadgets.md"
