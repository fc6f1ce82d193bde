"""Orders whose amount is what their lines add up to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, false, func, literal, or_, select, true, update
from sqlalchemy.orm import Session
from sqlalchemy.schema import DropTable

from kith_platform.facts.models import OrderLine, SalesOrder
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.plan import ORDER, ORDER_LINE
from kith_platform.imports.upsert import materialise

ORDERS: Table = SalesOrder.__table__
LINES: Table = OrderLine.__table__
SUMMED = ("net", "quantity")


def add_up(session: Session, mapping: Mapping, import_id: int) -> None:
    """After a chunk: the orders of its lines. Where the file has orders without amount, they are what all lines known by now
    add up to; where it has lines alone, only orders that had no amount of their own."""
    if ORDER_LINE not in mapping.facts:
        return
    computed = (f"{ORDER}.net", "sum(lines)") in mapping.computed
    if ORDER in mapping.facts and not computed:
        return
    fresh = and_(LINES.c.import_id == import_id, LINES.c.changed_at == func.now())
    orders = materialise(session, added_up(select(LINES.c.order_id).where(fresh), before=~fresh, always=computed), "summed")
    total(session, orders)
    session.execute(DropTable(orders))


def added_up(orders: Select[tuple[int]], *, before: ColumnElement[bool] | None = None, always: bool = False) -> Select[Any]:
    """These orders, and whether their net and quantity are empty or the sums of their lines, or of those that were there
    `before`: (order_id, net, quantity)."""
    old = true() if before is None else before
    lines = (
        select(LINES.c.order_id, *(func.sum(LINES.c[name]).filter(old).label(name) for name in SUMMED))
        .where(LINES.c.order_id.in_(orders))
        .group_by(LINES.c.order_id)
        .subquery()
    )
    ours = (
        literal(always) | ORDERS.c[name].is_(None) | func.coalesce(ORDERS.c[name] == lines.c[name], false()) for name in SUMMED
    )
    own = (expression.label(name) for name, expression in zip(SUMMED, ours, strict=True))
    found: Select[Any] = select(ORDERS.c.id.label("order_id"), *own)
    return found.join(lines, lines.c.order_id == ORDERS.c.id)


def total(session: Session, orders: Table) -> None:
    """Write the sums of their lines into these orders (as of `added_up`), where they are theirs and have changed."""
    lines = (
        select(LINES.c.order_id, *(func.sum(LINES.c[name]).label(name) for name in SUMMED))
        .where(LINES.c.order_id.in_(select(orders.c.order_id)))
        .group_by(LINES.c.order_id)
        .subquery()
    )
    values = {name: case((orders.c[name], lines.c[name]), else_=ORDERS.c[name]) for name in SUMMED}
    found = select(ORDERS.c.id, *(value.label(name) for name, value in values.items()))
    found = found.join(orders, orders.c.order_id == ORDERS.c.id).outerjoin(lines, lines.c.order_id == ORDERS.c.id)
    new = found.where(or_(*(ORDERS.c[name].is_distinct_from(value) for name, value in values.items()))).subquery()
    session.execute(
        update(ORDERS)
        .where(ORDERS.c.id == new.c.id)
        .values({**{name: new.c[name] for name in SUMMED}, "changed_at": func.now()}),
        execution_options={"synchronize_session": False},
    )
