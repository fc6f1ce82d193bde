"""A company says when it works: on its page and to programs, and business time follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.audit.models import AuditEntry
from kith_platform.auth import permissions
from kith_platform.calendar import service
from kith_platform.calendar.business import USUAL
from kith_platform.errors import Forbidden, Invalid
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

BOSS = Actor(None, None, "Ada", "owner", permissions.of_role("owner"))


def test_business_time_follows_what_the_company_says(
    runtime: Runtime, new_tenant: Callable[..., TenantContext], other_tenant: TenantContext
) -> None:
    berlin = new_tenant(timezone="Europe/Berlin")
    friday = dt.datetime(2026, 6, 5, 14, tzinfo=dt.UTC)  # 16:00 in Berlin
    with runtime.doors.tenant_scope(berlin.id) as session:
        assert service.hours(session) == USUAL
        assert service.of_tenant(session).add(friday, 120) == dt.datetime(2026, 6, 8, 8, tzinfo=dt.UTC)
        service.set_hours(session, BOSS, [(0, 600, 720), (0, 780, 1440)])
        assert service.close(session, BOSS, dt.date(2026, 6, 1), dt.date(2026, 6, 8), "Summer") == 8
        service.close(session, BOSS, dt.date(2026, 6, 8), name="Outing")
        assert not service.reopen(session, BOSS, dt.date(2027, 1, 1))
    with runtime.doors.tenant_scope(berlin.id) as session:
        assert service.of_tenant(session).add(friday, 120) == dt.datetime(2026, 6, 15, 10, tzinfo=dt.UTC)
        assert [row.name for row in service.closed_days(session, dt.date(2026, 6, 7))] == ["Summer", "Outing"]
        said = session.execute(select(AuditEntry.action).order_by(AuditEntry.id)).scalars().all()
        assert said == ["calendar:hours_set", "calendar:closed", "calendar:closed"]
        assert session.execute(select(Job.kind)).scalar_one() == "refresh.run"
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        assert service.hours(session) == USUAL
        assert service.closed_days(session) == []


def test_hours_that_cannot_be_are_refused_by_weekday(runtime: Runtime, tenant: TenantContext) -> None:
    viewer = Actor(None, None, "Vi", "viewer", permissions.of_role("viewer"))
    wrong: list[tuple[list[tuple[int, int, int]], str]] = [
        ([], "weekday_0"),
        ([(0, 600, 600)], "weekday_0"),
        ([(1, 0, 720), (3, 600, 720), (3, 700, 800)], "weekday_3"),
        ([(0, 0, 60), (7, 0, 60)], "weekday_7"),
    ]
    with runtime.doors.tenant_scope(tenant.id) as session:
        for hours, field in wrong:
            with pytest.raises(Invalid) as refused:
                service.set_hours(session, BOSS, hours)
            assert [one.field for one in refused.value.fields] == [field]
        with pytest.raises(Invalid):
            service.close(session, BOSS, dt.date(2026, 6, 2), dt.date(2026, 6, 1))
        with pytest.raises(Invalid):
            service.close(session, BOSS, dt.date(2026, 1, 1), dt.date(2026, 12, 31))
        for forbidden in (lambda: service.set_hours(session, viewer, USUAL), lambda: service.close(session, viewer, dt.date.max)):
            with pytest.raises(Forbidden):
                forbidden()


def test_the_page_keeps_what_was_typed_and_closes_days(client_for: Callable[..., Any]) -> None:
    client = client_for("admin")
    url = f"/c/{client.slug}/calendar/"
    assert 'name="opens_0_1" value="09:00"' in client.get(url).text
    wrong = client.post(url, data={"opens_0_1": "10:00", "closes_0_1": "", "opens_6_1": "08:15", "closes_6_1": "00:00"})
    assert wrong.status_code == 422
    assert 'name="opens_6_1" value="08:15"' in wrong.text
    assert "Give both times" in wrong.text
    saved = client.post(url, data={"opens_0_1": "10:00", "closes_0_1": "12:30", "opens_6_1": "08:15", "closes_6_1": "00:00"})
    assert saved.status_code == 302
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    assert client.post(url + "closed", data={"first": str(tomorrow), "name": "国庆节"}).status_code == 302
    page = client.get(url).text
    assert 'name="closes_6_1" value="00:00"' in page
    assert "国庆节" in page
    assert "1 day is closed." in page
    assert client.post(url + "closed", data={"first": "", "last": "soon"}).status_code == 422
    assert client.post(f"{url}closed/{tomorrow}/open").status_code == 302
    assert "国庆节" not in client.get(url).text
    assert client_for("agent").get(url).status_code == 403


def test_programs_read_and_set_the_calendar(client_for: Callable[..., Any]) -> None:
    client = client_for("admin")
    headers = {"X-Kith-Tenant": client.slug}
    hours = [{"weekday": 5, "opens": "10:00", "closes": "24:00"}]
    put = client.put("/api/v1/calendar", json={"hours": hours}, headers=headers)
    assert (put.status_code, put.json["hours"]) == (200, hours)
    bad = client.put("/api/v1/calendar", json={"hours": [{"weekday": 5, "opens": "25:00", "closes": "26:00"}]}, headers=headers)
    assert bad.status_code == 422
    day = {"day": "2026-12-25", "name": "Christmas"}
    assert client.post("/api/v1/calendar/closed", json=day, headers=headers).status_code == 201
    assert client_for("viewer").get("/api/v1/calendar", headers=headers).json["closed"] == [day]
    assert client.delete("/api/v1/calendar/closed/2026-12-25", headers=headers).status_code == 204
    assert client.delete("/api/v1/calendar/closed/2026-12-25", headers=headers).status_code == 404
    assert client.delete("/api/v1/calendar/closed/soon", headers=headers).status_code == 400
