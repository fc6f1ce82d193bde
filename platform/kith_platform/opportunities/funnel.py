"""The funnel of a range of days: who entered each stage, who went on, how long it took, and why deals were lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, cast, func, select
from sqlalchemy.orm import Session
from sqlalchemy.types import Date, Float

from kith_platform.customers.figures import today
from kith_platform.facts.models import Opportunity, OpportunityStage
from kith_platform.opportunities import money, reps, service
from kith_platform.opportunities.stages import NAMES, WON, Stage, stages
from kith_tenants.context import Actor, tenant_of

WINDOW = 60  # days in which an opportunity reaches the next stage, as in the metric cim.sal.stage_conv
DAY = 86_400


@dataclass(frozen=True)
class Span:
    """Days from `start` to `end`, both counted in; `rep` narrows to one person's as facts name them, empty to all."""

    start: dt.date
    end: dt.date
    rep: str = ""


@dataclass(frozen=True)
class Step:
    """One stage. An opportunity that skips a stage counts as having entered it when it entered the next one.

    Of the `entered`, `went_on` are further by now; of the `mature`, who entered WINDOW days ago or earlier, `passed` went
    further within WINDOW days. `median_days` is of stays that have ended, those in a stage entered within the span.
    """

    stage: str
    name: str
    position: int
    entered: int
    went_on: int
    mature: int
    passed: int
    median_days: float | None

    @property
    def conversion(self) -> float | None:
        return self.passed / self.mature if self.mature else None


@dataclass(frozen=True)
class Loss:
    """Opportunities lost for one reason ("" where none was given), and what they were expected to bring."""

    reason: str
    count: int
    amount: float | None


@dataclass(frozen=True)
class Outcome:
    """What one person (`rep` as facts name them, "" for nobody) won and lost; money in the company's currency."""

    rep: str
    won: int
    lost: int
    amount: float

    @property
    def win_rate(self) -> float | None:
        return self.won / (self.won + self.lost) if self.won + self.lost else None


def span(session: Session, start: dt.date | None, end: dt.date | None, rep: str = "") -> Span:
    """The asked days; without them, the twelve months up to the company's today. A start behind the end changes places."""
    last = end or today(session)
    first = start or last - dt.timedelta(days=364)
    return Span(min(first, last), max(first, last), rep)


def steps(session: Session, actor: Actor, wanted: Span) -> list[Step]:
    """The stages in order, the last one being `won`."""
    known = stages(session)
    all_steps = (*known, Stage(WON, NAMES[WON], len(known) + 1, 1.0))
    reached = _reached(session, actor, wanted, all_steps)
    first, beyond = _instants(session, wanted)
    now = dt.datetime.now(dt.UTC)
    columns: list[Any] = []
    for number, step in enumerate(all_steps):
        at = reached.c[f"r{step.position}"]
        entered = (at >= first) & (at < beyond)
        columns.append(func.count().filter(entered))
        if number + 1 == len(all_steps):
            break
        after = reached.c[f"r{step.position + 1}"]
        window = dt.timedelta(days=WINDOW)
        mature = entered & (at <= now - window)
        columns += [func.count().filter(entered & after.is_not(None)), func.count().filter(mature)]
        columns.append(func.count().filter(mature & (after <= at + window)))
    row = session.execute(select(*columns).select_from(reached)).one()
    days = _stays(session, actor, wanted, known)
    found = []
    for number, step in enumerate(all_steps):
        entered, went_on, mature, passed = [*row[number * 4 : number * 4 + 4], 0, 0, 0][:4]
        median = days.get(step.position)
        found.append(Step(step.key, step.name, step.position, entered, went_on, mature, passed, median))
    return found


def _history(session: Session, actor: Actor, wanted: Span, *columns: Any) -> Select[Any]:
    """Stage changes of opportunities the actor may see; duplicates left out."""
    statement = select(*columns).join(Opportunity, Opportunity.id == OpportunityStage.opportunity_id)
    statement = statement.where(Opportunity.duplicate.is_not(True))
    if wanted.rep:
        statement = statement.where(Opportunity.rep.in_(reps.staff(session).ways(wanted.rep)))
    return service.seen(session, statement, actor)


def _rank(known: Sequence[Stage]) -> Any:
    """SQL: a stage's place by the company's list; of a stage that is not in it, as the facts have it."""
    places = {text.lower(): stage.position for stage in known for text in (stage.name, stage.key)}
    return case(places, value=func.lower(OpportunityStage.stage), else_=OpportunityStage.position)


