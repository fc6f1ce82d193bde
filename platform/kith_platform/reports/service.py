"""Reports of a company: which period, what it says, and asking for what is not computed yet or for a print."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.criteria import service as criteria
from kith_platform.customers.service import owners
from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.metrics import service as metrics
from kith_platform.metrics import store
from kith_platform.metrics.grains import PRODUCT, TENANT
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.reports import findings, products, standing
from kith_platform.reports.findings import Signed
from kith_platform.reports.report import Finding, Omitted, Report
from kith_platform.scorecards.board import judged_period
from kith_platform.sdk.advice import Advice
from kith_platform.sdk.metrics import Period
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kith_platform.metrics.answers import Offered

PRINT = "reports.print"
LONGEST = 366 * 10  # days


def period_of(session: Session, first: str, last: str) -> Period | None:
    """The days from `first` to `last`, both counted in, as ISO days; without either the newest month that is over.

    None before the first refresh. Raises Invalid with an error per field.
    """
    if not first and not last:
        return judged_period(session)
    wrong = N_("Give a day such as 2026-10-01.")
    start, end = _day(first), _day(last)
    problems = [FieldError(name, wrong) for name, one in (("from", start), ("to", end)) if one is None]
    if start is not None and end is not None and not 0 <= (end - start).days < LONGEST:
        problems = [FieldError("to", N_("The last day is not before the first, and at most ten years after it."))]
    if problems or start is None or end is None:
        raise Invalid(fields=problems)
    return Period(start, end + dt.timedelta(days=1))


def _day(text: str) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2200 else None


def read(session: Session, plugins: Plugins, tenant: TenantContext, period: Period) -> Report:
    """The report over a period from what is stored: no fact is read. The same snapshot gives the same report."""
    noted = store.noted(session, period)
    if noted is None:
        return Report(company=tenant.name, currency=tenant.currency, period=period, computed=False)
    day = noted.read_at.astimezone(ZoneInfo(tenant.timezone)).date()
    offered = metrics.catalogue(session, plugins)
    mix = next((one for one in offered if one.metric.key == products.KEY), None)
    found = [
        *_of_metrics(session, plugins, offered, period, day),
        *products.read(session, mix, period, day),
        *standing.read(session, plugins, period, day),
    ]
    return Report(
        company=tenant.name,
        currency=tenant.currency,
        period=period,
        computed=True,
        until=noted.until,
        partial=noted.partial,
        snapshot=noted.snapshot,
        read_at=noted.read_at,
        day=day,
        findings=tuple(one for one in found if isinstance(one, Finding)),
        omitted=tuple(one for one in found if isinstance(one, Omitted)),
    )


def _of_metrics(
    session: Session, plugins: Plugins, offered: Sequence[Offered], period: Period, day: dt.date
) -> list[Finding | Omitted]:
    shown = {one.metric.key: one for one in metrics.shown(session, offered, period)}
    agreed = _signed(session, list(shown))
    advice: dict[str, Advice] = {one.key: one for _plugin, one in plugins.brought("advice", modules.enabled(session, plugins))}
    advice |= {key: findings.of_agreed(key) for key in agreed if key not in advice}
    return [findings.judge(one, shown[key], shown, agreed.get(key), day) for key, one in advice.items() if key in shown]


def _signed(session: Session, keys: list[str]) -> Mapping[str, Signed]:
    """Criteria in force of the company itself, with the names of their owners."""
    rows = criteria.in_force(session, keys)
    people = owners(session, [row.owner_id for row in rows.values()]) if rows else {}
    return {
        key: Signed(criteria.criterion(row), people[row.owner_id][1] if row.owner_id in people else "", row.due_on)
        for key, row in rows.items()
    }


def ask_print(session: Session, actor: Actor, period: Period, language: str) -> Job:
    """Ask for the report as PDF in a language. An active request of the same person for the same is returned instead."""
    args = {"start": period.start.isoformat(), "end": period.end.isoformat(), "language": language}
    key = f"{period.start}:{period.end}:{language}:{actor.member_id}"
    return jobs.ask(session, PRINT, args, dedupe_key=key, asked_by=actor.member_id)


def active(session: Session, actor: Actor, period: Period, language: str) -> Job | None:
    """The running job that the report waits for and the actor may see: a print, else the computing of the period."""
    key = f"{period.start}:{period.end}:{language}:{actor.member_id}"
    printing = select(Job).where(Job.kind == PRINT, Job.dedupe_key == key, Job.finished_at.is_(None))
    asked = (metrics.asked_period(session, period, grain) for grain in (TENANT, PRODUCT))
    waiting = (one for one in asked if one is not None and one.finished_at is None)
    row = session.execute(printing).scalar_one_or_none() or next(waiting, None)
    if row is None:
        return None
    return row if actor.reach is Reach.ALL or row.asked_by == actor.member_id else None
