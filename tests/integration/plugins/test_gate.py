"""What a company has not switched on is not there; what it has is there at once, and for no other company."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.audit.models import AuditEntry
from kith_platform.auth.who import system
from kith_platform.errors import Conflict, Invalid, NotFound
from kith_platform.jobs import declared, schedules
from kith_platform.jobs import service as jobs
from kith_platform.jobs.declared import JobRun, job
from kith_platform.jobs.models import Schedule
from kith_platform.modules import service as modules
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

Switch = Callable[..., bool]
Clients = Callable[..., Any]


@job("fine.greet", plugin="fine")
def greet(run: JobRun) -> None:
    run.result({"greeted": run.tenant.slug})


def test_a_page_is_there_for_the_company_that_switched_it_on_and_for_no_other(
    site: Runtime, tenant: TenantContext, other_tenant: TenantContext, switch: Switch, client_for: Clients
) -> None:
    mine, theirs = client_for("owner"), client_for("owner", tenant=other_tenant)
    page, route = f"/c/{tenant.slug}/m/fine/words", "/api/v1/m/fine/words"
    header = {"X-Kith-Tenant": tenant.slug}
    assert mine.get(page).status_code == 404
    assert mine.get(route, headers=header).status_code == 404
    assert "/m/fine/words" not in mine.get(f"/c/{tenant.slug}/modules/").text
    switch(tenant, "fine")
    shown = mine.get(f"{page}?q=<b>").text
    assert "Hello Test company, good day, &lt;b&gt;" in shown
    assert f'href="{page}"' in shown, "the page stands in the navigation"
    assert mine.get(route, headers=header).get_json() == {"words": "Hello Test company, good day, "}
    assert theirs.get(f"/c/{other_tenant.slug}/m/fine/words").status_code == 404
    assert theirs.get(route, headers={"X-Kith-Tenant": other_tenant.slug}).status_code == 404
    assert "/m/fine/words" not in theirs.get(f"/c/{other_tenant.slug}/modules/").text
    switch(tenant, "fine", on=False)
    assert mine.get(page).status_code == 404
    assert mine.get(route, headers=header).status_code == 404


def test_a_page_asks_for_its_own_permission(tenant: TenantContext, switch: Switch, client_for: Clients) -> None:
    page = f"/c/{tenant.slug}/m/fine/words"
    viewer = client_for("viewer")
    assert viewer.get(page).status_code == 404, "off: not even that it is forbidden"
    switch(tenant, "fine")
    assert viewer.get(page).status_code == 403
    assert viewer.get("/api/v1/m/fine/words", headers={"X-Kith-Tenant": tenant.slug}).status_code == 403
    assert f'href="{page}"' not in viewer.get(f"/c/{tenant.slug}/modules/").text
    assert client_for("analyst").get(page).status_code == 200


def test_panels_speak_of_all_customers_at_once_and_only_where_the_module_is_on(
    site: Runtime, web: Any, tenant: TenantContext, switch: Switch
) -> None:
    from kith_platform.modules.web import panels

    def shown() -> list[Any]:
        with web.test_request_context(), site.doors.tenant_scope(tenant.id, read_only=True) as session:
            return panels(session, tenant, system(), "customer", [1, 2, 3])

    assert shown() == []
    switch(tenant, "fine")
    (panel,) = shown()
    assert (panel.title, panel.failed) == ("Fine panel", False)
    assert panel.parts == {1: "<b>about 1</b>", 2: "<b>about 2</b>"}


def test_a_job_of_a_module_that_is_off_is_refused_and_its_schedule_skipped(
    site: Runtime, tenant: TenantContext, switch: Switch
) -> None:
    kind = declared.find("fine.greet")
    reason = declared.refusal(site, tenant, kind)
    assert reason is not None
    assert reason.code == "module_off"
    assert "Switch it on" in str(reason)
    with site.doors.tenant_scope(tenant.id) as session:
        number = schedules.put(session, "fine.greet", {"every": 60}, plugin="fine")
        row = session.execute(select(Schedule).where(Schedule.id == number)).scalar_one()
        row.next_at = row.created_at if hasattr(row, "created_at") else row.next_at.replace(year=2020)
        session.flush()
        assert schedules.fire(session, number, may_run=lambda name: declared.refusal(site, tenant, kind) is None) is None
        assert jobs.listing(session, system()) == []
    switch(tenant, "fine")
    assert declared.refusal(site, tenant, kind) is None


def test_switching_is_written_down_once(site: Runtime, tenant: TenantContext, switch: Switch) -> None:
    assert switch(tenant, "fine") is True
    assert switch(tenant, "fine") is False, "on already is no error"
    assert switch(tenant, "fine", on=False) is True
    with site.doors.tenant_scope(tenant.id) as session:
        entries = session.execute(select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id)).all()
        with pytest.raises(NotFound):
            modules.enable(session, system(), site.plugins, "nothing")
    assert [tuple(entry) for entry in entries] == [("module:enabled", "module:fine"), ("module:disabled", "module:fine")]


def test_settings_are_checked_kept_and_used(site: Runtime, tenant: TenantContext, switch: Switch, client_for: Clients) -> None:
    switch(tenant, "fine")
    mine = client_for("owner")
    url = f"/c/{tenant.slug}/modules/fine"
    refused = mine.post(url, data={"greeting": "hi there", "times": "12"})
    assert refused.status_code == 422
    assert 'value="hi there"' in refused.text, "nothing typed is lost"
    assert "Choose a number from 1 to 9." in refused.text
    assert 'id="e-times"' in refused.text
    assert mine.post(url, data={"greeting": "hi there", "times": "nan"}).status_code == 422
    assert mine.post(url, data={"greeting": "hi there", "times": "3"}).status_code == 302
    assert "hi there" in mine.get(f"/c/{tenant.slug}/m/fine/words").text
    assert client_for("viewer").post(url, data={"times": "3"}).status_code == 403
    with site.doors.tenant_scope(tenant.id) as session:
        assert modules.settings_of(session, site.plugins, "fine") == {"greeting": "hi there", "times": 3}
        with pytest.raises(Invalid) as caught:
            modules.save_settings(session, system(), site.plugins, "fine", {"times": "many"})
    assert [error.field for error in caught.value.fields] == ["times"]


def test_a_new_company_starts_with_the_modules_for_all_and_of_its_industry(site: Runtime, tenant: TenantContext) -> None:
    with site.doors.tenant_scope(tenant.id) as session:
        started = modules.enable_defaults(session, site.plugins, "retail")
        assert {"fine", "industry_retail"} <= set(started)
        assert "hostile" not in started
        modules.disable(session, system(), site.plugins, "industry_retail")
        modules.enable_defaults(session, site.plugins, "retail")
        assert "industry_retail" not in modules.enabled(session, site.plugins), "what was switched off stays off"


def test_a_module_waits_for_the_modules_it_needs(site: Runtime, tenant: TenantContext) -> None:
    plugins = copy(site.plugins)
    hostile = plugins.loaded["hostile"]
    plugins.loaded = {
        **plugins.loaded,
        "hostile": replace(hostile, manifest=replace(hostile.manifest, requires_modules=("fine",))),
    }
    with site.doors.tenant_scope(tenant.id) as session:
        with pytest.raises(Conflict, match="fine"):
            modules.enable(session, system(), plugins, "hostile")
        modules.enable(session, system(), plugins, "fine")
        modules.enable(session, system(), plugins, "hostile")
        with pytest.raises(Conflict, match="hostile"):
            modules.disable(session, system(), plugins, "fine")


def test_the_catalogue_shows_switches_to_admins_and_the_api_agrees(
    site: Runtime, tenant: TenantContext, client_for: Clients
) -> None:
    mine, header = client_for("admin"), {"X-Kith-Tenant": tenant.slug}
    page = mine.get(f"/c/{tenant.slug}/modules/").text
    assert "Fine module" in page
    assert "Switch on" in page
    assert "Switch on" not in client_for("viewer").get(f"/c/{tenant.slug}/modules/").text
    assert mine.post(f"/c/{tenant.slug}/modules/fine/enable").status_code == 302
    listed = mine.get("/api/v1/modules", headers=header).get_json()
    assert {one["name"]: one["enabled"] for one in listed["modules"]}["fine"] is True
    assert mine.post("/api/v1/modules/fine/disable", headers=header).get_json()["enabled"] is False
    assert mine.post("/api/v1/modules/fine/disable", headers=header).status_code == 200, "off already is no error"
    assert mine.post("/api/v1/modules/nothing/enable", headers=header).status_code == 404
