"""API tokens open one company, as far as their scopes and their maker's rights go, until they end."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from kith_platform.auth.models import ApiToken, Membership
from kith_platform.auth.who import aware_now
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

from .conftest import Browser

SHAPE = r"kith_[0-9a-f]{32}_[0-9a-f]{32}_[A-Za-z0-9]{43}"


@pytest.fixture
def boss(client_for: Callable[..., Browser]) -> Browser:
    return client_for("owner")


def make(client: Browser, tenant: TenantContext, *scopes: str) -> str:
    page = client.post(f"/c/{tenant.slug}/tokens/", data={"name": "nightly", "scopes": list(scopes), "days": "30"})
    assert page.status_code == 200, page.text
    found = re.search(SHAPE, page.text)
    assert found is not None
    return found[0]


def ask(web: Flask, token: str, **headers: str) -> Any:
    return web.test_client().get("/api/v1/audit", headers={"Authorization": f"Bearer {token}", **headers})


def test_a_token_is_shown_once_and_opens_its_company(boss: Browser, web: Flask, tenant: TenantContext) -> None:
    token = make(boss, tenant, "audit:read")
    assert token not in boss.get(f"/c/{tenant.slug}/tokens/").text
    answer = ask(web, token)
    assert answer.status_code == 200
    assert [one["action"] for one in answer.json["entries"]] == ["token:created"]
    assert "Set-Cookie" not in answer.headers


def test_the_database_holds_no_token_that_works(boss: Browser, runtime: Runtime, tenant: TenantContext) -> None:
    secret = make(boss, tenant, "audit:read").rpartition("_")[2]
    with runtime.doors.auth_scope() as session:
        kept = str(session.execute(text("SELECT row_to_json(t) FROM kith.api_token t")).scalars().all())
    with runtime.doors.tenant_scope(tenant.id) as session:
        kept += str(session.execute(text("SELECT row_to_json(t) FROM kith.audit_entry t")).scalars().all())
    assert "nightly" in kept
    assert secret not in kept


def test_a_token_does_nothing_outside_its_scopes(boss: Browser, web: Flask, tenant: TenantContext) -> None:
    assert ask(web, make(boss, tenant, "customers:read")).status_code == 403


def test_a_token_has_no_place_in_another_company(
    boss: Browser, web: Flask, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    token = make(boss, tenant, "audit:read")
    assert ask(web, token, **{"X-Kith-Tenant": other_tenant.slug}).status_code == 404
    forged = f"kith_{other_tenant.public_id.hex}_" + token.split("_", 2)[2]
    assert ask(web, forged).status_code == 401


@pytest.mark.parametrize("change", ["expired", "revoked", "another secret", "nonsense"])
def test_a_token_that_ended_opens_nothing(
    boss: Browser, web: Flask, runtime: Runtime, tenant: TenantContext, change: str
) -> None:
    token = make(boss, tenant, "audit:read")
    if change == "expired":
        with runtime.doors.tenant_scope(tenant.id) as session:
            session.execute(update(ApiToken).values(expires_at=aware_now() - dt.timedelta(seconds=1)))
    elif change == "revoked":
        public_id = token.split("_")[2]
        boss.post(
            f"/c/{tenant.slug}/tokens/{public_id[:8]}-{public_id[8:12]}-{public_id[12:16]}-{public_id[16:20]}-{public_id[20:]}/revoke"
        )
    elif change == "another secret":
        token = token[:-1] + ("a" if token[-1] != "a" else "b")
    else:
        token = "kith_1_2_3"
    assert ask(web, token).status_code == 401


def test_a_token_ends_with_its_makers_membership(
    boss: Browser, client_for: Callable[..., Browser], web: Flask, runtime: Runtime, tenant: TenantContext
) -> None:
    admin = client_for("admin")
    token = make(admin, tenant, "audit:read")
    assert ask(web, token).status_code == 200
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Membership, (tenant.id, admin.member_id))  # type: ignore[attr-defined]
    boss.post(f"/c/{tenant.slug}/members/{row.public_id}/remove")
    assert ask(web, token).status_code == 401
    boss.post(f"/c/{tenant.slug}/members/{row.public_id}/restore")
    assert ask(web, token).status_code == 401


def test_a_token_shrinks_with_its_makers_role(
    client_for: Callable[..., Browser], web: Flask, runtime: Runtime, tenant: TenantContext
) -> None:
    admin = client_for("admin")
    token = make(admin, tenant, "audit:read")
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.get_one(Membership, (tenant.id, admin.member_id)).role = "viewer"  # type: ignore[attr-defined]
    assert ask(web, token).status_code == 403


def test_a_suspended_companys_tokens_open_nothing(boss: Browser, web: Flask, runtime: Runtime, tenant: TenantContext) -> None:
    token = make(boss, tenant, "audit:read")
    with runtime.doors.auth_scope() as session:
        registry.suspend(session, tenant.slug)
    answer = ask(web, token)
    assert answer.status_code == 403
    assert answer.json["code"] == "company_suspended"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "", "scopes": "audit:read", "days": "30"}, "name"),
        ({"name": "x", "days": "30"}, "scopes"),
        ({"name": "x", "scopes": "audit:read", "days": "366"}, "days"),
        ({"name": "x", "scopes": "audit:read", "days": ""}, "days"),
        ({"name": "x", "scopes": "company:own", "days": "30"}, "scopes"),
        ({"name": "x", "scopes": "tokens:manage", "days": "30"}, "scopes"),
    ],
)
def test_a_token_that_may_not_be_is_refused_at_its_field(boss: Browser, tenant: TenantContext, form: Any, field: str) -> None:
    answer = boss.post(f"/c/{tenant.slug}/tokens/", data=form)
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text


def test_the_api_needs_to_be_told_the_company_by_a_browser(
    boss: Browser, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    assert boss.get("/api/v1/audit").status_code == 400
    assert boss.get("/api/v1/audit", headers={"X-Kith-Tenant": tenant.slug}).status_code == 200
    assert boss.get("/api/v1/audit", headers={"X-Kith-Tenant": other_tenant.slug}).status_code == 404


def test_the_api_knows_no_strangers(web: Flask) -> None:
    answer = web.test_client().get("/api/v1/audit")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


def test_a_bearer_token_opens_the_api_and_no_page(boss: Browser, web: Flask, tenant: TenantContext) -> None:
    token = make(boss, tenant, "audit:read")
    page = web.test_client().get(f"/c/{tenant.slug}/audit/", headers={"Authorization": f"Bearer {token}"})
    assert page.status_code == 302
