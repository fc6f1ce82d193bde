"""Opportunities as list and as board: filters, keyset pages, columns with their sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Numeric, Select, and_, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from kith_platform.customers.figures import today
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, Opportunity, OpportunityStage
from kith_platform.opportunities import money, paging, reps, service
from kith_platform.opportunities.paging import COUNTED, PAGE, Page
from kith_platform.opportunities.stages import Stage, by_text, stages
from kith_platform.predict import versions
from kith_platform.predict.models import FactScore
from kith_tenants.context import Actor

CARDS = 50  # of each column; the list has the rest
MODEL = "opportunities"  # which says how likely each is won
STATES = ("open", "won", "lost", "all")


@dataclass(frozen=True)
class Filter:
    """Which opportunities. Empty fields do not narrow. `rep` as facts name the person; `me` and `none` stand for oneself and
    nobody. `stage` is a stage's key.
    """

    q: str = ""
    status: str = "all"
    stage: str = ""
    rep: str = ""
    channel: str = ""

    @property
    def narrows(self) -> bool:
        return replace(self, status="all") != Filter() or self.status not in ("all", "open")


@dataclass(frozen=True)
class Card:
    """An opportunity on the board. `days` in its stage count the day it came as 0."""

    row: Any
    customer: Customer | None
    days: int


@dataclass(frozen=True)
class Column:
    """A stage with its newest cards; None for stages that the company's list does not have. Sums are in its currency,
    `without_rate` counts what has an amount in another currency that has no rate today.
    """

    stage: Stage | None
    name: str
    cards: Sequence[Card]
    count: int
    amount: Decimal
    weighted: Decimal
    without_rate: int


def page(session: Session, actor: Actor, wanted: Filter, *, after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """(Opportunity, Customer or None) newest first. Raises BadRequest for a page key that is none."""
    statement = matching(session, _with_customer(), actor, wanted)
    return paging.page(session, statement, Opportunity.occurred_at, Opportunity.id, after=after, before=before, limit=limit)


def count(session: Session, actor: Actor, wanted: Filter) -> int:
    """How many match, exact up to COUNTED; COUNTED + 1 means more."""
    some = matching(session, _with_customer(Opportunity.id), actor, wanted).limit(COUNTED + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def _with_customer(*columns: Any) -> Select[Any]:
    return (
        select(*(columns or (Opportunity, Customer)))
        .select_from(Opportunity)
        .outerjoin(CustomerRecord, CustomerRecord.id == Opportunity.record_id)
        .outerjoin(Customer, Customer.id == CustomerRecord.customer_id)
    )


def matching(session: Session, statement: Select[Any], actor: Actor, wanted: Filter) -> Select[Any]:
    """Narrow a statement over Opportunity and Customer to what matches and the actor may see."""
    found = service.seen(session, statement, actor)
    if wanted.q:
        text = func.lower(func.concat_ws(" ", Opportunity.name, Opportunity.external_id, Customer.name))
        found = found.where(func.strpos(text, wanted.q.lower()) > 0)
    if wanted.status == service.OPEN:
        found = found.where(service.is_open())
    elif wanted.status in STATES[:3]:
        found = found.where(Opportunity.status == wanted.status)
    if wanted.stage:
        found = found.where(Opportunity.stage.in_(_texts(session, wanted.stage)))
    if wanted.channel:
        found = found.where(Opportunity.channel == wanted.channel)
    return found.where(*_of_rep(session, actor, wanted.rep)) if wanted.rep else found


def _of_rep(session: Session, actor: Actor, rep: str) -> list[Any]:
    if rep == "none":
        return [Opportunity.rep.is_(None)]
    if rep == "me":
        rep = reps.own(session, actor)
    return [Opportunity.rep.in_(reps.staff(session).ways(rep))]


def _texts(session: Session, key: str) -> list[str]:
    """How facts write a stage."""
    known = by_text(stages(session))
    wanted = known.get(key.casefold())
    found = session.execute(select(Opportunity.stage).where(Opportunity.stage.is_not(None)).distinct()).scalars()
    return [text for text in found if known.get(text.casefold()) is wanted] if wanted else [key]


def board(session: Session, actor: Actor, wanted: Filter) -> list[Column]:
    """The stages in order, each with its newest cards and the sums of all of its open ones; last, stages not in the list."""
    wanted = replace(wanted, status=service.OPEN, stage="")
    known = stages(session)
    named = by_text(known)
    groups = _groups(session, actor, wanted)
    texts: dict[str, list[str]] = {stage.key: [] for stage in known}
    for text in {group.stage for group in groups if group.stage}:
        texts.setdefault(named[text.casefold()].key if text.casefold() in named else text, []).append(text)
    if any(group.stage is None for group in groups):
        texts[""] = []
    cards = _cards(session, actor, wanted, texts)
    rates = money.rates(session, {group.currency for group in groups}, today(session))
    by_key = {stage.key: stage for stage in known}
    return [
        _column(
            by_key.get(key), key, [one for one in groups if one.stage in own or (not key and one.stage is None)], rates, cards
        )
        for key, own in texts.items()
    ]


def _groups(session: Session, actor: Actor, wanted: Filter) -> Sequence[Any]:
    """Open ones by stage and currency: how many, their amount, the weighted amount of those with a chance by the model or of
    their own.
    """
    serving = versions.champion(session, MODEL) if actor.can("models:read") else None
    amount, said = Opportunity.amount, cast(FactScore.value, Numeric)
    chance = Opportunity.probability if serving is None else func.coalesce(said, Opportunity.probability)
    statement = _with_customer(
        Opportunity.stage,
        Opportunity.currency,
        func.count().label("number"),
        func.count(amount).label("with_amount"),
        func.coalesce(func.sum(amount), 0).label("amount"),
        func.coalesce(func.sum(amount * chance), 0).label("weighted"),
        func.coalesce(func.sum(amount).filter(chance.is_(None)), 0).label("unweighted"),
    ).where(Opportunity.duplicate.is_not(True))
    if serving is not None:
        own = (FactScore.task == MODEL, FactScore.version == serving.version, FactScore.row_id == Opportunity.id)
        statement = statement.outerjoin(FactScore, and_(*own))
    statement = matching(session, statement, actor, wanted).group_by(Opportunity.stage, Opportunity.currency)
    return session.execute(statement.order_by(Opportunity.stage, Opportunity.currency)).all()


def _column(
    stage: Stage | None, key: str, groups: Sequence[Any], rates: Mapping[str, Decimal], cards: Mapping[str, Any]
) -> Column:
    usual = Decimal(str(stage.probability)) if stage else Decimal(0)
    told = [(group, rates[group.currency]) for group in groups if group.currency in rates]
    return Column(
        stage,
        stage.name if stage else key,
        cards.get(key, ()),
        sum(group.number for group in groups),
        sum((group.amount * rate for group, rate in told), Decimal(0)),
        sum(((group.weighted + group.unweighted * usual) * rate for group, rate in told), Decimal(0)),
        sum(group.with_amount for group in groups if group.currency not in rates),
    )


def _cards(session: Session, actor: Actor, wanted: Filter, texts: Mapping[str, Sequence[str]]) -> dict[str, list[Card]]:
    """The newest of each column, in one query for all, and their days in the stage in another."""
    parts = []
    for number, (key, own) in enumerate(texts.items()):
        if key and not own:
            continue
        of = Opportunity.stage.in_(own) if own else Opportunity.stage.is_(None)
        chosen = _with_customer(literal(number, literal_execute=True).label("place"), Opportunity.id.label("id"))
        chosen = matching(session, chosen, actor, wanted).where(of, Opportunity.duplicate.is_not(True))
        newest = chosen.order_by(Opportunity.occurred_at.desc(), Opportunity.id.desc()).limit(CARDS)
        parts.append(newest.subquery().select())
    found: dict[str, list[Card]] = {key: [] for key in texts}
    if not parts:
        return found
    places = list(texts)
    every = union_all(*parts).subquery()
    statement = _with_customer(every.c.place, Opportunity, Customer).join(every, every.c.id == Opportunity.id)
    rows = session.execute(statement.order_by(every.c.place, Opportunity.occurred_at.desc(), Opportunity.id.desc())).all()
    since = entered(session, [row[1].id for row in rows])
    now = dt.datetime.now(dt.UTC)
    for place, row, customer in rows:
        days = max((now - since.get(row.id, row.occurred_at)).days, 0)
        found[places[place]].append(Card(row, customer, days))
    return found


def entered(session: Session, ids: Sequence[int]) -> dict[int, dt.datetime]:
    """When each of these opportunities came into the stage it stands in, by what its history says last."""
    if not ids:
        return {}
    last = select(OpportunityStage.opportunity_id, func.max(OpportunityStage.occurred_at))
    last = last.where(OpportunityStage.opportunity_id.in_(ids)).group_by(OpportunityStage.opportunity_id)
    return {row[0]: row[1] for row in session.execute(last)}


def history(session: Session, row: Any) -> Sequence[Any]:
    """The stages of one opportunity, oldest first."""
    mine = select(OpportunityStage).where(OpportunityStage.opportunity_id == row.id)
    return session.execute(mine.order_by(OpportunityStage.occurred_at, OpportunityStage.id)).scalars().all()
