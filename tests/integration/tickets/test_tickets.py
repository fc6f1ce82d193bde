"""A ticket from opening to closing: its clock, its words, who may see it, and what the metrics will find of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from kith_platform.audit.models import AuditEntry
from kith_platform.auth import permissions
from kith_platform.customers import service as customers
from kith_platform.errors import Conflict, Forbidden, Invalid, NotFound
from kith_platform.facts.models import Activity, SurveyResponse, Ticket, TicketStatus
from kith_platform.runtime import Runtime
from kith_platform.tickets import clock, levels, listing, satisfaction, service
from kith_platform.tickets.levels import Level
from kith_platform.tickets.listing import Filter
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

HOUR = dt.timedelta(hours=1)
Member = Callable[..., Actor]
Adds = Callable[[str, Actor], uuid.UUID]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def close_to(one: dt.datetime, other: dt.datetime) -> bool:
    return abs(one - other) < dt.timedelta(minutes=5)


def test_from_opening_to_closing(runtime: Runtime, desk: TenantContext, member: Member, customer: Adds) -> None:
    ada = member("Ada")
    lin = customer("Lin", ada)
    with runtime.doors.tenant_scope(desk.id) as session:
        whose = customers.get(session, ada, lin)
        row = service.create(session, ada, {"subject": "Broken cup", "severity": "high", "channel": "phone"}, whose)
        assert (row.status, row.first_reply_at, row.resolved_at) == ("new", None, None)
        assert close_to(row.reply_due_at, now() + 2 * HOUR)
        assert close_to(row.sla_due_at, now() + 8 * HOUR)
        asked = service.say(session, ada, row, {"text": "When?", "direction": "in"})
        service.say(session, ada, row, {"text": "only for us", "kind": "note"})
        assert row.first_reply_at is None
        said = service.say(session, ada, row, {"text": "A new one is on its way.\nSorry!"})
        assert (said.kind, said.direction, said.captured, said.ticket_id) == ("call", "out", "manual", row.id)
        assert (row.status, said.record_id) == ("open", row.record_id)
        session.refresh(asked)
        assert row.first_reply_at == asked.replied_at == said.occurred_at
        with pytest.raises(Conflict):
            service.close(session, ada, row)
        with pytest.raises(Conflict):
            satisfaction.ask(session, ada, row)
        service.solve(session, ada, row)
        assert (row.status, row.contacts) == ("solved", 1)
        with pytest.raises(Conflict):
            service.wait(session, ada, row)
        satisfaction.ask(session, ada, row)
        service.close(session, ada, row)
        with pytest.raises(Conflict):
            service.say(session, ada, row, {"text": "Hello?", "direction": "in"})
        with pytest.raises(Invalid):
            satisfaction.answer(session, ada, row, {"score": "6"})
        satisfaction.answer(session, ada, row, {"score": "4", "comment": "Quick"})
        with pytest.raises(Conflict):
            satisfaction.answer(session, ada, row, {"score": 1})
    with runtime.doors.tenant_scope(desk.id) as session:
        states = session.execute(select(TicketStatus.status).order_by(TicketStatus.id)).scalars().all()
        assert states == ["new", "open", "solved", "closed"]
        (survey,) = session.execute(select(SurveyResponse)).scalars()
        assert (survey.kind, survey.score, survey.comment, survey.ticket_id) == ("csat", 4, "Quick", row.id)
        assert survey.answered_at is not None
        assert survey.record_id == row.record_id
        did = session.execute(select(AuditEntry.action).where(AuditEntry.action.startswith("ticket:"))).scalars().all()
        assert did == ["ticket:created", "ticket:solved", "ticket:asked", "ticket:closed", "ticket:answered"]


def test_the_clock_stands_while_we_wait_and_while_it_is_solved(runtime: Runtime, desk: TenantContext, member: Member) -> None:
    ada = member("Ada")
    with runtime.doors.tenant_scope(desk.id) as session:
        row = service.create(session, ada, {"subject": "No light"})
        due, reply = row.sla_due_at, row.reply_due_at
        service.wait(session, ada, row)
        assert clock.standing(row, now() + 100 * HOUR).overdue is False
        long_ago = now() - 3 * HOUR
        session.execute(update(TicketStatus).where(TicketStatus.status == "waiting").values(occurred_at=long_ago))
        session.expire_all()
        service.say(session, ada, row, {"text": "It works now", "direction": "in"})  # the customer wrote: it goes on
        assert row.status == "open"
        assert close_to(row.sla_due_at, due + 3 * HOUR)
        assert close_to(row.reply_due_at, reply + 3 * HOUR)
        service.solve(session, ada, row)
        assert row.first_reply_at == row.resolved_at  # nobody had answered: the solution was the answer
        session.execute(update(Ticket).values(resolved_at=now() - 2 * HOUR))
        session.expire_all()
        service.say(session, ada, row, {"text": "Dark again", "direction": "in"})
        assert (row.status, row.resolved_at, row.contacts) == ("open", None, None)
        assert close_to(row.sla_due_at, due + 5 * HOUR)
        assert close_to(row.reopened_at, now())
        service.change(session, ada, row, {"severity": "urgent"})
        assert close_to(row.sla_due_at, row.occurred_at + 7 * HOUR)  # four, and the three it waited


def test_lists_show_what_is_due_first_and_who_may_see_it(
    runtime: Runtime, desk: TenantContext, other_tenant: TenantContext, member: Member, customer: Adds
) -> None:
    boss, ada, ben = member("Boss", "admin"), member("Ada", reach=Reach.OWN), member("Ben", reach=Reach.OWN)
    hers, his = customer("Lin", ada), customer("Wang", ben)
    with runtime.doors.tenant_scope(desk.id) as session:
        lin, wang = customers.get(session, boss, hers), customers.get(session, boss, his)
        low = service.create(session, boss, {"subject": "Low", "severity": "low"}, lin)
        urgent = service.create(session, boss, {"subject": "Urgent", "severity": "urgent", "is_complaint": True}, wang)
        late = service.create(session, boss, {"subject": "Late", "opened_at": now() - dt.timedelta(days=9)}, lin)
        nobodys = service.create(session, ada, {"subject": "Unknown"})
        service.solve(session, boss, service.create(session, boss, {"subject": "Done"}, lin))
        imported = {"source": "desk", "external_id": "7", "occurred_at": now(), "occurred_on": now().date()}
        session.execute(insert(Ticket), [{**imported, "subject": "From a file"}])
    with runtime.doors.tenant_scope(desk.id) as session:

        def subjects(actor: Actor, **wanted: Any) -> list[str]:
            return [row.subject for row, _customer in listing.page(session, actor, Filter(**wanted)).rows]

        assert subjects(boss) == ["Late", "Urgent", "Unknown", "Low", "From a file"]
        assert subjects(boss, show="overdue") == ["Late"]
        assert subjects(boss, show="solved") == ["Done"]
        assert subjects(boss, show="all")[-1] == "Late"
        assert subjects(boss, complaint=True) == ["Urgent"]
        assert subjects(boss, q="wang") == ["Urgent"]
        assert subjects(boss, show="all", severity="low") == ["Low"]
        assert subjects(ada) == ["Late", "Unknown", "Low"]
        assert subjects(ada, show="mine") == ["Unknown"]
        assert subjects(ben) == ["Urgent"]
        assert listing.counts(session, boss) == {"open": 5, "waiting": 0, "overdue": 1, "mine": 0}
        assert listing.counts(session, ada) == {"open": 3, "waiting": 0, "overdue": 1, "mine": 1}
        first = listing.page(session, boss, Filter(), limit=2)
        second = listing.page(session, boss, Filter(), after=first.next or "", limit=2)
        assert [row.subject for row, _customer in second.rows] == ["Unknown", "Low"]
        assert service.get(session, ada, low.public_id).id == low.id
        for hidden, actor in ((urgent, ada), (late, ben), (nobodys, ben)):
            with pytest.raises(NotFound):
                service.get(session, actor, hidden.public_id)
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        assert listing.page(session, boss, Filter(show="all")).rows == []
        with pytest.raises(NotFound):
            service.get(session, boss, low.public_id)


def test_a_ticket_of_a_file_is_worked_on_like_any_other(runtime: Runtime, desk: TenantContext, member: Member) -> None:
    ada = member("Ada")
    with runtime.doors.tenant_scope(desk.id) as session:
        when = now() - dt.timedelta(days=2)
        row = {"source": "desk", "external_id": "7", "occurred_at": when, "occurred_on": when.date(), "import_id": 3}
        session.execute(insert(Ticket), [{**row, "severity": "P1", "resolved_at": when + HOUR}])
        ticket = session.execute(select(Ticket)).scalar_one()
        assert clock.state_of(ticket) == "solved"
        service.reopen(session, ada, ticket)
        assert (ticket.status, ticket.sla_due_at, ticket.import_id) == ("open", None, None)
        service.change(session, ada, ticket, {"rep": "Ada", "topic": "lamp"})
        service.solve(session, ada, ticket)
        assert (ticket.severity, ticket.contacts) == ("P1", 1)


def test_service_levels_are_the_companys_own(runtime: Runtime, desk: TenantContext, member: Member) -> None:
    boss, ada = member("Boss", "admin"), member("Ada")
    with runtime.doors.tenant_scope(desk.id) as session:
        levels.set_levels(session, boss, {"normal": Level(10, 20)})
        row = service.create(session, ada, {"subject": "Quick"})
        assert close_to(row.sla_due_at, now() + dt.timedelta(minutes=20))
        assert levels.level(session, "P1") == Level(10, 20)  # a severity of another system counts as normal
        with pytest.raises(Forbidden):
            levels.set_levels(session, ada, {"normal": Level(1, 2)})
        with pytest.raises(Invalid) as refused:
            levels.set_levels(session, boss, {"low": Level(60, 30), "high": Level(0, 10)})
        assert [one.field for one in refused.value.fields] == ["low_solve", "high_reply"]
        viewer = Actor(None, None, "Vi", "viewer", permissions.of_role("viewer"))
        for forbidden in (
            lambda: service.create(session, viewer, {"subject": "x"}),
            lambda: service.say(session, viewer, row, {"text": "x"}),
            lambda: service.solve(session, viewer, row),
        ):
            with pytest.raises(Forbidden):
                forbidden()
        with pytest.raises(Invalid) as wrong:
            service.create(session, ada, {"subject": " ", "severity": "P1", "description": "x" * 5000})
        assert {one.field for one in wrong.value.fields} == {"subject", "severity", "description"}
        assert session.execute(select(Activity)).first() is None
