"""Keeping values: only what changed is written; what is no longer offered goes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.metrics.engine import NOT_YET, Result, Wanted
from kith_platform.metrics.grains import SEGMENT, TENANT, WHOLE
from kith_platform.metrics.models import MetricPeriod, MetricValue, MetricVersion
from kith_platform.sdk.metrics import Period, Reading

BATCH = 500
UNMADE = {NOT_YET, "immature"}  # what such a value becomes is no correction
_PLACE = ("key", "grain", "unit", "period_start", "period_end")
_VALUES = ("value", "n", "low", "high", "reason", "flags", "coverage", "rows")


@dataclass(frozen=True)
class Source:
    """What values were computed from: the snapshot, and `state`, which stands for modules, their settings and scores."""

    snapshot: uuid.UUID
    read_at: dt.datetime
    state: str
    until: dt.date


def keep(session: Session, results: Sequence[Result], wanted: Sequence[Wanted], source: Source, grains: Sequence[str]) -> int:
    """Store readings in the caller's transaction; how many were new or different. What a value of a period that was over had
    been before is kept as a version.
    """
    written = 0
    for rows in _batches(_row(result, source.snapshot) for result in results):
        before = _stored(session, rows)
        changed = [row for row in rows if _differs(before.get(_place(row)), row)]
        if not changed:
            continue
        _keep_versions(session, [before[_place(row)] for row in changed if _place(row) in before], source.until)
        statement = insert(MetricValue).values(changed)
        new = {name: statement.excluded[name] for name in (*_VALUES, "snapshot")}
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "key", "grain", "unit", "period_start", "period_end"],
                set_={**new, "computed_at": func.now()},
            )
        )
        written += len(changed)
    for place in wanted:
        for grain in grains:
            _note(session, place, grain, source)
    return written


def _place(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in _PLACE)


def _stored(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Stored values at the places of these rows."""
    table = MetricValue.__table__.c
    columns = [table[name] for name in (*_PLACE, *_VALUES, "snapshot", "computed_at")]
    at = tuple_(*(table[name] for name in _PLACE)).in_([_place(row) for row in rows])
    return {_place(row): dict(row) for row in session.execute(select(*columns).where(at)).mappings()}


def _differs(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    return before is None or any(before[name] != row[name] for name in _VALUES)


def _keep_versions(session: Session, before: Sequence[Mapping[str, Any]], until: dt.date) -> None:
    """A running period changes each day, which is no news; one that was over does by late data."""
    late = [row for row in before if row["period_end"] <= until and row["reason"] not in UNMADE]
    names = (*_PLACE, "value", "n", "reason", "snapshot", "computed_at")
    if late:
        session.execute(insert(MetricVersion).values([{name: row[name] for name in names} for row in late]))


def _note(session: Session, place: Wanted, grain: str, source: Source) -> None:
    """Remember that the period was computed, and from what."""
    period, covered = place.period, place.covered
    said = {
        "until": min(source.until, period.end - dt.timedelta(days=1)),
        "partial": covered is None or covered.partial,
        "snapshot": source.snapshot,
        "read_at": source.read_at,
        "state": source.state,
    }
    row = insert(MetricPeriod).values(grain=grain, period_start=period.start, period_end=period.end, **said)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "grain", "period_start", "period_end"], set_={**said, "computed_at": func.now()}
        )
    )


def forget(
    session: Session, keys: Collection[str], periods: Collection[Period], latest_only: Collection[str], segments: Collection[str]
) -> None:
    """Remove what a refresh no longer keeps: periods beside these, but for metrics whose past cannot be computed again; units
    that were asked for, for they are of older data; and segments that are gone.

    Values of modules that were switched off stay: switching off keeps data.
    """
    starts = [(period.start, period.end) for period in periods]
    place = tuple_(MetricValue.period_start, MetricValue.period_end)
    old = delete(MetricValue).where(MetricValue.key.in_(set(keys) - set(latest_only)), place.not_in(starts))
    session.execute(old)
    session.execute(delete(MetricValue).where(MetricValue.grain.not_in([TENANT, SEGMENT])))
    session.execute(delete(MetricValue).where(MetricValue.grain == SEGMENT, MetricValue.unit.not_in(list(segments))))
    noted_at = tuple_(MetricPeriod.period_start, MetricPeriod.period_end)
    gone = or_(noted_at.not_in(starts), MetricPeriod.grain.not_in([TENANT, SEGMENT]))
    session.execute(delete(MetricPeriod).where(gone))


