"""Reading placements. Lists join them by code; the 360 page reads one customer's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.models import Customer
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.modules import service as modules
from kith_platform.placements.models import CustomerPlacement, PlacementFrozen
from kith_platform.plugins import Plugins
from kith_platform.refresh import service as refresh
from kith_platform.refresh.models import RefreshStep
from kith_platform.sdk.types import Placement
from kith_tenants.context import Actor, visible

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job

PEOPLE = Customer.__table__.c


@dataclass(frozen=True)
class Offered:
    """A placement with the module that brings it, and that module's settings for the tenant."""

    plugin: str
    placement: Placement
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One code of a placement: how many customers have it, and the mean of its first number over them."""

    code: str
    customers: int
    mean: float | None


def catalogue(session: Session, plugins: Plugins) -> list[Offered]:
    """The placements of the modules this company has switched on."""
    on = modules.enabled(session, plugins)
    settings = {name: modules.settings_of(session, plugins, name) for name in on}
    return [Offered(plugin, placement, settings[plugin]) for plugin, placement in plugins.brought("placements", on)]


def offered(session: Session, plugins: Plugins, key: str) -> Offered:
    """Raises NotFound for a key that none of the company's modules brings."""
    for one in catalogue(session, plugins):
        if one.placement.key == key:
            return one
    raise NotFound(N_("There is no placement '%(key)s' here. Switch on the module that brings it, or check the key."), key=key)


def of_customers(session: Session, customer_ids: Sequence[int]) -> dict[int, dict[str, CustomerPlacement]]:
    """Placements by customer, then key. The caller has checked that these customers may be seen."""
    found: dict[int, dict[str, CustomerPlacement]] = {customer: {} for customer in customer_ids}
    statement = select(CustomerPlacement).where(CustomerPlacement.customer_id.in_(customer_ids))
    for row in session.execute(statement).scalars():
        found[row.customer_id][row.key] = row
    return found


def codes(session: Session, key: str, actor: Actor | None = None) -> list[Cell]:
    """The codes of a placement with their customers, by code; only the customers that the actor may see."""
    statement = select(CustomerPlacement.code, func.count(), func.avg(CustomerPlacement.sort)).where(CustomerPlacement.key == key)
    if actor is not None:
        statement = statement.join(Customer, Customer.id == CustomerPlacement.customer_id)
        statement = visible(statement, actor, owner=PEOPLE.owner_id, unit=PEOPLE.unit_id)
    rows = session.execute(statement.group_by(CustomerPlacement.code).order_by(CustomerPlacement.code))
    return [Cell(code, count, mean) for code, count, mean in rows]


@dataclass(frozen=True)
class PlacedPage:
    """Customers with their place, by customer. `next` is the last one's public id where there are more."""

    rows: Sequence[tuple[Customer, CustomerPlacement]]
    next: str | None


def page(
    session: Session, actor: Actor, key: str, *, code: str | None = None, after: uuid.UUID | None = None, limit: int
) -> PlacedPage:
    """The customers the actor may see that have a place, or a code of it, in a placement; after a customer of this company.

    Raises NotFound for a customer to begin after that is none.
    """
    statement: Any = select(Customer, CustomerPlacement).join(CustomerPlacement, CustomerPlacement.customer_id == Customer.id)
    statement = statement.where(CustomerPlacement.key == key, Customer.merged_into.is_(None))
    statement = visible(statement, actor, owner=PEOPLE.owner_id, unit=PEOPLE.unit_id)
    if code is not None:
        statement = statement.where(CustomerPlacement.code == code)
    if after is not None:
        last = session.execute(select(Customer.id).where(Customer.public_id == after)).scalar_one_or_none()
        if last is None:
            raise NotFound(
                N_("There is no customer here that you can see. The link may be old, or it belongs to another company.")
            )
        statement = statement.where(CustomerPlacement.customer_id > last)
    found = session.execute(statement.order_by(CustomerPlacement.customer_id).limit(limit + 1)).all()
    rows = [(row[0], row[1]) for row in found[:limit]]
    return PlacedPage(rows, rows[-1][0].public_id.hex if len(found) > limit else None)


def as_of(session: Session, key: str) -> dt.datetime | None:
    """When somebody's code last changed; None before the first refresh."""
    return session.execute(select(func.max(CustomerPlacement.changed_at)).where(CustomerPlacement.key == key)).scalar_one()


def limits(session: Session, key: str) -> PlacementFrozen | None:
    """The thresholds of the latest quarter; None where the placement has none yet."""
    newest = select(PlacementFrozen).where(PlacementFrozen.key == key).order_by(PlacementFrozen.quarter.desc()).limit(1)
    return session.execute(newest).scalar_one_or_none()


def thaw(session: Session, actor: Actor, plugins: Plugins, key: str) -> Job:
    """Have the latest quarter's thresholds computed anew by a refresh, for which this asks: for a history that came late.

    Raises NotFound for a key that none of the company's modules brings, and for a placement without thresholds.
    """
    offered(session, plugins, key)
    row = limits(session, key)
    if row is None:
        raise NotFound(N_("This placement has no limits yet. They come with the first refresh after customers have bought."))
    session.delete(row)
    session.execute(delete(RefreshStep).where(RefreshStep.name == "placements"))
    record(
        session, actor, "placement:limits_renewed", f"placement:{key}", {"quarter": row.quarter.isoformat(), "was": row.limits}
    )
    return refresh.ask_refresh(session, asked_by=actor.member_id)
