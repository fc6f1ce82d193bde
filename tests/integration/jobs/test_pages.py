"""The Jobs page, the bell, the API and the command line, as people and programs use them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from sample_processes import look
from sqlalchemy import func, select

from kith_platform.audit.models import AuditEntry
from kith_platform.cli.jobs import jobs as command
from kith_platform.imports.models import Import
from kith_platform.jobs import child
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_platform.servers.programs import environment
from kith_tenants.tenant import TenantContext

Ask = Callable[..., Job]


ClientFor = Callable[..., Any]


def test_the_page_shows_jobs_and_lets_them_be_cancelled_and_tried_again(
    runtime: Runtime, tenant: TenantContext, client_for: ClientFor, ask: Ask
) -> None:
    ada = client_for("admin")
    with runtime.doors.tenant_scope(tenant.id) as session:
        asked = jobs.ask(session, "sample.wrong", {}, asked_by=ada.member_id)
    url = f"/c/{tenant.slug}/jobs/"
    page = ada.get(url).text
    assert "<td>Admin</td>" in page  # who asked
    assert f"{url}{asked.public_id}/cancel" in page
    assert ada.post(f"{url}{asked.public_id}/cancel").status_code == 302
    assert "Try again" in ada.get(f"{url}{asked.public_id}").text
    assert ada.post(f"{url}{asked.public_id}/retry").status_code == 302
    assert child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    assert "The file orders.csv has no header." in ada.get(url).text
    assert str(asked.public_id) not in ada.get(f"{url}?state=done").text
    with runtime.doors.tenant_scope(tenant.id) as session:
        actions = session.execute(select(AuditEntry.action).where(AuditEntry.subject == f"job:{asked.public_id}")).scalars()
        assert sorted(actions) == ["job:cancelled", "job:retried"]


def test_progress_asks_again_until_the_job_is_over_and_the_bell_rings_once(
    runtime: Runtime, tenant: TenantContext, client_for: ClientFor
) -> None:
    ada = client_for("analyst")
    with runtime.doors.tenant_scope(tenant.id) as session:
        asked = jobs.ask(session, "sample.greet", {"who": "Bo"}, asked_by=ada.member_id)
    fragment, bell = f"/c/{tenant.slug}/jobs/{asked.public_id}/progress", f"/c/{tenant.slug}/bell/"
    waiting = ada.get(f"{fragment}?was=queued")
    assert f'hx-get="{fragment}?was=queued"' in waiting.text
    assert "HX-Refresh" not in waiting.headers
    assert "1 job" in ada.get(f"/c/{tenant.slug}/jobs/running").text
    assert "Nothing new" in ada.get(bell).text
    assert child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    over = ada.get(f"{fragment}?was=queued")
    assert over.headers["HX-Refresh"] == "true", "the page around it shows an old state"
    assert "hx-get" not in over.text
    assert "Greeted Bo" in over.text
    assert "took 1 second" in ada.get(f"/c/{tenant.slug}/jobs/{asked.public_id}").text
    assert "Done: sample.greet" in ada.get(bell).text
    assert "Nothing new" in ada.post(f"{bell}seen").text
    assert "Nothing new" in ada.get(bell).text


def test_a_job_is_called_by_what_it_works_on_and_leads_to_what_came_of_it(
    runtime: Runtime, tenant: TenantContext, client_for: ClientFor
) -> None:
    base, ada, given = f"/c/{tenant.slug}", client_for("owner"), {"source": "shop", "blob": "b", "sha256": "", "size": 0}
    with runtime.doors.tenant_scope(tenant.id) as session:
        files = [
            Import(table_name="orders", file_name=f"{name}.csv", mapping={}, dry_run=dry, **given)
            for name, dry in (("march", False), ("april", True))
        ]
        session.add_all(files)
        session.flush()
        asked = [jobs.ask(session, "imports.load", {"import": one.id}) for one in files]
        asked += [jobs.ask(session, "predict.train", {"tasks": tasks}) for tasks in (["clv"], ["churn", "clv"])]
        asked.append(jobs.ask(session, "refresh.run", {}))
        expected = [f"{base}/imports/{one.public_id}" for one in files] + [f"{base}/models/clv", f"{base}/models/", f"{base}/"]
        for row in asked:
            row.state, row.started_at, row.finished_at = "done", func.now() - dt.timedelta(minutes=3), func.now()
    page = ada.get(f"{base}/jobs/").text
    for words in (
        "Import · march.csv",
        "Import · april.csv, dry run",
        "Training models · Customer lifetime value<",
        "Leaving customers · Cust",
    ):
        assert words in page, words
    for row, result in zip(asked, expected, strict=True):
        shown = ada.get(f"{base}/jobs/{row.public_id}").text
        assert f'<a class="btn btn-primary" href="{result}">' in shown
        assert "took 3 minutes" in shown


def test_a_viewer_sees_jobs_but_cannot_change_them(tenant: TenantContext, client_for: ClientFor, ask: Ask) -> None:
    asked, viewer = ask("sample.greet", who="Ada"), client_for("viewer")
    url = f"/c/{tenant.slug}/jobs/"
    assert viewer.get(url).status_code == 200
    for verb in ("cancel", "retry"):
        assert viewer.post(f"{url}{asked.public_id}/{verb}").status_code == 403


def test_another_companys_job_is_not_found(
    tenant: TenantContext, other_tenant: TenantContext, client_for: ClientFor, ask: Ask
) -> None:
    ada, foreign = client_for("owner"), ask("sample.greet", tenant_id=other_tenant.id, who="Eve").public_id
    url = f"/c/{tenant.slug}/jobs/{foreign}"
    assert [ada.get(address).status_code for address in (url, f"{url}/progress")] == [404, 404]
    assert [ada.post(f"{url}/{verb}").status_code for verb in ("cancel", "retry")] == [404, 404]
    ada.environ_base["HTTP_X_KITH_TENANT"] = tenant.slug
    api = f"/api/v1/jobs/{foreign}"
    assert ada.get(api).status_code == 404
    assert [ada.post(f"{api}/{verb}").status_code for verb in ("cancel", "retry")] == [404, 404]


def test_the_api_lists_pages_cancels_and_retries(tenant: TenantContext, client_for: ClientFor, ask: Ask) -> None:
    asked = [ask("sample.greet", who=str(number)) for number in range(3)]
    browser = client_for("owner")
    browser.environ_base["HTTP_X_KITH_TENANT"] = tenant.slug
    first = browser.get("/api/v1/jobs?limit=2").json
    assert [job["id"] for job in first["jobs"]] == [str(job.public_id) for job in asked[:0:-1]]
    second = browser.get(f"/api/v1/jobs?limit=2&before={first['next']}").json
    assert ([job["id"] for job in second["jobs"]], second["next"]) == ([str(asked[0].public_id)], None)
    one = f"/api/v1/jobs/{asked[0].public_id}"
    assert browser.post(f"{one}/cancel").json["state"] == "cancelled"
    assert browser.post(f"{one}/cancel").status_code == 409
    assert browser.get("/api/v1/jobs?state=cancelled").json["jobs"][0]["id"] == str(asked[0].public_id)
    assert browser.post(f"{one}/retry").json["state"] == "queued"
    assert browser.get(one).json["kind"] == "sample.greet"
    assert browser.get("/api/v1/jobs?state=odd").status_code == 422


@pytest.fixture
def kith(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, object]]:
    for name, value in environment(runtime.settings).items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> dict[str, object]:
        done = CliRunner().invoke(command, [*words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


def test_the_command_line_lists_shows_cancels_and_retries(
    runtime: Runtime, tenant: TenantContext, ask: Ask, kith: Callable[..., dict[str, object]]
) -> None:
    asked = ask("sample.wrong")
    job = str(asked.public_id)
    assert [one["id"] for one in kith("list", tenant.slug)["jobs"]] == [job]
    assert kith("cancel", tenant.slug, job)["state"] == "cancelled"
    assert kith("retry", tenant.slug, job)["state"] == "queued"
    assert child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    shown = kith("show", tenant.slug, job)
    assert (shown["state"], shown["message"], shown["error_code"]) == ("failed", "The file orders.csv has no header.", "invalid")
    assert kith("list", tenant.slug, "--state", "done")["jobs"] == []
    assert look(runtime, tenant.id, asked.id).state == "failed"
