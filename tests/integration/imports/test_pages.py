"""The Imports pages and API as people and programs use them, also with files that are none."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from kith_platform.auth import permissions
from kith_platform.facts.models import SalesOrder
from kith_platform.imports import samples, service
from kith_platform.imports.models import Import
from kith_platform.imports.shown import shown
from kith_platform.jobs.models import Job

ORDERS = "order_id,customer_id,order_date,amount\nA,C1,2024-01-05,5\nB,C2,31/02/2024,5\n"


def send(client: Any, text: str | bytes, table: str = "orders") -> Any:
    data = text.encode() if isinstance(text, str) else text
    form = {"table": table, "source": "shop", "file": (io.BytesIO(data), "orders.csv")}
    return client.post(f"/c/{client.slug}/imports/new", data=form, content_type="multipart/form-data")


def fields(page: str) -> dict[str, str]:
    """What the columns page would post: the selected option of each select."""
    found = {}
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected', inner)
        found[name] = chosen.group(1) or "" if chosen else ""
    return found


def run_waiting(company: Any) -> None:
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        row = next(row for row in service.listing(session) if row.state in ("waiting", "undoing"))
        job = session.get_one(Job, (row.tenant_id, row.job_id))
    company.run(job)


def test_a_file_goes_from_upload_to_result_and_back(company: Any, client_for: Callable[..., Any]) -> None:
    ada = client_for("analyst")
    assert "No imports yet" in ada.get(f"/c/{ada.slug}/imports/").text
    assert "What does the file hold?" in ada.get(f"/c/{ada.slug}/imports/new").text
    draft = send(ada, ORDERS).location
    page = ada.get(draft).text
    chosen = fields(page)
    assert chosen["target.3"] == "sales_order.net"
    tried = ada.post(draft, data={**chosen, "do": "try"}).location
    assert "Lines read" not in ada.get(tried).text, "no zeros while nothing is known"
    run_waiting(company)
    done = ada.get(tried).text
    for words in ("Nothing was written", "Lines read", "What it would make"):
        assert words in done, words
    assert company.count(SalesOrder) == 0
    started = ada.post(draft, data={**chosen, "do": "load"}).location
    assert started == draft
    at_work = ada.get(draft).text
    assert f'hx-get="{draft}/progress"' in at_work
    assert "Lines read" not in at_work
    assert "What it made" not in at_work
    run_waiting(company)
    assert ada.get(f"{draft}/progress").headers["HX-Redirect"] == draft
    result = ada.get(draft).text
    assert "31/02/2024" in result
    assert "order_date: “31/02/2024” is not a date" in ada.get(f"{draft}/rejects.csv").get_data(as_text=True)
    assert "Undo this import" in ada.get(f"{draft}/undo").text
    assert ada.post(f"{draft}/undo").status_code == 302
    run_waiting(company)
    assert "was undone" in ada.get(draft).text
    assert company.count(SalesOrder) == 0


def test_columns_that_a_person_changed_are_loaded_so(company: Any, client_for: Callable[..., Any]) -> None:
    ada = client_for("analyst")
    draft = send(ada, "a,b,c,d\nA,C1,05/01/2024,\"1.234,5\"\nB,C2,06/01/2024,\"2,5\"\n").location  # fmt: skip
    page = ada.post(draft, data={"do": "load"})
    assert page.status_code == 422
    assert "no column for" in page.text
    targets = ["external_id", "customer", "ordered_at", "net"]
    chosen = {f"target.{at}": f"sales_order.{name}" for at, name in enumerate(targets)}
    ada.post(draft, data={**chosen, "order.2": "dmy", "decimal.3": ",", "do": "show"})
    again = fields(ada.get(draft).text)
    assert (again["order.2"], again["decimal.3"]) == ("dmy", ",")
    ada.post(draft, data={**again, "do": "load"})
    run_waiting(company)
    assert [(str(day), float(net)) for day, net in company.rows(SalesOrder, "occurred_on", "net")] == [
        ("2024-01-05", 1234.5),
        ("2024-01-06", 2.5),
    ]


def test_words_and_constants_are_given_a_meaning_on_the_page(company: Any, client_for: Callable[..., Any]) -> None:
    ada = client_for("analyst")
    draft = send(ada, "order_id,customer_id,order_date,status\nA,C1,2024-01-05,bezahlt\n").location
    page = ada.get(draft).text
    assert 'name="word.3.0" value="bezahlt"' in page
    ada.post(draft, data={**fields(page), "word.3.0": "bezahlt", "value.3.0": "paid", "do": "load"})
    run_waiting(company)
    assert company.rows(SalesOrder, "status") == [("paid",)]
    draft = send(ada, "customer_id,date,mrr\nC1,2024-01-05,9\n", "subscription_events").location
    page = ada.get(draft).text
    assert "Still needed" in page
    answer = ada.post(draft, data={**fields(page), "constant.subscription_event.kind": "started", "do": "load"})
    assert answer.status_code == 302


BAD = {
    "empty": b"",
    "binary": bytes(range(256)) * 40,
    "excel": b"PK\x03\x04" + b"\0" * 400,
    "half utf-16": "order_id,customer\n".encode("utf-16")[:-1],
    "one endless line": b"a," * 200_000,
    "nothing but quotes": b'"' * 5000,
    "nul": b"order_id,customer_id,order_date\nA,C\x001,2024-01-01\nB,C1,2024-01-01\n",
    "ragged": b"order_id,customer_id,order_date\nA\nB,C1,2024-01-01,1,2,3\nC,C1,2024-01-01\n",
    "truncated": b'order_id,customer_id,order_date\nA,C1,2024-01-01\n"B,C1,2024-01',
    "unknown columns": b"x,y\n1,2\n",
    "same names": b"order_id,order_id,customer_id,order_date\nA,A,C1,2024-01-01\n",
    "latin": "order_id,customer_id,order_date,name\nA,C1,2024-01-01,José\n".encode("cp1252"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_told_what_is_wrong_and_never_breaks_the_page(
    kind: str, company: Any, client_for: Callable[..., Any]
) -> None:
    ada = client_for("analyst")
    answer = send(ada, BAD[kind])
    assert answer.status_code in (302, 422), kind
    if answer.status_code == 422:
        assert 'id="e-file"' in answer.text or "has-error" in answer.text
        return
    page = ada.get(answer.location)
    assert page.status_code == 200
    begun = ada.post(answer.location, data={**fields(page.text), "do": "load"})
    assert begun.status_code in (302, 422)
    if begun.status_code == 302:
        run_waiting(company)
        assert "Lines read" in ada.get(answer.location).text


def test_a_file_that_is_too_large_is_refused_with_words(client_for: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ada = client_for("analyst")
    monkeypatch.setattr("kith_platform.imports.views.limit", lambda: 10)
    answer = send(ada, ORDERS)
    assert answer.status_code == 413
    assert "larger than" in answer.text


def test_who_may_not_import_sees_no_button_and_is_refused(client_for: Callable[..., Any]) -> None:
    viewer = client_for("viewer")
    assert "imports:read" not in permissions.of_role("viewer")
    assert viewer.get(f"/c/{viewer.slug}/imports/").status_code == 403
    assert send(viewer, ORDERS).status_code == 403


def test_the_api_takes_a_file_and_gives_counts_and_the_way_back(company: Any, client_for: Callable[..., Any]) -> None:
    ada = client_for("analyst")
    head = {"X-Kith-Tenant": ada.slug}
    sent = {"table": "orders", "source": "shop", "file": (io.BytesIO(ORDERS.encode()), "orders.csv")}
    answer = ada.post("/api/v1/imports", data=sent, content_type="multipart/form-data", headers=head)
    assert answer.status_code == 201, answer.text
    url = f"/api/v1/imports/{answer.json['id']}"
    run_waiting(company)
    row = ada.get(url, headers=head).json
    assert (row["state"], row["read"], row["inserted"], row["rejected"]) == ("done", 2, 1, 1)
    assert "31/02/2024" in ada.get(f"{url}/rejects", headers=head).get_data(as_text=True)
    assert ada.get(f"{url}/preview", headers=head).json["missing"] == []
    assert ada.get(f"{url}/undo", headers=head).json["removed"]["sales_order"] == 1
    assert ada.post(f"{url}/undo", headers=head).status_code == 202
    run_waiting(company)
    assert ada.get(url, headers=head).json["state"] == "undone"
    assert ada.get("/api/v1/imports", headers=head).json["imports"][0]["id"] == row["id"]
    bad = {"table": "nothing", "file": (io.BytesIO(b"a,b\n"), "x.csv"), "mapping": "{"}
    wrong = ada.post("/api/v1/imports", data=bad, content_type="multipart/form-data", headers=head)
    assert (wrong.status_code, wrong.json["status"]) == (422, 422)


def test_a_draft_takes_another_mapping_by_the_api_until_it_is_started(company: Any, client_for: Callable[..., Any]) -> None:
    ada = client_for("analyst")
    head = {"X-Kith-Tenant": ada.slug}
    sent = {"table": "orders", "start": "false", "file": (io.BytesIO(ORDERS.encode()), "orders.csv")}
    row = ada.post("/api/v1/imports", data=sent, content_type="multipart/form-data", headers=head).json
    assert row["state"] == "draft"
    url = f"/api/v1/imports/{row['id']}"
    mapping = ada.get(f"{url}/preview", headers=head).json["mapping"]
    mapping["fields"] = [item for item in mapping["fields"] if item["target"] != "sales_order.net"]
    assert ada.put(f"{url}/preview", json={"mapping": mapping}, headers=head).status_code == 200
    assert ada.post(f"{url}/start", json={}, headers=head).status_code == 202
    run_waiting(company)
    assert company.rows(SalesOrder, "net") == [(None,)]
    assert ada.post(f"{url}/start", json={}, headers=head).status_code == 409


def test_every_table_has_a_sample_that_imports_as_it_is(company: Any) -> None:
    for table in samples.tables(company.runtime.facts):
        if table.plural in ("order_lines", "order_statuses", "opportunity_stages", "ticket_statuses"):  # they name something else
            continue
        assert company.load(table.plural, samples.sample(company.runtime.facts, table.plural))["inserted"] == 1, table.plural


def test_a_file_that_nobody_loaded_is_forgotten_after_a_week(company: Any, client_for: Callable[..., Any]) -> None:
    ada = client_for("analyst")
    old, tried, young, loaded = [send(ada, ORDERS).location for _ in range(4)]
    by_try = ada.post(tried, data={**fields(ada.get(tried).text), "do": "try"}).location
    run_waiting(company)
    ada.post(loaded, data={**fields(ada.get(loaded).text), "do": "load"})
    run_waiting(company)
    blobs = company.runtime.blobs.of(company.tenant.id)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        files = {str(row.public_id): row.blob for row in service.listing(session)}
        session.execute(update(Import).values(created_at=Import.created_at - dt.timedelta(days=8)))
        session.execute(update(Import).where(Import.public_id == young[-36:]).values(created_at=func.now()))
    ada.get(f"/c/{ada.slug}/imports/")
    assert [ada.get(page).status_code for page in (old, tried, by_try, young, loaded)] == [404, 404, 404, 200, 200]
    assert [blobs.exists(files[page[-36:]]) for page in (old, tried, young, loaded)] == [False, False, True, True]


def test_an_import_that_ends_while_its_page_is_made_is_shown_as_it_ended(company: Any) -> None:
    job = company.ask("orders", ORDERS)
    facts = company.runtime.facts
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        row = session.execute(select(Import)).scalar_one()
        assert not shown(session, row, facts).over
        company.run(job)
        session.expire(session.get_one(Job, (job.tenant_id, job.id)))  # as when nobody held it
        view = shown(session, row, facts)
        assert view.over
        assert view.job is not None
        assert (view.state, view.job.state, view.row.read, view.row.inserted) == ("done", "done", 2, 1)
