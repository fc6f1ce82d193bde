"""Schedules: rows that ask for a job each day at a time of the tenant's, or again and again.

Any number of processes may tick: a schedule's row is locked while it fires, and knows when it fires next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.jobs import service
from kith_platform.jobs.models import Job, Schedule
from kith_tenants.context import tenant_id_of, tenant_of

log = structlog.get_logger(__name__)

LEAST_SECONDS = 1


def put(
    session: Session, kind: str, rule: dict[str, Any], *, name: str = "", args: dict[str, Any] | None = None, plugin: str = ""
) -> int:
    """Add the schedule of this kind and name, or change it; returns its id. It fires next as the rule says from now on.

    `rule` is `{"daily": "HH:MM"}` in the tenant's zone, or `{"every": seconds}`. Raises Invalid.
    """
    now = session.execute(select(func.now())).scalar_one()
    values = {"rule": rule, "args": args or {}, "plugin": plugin, "enabled": True}
    values["next_at"] = next_fire(rule, tenant_of(session).timezone, now)
    added = insert(Schedule).values(kind=kind, name=name, **values)
    added = added.on_conflict_do_update(index_elements=["tenant_id", "kind", "name"], set_=values)
    return session.execute(added.returning(Schedule.id)).scalar_one()


def remove(session: Session, kind: str, name: str = "") -> None:
    """Remove a schedule; none is no error."""
    found = select(Schedule).where(Schedule.kind == kind, Schedule.name == name)
    if (row := session.execute(found).scalar_one_or_none()) is not None:
        session.delete(row)


def next_fire(rule: dict[str, Any], zone: str, after: dt.datetime) -> dt.datetime:
    """The first time after `after` (aware) at which the rule fires, in UTC.

    A daily time that the change to summer time skips is an hour later on that day.
    Raises Invalid for a rule that is neither daily nor every.
    """
    try:
        if "every" in rule:
            seconds = float(rule["every"])
            if seconds < LEAST_SECONDS:
                raise ValueError("too often")
            return after + dt.timedelta(seconds=seconds)
        at = dt.time.fromisoformat(rule["daily"])
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(
            N_('%(rule)s is no time for a schedule. Use {"daily": "02:30"} or {"every": 3600} (seconds).'), rule=rule
        ) from error
    place = ZoneInfo(zone)
    day = after.astimezone(place).date()
    fires = (dt.datetime.combine(day + dt.timedelta(days=ahead), at, place).astimezone(dt.UTC) for ahead in range(3))
    return next(moment for moment in fires if moment > after)


def due() -> Any:
    """The statement for dispatch_scope that finds (tenant id, schedule id) of what is to fire."""
    table = Schedule.__table__
    return select(table.c.tenant_id, table.c.id).where(table.c.enabled, table.c.next_at <= func.now()).order_by(table.c.next_at)


def fire(session: Session, schedule_id: int, *, may_run: Callable[[str], bool] = lambda _: True) -> Job | None:
    """Ask for the schedule's job if it is due, and set the next time; missed times count as one.

    None when another process fired it, when the job of an earlier time is still at work, or when `may_run` says no to its
    kind.
    """
    found = select(Schedule, func.now()).where(Schedule.id == schedule_id, Schedule.enabled, Schedule.next_at <= func.now())
    first = session.execute(found.with_for_update(skip_locked=True)).first()
    if first is None:
        return None
    row, now = first
    fired_at = row.next_at
    following = next_fire(row.rule, tenant_of(session).timezone, fired_at)
    row.next_at = following if following > now else next_fire(row.rule, tenant_of(session).timezone, now)
    row.last_at = fired_at
    if not may_run(row.kind) or _at_work(session, row):
        log.info("schedule.skipped", schedule=row.id, tenant_id=tenant_id_of(session), kind=row.kind)
        return None
    return service.ask(session, row.kind, row.args, dedupe_key=f"schedule:{row.id}:{fired_at.isoformat()}")


def _at_work(session: Session, row: Schedule) -> bool:
    """Whether a job of an earlier fire time is not over: workers that are away must not find hundreds of the same."""
    earlier = select(Job.id).where(
        Job.kind == row.kind,
        Job.finished_at.is_(None),
        Job.dedupe_key >= f"schedule:{row.id}:",
        Job.dedupe_key < f"schedule:{row.id};",  # ';' follows ':'
    )
    return session.execute(earlier.limit(1)).first() is not None
