"""Keeping readings and flags: only what changed is written, and readings keep their history."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, MetaData, Table, delete, exists, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from kith_platform.quality.models import QualityFlag, QualityReading, QualityRun
from kith_platform.sdk.types import QualityReading as Reading
from kith_tenants.schema import Name

if TYPE_CHECKING:
    import pyarrow as pa

ISSUE = "issue"
Key = tuple[str, str, str]  # metric, source, field


def latest(session: Session, *metrics: str) -> list[Reading]:
    """The newest reading of each metric, source and field, those with nothing left to count excepted."""
    row = QualityReading
    newest = select(row.metric, row.source, row.field, row.part, row.whole)
    newest = newest.ext(postgresql.distinct_on(row.metric, row.source, row.field)).order_by(
        row.metric, row.source, row.field, row.day.desc()
    )
    if metrics:
        newest = newest.where(row.metric.in_(metrics))
    found = (Reading(metric=m, source=s, field=f, part=part, whole=whole) for m, s, f, part, whole in session.execute(newest))
    return [one for one in found if one.whole]


def keep(session: Session, found: Iterable[Reading], day: dt.date) -> int:
    """Store the readings of a day, those that differ from the one before; how many. What is no longer read ends with 0 of 0."""
    before = {(one.metric, one.source, one.field): (one.part, one.whole) for one in latest(session)}
    now = {(one.metric, one.source, one.field): (float(one.part), float(one.whole)) for one in found}
    wanted = now | dict.fromkeys(before.keys() - now.keys(), (0.0, 0.0))
    rows = [
        {"metric": metric, "source": source, "field": field, "day": day, "part": part, "whole": whole}
        for (metric, source, field), (part, whole) in wanted.items()
        if before.get((metric, source, field), (0.0, 0.0)) != (part, whole)
    ]
    for start in range(0, len(rows), 1_000):
        statement = postgresql.insert(QualityReading).values(rows[start : start + 1_000])
        new = {"part": statement.excluded.part, "whole": statement.excluded.whole}
        keys = ["tenant_id", "metric", "source", "field", "day"]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=new))
    return len(rows)


def flag(session: Session, found: Mapping[str, pa.Array]) -> None:
    """Store whom each issue concerns, set-wise through a temporary table; whoever is not in it loses the flag."""
    staged = _stage(session, found)
    rows = select(staged.c.issue, staged.c.customer_id)
    added = postgresql.insert(QualityFlag).from_select(["issue", "customer_id"], rows)
    session.execute(added.on_conflict_do_nothing())
    still = exists().where(staged.c.issue == QualityFlag.issue, staged.c.customer_id == QualityFlag.customer_id)
    session.execute(delete(QualityFlag).where(~still).execution_options(synchronize_session=False))
    staged.drop(session.connection())


def _stage(session: Session, found: Mapping[str, pa.Array]) -> Table:
    columns = (Column("issue", Name), Column("customer_id", BigInteger()))
    table = Table("quality_staging", MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
    connection = session.connection()
    table.create(connection)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY quality_staging FROM STDIN") as copy:
        for issue, customers in found.items():
            text = io.StringIO()
            text.writelines(f"{issue}\t{customer}\n" for customer in customers.to_pylist())
            copy.write(text.getvalue())
    return table


def note(session: Session, *, day: dt.date, as_of: dt.date, read_at: dt.datetime, records: int, customers: int) -> None:
    """Remember what was read, and when."""
    said = {"day": day, "as_of": as_of, "read_at": read_at, "records": records, "customers": customers}
    row = postgresql.insert(QualityRun).values(**said)
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_={**said, "computed_at": func.now()}))


def history(session: Session, wanted: Sequence[Key], since: dt.date) -> dict[Key, list[tuple[dt.date, float | None]]]:
    """Per key (day, value), oldest first, of the days on which it changed; what held before `since` begins it."""
    row = QualityReading
    keys = set(wanted)
    statement = select(row.metric, row.source, row.field, row.day, row.part, row.whole)
    statement = statement.where(row.metric.in_({key[0] for key in keys}), row.source.in_({key[1] for key in keys}))
    statement = statement.where(row.field.in_({key[2] for key in keys}))
    lines: dict[Key, list[tuple[dt.date, float | None]]] = {key: [] for key in wanted}
    for metric, source, field, day, part, whole in session.execute(statement.order_by(row.day)):
        key = (metric, source, field)
        if key not in keys:
            continue
        if day < since:
            lines[key].clear()
        lines[key].append((max(day, since), part / whole if whole else None))
    return lines


def flagged(issue: str) -> Any:
    """Ids of the customers with an issue, for lists."""
    return select(QualityFlag.customer_id).where(QualityFlag.issue == issue)
