"""Sessions end when they should: at sign-out, when idle, when old, when revoked, when a membership ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError

from kith_platform.auth.cookies import COOKIE
from kith_platform.auth.models import Membership, WebSession
from kith_platform.auth.service import join
from kith_platform.auth.sessions import ABSOLUTE, IDLE
from kith_platform.auth.tidy import tidier
from kith_platform.auth.who import aware_now
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

from .conftest import PASSWORD, Browser, Owner


def age(runtime: Runtime, identity_id: int, **changes: dt.datetime) -> None:
    with runtime.doors.auth_scope() as session:
        session.execute(update(WebSession).where(WebSession.identity_id == identity_id).values(**changes))


@pytest.mark.parametrize(
    ("column", "when", "lives"),
    [
        ("last_seen_at", -IDLE - dt.timedelta(seconds=1), False),
        ("last_seen_at", -IDLE + dt.timedelta(minutes=1), True),
        ("expires_at", -dt.timedelta(seconds=1), False),
    ],
)
def test_a_session_ends_when_idle_or_old(
    client_for: Callable[..., Browser], runtime: Runtime, column: str, when: dt.timedelta, lives: bool
) -> None:
    client = client_for("viewer")
    age(runtime, client.identity_id, **{column: aware_now() + when})  # type: ignore[attr-defined]
    assert (client.get("/account").status_code == 200) is lives


def test_a_session_lasts_half_a_day_at_most(client_for: Callable[..., Browser], runtime: Runtime) -> None:
    client = client_for("viewer")
    with runtime.doors.auth_scope() as session:
        row = session.query(WebSession).filter_by(identity_id=client.identity_id).one()  # type: ignore[attr-defined]
    assert row.expires_at - row.created_at <= ABSOLUTE + dt.timedelta(minutes=1)


def test_signing_out_ends_the_session_not_just_the_cookie(browser: Browser, owner: Owner) -> None:
    browser.sign_in(owner.email)
    key = browser.get_cookie(COOKIE)
    assert key is not None
    browser.send("/sign-out", look="/account")
    assert browser.get_cookie(COOKIE) is None
    browser.set_cookie(COOKIE, key.value)
    assert browser.get("/account").status_code == 302


def test_one_sees_and_ends_ones_other_sessions(new_browser: Callable[[], Browser], owner: Owner) -> None:
    here, there = new_browser(), new_browser()
    here.sign_in(owner.email)
    there.sign_in(owner.email)
    assert here.get("/account").text.count('/end"') == 1
    here.send("/account/sessions/end-others", look="/account")
    assert there.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


def test_nobody_ends_somebody_elses_session(client_for: Callable[..., Browser], runtime: Runtime) -> None:
    mine, other = client_for("owner"), client_for("owner")
    with runtime.doors.auth_scope() as session:
        theirs = session.query(WebSession).filter_by(identity_id=other.identity_id).one()  # type: ignore[attr-defined]
    mine.post(f"/account/sessions/{theirs.public_id}/end")
    assert other.get("/account").status_code == 200


def test_a_changed_password_ends_every_other_session(new_browser: Callable[[], Browser], owner: Owner) -> None:
    here, there = new_browser(), new_browser()
    here.sign_in(owner.email)
    there.sign_in(owner.email)
    before = here.get_cookie(COOKIE)
    new = "nine lanterns over water"
    done = here.send("/account/password", look="/account", current=PASSWORD, password=new)
    assert done.status_code == 302
    assert here.get("/account").status_code == 200
    assert here.get_cookie(COOKIE).value != before.value  # type: ignore[union-attr]
    assert there.get("/account").status_code == 302
    assert there.sign_in(owner.email, new).status_code == 302


def test_a_removed_member_is_out_with_the_next_request(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    boss, gone = client_for("owner"), client_for("analyst")
    assert gone.get(f"/c/{tenant.slug}/members/").status_code == 200
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Membership, (tenant.id, gone.member_id))  # type: ignore[attr-defined]
    assert boss.post(f"/c/{tenant.slug}/members/{row.public_id}/remove").status_code == 302
    assert gone.get(f"/c/{tenant.slug}/members/").status_code == 404
    assert "Undo" in boss.get(f"/c/{tenant.slug}/members/?removed={row.public_id}").text
    boss.post(f"/c/{tenant.slug}/members/{row.public_id}/restore")
    assert gone.get(f"/c/{tenant.slug}/members/").status_code == 200


def test_a_foreign_company_and_one_that_does_not_exist_look_the_same(
    client_for: Callable[..., Browser], other_tenant: TenantContext
) -> None:
    client = client_for("owner")
    foreign = client.get(f"/c/{other_tenant.slug}/members/")
    nowhere = client.get("/c/there-is-none/members/")
    assert foreign.status_code == nowhere.status_code == 404


def test_changing_company_changes_the_key_and_the_rights(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    client = client_for("owner")
    with runtime.doors.auth_scope() as session:
        from kith_platform.auth.models import Identity

        join(session, session.get_one(Identity, client.identity_id), other_tenant, "viewer")  # type: ignore[attr-defined]
    assert client.get(f"/c/{tenant.slug}/members/").status_code == 200
    key = client.get_cookie(COOKIE)
    assert client.get(f"/c/{other_tenant.slug}/members/").status_code == 403
    assert client.get_cookie(COOKIE).value != key.value  # type: ignore[union-attr]
    assert client.get("/").headers["Location"] == f"/c/{other_tenant.slug}/"
    # A request that was under way with the key before is still served, shortly.
    client.set_cookie(COOKIE, key.value)  # type: ignore[union-attr]
    assert client.get("/account").status_code == 200
    age(runtime, client.identity_id, rotated_at=aware_now() - dt.timedelta(minutes=1))  # type: ignore[attr-defined]
    assert client.get("/account").status_code == 302


def test_a_suspended_company_says_so_to_its_members(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    client = client_for("owner")
    with runtime.doors.auth_scope() as session:
        registry.suspend(session, tenant.slug)
    refused = client.get(f"/c/{tenant.slug}/members/")
    assert refused.status_code == 403
    assert "is suspended" in refused.text
    with runtime.doors.auth_scope() as session:
        registry.suspend(session, tenant.slug, suspended=False)
    assert client.get(f"/c/{tenant.slug}/members/").status_code == 200


def test_when_sessions_cannot_be_read_kith_says_so_instead_of_signing_people_out(
    client_for: Callable[..., Browser], web: Flask, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for("owner")
    real = runtime.doors.auth_scope

    def away() -> None:
        raise OperationalError("select", {}, Exception("the server is gone"))

    monkeypatch.setattr(runtime.doors, "auth_scope", away)
    for answer in (client.get("/account"), client.post("/account/name", data={"name": "Eve"})):
        assert answer.status_code == 503
        assert "Set-Cookie" not in answer.headers or COOKIE not in answer.headers["Set-Cookie"]
    monkeypatch.setattr(runtime.doors, "auth_scope", real)
    assert client.get("/account").status_code == 200


def test_a_view_that_fails_leaves_nothing_behind(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    client = client_for("owner")
    refused = client.post(f"/c/{tenant.slug}/members/units", data={"unit_name": ""})
    assert refused.status_code == 422
    assert client.post(f"/c/{tenant.slug}/members/units", data={"unit_name": "North"}).status_code == 302
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert session.execute(text("SELECT name FROM kith.unit")).scalars().all() == ["North"]
        assert session.execute(text("SELECT action FROM kith.audit_entry")).scalars().all() == ["unit:created"]


def test_pages_of_people_who_signed_in_are_kept_by_no_cache(client_for: Callable[..., Browser], tenant: TenantContext) -> None:
    client = client_for("owner")
    for path in ("/account", f"/c/{tenant.slug}/members/", f"/c/{tenant.slug}/audit/"):
        assert client.get(path).headers["Cache-Control"] == "private, no-store"


def test_sessions_long_over_are_forgotten_and_living_ones_are_not(client_for: Callable[..., Browser], runtime: Runtime) -> None:
    old, living = client_for("viewer"), client_for("viewer")
    age(runtime, old.identity_id, expires_at=aware_now() - dt.timedelta(days=31))  # type: ignore[attr-defined]
    tidier()(runtime)
    with runtime.doors.auth_scope() as session:
        left = {row.identity_id for row in session.query(WebSession)}
    assert old.identity_id not in left  # type: ignore[attr-defined]
    assert living.identity_id in left  # type: ignore[attr-defined]


def test_a_key_copied_before_the_password_changed_opens_nothing(new_browser: Callable[[], Browser], owner: Owner) -> None:
    mine, thief = new_browser(), new_browser()
    mine.sign_in(owner.email)
    thief.set_cookie(COOKIE, mine.get_cookie(COOKIE).value)  # type: ignore[union-attr]
    assert thief.get("/account").status_code == 200
    mine.send("/account/password", look="/account", current=PASSWORD, password="nine lanterns over water")
    assert thief.get("/account").status_code == 302
    assert mine.get("/account").status_code == 200
