"""Companies, members, invitations: who may do what to whom, in the right company alone."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kith_platform.auth import invitations, members
from kith_platform.auth.models import Identity, Membership
from kith_platform.auth.permissions import of_role
from kith_platform.auth.service import SignUp, sign_up_company, slug_for
from kith_platform.auth.who import system
from kith_platform.errors import Conflict, Forbidden, Invalid
from kith_platform.mail import service as mail
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

from .conftest import PASSWORD, Browser, Owner

FORM = {"company": "Müller & Söhne", "name": "Mia", "industry": "retail", "language": "en", "currency": "EUR"}


def new_email() -> str:
    return f"n-{uuid.uuid4().hex[:10]}@kith.example"


def acting(role: str, member: int | None = None) -> Actor:
    return Actor(member, None, role, role, of_role(role), Reach.ALL)


def test_a_company_signs_up_and_is_in(browser: Browser, runtime: Runtime) -> None:
    email = new_email()
    answer = browser.send("/sign-up", **FORM, email=email, password=PASSWORD, timezone="Europe/Berlin")
    slug = answer.headers["Location"].split("/")[2]
    assert slug.startswith("muller-sohne")
    page = browser.get(f"/c/{slug}/members/")
    assert email in page.text
    assert "Company made" in browser.get(f"/c/{slug}/audit/").text


def test_sign_up_names_every_field_that_does_not_fit_and_keeps_the_rest(browser: Browser) -> None:
    answer = browser.send("/sign-up", company="Kith & Co", email="nowhere", name="", password="short")
    assert answer.status_code == 422
    assert "Kith &amp; Co" in answer.text
    for field in ("email", "name", "password"):
        assert f'id="e-{field}"' in answer.text
    assert "short" not in re.sub(r"<[^>]*>", "", answer.text).split()


def test_an_address_that_is_known_needs_its_own_password(
    new_browser: Callable[[], Browser], runtime: Runtime, owner: Owner
) -> None:
    taken = new_browser().send("/sign-up", **FORM, email=owner.email, password="nine lanterns over water", timezone="UTC")
    assert taken.status_code == 422
    again = new_browser()
    assert again.send("/sign-up", **FORM, email=owner.email, password=PASSWORD, timezone="UTC").status_code == 302
    assert {"Harbour", "Müller &amp; Söhne"} <= set(re.findall(r"Harbour|Müller &amp; Söhne", again.get("/").text))


def test_signing_up_is_no_way_to_guess_passwords(browser: Browser, owner: Owner) -> None:
    guesses = [
        browser.send("/sign-up", **FORM, email=owner.email, password=f"a guess of number {turn} here", timezone="UTC")
        for turn in range(8)
    ]
    assert 429 in [one.status_code for one in guesses]
    assert browser.sign_in(owner.email).status_code == 429


def test_a_company_named_in_chinese_gets_an_address_too() -> None:
    assert re.fullmatch(r"company-[0-9a-f]{6}", slug_for("春风百货"))
    assert slug_for("API") != "api"


def test_an_owner_invites_somebody_who_then_works_there(
    client_for: Callable[..., Browser], new_browser: Callable[[], Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    boss, email = client_for("owner"), new_email()
    boss.post(f"/c/{tenant.slug}/members/invite", data={"email": email.upper(), "role": "agent"})
    link = _link(boss.get(f"/c/{tenant.slug}/members/outbox").text)
    newcomer = new_browser()
    assert newcomer.send(link, name="Nan", password="short").status_code == 422
    assert newcomer.send(link, name="Nan", password=PASSWORD).headers["Location"] == f"/c/{tenant.slug}/"
    assert newcomer.get(f"/c/{tenant.slug}/members/").status_code == 403  # an agent
    assert "Nan" in boss.get(f"/c/{tenant.slug}/members/").text
    assert new_browser().get(link).status_code == 422  # used
    audit = boss.get(f"/c/{tenant.slug}/audit/").text
    assert "Invited somebody" in audit
    assert "Joined the company" in audit


def _link(page: str) -> str:
    found = re.search(r"https?://[^/\s]+(/join/[0-9a-f]{32}/[\w-]+)", page)
    assert found is not None
    return found[1]


def test_somebody_with_an_account_signs_in_to_accept(
    client_for: Callable[..., Browser], new_browser: Callable[[], Browser], tenant: TenantContext, owner: Owner
) -> None:
    boss = client_for("owner")
    boss.post(f"/c/{tenant.slug}/members/invite", data={"email": owner.email, "role": "viewer"})
    link = _link(boss.get(f"/c/{tenant.slug}/members/outbox").text)
    somebody = client_for("viewer")
    assert somebody.post(link).status_code == 403  # signed in with another address
    invited = new_browser()
    assert invited.send(link, name="x", password=PASSWORD).headers["Location"].startswith("/sign-in")
    invited.sign_in(owner.email)
    assert invited.send(link).headers["Location"] == f"/c/{tenant.slug}/"
    page = invited.get("/account").text  # the switcher shows both
    assert owner.tenant.slug in page
    assert tenant.slug in page


def test_an_invitation_withdrawn_or_repeated_no_longer_opens(
    client_for: Callable[..., Browser], new_browser: Callable[[], Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    boss, email = client_for("owner"), new_email()
    invite = {"email": email, "role": "viewer"}
    boss.post(f"/c/{tenant.slug}/members/invite", data=invite)
    first = _link(boss.get(f"/c/{tenant.slug}/members/outbox").text)
    boss.post(f"/c/{tenant.slug}/members/invite", data=invite)
    second = _link(boss.get(f"/c/{tenant.slug}/members/outbox").text)
    assert first != second
    assert new_browser().get(first).status_code == 422
    assert new_browser().get(second).status_code == 200
    with runtime.doors.tenant_scope(tenant.id) as session:
        waiting = invitations.waiting(session)
        invitations.withdraw(session, system(), waiting[0].public_id)
    assert new_browser().get(second).status_code == 422


def test_inviting_says_nothing_about_accounts_elsewhere(
    client_for: Callable[..., Browser], tenant: TenantContext, owner: Owner
) -> None:
    boss = client_for("owner")
    known = boss.post(f"/c/{tenant.slug}/members/invite", data={"email": owner.email, "role": "viewer"})
    unknown = boss.post(f"/c/{tenant.slug}/members/invite", data={"email": new_email(), "role": "viewer"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


def test_the_last_owner_stays(runtime: Runtime, owner: Owner) -> None:
    with runtime.doors.tenant_scope(owner.tenant.id) as session:
        row = session.execute(select(Membership)).scalar_one()
        with pytest.raises(Conflict, match="last one"):
            members.remove(session, acting("owner", row.id), row.public_id)
        with pytest.raises(Conflict, match="last one"):
            members.change(session, acting("owner", row.id), row.public_id, role="admin", reach="all")


def test_an_admin_neither_makes_nor_unmakes_owners(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    client_for("owner")
    other, admin = client_for("owner"), client_for("admin")
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Membership, (tenant.id, other.member_id))  # type: ignore[attr-defined]
        mine = session.get_one(Membership, (tenant.id, admin.member_id))  # type: ignore[attr-defined]
    for member, role in ((row, "viewer"), (mine, "owner")):
        path = f"/c/{tenant.slug}/members/{member.public_id}/change"
        assert admin.post(path, data={"role": role, "reach": "all"}).status_code == 403
    assert admin.post(f"/c/{tenant.slug}/members/{row.public_id}/remove").status_code == 403
    invite = {"email": new_email(), "role": "owner", "reach": "all"}
    assert admin.post(f"/c/{tenant.slug}/members/invite", data=invite).status_code == 403


def test_role_reach_units_and_team_count_from_the_next_page_on(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext
) -> None:
    boss, agent = client_for("owner"), client_for("agent")
    for kind, name in (("unit", "North"), ("team", "Key accounts")):
        boss.post(f"/c/{tenant.slug}/members/{kind}s", data={f"{kind}_name": name})
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Membership, (tenant.id, agent.member_id))  # type: ignore[attr-defined]
        unit, team = members.units(session)[0], members.teams(session)[0]
    form = {"role": "analyst", "reach": "team", "units": str(unit.public_id), "team": str(team.public_id)}
    assert boss.post(f"/c/{tenant.slug}/members/{row.public_id}/change", data=form).status_code == 302
    page = agent.get(f"/c/{tenant.slug}/members/").text
    assert "North" in page
    assert "Key accounts" in page


def test_foreign_members_units_and_teams_are_not_there(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    boss, stranger = client_for("owner"), client_for("viewer", tenant=other_tenant)
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        row = session.get_one(Membership, (other_tenant.id, stranger.member_id))  # type: ignore[attr-defined]
        unit = members.add_unit(session, system(), "Elsewhere")
    form = {"role": "viewer", "reach": "all"}
    for verb in ("change", "remove", "restore"):
        assert boss.post(f"/c/{tenant.slug}/members/{row.public_id}/{verb}", data=form).status_code == 404
    invite = {"email": new_email(), "role": "viewer", "units": str(unit.public_id)}
    assert boss.post(f"/c/{tenant.slug}/members/invite", data=invite).status_code == 404


def test_a_member_may_leave_and_others_may_not_make_them(client_for: Callable[..., Browser], tenant: TenantContext) -> None:
    client_for("owner")
    leaving = client_for("viewer")
    assert leaving.post(f"/c/{tenant.slug}/members/leave").headers["Location"] == "/"
    assert leaving.get(f"/c/{tenant.slug}/").status_code == 404
    assert "belong to no company" in leaving.get("/").text


def test_a_companys_rows_show_only_people_who_belong_to_it(
    client_for: Callable[..., Browser], runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    here, elsewhere = client_for("owner"), client_for("owner", tenant=other_tenant)
    with runtime.doors.tenant_scope(tenant.id) as session:
        seen = session.execute(select(Identity.email)).scalars().all()
    assert seen == [here.email]  # type: ignore[attr-defined]
    assert elsewhere.email not in seen  # type: ignore[attr-defined]


@pytest.mark.parametrize("column", ["password", "second_factor", "recovery_codes", "tenants"])
def test_a_companys_session_cannot_read_how_people_prove_who_they_are(
    runtime: Runtime, tenant: TenantContext, column: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(text(f"SELECT {column} FROM kith.identity"))


@pytest.mark.parametrize("table", ["web_session", "auth_link", "auth_mail", "security_event", "sign_in_failure"])
def test_what_belongs_to_no_company_is_closed_to_companies(runtime: Runtime, tenant: TenantContext, table: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(text(f"SELECT 1 FROM kith.{table}"))


def test_a_step_that_fails_costs_nobody_the_company_and_can_be_repeated(
    browser: Browser, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kith_platform.auth import newcomers

    faults = [OSError("the disk is full")]
    done: list[str] = []

    def step(_runtime: Runtime, tenant: TenantContext) -> None:
        if faults:
            raise faults.pop()
        done.append(tenant.slug)

    monkeypatch.setattr(newcomers, "STEPS", ("a:step",))
    monkeypatch.setattr(newcomers.pkgutil, "resolve_name", lambda _name: step)
    email = new_email()
    tenant, _identity = sign_up_company(runtime, SignUp(company="Again", name="Ada", email=email, password=PASSWORD))
    assert done == []
    browser.sign_in(email)
    assert browser.get(f"/c/{tenant.slug}/members/").status_code == 200
    assert newcomers.welcome(runtime, tenant) == []
    assert done == [tenant.slug]


def test_an_owner_made_by_the_operator_chooses_a_password_by_link(
    browser: Browser, runtime: Runtime, tenant: TenantContext
) -> None:
    from kith_platform.auth import service

    email = new_email()
    with runtime.doors.auth_scope() as session:
        service.add_owner(session, runtime, tenant, email, None)
    with runtime.doors.auth_scope() as session:
        letter = next(one for one in mail.operators(session) if one.recipient == email)
        body = mail.body_of(runtime, letter) or ""
        assert "/reset/" not in letter.body
    path = re.search(r"(/reset/[\w-]+)", body)
    assert path is not None
    assert browser.send(path[1], password=PASSWORD).status_code == 302
    assert browser.sign_in(email).status_code == 302
    assert browser.get(f"/c/{tenant.slug}/members/").status_code == 200
    assert browser.get(path[1]).status_code == 422  # used


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_a_person_made_owner_of_two_companies_at_once_owns_both(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext, owner: Owner, known: bool
) -> None:
    from kith_platform.auth import service

    email = owner.email if known else new_email()
    holds = threading.Barrier(2)

    def add(to: TenantContext) -> int:
        with runtime.doors.auth_scope() as session:
            if known:  # both have seen the person before either writes
                session.execute(select(Identity).where(Identity.email == email)).scalar_one()
                holds.wait(20)
            return service.add_owner(session, runtime, to, email, PASSWORD)

    with ThreadPoolExecutor(2) as pool, runtime.doors.auth_scope() as session:
        if known:
            ids = {one.result(20) for one in [pool.submit(add, to) for to in (tenant, other_tenant)]}
        else:
            first = service.add_owner(session, runtime, tenant, email, PASSWORD)
            second = pool.submit(add, other_tenant)
            with pytest.raises(TimeoutError):
                second.result(1)  # it waits for the one that is not committed yet
            session.commit()
            ids = {first, second.result(20)}
    with runtime.doors.auth_scope() as session:
        person = session.get_one(Identity, ids.pop())
        assert not ids
        assert {tenant.id, other_tenant.id} <= set(person.tenants)


def test_an_address_taken_while_a_company_signs_up_needs_its_password(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    from kith_platform.auth import service

    email, make = new_email(), service.new_identity

    def after_another(session: Session, *given: str, **more: str) -> Identity:
        with runtime.doors.auth_scope() as other:
            make(other, email, name="Somebody", language="en", hashed="another")
        return make(session, *given, **more)

    monkeypatch.setattr(service, "new_identity", after_another)
    form = SignUp(company="Late", name="Mia", email=email, password=PASSWORD)
    with pytest.raises(Invalid):
        sign_up_company(runtime, form)
    with runtime.doors.auth_scope() as session:
        assert session.execute(select(Identity.tenants).where(Identity.email == email)).scalar_one() == []


def test_operators_owner_with_a_poor_password_is_refused(runtime: Runtime, tenant: TenantContext) -> None:
    from kith_platform.auth import service

    with pytest.raises(Invalid), runtime.doors.auth_scope() as session:
        service.add_owner(session, runtime, tenant, new_email(), "password")


def test_viewers_change_nothing(runtime: Runtime, owner: Owner) -> None:
    with runtime.doors.tenant_scope(owner.tenant.id) as session:
        row = session.execute(select(Membership)).scalar_one()
        for act in (
            lambda: members.change(session, acting("viewer"), row.public_id, role="viewer", reach="all"),
            lambda: members.remove(session, acting("viewer"), row.public_id),
            lambda: members.add_unit(session, acting("viewer"), "North"),
            lambda: invitations.invite(session, runtime, acting("analyst"), email=new_email(), role="viewer", reach="all"),
        ):
            with pytest.raises(Forbidden):
                act()
