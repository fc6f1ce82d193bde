"""Use cases of segments: find, make, change and remove them, and ask for their members to be counted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.figures import today
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.i18n import N_
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.segments import reading
from kith_platform.segments.models import (
    WAITING,
    Segment,
    SegmentMember,
    SegmentMove,
    SegmentRule,
    SegmentSize,
)
from kith_platform.segments.rules import EVERYBODY, Group
from kith_platform.segments.scope import Scope
from kith_platform.segments.vocabulary import Vocabulary
from kith_tenants.context import Actor, tenant_of

FILL = "segments.fill"
NAME, ABOUT, SEGMENTS = 80, 400, 500


def listed(session: Session) -> Sequence[Segment]:
    """The company's segments, by name."""
    return session.execute(select(Segment).order_by(Segment.name)).scalars().all()


def get(session: Session, public_id: uuid.UUID) -> Segment:
    """Raises NotFound."""
    found = session.execute(select(Segment).where(Segment.public_id == public_id)).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no such segment here. The link may be old, or it belongs to another company."))
    return found


def named(session: Session, name: str) -> Segment:
    """The segment of that name. Raises NotFound, naming those there are."""
    found = session.execute(select(Segment).where(Segment.name == name)).scalar_one_or_none()
    if found is None:
        known = ", ".join(one.name for one in listed(session)) or "–"
        raise NotFound(N_("There is no segment '%(name)s'. There are: %(known)s."), name=name, known=known)
    return found


def scope(session: Session, catalogue: FactCatalogue, words: Vocabulary) -> Scope:
    """What compiles the company's rules, as of its own day."""
    company = tenant_of(session)
    ids = {public_id: number for public_id, (number, _name) in words.segments.items()}
    return Scope(today(session), company.currency, company.timezone, catalogue, ids)


def rule_of(segment: Segment, words: Vocabulary) -> Group:
    """The stored rule. Raises Invalid where it speaks of something that is there no more."""
    return reading.read(segment.rule, words)


def create(session: Session, actor: Actor, given: Mapping[str, Any], words: Vocabulary) -> Segment:
    """Make a segment of `name`, `about`, `dynamic` and `rule` (JSON), and ask for its members.

    Raises Forbidden, Conflict, or Invalid with an error per field.
    """
    _may_write(actor)
    rule = _checked(session, given, words, None)
    if session.execute(select(func.count()).select_from(Segment)).scalar_one() >= SEGMENTS:
        raise Conflict(N_("There are %(most)s segments already. Remove one that nobody uses."), most=SEGMENTS)
    row = Segment(
        name=given["name"].strip(),
        about=str(given.get("about") or "").strip(),
        dynamic=bool(given.get("dynamic", True)),
        rule=reading.write(rule),
        made_by=actor.member_id,
    )
    session.add(row)
    session.flush()
    session.refresh(row)
    _keep_rule(session, actor, row)
    record(session, actor, "segment:created", f"segment:{row.public_id}", {"name": row.name, "rule": row.rule})
    ask(session, row, asked_by=actor.member_id)
    return row


def change(session: Session, actor: Actor, segment: Segment, given: Mapping[str, Any], words: Vocabulary) -> Segment:
    """Give a segment other words or another rule; with another rule its members are asked for again.

    Raises Forbidden, Conflict for a circle, or Invalid with an error per field.
    """
    _may_write(actor)
    before = {"name": segment.name, "rule": segment.rule}
    rule = reading.write(_checked(session, given, words, segment))
    segment.name, segment.about = given["name"].strip(), str(given.get("about") or "").strip()
    dynamic = bool(given.get("dynamic", True))
    if rule != segment.rule or (dynamic and not segment.dynamic):
        segment.rule, segment.version, segment.state = rule, segment.version + 1, WAITING
        _keep_rule(session, actor, segment)
        ask(session, segment, asked_by=actor.member_id)
    segment.dynamic, segment.changed_at = dynamic, func.now()
    session.flush()
    session.refresh(segment)
    after = {"name": segment.name, "rule": segment.rule}
    record(session, actor, "segment:changed", f"segment:{segment.public_id}", {"before": before, "after": after})
    return segment


def remove(session: Session, actor: Actor, segment: Segment) -> None:
    """Remove a segment with its members and history. Raises Forbidden, or Conflict where another segment's rule asks for it."""
    _may_write(actor)
    using = [one.name for one in listed(session) if segment.public_id in mentioned(one.rule)]
    if using:
        raise Conflict(
            N_("'%(name)s' is used by the rule of: %(others)s. Change those first."), name=segment.name, others=", ".join(using)
        )
    for table in (SegmentMember, SegmentMove, SegmentRule, SegmentSize):
        session.execute(delete(table).where(table.segment_id == segment.id))
    session.execute(delete(Segment).where(Segment.id == segment.id))
    record(session, actor, "segment:removed", f"segment:{segment.public_id}", {"name": segment.name})


