"""An answer to a survey, of a customer or of nobody known: by a link, or entered by staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, KithError, NotFound
from kith_platform.facts import entering
from kith_platform.facts.models import SurveyResponse
from kith_platform.facts.opinions import SURVEY_RESPONSE
from kith_platform.i18n import N_
from kith_platform.surveys import service
from kith_platform.surveys.links import Link
from kith_platform.surveys.models import OPEN, Survey
from kith_tenants.context import Actor

LONGEST = 2000  # characters of a comment
CHANGES = dt.timedelta(days=30)  # in which an answer may be given anew
# Who answers by a link: nobody the company knows by name. What the audit trail says of an action needs a member or a token, and
# would keep the address it came from, so answers by links are not in it.
VISITOR = Actor(None, None, "", "", frozenset())


class Gone(KithError):
    """The link was right once."""

    status = 410
    code = "gone"
    title = N_("This survey has ended")
    default = N_("Thank you for coming. No more answers are taken.")


def external_id(survey: Survey, key: str) -> str:
    """What makes an answer one of this survey's: `key` is the customer's public id, or a form's own number."""
    return f"{survey.public_id.hex}-{key}"


def opened(session: Session, link: Link) -> tuple[Survey, Customer | None]:
    """What a link leads to. Raises NotFound, or Gone for a closed survey, a removed customer, an answer that stands."""
    survey = service.get(session, link.survey)
    if survey.state != OPEN:
        raise Gone
    if link.customer is None:
        return survey, None
    try:
        customer = customers.get(session, VISITOR, link.customer)
    except NotFound:
        raise Gone(N_("This link is not valid any more.")) from None
    row = of_key(session, survey, link.customer.hex)
    if row is not None and _stands(row):
        raise Gone(N_("You have answered this already. Thank you; your answer stands."))
    return survey, customer


def answered(session: Session, survey: Survey, key: str) -> bool:
    """Whether there is an answer of this key."""
    row = of_key(session, survey, key)
    return row is not None and row.answered_at is not None


def of_key(session: Session, survey: Survey, key: str) -> Any:
    """The survey's row of a customer or form, answered or not; None where there is none."""
    mine = (SurveyResponse.source == entering.SOURCE, SurveyResponse.external_id == external_id(survey, key))
    return session.execute(select(SurveyResponse).where(*mine)).scalar_one_or_none()


def by_link(session: Session, link: Link, form: str, given: Mapping[str, Any]) -> Any:
    """Take the answer of who has a link: `score`, `comment`. `form` is the form's own number: sent twice, it is one answer.

    Raises NotFound, Gone, Invalid.
    """
    survey, customer = opened(session, link)
    key = link.customer.hex if link.customer else form
    return _write(session, VISITOR, survey, key, customer, given)


def by_staff(session: Session, actor: Actor, survey: Survey, customer: Customer, given: Mapping[str, Any]) -> Any:
    """Enter what a customer said, such as on the phone. Raises Forbidden, Invalid, Conflict for what is answered already."""
    if not actor.can(service.ANSWER):
        raise Forbidden
    if service.kind_of(survey).anonymous:
        raise Conflict(N_("Staff answer this by its link, without a name. Nobody enters answers for them."))
    if survey.state != OPEN:
        raise Conflict(N_("This survey is closed. Open it again to enter answers."))
    key = customer.public_id.hex
    if answered(session, survey, key):
        raise Conflict(N_("The customer has answered already. An answer is not changed."))
    row = _write(session, actor, survey, key, customer, given)
    record(
        session, actor, "survey:answered", service.subject(survey), {"customer": str(customer.public_id), "score": int(row.score)}
    )
    return row


def values(survey: Survey) -> dict[str, Any]:
    """What each row of a survey holds, answered or not."""
    kind = service.kind_of(survey)
    where = {name: getattr(survey, name) or None for name in service.WHERE}
    return {"kind": kind.code, "scale": kind.scale, **where}


def _write(session: Session, actor: Actor, survey: Survey, key: str, customer: Customer | None, given: Mapping[str, Any]) -> Any:
    said = {**_checked(survey, given), "answered_at": dt.datetime.now(dt.UTC)}
    row = of_key(session, survey, key)
    if row is None:
        try:
            name = external_id(survey, key)
            return entering.enter(
                session, actor, SURVEY_RESPONSE, {**values(survey), **said}, customer=customer, external_id=name
            )
        except Conflict:  # sent twice at the same moment
            row = of_key(session, survey, key)
    return entering.change(session, actor, row, said)


def _checked(survey: Survey, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        score = int(str(given.get("score", "")))
    except ValueError:
        score = -1
    comment = str(given.get("comment") or "").strip()
    errors = []
    if score not in service.kind_of(survey).scores:
        errors.append(FieldError("score", N_("Choose one of the numbers.")))
    if len(comment) > LONGEST:
        errors.append(FieldError("comment", N_("This is too long: %(most)s characters at most."), {"most": LONGEST}))
    if errors:
        raise Invalid(fields=errors)
    return {"score": score, "comment": comment}


def _stands(row: Any) -> bool:
    """Answered so long ago that it is not changed any more."""
    return row.answered_at is not None and row.answered_at < dt.datetime.now(dt.UTC) - CHANGES
