"""Everything that happened with one customer, newest first, whatever fact it is: one query over all of them."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, String, func, literal, select, text, tuple_, union_all
from sqlalchemy.orm import Session

from kith_platform.errors import BadRequest
from kith_platform.facts.models import OrderLine, Product
from kith_platform.facts.table import row_class
from kith_platform.i18n import N_
from kith_platform.sdk.facts import Fact

if TYPE_CHECKING:
    from kith_platform.facts.catalogue import FactCatalogue

PAGE = 30
LINES = 8  # order lines shown on the timeline
# Told by their order, whose status on its own says little; what serving somebody costs is no story of theirs.
UNTOLD = frozenset({"order_line", "order_status", "cost"})
TABS: Mapping[str, tuple[str, ...]] = {
    "orders": ("sales_order", "return_line"),
    "sales": ("lead", "opportunity", "opportunity_stage", "referral", "wallet", "market_signal"),
    "service": ("ticket", "survey_response", "rated_post", "commitment"),
    "success": ("outcome", "onboarding_step", "entitlement", "contact_plan", "handoff", "advocacy", "insight", "leaving"),
    "contact": ("activity", "touch", "consent"),
    "money": ("invoice", "payment", "subscription_event"),
    "events": ("event",),
}


@dataclass(frozen=True)
class Happening:
    """One fact of a customer: its kind (the fact's name), when (an instant, and whether only the day is known), its columns."""

    kind: str
    id: int
    at: dt.datetime
    day: dt.date
    day_only: bool
    values: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]] = field(default=())  # of an order: product, quantity, net; at most LINES
    further: int = 0  # how many more lines there are


@dataclass(frozen=True)
class Story:
    """One page of happenings, and the key of the next older page."""

    happenings: Sequence[Happening]
    next: str | None


def page(
    session: Session,
    facts: FactCatalogue,
    record_ids: Sequence[int],
    *,
    tab: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Story:
    """Facts of these records (one customer's), newest first. `tab` is a key of TABS or empty for all.

    Raises BadRequest for a page key that is none.
    """
    kinds = [fact for fact in facts if fact.of_customer and fact.occurred and _shown(fact, tab)]
    edge = _read(after)
    held = _held(session, kinds, record_ids)
    if not held:
        return Story((), None)
    parts = [_part(facts, number, kinds[number], record_ids, edge, limit + 1) for number in held]
    every = union_all(*(part.subquery().select() for part in parts)).subquery()
    newest = every.select().order_by(every.c.at.desc(), every.c.number.desc(), every.c.id.desc()).limit(limit + 1)
    rows = session.execute(newest).all()
    shown = rows[:limit]
    lines = _lines(session, [row.id for row in shown if kinds[row.number].name == "sales_order"])
    happenings = [_told(kinds[row.number].name, row, lines) for row in shown]
    return Story(happenings, _write(shown[-1]) if len(rows) > limit else None)


def _held(session: Session, kinds: Sequence[Fact], record_ids: Sequence[int]) -> list[int]:
    """Which kinds there are any of, by their place: asking for the columns of all the others takes longer than all the rest."""
    if not record_ids or not kinds:
        return []
    tables: list[Any] = [row_class(fact).__table__ for fact in kinds]
    # Composed as text, for speed; names are those of our own tables.
    theirs = "WHERE record_id = ANY(CAST(:ids AS bigint[]))"
    any_of = (
        f'SELECT {number} WHERE EXISTS (SELECT FROM "{table.schema}"."{table.name}" {theirs})'  # noqa: S608
        for number, table in enumerate(tables)
    )
    return sorted(session.execute(text(" UNION ALL ".join(any_of)), {"ids": list(record_ids)}).scalars())


def _shown(fact: Fact, tab: str) -> bool:
    return fact.name in TABS[tab] if tab in TABS else fact.name not in UNTOLD


def _part(facts: FactCatalogue, number: int, fact: Fact, record_ids: Sequence[int], edge: Any, limit: int) -> Select[Any]:
    """The newest rows of one fact older than the edge, with all their columns as JSON."""
    row = facts.row(fact.name)
    table = row.__table__
    columns = [name for name in table.c.keys() if name not in ("tenant_id", "source", "import_id", "changed_at")]  # noqa: SIM118
    body = func.jsonb_build_object(*(part for name in columns for part in (_key(name), table.c[name])))
    statement = select(
        literal(number, literal_execute=True).label("number"),
        table.c.id,
        table.c.occurred_at.label("at"),
        table.c.occurred_on.label("day"),
        table.c.day_only,
        body.label("body"),
    ).where(row.record_id.in_(record_ids))
    if edge is not None:
        at, kind, key = edge
        # The same instant may hold several kinds; within a kind the id decides.
        place = (table.c.occurred_at, literal(number), table.c.id)
        statement = statement.where(tuple_(*place) < tuple_(literal(at), literal(kind), literal(key)))
    return statement.order_by(table.c.occurred_at.desc(), table.c.id.desc()).limit(limit)


def _key(name: str) -> Any:
    """A declared column's name, written into the statement: as a parameter its type would not be known."""
    return literal(name, String(), literal_execute=True)


def _lines(session: Session, order_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    if not order_ids:
        return {}
    statement = (
        select(OrderLine.order_id, Product.name, Product.external_id, OrderLine.quantity, OrderLine.net, OrderLine.currency)
        .outerjoin(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id.in_(order_ids))
        .order_by(OrderLine.order_id, OrderLine.id)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for order, name, external, quantity, net, currency in session.execute(statement):
        line = {"product": name or external or "", "quantity": _float(quantity), "net": _float(net), "currency": currency}
        found.setdefault(order, []).append(line)
    return found


def _told(kind: str, row: Any, lines: Mapping[int, list[dict[str, Any]]]) -> Happening:
    own = lines.get(row.id, []) if kind == "sales_order" else []
    return Happening(kind, row.id, row.at, row.day, row.day_only, row.body, own[:LINES], max(0, len(own) - LINES))


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _write(row: Any) -> str:
    key = json.dumps([row.at.isoformat(), row.number, row.id])
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _read(key: str) -> tuple[dt.datetime, int, int] | None:
    if not key:
        return None
    try:
        at, number, row = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        return dt.datetime.fromisoformat(at), int(number), int(row)
    except (ValueError, TypeError, binascii.Error):
        raise BadRequest(N_("This page key does not belong to this list. Begin again with the first page.")) from None
