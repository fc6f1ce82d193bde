"""Findings that come from where customers stand and from what a model says of them, not from a metric."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from kith_platform.i18n import N_
from kith_platform.metrics.periods import MOM, compared
from kith_platform.placements import history
from kith_platform.placements import service as placements
from kith_platform.plugins import Plugins
from kith_platform.predict import versions
from kith_platform.predict.models import Score
from kith_platform.reports.report import Amount, Confidence, Finding, Omitted, Phrase, Reference, confidence
from kith_platform.sdk.advice import Section
from kith_platform.sdk.metrics import FEW, Period, Reading
from kith_platform.sdk.types import Placement, PlacementShare

MATTERS = 0.02  # of a share of movers: two customers in a hundred
RISK = 0.5  # from this chance on a customer counts as about to leave, as on Home
NEAR = dt.timedelta(days=31)  # so long after the period's end the scores still speak of it
CERTAIN: Mapping[str, Confidence] = {"better_than_baseline": "high", "no_holdout": "medium"}

MOVED_SO = N_("Where customers stand today is what they will bring in the next year.")
MOVED_WORSE = N_("Open the map, list who moved, and have somebody speak with the ten who brought most.")
MOVED_BETTER = N_("Open the map, see whom it worked for and by what, and do the same for those who still stand there.")
LEAVE = N_("Customers about to leave")
LEAVE_SO = N_("%(share)s of all customers with a prediction have a chance of leaving of 50%% or more.")
LEAVE_WORTH = N_("They stand for %(money)s of lifetime value.")
LEAVE_DO = N_("Work through the list of customers about to leave, the highest lifetime value first: call, and note the reason.")


def read(session: Session, plugins: Plugins, period: Period, day: dt.date) -> list[Finding | Omitted]:
    """Movers of every placement with key shares, and who is about to leave. `day` is the day of the report."""
    found: list[Finding | Omitted] = []
    for one in placements.catalogue(session, plugins):
        found += _movers(session, one.placement, period, day)
    leaving = _leaving(session, period, day)
    return [*found, leaving] if leaving else found


def _movers(session: Session, placement: Placement, period: Period, day: dt.date) -> list[Finding | Omitted]:
    """Each key share over the period against that over the period before, where the history reaches back so far."""
    wanted = [share for share in placement.shares if not share.within_year]
    track = history.track(session, placement.key)
    start, end = period.start - dt.timedelta(days=1), period.end - dt.timedelta(days=1)
    if not wanted or track is None or track.first_day > start or track.last_day < end:
        return []
    now = history.matrix(session, placement.key, start, end)
    span = compared(period, period)[MOM]
    was = span.start - dt.timedelta(days=1)
    before = history.matrix(session, placement.key, was, span.end - dt.timedelta(days=1)) if track.first_day <= was else None
    return [_mover(placement, share, now, before, day) for share in wanted]


def _mover(
    placement: Placement, share: PlacementShare, now: history.Matrix, before: history.Matrix | None, day: dt.date
) -> Finding | Omitted:
    reading = _reading(now, share)
    if reading.value is None or reading.n < FEW:
        return Omitted(name=share.label, key=placement.key, why="few", whole=placement.label)
    old = _reading(before, share) if before else Reading.none()
    if old.value is None or old.n < FEW:
        return Omitted(name=share.label, key=placement.key, why="not_compared", whole=placement.label)
    size = abs(reading.value - old.value) / MATTERS
    if size < 1:
        return Omitted(name=share.label, key=placement.key, why="steady", whole=placement.label)
    good = (reading.value > old.value) == (share.better == "up")
    interval = (reading.low or 0.0, reading.high or 0.0)
    then = Reference(value=old.value, n=old.n)
    section: Section = "opportunities" if good else "risk"
    return Finding(
        section=section,
        kind="placement",
        key=placement.key,
        name=share.label,
        unit="ratio",
        value=reading.value,
        n=reading.n,
        interval=interval,
        coverage=None,
        flags=reading.flags,
        against={MOM: then},
        told="mom",
        good=good,
        size=size,
        so=(Phrase(MOVED_SO),),
        do=Phrase(MOVED_BETTER if good else MOVED_WORSE),
        owner="",
        due=day + dt.timedelta(days=14),
        confidence=confidence("ratio", reading.n, interval, None, (), then),
        whole=placement.label,
    )


def _reading(found: history.Matrix, share: PlacementShare) -> Reading:
    """Of those with a starting code, how many came to an ending one."""
    rows = [found.row(code) for code in share.start]
    return Reading.share(sum(row.get(code, 0) for row in rows for code in share.end), sum(sum(row.values()) for row in rows))


def _leaving(session: Session, period: Period, day: dt.date) -> Finding | Omitted | None:
    """How many customers are about to leave, by scores of the period's last days; None where there are none of that time."""
    chance, value = aliased(Score), aliased(Score)
    risky = chance.value >= RISK
    columns = (func.max(chance.as_of), func.count(), func.count().filter(risky), func.sum(value.value).filter(risky))
    clv = (value.customer_id == chance.customer_id) & (value.task == "clv")
    statement = select(*columns).select_from(chance).outerjoin(value, clv).where(chance.task == "churn")
    as_of, everybody, leaving, money = session.execute(statement).one()
    if as_of is None or not period.start <= as_of < period.end + NEAR:
        return None
    if everybody < FEW:
        return Omitted(name=LEAVE, key="churn", why="few")
    if not leaving:
        return Omitted(name=LEAVE, key="churn", why="fine")
    champion = versions.champion(session, "churn")
    worth = (Phrase(LEAVE_WORTH, {"money": Amount(float(money), "money")}),) if money else ()
    return Finding(
        section="risk",
        kind="model",
        key="churn",
        name=LEAVE,
        unit="count",
        value=float(leaving),
        n=everybody,
        interval=None,
        coverage=None,
        flags=(),
        against={},
        told="",
        good=False,
        size=leaving / everybody / MATTERS,
        so=(Phrase(LEAVE_SO, {"share": Amount(leaving / everybody, "ratio")}), *worth),
        do=Phrase(LEAVE_DO),
        owner="",
        due=day + dt.timedelta(days=14),
        confidence=CERTAIN.get(champion.verdict, "low") if champion else "low",
    )
