"""Every route says what it asks of its caller, refuses who lacks it, and every change needs proof that our page sent it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from kith_platform.auth import gate, permissions
from kith_tenants.tenant import TenantContext

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
SAMPLE = {"UUIDConverter": str(uuid.UUID(int=7)), "IntegerConverter": 7, "FloatConverter": 7.0}


def routes(web: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in web.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def address(web: Flask, rule: Rule, slug: str) -> str:
    values: dict[str, Any] = {name: SAMPLE.get(type(kind).__name__, "x") for name, kind in rule._converters.items()}
    if "slug" in values:
        values["slug"] = slug
    with web.test_request_context():
        return web.url_map.bind("").build(rule.endpoint, values, method=None, force_external=False)


def test_every_route_says_what_it_asks(web: Flask) -> None:
    silent = [f"{method} {rule.rule}" for rule, method in routes(web) if gate.asks(web, rule.endpoint, method) is None]
    assert silent == []


def test_every_permission_asked_for_exists_and_some_role_has_it(web: Flask) -> None:
    asked = {gate.asks(web, rule.endpoint, method) for rule, method in routes(web)} - {gate.PUBLIC, gate.SIGNED_IN, None}
    assert asked <= set(permissions.known())
    assert asked <= permissions.of_role(permissions.OWNER)


def test_no_route_of_a_company_is_public(web: Flask) -> None:
    opened = [
        rule.rule
        for rule, method in routes(web)
        if "<slug>" in rule.rule and gate.asks(web, rule.endpoint, method) == gate.PUBLIC
    ]
    assert opened == []


def test_the_api_is_closed_to_strangers(web: Flask) -> None:
    client = web.test_client()
    for rule, method in routes(web):
        if rule.rule.startswith("/api/v1/"):
            answer = client.open(address(web, rule, "x"), method=method)
            assert answer.status_code in {400, 401}, rule.rule
            assert answer.content_type == "application/problem+json", rule.rule


def test_no_change_without_the_token_of_our_own_page(client_for: Callable[..., Any], web: Flask, tenant: TenantContext) -> None:
    client = client_for("owner")
    del client.environ_base["HTTP_X_CSRFTOKEN"]
    checked = 0
    for rule, method in routes(web):
        if method not in UNSAFE:
            continue
        answer = client.open(address(web, rule, tenant.slug), method=method, headers={"X-Kith-Tenant": tenant.slug})
        assert answer.status_code == 400, f"{method} {rule.rule} answered {answer.status_code}"
        checked += 1
    assert checked > 20
    assert client.get("/account").status_code == 200  # not even signing out went through


@pytest.mark.parametrize("role", list(permissions.ROLES))
def test_each_role_gets_exactly_the_pages_its_permissions_open(
    client_for: Callable[..., Any], web: Flask, tenant: TenantContext, role: str
) -> None:
    client = client_for(role)
    for rule, method in routes(web):
        asks = gate.asks(web, rule.endpoint, method)
        if asks in {gate.PUBLIC, gate.SIGNED_IN, None} or ("<slug>" not in rule.rule and "/api/v1/" not in rule.rule):
            continue
        refused = str(asks) not in permissions.of_role(role)
        if method != "GET" and not refused:
            continue  # what it then does is tested where it is made
        answer = client.open(address(web, rule, tenant.slug), method=method, headers={"X-Kith-Tenant": tenant.slug})
        assert (answer.status_code == 403) is refused, f"{role} {method} {rule.rule}: {answer.status_code}"


def test_no_route_opens_a_company_one_does_not_belong_to(
    client_for: Callable[..., Any], web: Flask, other_tenant: TenantContext
) -> None:
    client = client_for("owner")
    for rule, method in routes(web):
        if "<slug>" not in rule.rule and not rule.rule.startswith("/api/v1/"):
            continue
        headers = {"X-Kith-Tenant": other_tenant.slug}
        answer = client.open(address(web, rule, other_tenant.slug), method=method, headers=headers)
        assert answer.status_code == 404, f"{method} {rule.rule}: {answer.status_code}"


def test_things_that_are_not_there_are_not_found(client_for: Callable[..., Any], web: Flask, tenant: TenantContext) -> None:
    client = client_for("owner")
    for rule, method in routes(web):
        if not any(type(kind).__name__ == "UUIDConverter" for kind in rule._converters.values()):
            continue
        if "<slug>" in rule.rule or rule.rule.startswith("/api/v1/"):
            answer = client.open(address(web, rule, tenant.slug), method=method, headers={"X-Kith-Tenant": tenant.slug}, data={})
            assert answer.status_code in {404, 415, 422}, f"{method} {rule.rule}: {answer.status_code}"
