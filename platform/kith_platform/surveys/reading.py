"""What came of a survey: how many were asked and answered, how the scores spread, and the single answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.facts import entering
from kith_platform.facts.models import CustomerRecord, SurveyResponse
from kith_platform.opportunities import reps
from kith_platform.surveys import service
from kith_platform.surveys.models import Survey
from kith_platform.tickets import paging
from kith_platform.tickets.paging import Page
from kith_tenants.context import Actor, Reach

FEW = 30  # answers below which chance weighs heavily
HEX = 32  # characters of a public id, by which external ids begin


@dataclass(frozen=True)
class Tally:
    """`sent` counts who was asked or answered unasked. `counts` by score and `value` are empty where too few answered to show."""

    sent: int
    answered: int
    counts: dict[int, int]
    value: float | None

    @property
    def few(self) -> bool:
        return self.answered < FEW


def tallies(session: Session, surveys: Sequence[Survey]) -> dict[int, Tally]:
    """By the survey's id, of all answers: sums, like metrics, are not narrowed to the customers one may see."""
    if not surveys:
        return {}
    whose = func.left(SurveyResponse.external_id, HEX)
    statement = (
        select(whose, SurveyResponse.score, func.count())
        .where(or_(*(_of(one) for one in surveys)))
        .group_by(whose, SurveyResponse.score)
    )
    found: dict[str, dict[Any, int]] = {}
    for prefix, score, number in session.execute(statement):
        found.setdefault(prefix, {})[score] = number
    return {one.id: _tally(one, found.get(one.public_id.hex, {})) for one in surveys}


def answers(session: Session, actor: Actor, survey: Survey, *, after: str = "", limit: int = paging.PAGE) -> Page:
    """(answer, Customer or None), the newest first, of customers the actor may see and of nobody known. Raises BadRequest.

    Of an anonymous survey nothing is listed: see `comments`.
    """
    if service.kind_of(survey).anonymous:
        return Page([], None)
    statement: Select[Any] = (
        select(SurveyResponse, Customer)
        .outerjoin(CustomerRecord, CustomerRecord.id == SurveyResponse.record_id)
        .outerjoin(Customer, Customer.id == CustomerRecord.customer_id)
        .where(_of(survey), SurveyResponse.answered_at.is_not(None))
    )
    if actor.reach is not Reach.ALL:
        seen = SurveyResponse.record_id.in_(reps.records_seen(actor))
        statement = statement.where(or_(SurveyResponse.record_id.is_(None), seen))
    key = SurveyResponse.answered_at
    return paging.page(session, statement, key, SurveyResponse.id, soonest=False, after=after, limit=limit)


def comments(session: Session, survey: Survey, limit: int = 200) -> Sequence[str]:
    """What was written in an anonymous survey, in no order of time and without scores; nothing where too few answered."""
    kind = service.kind_of(survey)
    if not kind.anonymous or tallies(session, [survey])[survey.id].answered < kind.least:
        return []
    written = select(SurveyResponse.comment).where(_of(survey), SurveyResponse.comment != "")
    return list(session.execute(written.order_by(SurveyResponse.external_id).limit(limit)).scalars())


def _of(survey: Survey) -> ColumnElement[bool]:
    """Rows of a survey: a range of external ids, which the unique index answers."""
    prefix = survey.public_id.hex
    name = SurveyResponse.external_id
    return and_(SurveyResponse.source == entering.SOURCE, name >= f"{prefix}-", name < f"{prefix}.")


def _tally(survey: Survey, found: dict[Any, int]) -> Tally:
    kind = service.kind_of(survey)
    counts = {score: found.get(score, 0) for score in kind.scores}
    answered = sum(counts.values())
    shown = answered >= kind.least
    value = kind.value(counts) if shown and answered else None
    return Tally(sum(found.values()), answered, counts if shown else {}, value)
