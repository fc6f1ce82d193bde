"""What modules say of customers: stored placements on lists, panels on the page of one customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.modules import service as modules
from kith_platform.placements import history as moves
from kith_platform.placements.models import CustomerPlacement, PlacementMove, PlacementTrack
from kith_platform.sdk.types import PlacementColumn

if TYPE_CHECKING:
    from kith_platform.plugins import Plugins


@dataclass(frozen=True)
class Place:
    """A placement of an enabled module. `codes` are the labels (English msgids) of its first text column, "" without one."""

    key: str
    label: str
    columns: tuple[PlacementColumn, ...]
    codes: Mapping[str, str]


def filterable(session: Session, plugins: Plugins) -> list[Place]:
    """The placements of the modules this company has switched on."""
    found = []
    for _plugin, placement in plugins.brought("placements", modules.enabled(session, plugins)):
        text = next((column for column in placement.columns if column.kind == "text"), None)
        found.append(Place(placement.key, placement.label, placement.columns, dict(text.labels) if text else {}))
    return found


def of_customers(
    session: Session, places: Sequence[Place], customer_ids: Collection[int]
) -> dict[int, dict[str, CustomerPlacement]]:
    """Stored placements by customer, then key."""
    if not places or not customer_ids:
        return {}
    keys = [place.key for place in places]
    rows = session.execute(
        select(CustomerPlacement).where(CustomerPlacement.customer_id.in_(customer_ids), CustomerPlacement.key.in_(keys))
    ).scalars()
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row.customer_id, {})[row.key] = row
    return found


def as_of(session: Session, places: Sequence[Place]) -> dict[str, dt.date]:
    """The day each placement was last computed for, by key."""
    keys = [place.key for place in places]
    rows = session.execute(select(PlacementTrack.key, PlacementTrack.last_day).where(PlacementTrack.key.in_(keys)))
    return {row[0]: row[1] for row in rows} if keys else {}


@dataclass(frozen=True)
class Step:
    """One change in a customer's history, with the placement it is of."""

    place: Place
    move: PlacementMove


def history(session: Session, places: Sequence[Place], customer_id: int) -> list[Step]:
    """The latest moves between codes of these placements, newest first, of a customer who may be seen."""
    known = {place.key: place for place in places if place.codes}
    return [Step(known[move.key], move) for move in moves.of_customer(session, customer_id, list(known))]
