"""Keeping placements: set-wise through a temporary table, only what changed, with a line of history for each changed code."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Double,
    MetaData,
    Select,
    Table,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from kith_platform.placements.models import CustomerPlacement, PlacementFrozen, PlacementMove, PlacementTrack
from kith_platform.sdk.types import Placement
from kith_tenants.schema import Name

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext

MOVE = ("customer_id", "key", "moved_on", "from_code", "to_code", "from_sort", "to_sort")


def stored(runtime: Runtime, tenant: TenantContext, placements: Sequence[Placement]) -> dict[str, pa.Table]:
    """By key: customer_id and every kept column of each placement, as its last turn gave them."""
    if not placements:
        return {}
    with runtime.doors.tenant_arrow(tenant.id) as door:
        return {one.key: door.read(_stored(tenant, one)).read_all() for one in placements}


def _stored(tenant: TenantContext, placement: Placement) -> Select[Any]:
    kept = CustomerPlacement
    values = [
        cast(kept.details[column.name].astext, Double if column.kind == "number" else Name).label(column.name)
        for column in (*placement.columns, *placement.carries)
    ]
    statement = select(cast(kept.customer_id, BigInteger).label("customer_id"), *values)
    return statement.where(kept.tenant_id == tenant.id, kept.key == placement.key)


def frozen(session: Session, key: str) -> dict[dt.date, Mapping[str, float]]:
    """The thresholds of each quarter that has any."""
    rows = session.execute(select(PlacementFrozen).where(PlacementFrozen.key == key)).scalars()
    return {row.quarter: row.limits for row in rows}


def keep(session: Session, placement: Placement, rows: pl.DataFrame) -> int:
    """Store a placement of all customers in the caller's transaction; how many rows were new, different or gone.

    `rows` has customer_id, code, sort and details (JSON text). Whoever is not in it loses the place.
    """
    kept = CustomerPlacement
    staged = _stage(session, rows, {"customer_id": BigInteger(), "code": Name, "sort": Double(), "details": Name})
    details = cast(staged.c.details, JSONB)
    given = select(staged.c.customer_id, literal(placement.key), staged.c.code, staged.c.sort, details)
    statement = postgresql.insert(kept).from_select(["customer_id", "key", "code", "sort", "details"], given)
    new = statement.excluded
    moved = case((kept.code != new.code, func.now()), else_=kept.changed_at)
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "customer_id", "key"],
            set_={"code": new.code, "sort": new.sort, "details": new.details, "changed_at": moved},
            where=or_(*(getattr(kept, name).is_distinct_from(new[name]) for name in ("code", "sort", "details"))),
        )
    )
    still = exists().where(staged.c.customer_id == kept.customer_id)
    gone = session.execute(delete(kept).where(kept.key == placement.key, ~still).execution_options(synchronize_session=False))
    staged.drop(session.connection())
    return int(written.rowcount + gone.rowcount)  # type: ignore[attr-defined]


def remember(session: Session, moves: Sequence[pl.DataFrame]) -> int:
    """Add changes of codes to the history, in order; how many."""
    kinds = {"customer_id": BigInteger(), "key": Name, "moved_on": Date(), "from_code": Name, "to_code": Name}
    kinds |= {"from_sort": Double(), "to_sort": Double()}
    count = 0
    for frame in moves:
        if frame.is_empty():
            continue
        staged = _stage(session, frame.select(MOVE).sort("moved_on", "customer_id"), kinds)
        session.execute(insert(PlacementMove).from_select(list(MOVE), select(*(staged.c[name] for name in MOVE))))
        staged.drop(session.connection())
        count += frame.height
    return count


def note(
    session: Session,
    key: str,
    first: dt.date,
    day: dt.date,
    month_end: dt.date | None,
    figures: Mapping[str, Any],
    limits: Sequence[PlacementFrozen],
) -> None:
    """Remember how far the placement has come, and freeze the thresholds it went by."""
    said = {"last_day": day, "month_end": month_end, "figures": dict(figures)}
    row = postgresql.insert(PlacementTrack).values(key=key, first_day=first, **said)
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "key"], set_={**said, "changed_at": func.now()}))
    for one in limits:
        ice = postgresql.insert(PlacementFrozen).values(key=one.key, quarter=one.quarter, until=one.until, limits=one.limits)
        session.execute(ice.on_conflict_do_nothing())


def _stage(session: Session, frame: pl.DataFrame, kinds: Mapping[str, Any]) -> Table:
    """The frame as a temporary table. COPY cannot write under row level security itself."""
    table = Table(
        "placement_staging",
        MetaData(),
        *(Column(name, kind) for name, kind in kinds.items()),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    connection = session.connection()
    table.create(connection)
    buffer = io.BytesIO()
    # Strings quoted, nulls not: the only way that an empty text and no value stay two things.
    frame.select(list(kinds)).write_csv(buffer, include_header=False, quote_style="non_numeric", null_value="\\N")
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY placement_staging FROM STDIN (FORMAT csv, NULL '\\N')") as copy:
        copy.write(buffer.getbuffer())
    return table
