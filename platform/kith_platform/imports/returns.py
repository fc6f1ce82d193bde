"""Returns that a till writes as lines of their own, led back to the orders they undo."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, func, select, true, update
from sqlalchemy.orm import Session

from kith_platform.facts.models import OrderLine, ReturnLine

RETURNS: Table = ReturnLine.__table__
LINES: Table = OrderLine.__table__


def link(session: Session, import_id: int) -> tuple[int, int]:
    """Give each return that an import brought without an order the one it undoes: of the same source, customer and product, not
    after the return; rather one of which as much was bought as came back, then the latest. How many have one now, and how many
    have none. Doing it again changes nothing."""
    mine = RETURNS.c.import_id == import_id
    line = LINES.c
    same = (line.source == RETURNS.c.source, line.record_id == RETURNS.c.record_id, line.product_id == RETURNS.c.product_id)
    found = (
        select(line.order_id)
        .where(
            line.tenant_id == RETURNS.c.tenant_id, *same, line.order_id.is_not(None), line.occurred_at <= RETURNS.c.occurred_at
        )
        .order_by((line.quantity >= RETURNS.c.quantity).desc().nulls_last(), line.occurred_at.desc(), line.id.desc())
        .limit(1)
        .lateral("undone")
    )
    pairs = select(RETURNS.c.tenant_id, RETURNS.c.id, found.c.order_id).select_from(RETURNS.join(found, true()))
    wanted = pairs.where(mine, RETURNS.c.order_id.is_(None)).cte("wanted")
    session.execute(
        update(RETURNS)
        .where(RETURNS.c.tenant_id == wanted.c.tenant_id, RETURNS.c.id == wanted.c.id)
        .values(order_id=wanted.c.order_id, changed_at=func.now()),
        execution_options={"synchronize_session": False},
    )
    counts: Any = select(func.count(RETURNS.c.order_id), func.count()).where(mine)
    with_order, all_ = session.execute(counts).one()
    return with_order, all_ - with_order
