"""Personal links: whom a survey is put to, who is left out, and that they were asked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session, aliased

from kith_platform.audit.service import record
from kith_platform.customers.models import Customer, CustomerIdentity
from kith_platform.customers.service import REFUSED
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid
from kith_platform.facts import entering
from kith_platform.facts.models import Consent, CustomerRecord, SurveyResponse
from kith_platform.i18n import N_
from kith_platform.runtime import Runtime
from kith_platform.segments.export import line, safe
from kith_platform.segments.models import Segment, SegmentMember
from kith_platform.segments.scope import living
from kith_platform.surveys import answering, links, service
from kith_platform.surveys.models import OPEN, Survey
from kith_tenants.context import Actor, tenant_of, visible

BATCH = 2_000
MOST_NAMED = 500  # customers of a list
HEAD = ("customer_id", "source", "name", "email", "phone", "link")
PEOPLE: Any = Customer.__table__
ANY = ("all", "any")  # a refusal of every channel


@dataclass(frozen=True)
class Channel:
    """How links are sent: what a person is reached by (a column of Customer, or none), and how consents call it."""

    label: str
    address: str
    names: tuple[str, ...]


CHANNELS: Mapping[str, Channel] = {
    "email": Channel(N_("E-mail"), "email", ("email", "e-mail", "mail")),
    "sms": Channel(N_("Text message"), "phone", ("sms", "text")),
    "wechat": Channel(N_("WeChat"), "", ("wechat", "微信")),
    "post": Channel(N_("Letter or parcel"), "", ("post", "letter")),
}


@dataclass(frozen=True)
class Whom:
    """A segment's members or customers by id, reached by a channel; `agreed`: only those who granted that channel."""

    channel: str
    agreed: bool = False
    segment_id: int | None = None
    customers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Personal:
    """One customer's link. `customer` is the public id, `customer_id` the number in `source`."""

    customer: uuid.UUID
    customer_id: str | None
    source: str | None
    name: str
    email: str
    phone: str
    link: str


def allow(session: Session, actor: Actor, survey: Survey, whom: Whom) -> None:
    """Note in the audit trail that the actor takes links away. Raises Forbidden, Conflict, Invalid."""
    if not (actor.can(service.MANAGE) and actor.can("customers:export")):
        raise Forbidden
    if service.kind_of(survey).anonymous:
        raise Conflict(N_("Staff answer without a name: this survey has one link for everybody."))
    if survey.state != OPEN:
        raise Conflict(N_("This survey is closed. Open it again to put it to customers."))
    if whom.channel not in CHANNELS:
        raise Invalid(fields=[FieldError("channel", N_("Choose one of the values of the list."))])
    told: dict[str, Any] = {"name": survey.name, "channel": whom.channel}
    if whom.segment_id is not None:
        segment = session.execute(select(Segment).where(Segment.id == whom.segment_id)).scalar_one()
        told["segment"] = segment.name
    else:
        told["customers"] = len(whom.customers)
    record(session, actor, "survey:asked", service.subject(survey), told)


def named(session: Session, actor: Actor, typed: str) -> tuple[int, ...]:
    """Customers whom the actor may see, by numbers in their source or e-mail addresses, one a line. Raises Invalid."""
    wanted = list(dict.fromkeys(one.strip() for one in typed.splitlines() if one.strip()))
    if len(wanted) > MOST_NAMED:
        text = N_("These are %(number)s customers. A list may name %(most)s; make a segment of more.")
        raise Invalid(fields=[FieldError("customers", text, {"number": len(wanted), "most": MOST_NAMED})])
    emails = [one.lower() for one in wanted]
    known = select(CustomerIdentity.record_id).where(CustomerIdentity.kind == "email", CustomerIdentity.value.in_(emails))
    ids = select(CustomerRecord.customer_id).where(or_(CustomerRecord.external_id.in_(wanted), CustomerRecord.id.in_(known)))
    found = tuple(session.execute(_seen(actor, Customer.id.in_(ids))).scalars())
    if not found:
        raise Invalid(fields=[FieldError("customers", N_("No customer that you can see has one of these numbers or addresses."))])
    return found


def by_public_id(session: Session, actor: Actor, wanted: Sequence[uuid.UUID]) -> tuple[int, ...]:
    """Ids of those of them whom the actor may see. Raises Invalid for too many."""
    if len(wanted) > MOST_NAMED:
        text = N_("These are %(number)s customers. A list may name %(most)s; make a segment of more.")
        raise Invalid(fields=[FieldError("customers", text, {"number": len(wanted), "most": MOST_NAMED})])
    return tuple(session.execute(_seen(actor, Customer.public_id.in_(wanted))).scalars())


def lines(runtime: Runtime, tenant_id: int, actor: Actor, survey_id: uuid.UUID, whom: Whom) -> Iterator[str]:
    """The links as CSV with a head and a byte order mark, in batches of their own transactions: who stands in it was asked."""
    yield "\ufeff" + line(HEAD)
    after: int | None = 0
    while after is not None:
        with runtime.doors.tenant_scope(tenant_id) as session:
            survey = service.get(session, survey_id)
            found, after = batch(session, runtime, actor, survey, whom, after)
        yield from (line(tuple(safe(getattr(one, name)) for name in HEAD)) for one in found)


