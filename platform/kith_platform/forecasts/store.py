"""Keeping forecasts: only what changed is written, and what is no longer a series goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.forecasts.make import PRODUCT
from kith_platform.forecasts.models import DemandForecast, DemandRun
from kith_platform.forecasts.series import Sales

KEY = ("tenant_id", "scope")


def made_of(session: Session) -> str:
    """The fingerprint of the sales that the stored forecasts were made from; empty before the first."""
    return session.execute(select(DemandRun.fingerprint)).scalar_one_or_none() or ""


def keep(session: Session, rows: Sequence[dict[str, Any]], sales: Sales, fingerprint: str) -> None:
    """Put these rows in place of the stored ones, in the caller's transaction."""
    table = DemandForecast
    columns = [column.name for column in table.__table__.columns if column.name not in KEY]
    statement = insert(table)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=list(KEY),
        set_={name: new[name] for name in columns},
        where=or_(*(getattr(table, name).is_distinct_from(new[name]) for name in columns)),
    )
    if rows:
        session.execute(statement, [{**row, "product_id": _product(row["scope"])} for row in rows])
    gone = delete(table).where(table.scope.not_in([row["scope"] for row in rows]))
    session.execute(gone.execution_options(synchronize_session=False))
    note(session, sales, fingerprint)


def forget(session: Session) -> None:
    """Nothing was ever sold: no forecast either. What people entered of ordering stays."""
    session.execute(delete(DemandForecast))
    session.execute(delete(DemandRun))


def note(session: Session, sales: Sales, fingerprint: str) -> None:
    """Remember what forecasts were made of."""
    said = {
        "as_of": sales.as_of,
        "first_on": sales.first,
        "fingerprint": fingerprint,
        "products": int(sales.products.size),
        "asleep": sales.asleep,
    }
    row = insert(DemandRun).values(**said)
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_={**said, "made_at": func.now()}))


def _product(scope: str) -> int | None:
    kind, _, number = scope.partition(":")
    return int(number) if kind == PRODUCT else None
