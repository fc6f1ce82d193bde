"""Whether what a dashboard shows has been computed for a period, and asking for what has not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from kith_platform.jobs.models import Job
from kith_platform.metrics import service
from kith_platform.metrics.models import MetricPeriod
from kith_platform.metrics.periods import months
from kith_platform.sdk.types import Period
from kith_tenants.context import Actor


@dataclass(frozen=True)
class Need:
    """Values of a grain over the period, and over so many months up to its last."""

    grain: str
    months: int = 0

    def places(self, period: Period) -> list[Period]:
        return list(dict.fromkeys([period, *months(last_day(period), self.months)]))


def last_day(period: Period) -> dt.date:
    return period.end - dt.timedelta(days=1)


def missing(session: Session, period: Period, needs: Sequence[Need]) -> list[Need]:
    """What has not been computed since the last refresh."""
    return [need for need in needs if _computed(session, period, need) < len(need.places(period))]


def _computed(session: Session, period: Period, need: Need) -> int:
    places = [(one.start, one.end) for one in need.places(period)]
    at = tuple_(MetricPeriod.period_start, MetricPeriod.period_end).in_(places)
    return session.execute(select(func.count()).where(MetricPeriod.grain == need.grain, at)).scalar_one()


def ask(session: Session, actor: Actor, period: Period, needs: Sequence[Need]) -> list[Job]:
    """Ask for what is missing; who asked for the same before is not asked again."""
    return [service.ask_period(session, actor, period, one.grain, months=one.months) for one in missing(session, period, needs)]


def asked(session: Session, period: Period, needs: Sequence[Need]) -> list[Job]:
    """The newest request for each of these needs that has one."""
    found = (service.asked_period(session, period, need.grain, months=need.months) for need in needs)
    return [job for job in found if job is not None]
