"""Orders whose amount is what their lines add up to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, or_, select, true, update
from sqlalchemy.orm import Session

from kith_platform.facts.models import OrderLine, SalesOrder
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.plan import ORDER, ORDER_LINE

ORDERS: Table = SalesOrder.__table__
LINES: Table = OrderLine.__table__


def add_up(session: Session, mapping: Mapping, import_id: int) -> None:
    """After a chunk: the orders of its lines. Where the file has orders without amount, they are what all lines known by now
    add up to; where it has lines alone, only orders that had no amount of their own."""
    if ORDER_LINE not in mapping.facts:
        return
    computed = (f"{ORDER}.net", "sum(lines)") in mapping.computed
    if ORDER in mapping.facts and not computed:
        return
    fresh = and_(LINES.c.import_id == import_id, LINES.c.changed_at == func.now())
    total(session, select(LINES.c.order_id).where(fresh), before=None if computed else ~fresh)


def total(session: Session, orders: Select[tuple[int]], *, before: ColumnElement[bool] | None = None) -> None:
    """Write sums of net and quantity into these orders. With `before`: only where they are empty or the sums of those lines."""
    old = true() if before is None else before
    sums = (
        select(
            LINES.c.order_id,
            *(func.sum(LINES.c[name]).label(name) for name in ("net", "quantity")),
            *(func.sum(LINES.c[name]).filter(old).label(f"old_{name}") for name in ("net", "quantity")),
        )
        .where(LINES.c.order_id.in_(orders))
        .group_by(LINES.c.order_id)
        .subquery()
    )
    values: dict[str, Any] = {}
    for name in ("net", "quantity"):
        ours = or_(ORDERS.c[name].is_(None), ORDERS.c[name] == sums.c[f"old_{name}"])
        values[name] = sums.c[name] if before is None else case((ours, sums.c[name]), else_=ORDERS.c[name])
    changed = or_(*(ORDERS.c[name].is_distinct_from(value) for name, value in values.items()))
    session.execute(
        update(ORDERS).where(ORDERS.c.id == sums.c.order_id, changed).values({**values, "changed_at": func.now()}),
        execution_options={"synchronize_session": False},
    )
