"""Reading and keeping placements. Lists join them by code; the 360 page reads one customer's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.modules import service as modules
from kith_platform.placements.models import CustomerPlacement
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Placement
from kith_tenants.context import Actor, visible

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 2_000
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


def as_of(session: Session, key: str) -> dt.datetime | None:
    """When somebody's code last changed; None before the first refresh."""
    return session.execute(select(func.max(CustomerPlacement.changed_at)).where(CustomerPlacement.key == key)).scalar_one()


def keep(session: Session, placement: Placement, rows: pa.Table) -> int:
    """Store a placement of all customers in the caller's transaction; how many rows were new or different.

    `rows` has customer_id and the placement's columns. Whoever is not in it loses the place.
    """
    written = 0
    stored = CustomerPlacement
    for batch in _batches(placement, rows):
        statement = insert(stored).values(batch)
        new = statement.excluded
        changed = or_(*(getattr(stored, name).is_distinct_from(new[name]) for name in ("code", "sort", "details")))
        moved = case((stored.code != new.code, func.now()), else_=stored.changed_at)
        kept = statement.on_conflict_do_update(
            index_elements=["tenant_id", "customer_id", "key"],
            set_={"code": new.code, "sort": new.sort, "details": new.details, "changed_at": moved},
            where=changed,
        )
        written += len(session.execute(kept.returning(stored.customer_id)).all())
    return written + _leave(session, placement.key, rows)


def _leave(session: Session, key: str, rows: pa.Table) -> int:
    """Remove the rows of customers who are not placed any more; how many."""
    placed = set(rows["customer_id"].to_pylist())
    before = session.execute(select(CustomerPlacement.customer_id).where(CustomerPlacement.key == key)).scalars()
    gone = [customer for customer in before if customer not in placed]
    for start in range(0, len(gone), BATCH):
        part = gone[start : start + BATCH]
        session.execute(delete(CustomerPlacement).where(CustomerPlacement.key == key, CustomerPlacement.customer_id.in_(part)))
    return len(gone)


def _batches(placement: Placement, rows: pa.Table) -> Iterator[list[dict[str, Any]]]:
    text = next((column.name for column in placement.columns if column.kind == "text"), None)
    number = next((column.name for column in placement.columns if column.kind == "number"), None)
    names = [column.name for column in placement.columns]
    for batch in rows.to_batches(max_chunksize=BATCH):
        yield [
            {
                "customer_id": row["customer_id"],
                "key": placement.key,
                "code": "" if text is None else row[text] or "",
                "sort": None if number is None or row[number] is None else float(row[number]),
                "details": {name: row[name] for name in names},
            }
            for row in batch.to_pylist()
        ]