def ask(session: Session, segment: Segment, *, asked_by: int | None = None) -> Job:
    """Ask for a segment's members in the caller's transaction. One that is being counted already is asked for once more."""
    args = {"segment": segment.public_id.hex, "version": segment.version}
    key = f"segment:{segment.public_id.hex}:{segment.version}"
    return jobs.ask(session, FILL, args, dedupe_key=key, asked_by=asked_by)


def sizes(session: Session, segment: Segment, days: int = 400) -> Sequence[SegmentSize]:
    """The segment's size by day, oldest first."""
    newest = select(SegmentSize).where(SegmentSize.segment_id == segment.id).order_by(SegmentSize.day.desc()).limit(days)
    return list(reversed(session.execute(newest).scalars().all()))


def rules(session: Session, segment: Segment) -> dict[int, dict[str, Any]]:
    """The rules it has and had, by version."""
    rows = session.execute(select(SegmentRule).where(SegmentRule.segment_id == segment.id)).scalars()
    return {row.version: row.rule for row in rows}


def mentioned(document: Any) -> set[uuid.UUID]:
    """Public ids of the segments a stored rule asks for, whether they are there or not."""
    return {uuid.UUID(said) for said in _said(document, "segment")}


def scored(document: Any) -> set[str]:
    """Tasks of the scores a stored rule asks for, whether they are there or not."""
    return set(_said(document, "score"))


def asking_of(session: Session, task: str) -> list[str]:
    """Names of the segments whose rules ask for the scores of a task."""
    return [one.name for one in listed(session) if task in scored(one.rule)]


def _said(document: Any, key: str) -> Iterator[str]:
    if isinstance(document, Mapping):
        if isinstance(document.get(key), str):
            yield document[key]
        for part in document.values():
            yield from _said(part, key)
    elif isinstance(document, list):
        for part in document:
            yield from _said(part, key)


def in_order(segments: Sequence[Segment]) -> list[Segment]:
    """Each segment after those its rule asks for."""
    known = {one.public_id: one for one in segments}
    graph = {one.public_id: sorted(mentioned(one.rule) & set(known)) for one in segments}
    return [known[public_id] for public_id in TopologicalSorter(graph).static_order()]


def _checked(session: Session, given: Mapping[str, Any], words: Vocabulary, own: Segment | None) -> Group:
    """The rule of a form or a request. Raises Invalid, or Conflict for a circle."""
    errors: list[FieldError] = []
    name = str(given.get("name") or "").strip()
    if not name or len(name) > NAME:
        errors.append(FieldError("name", N_("Give the segment a name of at most %(most)s characters."), {"most": NAME}))
    elif any(one.name == name and one is not own for one in listed(session)):
        errors.append(
            FieldError("name", N_("There is a segment called '%(name)s' already. Choose another name."), {"name": name})
        )
    if len(str(given.get("about") or "")) > ABOUT:
        errors.append(FieldError("about", N_("This is too long: %(most)s characters at most."), {"most": ABOUT}))
    rule = EVERYBODY
    try:
        rule = reading.read(given.get("rule"), words)
    except Invalid as wrong:
        errors += wrong.fields
    if errors:
        raise Invalid(fields=errors)
    if own is not None:
        _refuse_circle(session, own, rule, name)
    return rule


def _refuse_circle(session: Session, own: Segment, rule: Group, name: str) -> None:
    others = {one.public_id: (one.name, mentioned(one.rule)) for one in listed(session)}
    others[own.public_id] = (name, mentioned(reading.write(rule)))
    try:
        TopologicalSorter({public_id: sorted(asked) for public_id, (_name, asked) in others.items()}).prepare()
    except CycleError as circle:
        way = " → ".join(others[public_id][0] for public_id in reversed(circle.args[1]))
        raise Conflict(
            N_("This segment would wait for itself: %(circle)s. Take one of these conditions out."), circle=way
        ) from None


def _keep_rule(session: Session, actor: Actor, segment: Segment) -> None:
    session.add(SegmentRule(segment_id=segment.id, version=segment.version, rule=segment.rule, made_by=actor.member_id))
    session.flush()


def _may_write(actor: Actor) -> None:
    if not actor.can("segments:write"):
        raise Forbidden