def noted(session: Session, period: Period, grain: str = TENANT) -> MetricPeriod | None:
    """When and from what the period was computed for the grain; None where it was not."""
    at = (MetricPeriod.grain == grain, MetricPeriod.period_start == period.start, MetricPeriod.period_end == period.end)
    return session.execute(select(MetricPeriod).where(*at)).scalar_one_or_none()


def values(
    session: Session, keys: Collection[str], periods: Collection[Period], grain: str = TENANT, unit: str = WHOLE
) -> dict[tuple[str, Period], MetricValue]:
    """Stored values of one unit by key and whole period."""
    places = [(period.start, period.end) for period in periods]
    statement = select(MetricValue).where(
        MetricValue.grain == grain,
        MetricValue.unit == unit,
        MetricValue.key.in_(list(keys)),
        tuple_(MetricValue.period_start, MetricValue.period_end).in_(places),
    )
    rows = session.execute(statement).scalars()
    return {(row.key, Period(row.period_start, row.period_end)): row for row in rows}


def readings(session: Session, keys: Collection[str], periods: Collection[Period]) -> list[Result]:
    """What these metrics read of the company as a whole, as the engine gave it."""
    return [_result(row) for row in values(session, keys, periods).values()]


def of_units(session: Session, key: str, period: Period, grain: str, *, after: str = "", limit: int = 1000) -> list[MetricValue]:
    """A metric's stored values of a grain's units over one period, by unit, beyond `after`."""
    statement = select(MetricValue).where(
        MetricValue.grain == grain,
        MetricValue.key == key,
        MetricValue.period_start == period.start,
        MetricValue.period_end == period.end,
        MetricValue.unit > after,
    )
    return list(session.execute(statement.order_by(MetricValue.unit).limit(limit)).scalars())


def of_grain(
    session: Session, keys: Collection[str], periods: Collection[Period], grain: str, units: Collection[str] | None = None
) -> list[MetricValue]:
    """Stored values of all units of a grain, or of these `units`."""
    statement = select(MetricValue).where(
        MetricValue.grain == grain,
        MetricValue.key.in_(list(keys)),
        tuple_(MetricValue.period_start, MetricValue.period_end).in_([(period.start, period.end) for period in periods]),
    )
    if units is not None:
        statement = statement.where(MetricValue.unit.in_(list(units)))
    return list(session.execute(statement.order_by(MetricValue.key, MetricValue.unit)).scalars())


def units(session: Session, period: Period, grain: str, *, limit: int = 1000) -> list[str]:
    """The units of a grain that have values over the period."""
    at = (MetricValue.grain == grain, MetricValue.period_start == period.start, MetricValue.period_end == period.end)
    return list(session.execute(select(MetricValue.unit).where(*at).distinct().order_by(MetricValue.unit).limit(limit)).scalars())


def versions(session: Session, key: str, period: Period, grain: str = TENANT, unit: str = WHOLE) -> list[MetricVersion]:
    """What the value had been before late data changed it, newest first."""
    statement = select(MetricVersion).where(
        MetricVersion.key == key,
        MetricVersion.grain == grain,
        MetricVersion.unit == unit,
        MetricVersion.period_start == period.start,
        MetricVersion.period_end == period.end,
    )
    return list(session.execute(statement.order_by(MetricVersion.id.desc())).scalars())


def _row(result: Result, snapshot: uuid.UUID) -> dict[str, Any]:
    reading = result.reading
    return {
        "key": result.key,
        "grain": result.grain,
        "unit": result.unit,
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


def _result(row: MetricValue) -> Result:
    reading = Reading(
        value=row.value,
        n=row.n,
        low=row.low,
        high=row.high,
        reason=row.reason,
        flags=tuple(row.flags),
        coverage=row.coverage,
        rows=tuple(row.rows),
    )
    return Result(row.key, Period(row.period_start, row.period_end), reading, row.grain, row.unit)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