def _reached(session: Session, actor: Actor, wanted: Span, all_steps: Sequence[Stage]) -> Any:
    """Per opportunity, when it first stood at each place or further."""
    ranked = _history(session, actor, wanted, Opportunity.id, _rank(all_steps).label("place"), OpportunityStage.occurred_at)
    # Written down once: inlined, the place would be worked out anew for each of the columns below.
    move = ranked.cte("move").prefix_with("MATERIALIZED", dialect="postgresql")
    first = [func.min(move.c.occurred_at).filter(move.c.place >= step.position).label(f"r{step.position}") for step in all_steps]
    return select(move.c.id, *first).group_by(move.c.id).subquery("reached")


def _stays(session: Session, actor: Actor, wanted: Span, known: Sequence[Stage]) -> dict[int, float]:
    """Median days in each place, of stays begun within the span that have ended by moving on, winning or losing."""
    first, beyond = _instants(session, wanted)
    at = OpportunityStage.occurred_at
    following = func.lead(at).over(partition_by=OpportunityStage.opportunity_id, order_by=(at, OpportunityStage.id))
    stay = _history(
        session,
        actor,
        wanted,
        _rank(known).label("place"),
        OpportunityStage.stage.label("stage"),
        at.label("since"),
        func.coalesce(following, Opportunity.closed_at).label("until"),
    ).subquery("stay")
    days = func.extract("epoch", stay.c.until - stay.c.since) / DAY
    median = func.percentile_cont(0.5).within_group(days)
    statement = (
        select(stay.c.place, cast(median, Float))
        .where(stay.c.since >= first, stay.c.since < beyond, stay.c.until.is_not(None), stay.c.stage != WON)
        .group_by(stay.c.place)
    )
    return {place: days for place, days in session.execute(statement) if place is not None}


def _closed(session: Session, actor: Actor, wanted: Span, *columns: Any) -> Select[Any]:
    """Opportunities closed within the span."""
    first, beyond = _instants(session, wanted)
    statement = select(*columns).where(Opportunity.duplicate.is_not(True))
    statement = statement.where(Opportunity.closed_at >= first, Opportunity.closed_at < beyond)
    if wanted.rep:
        statement = statement.where(Opportunity.rep.in_(reps.staff(session).ways(wanted.rep)))
    return service.seen(session, statement, actor)


def _home(session: Session, amount: Any) -> Any:
    """SQL: an amount at the rate of the day the opportunity was closed."""
    tenant = tenant_of(session)
    closed_on = cast(func.timezone(tenant.timezone, Opportunity.closed_at), Date)
    return money.at_home(amount, Opportunity.currency, closed_on, tenant.currency)


def losses(session: Session, actor: Actor, wanted: Span) -> list[Loss]:
    """Why opportunities were lost, the commonest reason first."""
    reason = func.coalesce(Opportunity.loss_reason, "").label("reason")
    number = func.count().label("number")
    statement = _closed(session, actor, wanted, reason, number, func.sum(_home(session, Opportunity.amount)))
    statement = statement.where(Opportunity.status == service.LOST).group_by(reason).order_by(number.desc(), reason)
    rows = session.execute(statement).all()
    return [Loss(said, count, None if amount is None else float(amount)) for said, count, amount in rows]


def outcomes(session: Session, actor: Actor, wanted: Span) -> list[Outcome]:
    """Who won and lost how much, the most won first. A person whom facts name in two ways is one row."""
    won, rep = Opportunity.status == WON, func.coalesce(Opportunity.rep, "").label("rep")
    statement = _closed(
        session,
        actor,
        wanted,
        rep,
        func.count().filter(won),
        func.count().filter(Opportunity.status == service.LOST),
        func.coalesce(func.sum(_home(session, Opportunity.won_amount)).filter(won), 0),
    ).group_by(rep)
    staff = reps.staff(session)
    found: dict[str, Outcome] = {}
    for named, wins, lost, amount in session.execute(statement):
        key = staff.ways(named)[0]
        old = found.get(key, Outcome(named, 0, 0, 0.0))
        found[key] = Outcome(old.rep, old.won + wins, old.lost + lost, old.amount + float(amount))
    return sorted(found.values(), key=lambda one: (-one.amount, -one.won, one.rep))


def _instants(session: Session, wanted: Span) -> tuple[dt.datetime, dt.datetime]:
    """The span's first instant and the first one after it, on the company's clock."""
    zone = ZoneInfo(tenant_of(session).timezone)
    day_after = wanted.end + dt.timedelta(days=1)
    return dt.datetime.combine(wanted.start, dt.time(), zone), dt.datetime.combine(day_after, dt.time(), zone)