def batch(
    session: Session, runtime: Runtime, actor: Actor, survey: Survey, whom: Whom, after: int = 0
) -> tuple[list[Personal], int | None]:
    """Links of the next customers after an id, noted as asked; and from where to go on, None at the end.

    Left out are who cannot be reached by the channel, who refused it (a refusal by anybody with the same address counts), and
    with `agreed` who did not grant it.
    """
    rows = session.execute(_page(actor, whom, after)).all()
    refused, agreed = _said(session, [row.id for row in rows], CHANNELS[whom.channel])
    asked = [row for row in rows if row.id not in refused and (row.id in agreed or not whom.agreed)]
    _note(session, survey, {row.id: row.public_id for row in asked})
    company, base = tenant_of(session).public_id, runtime.settings.public_url.rstrip("/") + links.PATH

    def link(customer: uuid.UUID) -> str:
        return base + links.token(runtime.secret_key, links.Link(company, survey.public_id, customer))

    found = [
        Personal(row.public_id, row.external_id, row.source, row.name, row.email, row.phone, link(row.public_id)) for row in asked
    ]
    return found, rows[-1].id if len(rows) == BATCH else None


def _seen(actor: Actor, condition: ColumnElement[bool]) -> Select[Any]:
    statement = select(Customer.id).where(condition, living()).order_by(Customer.id)
    return visible(statement, actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)


def _page(actor: Actor, whom: Whom, after: int) -> Select[Any]:
    told = (Customer.name, Customer.email, Customer.phone)
    statement = (
        select(Customer.id, Customer.public_id, CustomerRecord.external_id, CustomerRecord.source, *told)
        .outerjoin(CustomerRecord, CustomerRecord.id == Customer.first_record_id)
        .where(Customer.id > after, living())
        .order_by(Customer.id)
        .limit(BATCH)
    )
    if whom.segment_id is not None:
        members = select(SegmentMember.customer_id).where(SegmentMember.segment_id == whom.segment_id)
        statement = statement.where(Customer.id.in_(members))
    else:
        statement = statement.where(Customer.id.in_(whom.customers))
    if address := CHANNELS[whom.channel].address:
        statement = statement.where(getattr(Customer, address) != "")
    return visible(statement, actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)


def _said(session: Session, customers: Sequence[int], channel: Channel) -> tuple[set[int], set[int]]:
    """Who refused a channel, and who granted it and did not refuse, by the last word of each record and purpose.

    As `customers.service.consents` reads them: a refusal in any record, or of another with the same address, wins.
    """
    of = select(CustomerRecord.id, CustomerRecord.customer_id).where(CustomerRecord.customer_id.in_(customers))
    own = {row.id: row.customer_id for row in session.execute(of)}
    whose: dict[int, set[int]] = {record_id: {customer} for record_id, customer in own.items()}
    for mine, other in session.execute(_shared(own)):
        whose.setdefault(other, set()).add(own[mine])
    called = (*channel.names, *ANY)
    said = select(Consent.record_id, Consent.channel, Consent.purpose, Consent.status).where(Consent.record_id.in_(whose))
    newest = said.order_by(Consent.occurred_at, Consent.id)
    last = {(row.record_id, row.channel, row.purpose or ""): row.status for row in session.execute(newest)}
    refused: set[int] = set()
    granted: set[int] = set()
    for (record_id, name, _purpose), status in last.items():
        if name.casefold() not in called:
            continue
        if status == REFUSED:
            refused |= whose[record_id]
        elif record_id in own:
            granted.add(own[record_id])
    return refused, granted - refused


def _shared(records: Collection[int]) -> Select[int, int]:
    """(one of these records, another record) with the same address."""
    mine, other = aliased(CustomerIdentity), aliased(CustomerIdentity)
    same = (other.kind == mine.kind) & (other.value == mine.value)
    return (
        select(mine.record_id, other.record_id)
        .join(other, same)
        .where(mine.record_id.in_(records), other.record_id != mine.record_id)
    )


def _note(session: Session, survey: Survey, customers: Mapping[int, uuid.UUID]) -> None:
    """One row for each who was asked, as yet without an answer; who has one already keeps it."""
    if not customers:
        return
    first = (CustomerRecord.source == entering.SOURCE).desc()
    records = (
        select(CustomerRecord.customer_id, CustomerRecord.id)
        .where(CustomerRecord.customer_id.in_(customers))
        .ext(distinct_on(CustomerRecord.customer_id))
        .order_by(CustomerRecord.customer_id, first, CustomerRecord.id)
    )
    now = dt.datetime.now(dt.UTC)
    when = {"occurred_at": now, "occurred_on": now.astimezone(ZoneInfo(tenant_of(session).timezone)).date(), "known_at": now}
    rows = [
        {
            "source": entering.SOURCE,
            "external_id": answering.external_id(survey, customers[customer].hex),
            "record_id": record_id,
            **answering.values(survey),
            **when,
        }
        for customer, record_id in session.execute(records)
    ]
    if rows:
        session.execute(insert(SurveyResponse).values(rows).on_conflict_do_nothing())
