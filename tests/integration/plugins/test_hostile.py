"""A plugin that breaks harms itself alone: not the page around it, not other companies, not the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from kith_platform.auth.who import system
from kith_platform.modules.web import panels
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

Switch = Callable[..., bool]
Clients = Callable[..., Any]


@pytest.mark.parametrize("way", ["raises", "exits", "garbage", "database", "template"])
def test_a_broken_page_says_so_and_tells_the_admin_why(
    way: str, site: Runtime, tenant: TenantContext, switch: Switch, client_for: Clients
) -> None:
    switch(tenant, "hostile")
    mine = client_for("owner")
    answer = mine.get(f"/c/{tenant.slug}/m/hostile/{way}")
    assert answer.status_code == 503
    assert "Everything else works" in answer.text
    assert "Hostile module" in answer.text
    assert f"page {way}" in mine.get(f"/c/{tenant.slug}/modules/hostile").text


@pytest.mark.parametrize("way", ["raises", "exits", "garbage", "database", "unwritable"])
def test_a_broken_route_is_a_clear_error(way: str, tenant: TenantContext, switch: Switch, client_for: Clients) -> None:
    switch(tenant, "hostile")
    answer = client_for("owner").get(f"/api/v1/m/hostile/{way}", headers={"X-Kith-Tenant": tenant.slug})
    assert answer.status_code == 503
    assert answer.get_json()["code"] == "module_failed"


def test_five_failures_rest_the_plugin_for_this_company_alone(
    site: Runtime, tenant: TenantContext, other_tenant: TenantContext, switch: Switch, client_for: Clients
) -> None:
    for one in (tenant, other_tenant):
        switch(one, "hostile")
        switch(one, "fine")
    mine, theirs = client_for("owner"), client_for("owner", tenant=other_tenant)
    for _ in range(6):
        assert mine.get(f"/c/{tenant.slug}/m/hostile/raises").status_code == 503
    assert len(site.plugins.guard.recent(tenant.id)) == 5, "the sixth call did not reach the plugin"
    assert "Resting" in mine.get(f"/c/{tenant.slug}/modules/").text
    assert not site.plugins.guard.is_open("hostile", other_tenant.id)
    assert "Resting" not in theirs.get(f"/c/{other_tenant.slug}/modules/").text
    assert mine.get(f"/c/{tenant.slug}/m/fine/words").status_code == 200, "another plugin goes on"


def test_panels_that_break_leave_the_page_and_its_transaction_whole(
    site: Runtime, web: Any, tenant: TenantContext, switch: Switch
) -> None:
    switch(tenant, "hostile")
    switch(tenant, "fine")
    with web.test_request_context(), site.doors.tenant_scope(tenant.id, read_only=True) as session:
        found = {panel.key: panel for panel in panels(session, tenant, system(), "customer", [1])}
        assert session.execute(text("SELECT 1")).scalar_one() == 1
        assert session.execute(text("SHOW statement_timeout")).scalar_one() == "0"
    assert found["fine_panel"].parts == {1: "<b>about 1</b>"}
    broken = ("hostile_raises", "hostile_exits", "hostile_garbage", "hostile_database")
    assert all(found[key].failed for key in broken)
    slept = [one.problem for one in site.plugins.guard.recent(tenant.id) if one.what == "panel hostile_sleeps"]
    assert slept
    assert slept[0].startswith("slow")


def test_a_panel_that_sleeps_in_the_database_is_ended(site: Runtime, web: Any, tenant: TenantContext, switch: Switch) -> None:
    switch(tenant, "hostile")
    with web.test_request_context(), site.doors.tenant_scope(tenant.id, read_only=True) as session:
        panels(session, tenant, system(), "customer", [1])
    ended = [one.problem for one in site.plugins.guard.recent(tenant.id) if one.what == "panel hostile_sleeps_in_the_database"]
    assert ended == [] or "statement timeout" in ended[0]
    assert site.plugins.guard.is_open("hostile", tenant.id)
