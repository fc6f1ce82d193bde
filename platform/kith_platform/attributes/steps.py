"""Counting attributes as a step of every refresh: how many customers have each, and what does not fit."""

from __future__ import annotations

from kith_platform.attributes import filling
from kith_platform.i18n import N_
from kith_platform.refresh.graph import SNAPSHOT, Turn, step


@step("attributes", inputs=(SNAPSHOT, "identity"), label=N_("Counting attributes"))
def refresh_attributes(turn: Turn) -> None:
    """One reading of customers and one of records; none where the company has no attributes."""
    with turn.run.step() as session:
        filling.count(session)
