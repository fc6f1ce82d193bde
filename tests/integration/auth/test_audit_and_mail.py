"""The audit trail only grows, and messages go out once."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from kith_platform.app import create_app
from kith_platform.audit import service as audit
from kith_platform.auth import account, invitations
from kith_platform.auth.models import SecurityEvent
from kith_platform.auth.who import system
from kith_platform.jobs import claim
from kith_platform.jobs.declared import JobRun, find
from kith_platform.jobs.models import Job
from kith_platform.mail import postman
from kith_platform.mail import service as mail
from kith_platform.migrate import owner_connection
from kith_platform.runtime import Runtime
from kith_platform.web.limits import limiter
from kith_tenants.tenant import TenantContext

from .conftest import Browser, Owner


@pytest.mark.parametrize("change", ["UPDATE kith.audit_entry SET action = 'x'", "DELETE FROM kith.audit_entry"])
def test_a_company_cannot_change_its_trail(runtime: Runtime, tenant: TenantContext, change: str) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        audit.record(session, system(), "thing:done")
    with pytest.raises(DBAPIError, match="permission denied"), runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(text(change))


@pytest.mark.parametrize("table", ["audit_entry", "security_event"])
@pytest.mark.parametrize("change", ["UPDATE kith.{0} SET detail = '{{}}'", "DELETE FROM kith.{0}", "TRUNCATE kith.{0}"])
def test_not_even_the_owner_of_the_tables_changes_the_trail(runtime: Runtime, table: str, change: str) -> None:
    assert runtime.urls.superuser is not None
    with owner_connection(runtime.urls.superuser) as connection, pytest.raises(DBAPIError, match="only grows"):
        connection.execute(text(change.format(table)))


def test_what_is_undone_leaves_no_row(runtime: Runtime, tenant: TenantContext) -> None:
    with pytest.raises(DBAPIError), runtime.doors.tenant_scope(tenant.id) as session:
        audit.record(session, system(), "thing:done")
        session.flush()
        session.execute(text("SELECT 1 / 0"))
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert audit.page(session, audit.Filter()) == []


def test_the_page_narrows_by_what_who_and_when_and_turns_over(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    boss = client_for("owner")
    with runtime.doors.tenant_scope(tenant.id) as session:
        for turn in range(60):
            audit.record(session, system(), "thing:done", detail={"turn": f"t{turn}"})
        audit.record(session, system(), "other:done")
    path = f"/c/{tenant.slug}/audit/"
    assert "other:done</td>" not in boss.get(path + "?action=thing:done").text
    first = boss.get(path).text
    assert first.count("thing:done</td>") == 49
    following = first.split("after=", 1)[1].split('"', 1)[0]
    assert boss.get(f"{path}?after={following}").text.count("thing:done</td>") == 11
    assert "thing:done</td>" not in boss.get(path + "?until=2020-01-01").text


def test_only_admins_read_the_trail(client_for: Callable[..., Browser], tenant: TenantContext) -> None:
    for role, status in {"owner": 200, "admin": 200, "analyst": 403, "agent": 403, "viewer": 403}.items():
        assert client_for(role).get(f"/c/{tenant.slug}/audit/").status_code == status


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given, and refuses when told to."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.refuse = False
        super().__init__(("127.0.0.1", 0), Conversation)


class Conversation(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(line)
                self.server.letters.append(b"".join(lines).decode())
            if verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            refused = verb == b"RCPT" and self.server.refuse
            self.wfile.write(b"451 later\r\n" if refused else b"250 ok\r\n")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def mailing(runtime: Runtime, sink: Sink) -> Runtime:
    """The same installation with a mail server."""
    url = f"smtp://127.0.0.1:{sink.server_address[1]}"
    return replace(runtime, settings=replace(runtime.settings, mail_url=url, mail_from="Kith <kith@kith.example>"))


def _state(runtime: Runtime, email: str) -> tuple[str, str]:
    with runtime.doors.auth_scope() as session:
        row = next(one for one in mail.operators(session) if one.recipient == email)
        return row.status, mail.body_of(runtime, row) or ""


def test_a_reset_goes_out_once_and_its_link_is_not_kept(mailing: Runtime, sink: Sink, owner: Owner) -> None:
    account.ask_reset(mailing, owner.email)
    for _ in range(3):
        postman.send_due(mailing)
    mine = [letter for letter in sink.letters if owner.email in letter]
    assert len(mine) == 1
    assert _state(mailing, owner.email) == ("sent", "")


def test_a_message_the_server_refuses_for_now_waits_for_another_try(mailing: Runtime, sink: Sink, owner: Owner) -> None:
    sink.refuse = True
    account.ask_reset(mailing, owner.email)
    postman.send_due(mailing)
    assert _state(mailing, owner.email)[0] == "queued"
    sink.refuse = False
    postman.send_due(mailing)  # not yet due again
    assert _state(mailing, owner.email)[0] == "queued"
    with mailing.doors.auth_scope() as session:
        session.execute(text("UPDATE kith.auth_mail SET next_try_at = now()"))
    postman.send_due(mailing)
    assert _state(mailing, owner.email)[0] == "sent"


def run_job(runtime: Runtime, tenant: TenantContext, kind: str) -> None:
    """Claim the tenant's one job of this kind and run it here, as a worker's child would."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        job_id = session.execute(select(Job.id).where(Job.kind == kind, Job.state == "queued")).scalar_one()
        held = claim.claim(session, job_id, lease=30, unrouted=True)
    assert held is not None
    find(kind).work(JobRun(runtime, tenant, held, pulse=runtime.doors, threads=1, memory_mb=64))


def test_an_invitation_is_sent_once_its_transaction_has_committed(mailing: Runtime, sink: Sink, tenant: TenantContext) -> None:
    email = "invited@kith.example"
    with mailing.doors.tenant_scope(tenant.id) as session:
        invitations.invite(session, mailing, system(), email=email, role="viewer", reach="all")
        assert sink.letters == []
    run_job(mailing, tenant, "mail.send")
    assert [email in letter for letter in sink.letters] == [True]
    with mailing.doors.tenant_scope(tenant.id) as session:
        row = mail.of_company(session)[0]
        assert (row.status, row.attempts) == ("sent", 1)
        assert session.execute(select(Job.state)).scalar_one() == "done"


def test_without_a_mail_server_messages_stay_for_the_operator(runtime: Runtime, owner: Owner) -> None:
    account.ask_reset(runtime, owner.email)
    assert postman.send_due(runtime) == 0
    status, body = _state(runtime, owner.email)
    assert status == "queued"
    assert "/reset/" in body


def test_people_still_sign_in_and_are_still_limited_while_redis_is_away(runtime: Runtime, owner: Owner) -> None:
    gone = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    made: Flask = create_app(replace(runtime, redis=gone), testing=True)
    try:
        browser = Browser(made, made.response_class, use_cookies=True)
        browser.environ_base["REMOTE_ADDR"] = "10.255.0.1"
        assert browser.sign_in(owner.email).status_code == 302
        statuses = [browser.send("/forgotten", email=owner.email).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
    finally:
        create_app(runtime, testing=True)  # the limiter is the process's: give it the running server back
        limiter.reset()


def test_security_events_name_the_kind_and_nothing_secret(runtime: Runtime, owner: Owner) -> None:
    account.ask_reset(runtime, owner.email)
    with runtime.doors.auth_scope() as session:
        kinds = {row.kind for row in session.query(SecurityEvent).filter_by(identity_id=owner.id)}
    assert "password:reset_asked" in kinds
