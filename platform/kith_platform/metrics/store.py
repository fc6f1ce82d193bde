"""Keeping values: only what changed is written; what is no longer offered goes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.metrics.engine import Result, Wanted
from kith_platform.metrics.models import TENANT, MetricPeriod, MetricValue
from kith_platform.sdk.types import Period

BATCH = 500
_VALUES = ("value", "n", "low", "high", "reason", "flags", "coverage", "rows")


@dataclass(frozen=True)
class Source:
    """What values were computed from: the snapshot, and `state`, which stands for modules, their settings and scores."""

    snapshot: uuid.UUID
    read_at: dt.datetime
    state: str
    until: dt.date


def keep(session: Session, results: Sequence[Result], wanted: Sequence[Wanted], source: Source) -> int:
    """Store readings of the tenant grain in the caller's transaction; how many were new or different."""
    written = 0
    for rows in _batches(_row(result, source.snapshot) for result in results):
        statement = insert(MetricValue).values(rows)
        new = {name: statement.excluded[name] for name in (*_VALUES, "snapshot")}
        changed = or_(*(getattr(MetricValue, name).is_distinct_from(statement.excluded[name]) for name in _VALUES))
        kept = statement.on_conflict_do_update(
            index_elements=["tenant_id", "key", "grain", "unit", "period_start", "period_end"],
            set_={**new, "computed_at": func.now()},
            where=changed,
        )
        written += len(session.execute(kept.returning(MetricValue.key)).all())
    for place in wanted:
        _note(session, place, source)
    return written


def _note(session: Session, place: Wanted, source: Source) -> None:
    """Remember that the period was computed, and from what."""
    period, covered = place.period, place.covered
    said = {
        "until": min(source.until, period.end - dt.timedelta(days=1)),
        "partial": covered is None or covered.partial,
        "snapshot": source.snapshot,
        "read_at": source.read_at,
        "state": source.state,
    }
    row = insert(MetricPeriod).values(period_start=period.start, period_end=period.end, **said)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "period_start", "period_end"], set_={**said, "computed_at": func.now()}
        )
    )


def forget(session: Session, keys: Collection[str], periods: Collection[Period], latest_only: Collection[str]) -> None:
    """Remove what a refresh no longer keeps: periods beside these, but for metrics whose past cannot be computed again.

    Values of modules that were switched off stay: switching off keeps data. Periods asked for once go: they are of older data.
    """
    starts = [(period.start, period.end) for period in periods]
    place = tuple_(MetricValue.period_start, MetricValue.period_end)
    old = delete(MetricValue).where(MetricValue.grain == TENANT, MetricValue.key.in_(set(keys) - set(latest_only)))
    session.execute(old.where(place.not_in(starts)))
    session.execute(delete(MetricPeriod).where(tuple_(MetricPeriod.period_start, MetricPeriod.period_end).not_in(starts)))


def noted(session: Session, period: Period) -> MetricPeriod | None:
    """When and from what the period was computed; None where it was not."""
    return session.execute(
        select(MetricPeriod).where(MetricPeriod.period_start == period.start, MetricPeriod.period_end == period.end)
    ).scalar_one_or_none()


def values(session: Session, keys: Collection[str], periods: Collection[Period]) -> dict[tuple[str, Period], MetricValue]:
    """Stored values of the tenant grain by key and whole period."""
    places = [(period.start, period.end) for period in periods]
    statement = select(MetricValue).where(
        MetricValue.grain == TENANT,
        MetricValue.unit == 0,
        MetricValue.key.in_(list(keys)),
        tuple_(MetricValue.period_start, MetricValue.period_end).in_(places),
    )
    rows = session.execute(statement).scalars()
    return {(row.key, Period(row.period_start, row.period_end)): row for row in rows}


def _row(result: Result, snapshot: uuid.UUID) -> dict[str, Any]:
    reading = result.reading
    return {
        "key": result.key,
        "grain": TENANT,
        "unit": 0,
        "period_start": result.period.start,
        "period_end": result.period.end,
        "value": reading.value,
        "n": reading.n,
        "low": reading.low,
        "high": reading.high,
        "reason": reading.reason,
        "flags": list(reading.flags),
        "coverage": reading.coverage,
        "rows": [dict(row) for row in reading.rows],
        "snapshot": snapshot,
    }


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
