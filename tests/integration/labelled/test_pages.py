"""The pages and the API of questions: bring a table, ask, read the answer, put a column back, delete."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import select

from kith_platform.customers.models import Attribute
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext


def lines() -> str:
    """400 lines: the outcome by `visits`, a column that is filled in afterwards, a sensitive one."""
    rows = ["visits,religion,reason,came <back>"]
    for at in range(600):
        yes = (at * 7919 % 600) / 600 < (at % 6) / 6
        rows.append(f"{at % 6},{'ab'[at % 2]},{'price' if yes and at % 3 else ''},{'y' if yes else 'n'}")
    return "\n".join(rows) + "\n"


def run_all(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        waiting = session.execute(select(Job.id).where(Job.finished_at.is_(None)).order_by(Job.id)).scalars().all()
    for job in waiting:
        run_job(runtime, tenant.id, job, unrouted=True)


def test_a_person_brings_a_table_asks_and_puts_a_column_back(
    client_for: Callable[..., Any], runtime: Runtime, tenant: TenantContext
) -> None:
    client = client_for("owner")
    root = f"/c/{tenant.slug}/questions"
    assert "Bring a table" in client.get(f"{root}/").text
    refused = client.post(f"{root}/new", data={"file": (io.BytesIO(lines().encode()), "visits.csv"), "as_of_column": "when"})
    assert (refused.status_code, "religion, reason" in refused.text) == (422, True)
    sent = client.post(f"{root}/new", data={"file": (io.BytesIO(lines().encode()), "visits.csv")})
    assert sent.status_code == 302
    run_all(runtime, tenant)
    assert f"{root}/" in client.get(sent.location).text
    table = re.search(rf"{root}/tables/[0-9a-f-]+", client.get(f"{root}/").text)
    assert table is not None
    shown = client.get(table[0]).text
    assert "Sensitive: left out" in shown
    assert "came &lt;back&gt;" in shown
    wrong = client.post(table[0], data={"outcome": "visits"})
    assert (wrong.status_code, "visits&gt;=" in wrong.text) == (422, True)
    asked = client.post(table[0], data={"outcome": "came <back>", "in_order": "1"})
    assert asked.status_code == 302
    run_all(runtime, tenant)
    answer = re.search(rf"{root}/[0-9a-f-]{{36}}", client.get(asked.location).text)
    assert answer is not None
    page = client.get(answer[0]).text
    assert "Better than giving everybody the same chance" in page
    assert "reason: whether it is filled in tells the outcome" in page
    assert "By order of lines" in page
    for language in ("zh_Hans", "zh_Hant"):
        client.set_cookie("kith_language", language)
        assert client.get(answer[0]).status_code == 200
    again = client.post(f"{answer[0]}/train", data={"choose": "1", "keep": ["reason", "religion"]})
    run_all(runtime, tenant)
    assert again.status_code == 302
    kept = client.get(f"/api/v1/questions/{answer[0].rpartition('/')[2]}", headers={"X-Kith-Tenant": tenant.slug}).json
    assert (kept["keep"], kept["leaks"], kept["left_out"], kept["in_order"]) == (["reason", "religion"], [], {}, False)
    assert client.get(f"{answer[0]}/lines.csv").data.decode("utf-8-sig").startswith("line,customer,outcome,chance,part")
    assert client_for("owner", reach="own").get(f"{answer[0]}/lines.csv").status_code == 403
    assert client_for("viewer").get(answer[0]).status_code == 200
    assert client_for("viewer").get(f"{answer[0]}/lines.csv").status_code == 403
    assert client.post(f"{answer[0]}/delete").status_code == 302
    assert client.get(answer[0]).status_code == 404
    assert client.post(f"{table[0]}/delete").status_code == 302
    assert "還沒有提問" in client.get(f"{root}/").text


def test_programs_bring_ask_and_delete(
    client_for: Callable[..., Any], runtime: Runtime, tenant: TenantContext, web: Flask
) -> None:
    client, api = client_for("analyst"), "/api/v1/questions"
    client.environ_base["HTTP_X_KITH_TENANT"] = tenant.slug
    sent = client.post(f"{api}/tables", data={"file": (io.BytesIO(lines().encode()), "visits.csv"), "name": "v"})
    assert sent.status_code == 202
    run_all(runtime, tenant)
    (table,) = client.get(f"{api}/tables").json["tables"]
    assert (table["name"], table["lines"], table["columns"][0]["kind"]) == ("v", 600, "number")
    unknown = client.post(api, json={"outcome": "weather"})
    assert (unknown.status_code, "v.visits" in unknown.json["detail"]) == (422, True)
    forbidden = client.post(api, json={"outcome": "v.came <back>", "keep": ["religion"]})
    assert forbidden.status_code == 403
    asked = client.post(api, json={"outcome": "v.visits>=4"})
    assert asked.status_code == 202
    assert [one["latest"] for one in client.get(api).json["questions"]] == [None]
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.add(Attribute(key="shirt", label="Shirt", kind="choice", choices=["blue", "red"]))
    assert client.post(f"/c/{tenant.slug}/questions/attributes", data={"outcome": "shirt"}).status_code == 302
    assert client.delete(f"{api}/tables/{table['id']}").status_code == 204
    assert [one["outcome"] for one in client.get(api).json["questions"]] == ["shirt"]
    run_all(runtime, tenant)  # the training of what was deleted ends with a clear word
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        ended = session.execute(select(Job.kind, Job.state, Job.error).where(Job.kind == "labelled.train")).all()
    assert ("labelled.train", "failed", "The question was deleted before it was answered.") in [tuple(one) for one in ended]
