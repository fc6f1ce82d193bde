"""The list of leads: filters, keyset pages, counts by status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kith_platform.facts.models import Lead
from kith_platform.leads import service
from kith_platform.opportunities import paging, reps
from kith_platform.opportunities.paging import COUNTED, PAGE, Page
from kith_tenants.context import Actor

STATES = ("open", "new", "contacted", "qualified", "converted", "disqualified", "all")


@dataclass(frozen=True)
class Filter:
    """Which leads. Empty fields do not narrow. `rep` as facts name the person; `me` and `none` for oneself and nobody."""

    q: str = ""
    status: str = "open"
    rep: str = ""
    channel: str = ""

    @property
    def narrows(self) -> bool:
        return replace(self, status="open") != Filter() or self.status not in ("all", "open")


def page(session: Session, actor: Actor, wanted: Filter, *, after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """Rows of one Lead each, newest first. Raises BadRequest for a page key that is none."""
    statement = matching(session, select(Lead), actor, wanted)
    return paging.page(session, statement, Lead.occurred_at, Lead.id, after=after, before=before, limit=limit)


def count(session: Session, actor: Actor, wanted: Filter) -> int:
    """How many match, exact up to COUNTED; COUNTED + 1 means more."""
    some = matching(session, select(Lead.id), actor, wanted).limit(COUNTED + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def by_status(session: Session, actor: Actor, wanted: Filter) -> dict[str, int]:
    """How many there are of each status under the other filters; `open` sums those that are."""
    status = func.coalesce(Lead.status, service.NEW)
    statement = matching(session, select(status, func.count()), actor, replace(wanted, status="all")).group_by(status)
    found: dict[str, int] = {row[0]: row[1] for row in session.execute(statement)}
    return {**found, "open": sum(found.get(one, 0) for one in service.OPEN)}


def channels(session: Session, actor: Actor, most: int = 100) -> list[str]:
    """The channels that occur, for the filter."""
    statement = service.seen(session, select(Lead.channel).where(Lead.channel.is_not(None)), actor)
    return sorted(session.execute(statement.distinct().limit(most)).scalars())


def matching(session: Session, statement: Select[Any], actor: Actor, wanted: Filter) -> Select[Any]:
    """Narrow a statement over Lead to what matches and the actor may see."""
    found = service.seen(session, statement, actor)
    if wanted.q:
        text = func.lower(func.concat_ws(" ", Lead.name, Lead.company, Lead.email, Lead.phone, Lead.external_id))
        found = found.where(func.strpos(text, wanted.q.lower()) > 0)
    if wanted.status == "open":
        found = found.where(service.is_open())
    elif wanted.status == service.NEW:
        found = found.where(func.coalesce(Lead.status, service.NEW) == service.NEW)
    elif wanted.status in STATES[2:6]:
        found = found.where(Lead.status == wanted.status)
    if wanted.channel:
        found = found.where(Lead.channel == wanted.channel)
    if wanted.rep == "none":
        return found.where(Lead.rep.is_(None))
    if wanted.rep:
        rep = reps.own(session, actor) if wanted.rep == "me" else wanted.rep
        found = found.where(Lead.rep.in_(reps.staff(session).ways(rep)))
    return found
