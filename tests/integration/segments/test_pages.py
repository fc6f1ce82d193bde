"""Pages, programs and the command: a rule is made by clicks, counted while it is, saved, looked into, and taken away."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.audit.models import AuditEntry
from kith_platform.customers.models import Customer
from kith_platform.predict.models import Score
from kith_platform.segments import service

CHINESE: dict[str, Any] = {"all": [{"field": "country", "op": "is", "value": ["CN"]}]}
FORM = {"r.mode": "all", "r.0.what": "field:country", "r.0.was": "field:country", "r.0.op": "is", "r.0.v1": "CN"}


@pytest.fixture
def staffed(company: Any) -> Any:
    company.customers("Lin", "Mei", country="CN")
    company.customers("Max", country="DE")
    company.buys("Lin", 50)
    company.buys("Lin", 60)
    return company


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_number_follows_what_is_clicked(staffed: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")

    def count(**form: str) -> str:
        answer = client.post(f"/c/{client.slug}/segments/count", data=form)
        assert answer.status_code == 200
        return words(answer.get_data(as_text=True))

    assert "3 customers" in count(**{"r.mode": "all"})
    assert "2 customers" in count(**FORM)
    assert "1 customer " in count(
        **{**FORM, "r.1.what": "fact:orders", "r.1.was": "fact:orders", "r.1.measure": "count"}
        | {"r.1.window": "days", "r.1.days": "30", "r.1.op": "at_least", "r.1.v1": "2"}
    )
    assert "not finished" in count(**{**FORM, "r.1.what": ""})
    exact = client.post(f"/c/{client.slug}/segments/exact", data=FORM)
    assert "2 customers" in words(exact.get_data(as_text=True))
    assert client.post(f"/c/{client.slug}/segments/count", data={}).status_code == 204  # the builder is being redrawn


def test_buttons_add_narrow_and_take_out_conditions(client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")

    def click(edit: str, **form: str) -> str:
        answer = client.post(f"/c/{client.slug}/segments/rule", data={**form, "edit": edit})
        assert answer.status_code == 200
        return str(answer.get_data(as_text=True))

    assert 'name="r.1.what"' in click("add:r", **FORM)
    assert 'name="r.1.0.what"' in click("group:r", **FORM)
    assert 'name="r.0.what"' not in click("drop:r.0", **FORM)
    chosen = click("", **{"r.mode": "all", "r.0.what": "fact:orders", "r.0.was": ""})
    assert 'name="r.0.w0.column"' in chosen  # orders that stand, unless one says otherwise
    assert re.search(r'value="cancelled" checked', chosen)
    assert "r.0.w0" not in click(
        "unwhere:r.0.0",
        **{"r.mode": "all", "r.0.what": "fact:orders", "r.0.was": "fact:orders"}
        | {"r.0.w0.column": "channel", "r.0.w0.op": "known"},
    )
    assert client.post(f"/c/{client.slug}/segments/rule", data={**FORM, "edit": "drop:r.9.9"}).status_code == 200


def test_a_segment_is_made_by_uplift_type_and_by_likeliest_reason_of_leaving(
    staffed: Any, client_for: Callable[..., Any]
) -> None:
    with staffed.runtime.doors.tenant_scope(staffed.tenant.id) as session:
        ids = dict(session.execute(select(Customer.name, Customer.id)).all())
        base = {"value": 0.1, "band": 1, "tier": "rule", "as_of": dt.date(2026, 6, 1), "version": 1}
        for task, name, extra in (
            ("uplift", "Lin", {"without": 0.3, "type": 3.0}),
            ("uplift", "Mei", {"without": 0.1, "type": 0.0}),
            ("uplift", "Max", {}),
            ("leaving_reason", "Max", {"price": 0.6, "moved": 0.4, "reason": 4.0}),
            ("leaving_reason", "Lin", {"price": 0.6, "moved": 0.4}),
        ):
            session.add(Score(task=task, customer_id=ids[name], extra=extra, **base))
    client = client_for("analyst")

    def asked(what: str, *codes: str, page: str = "count") -> str:
        form = {"r.mode": "all", "r.0.what": what, "r.0.was": what, "r.0.op": "is", "r.0.codes": "1", "r.0.v1": list(codes)}
        return words(client.post(f"/c/{client.slug}/segments/{page}", data=form).get_data(as_text=True))

    assert "1 customer " in asked("score:uplift.kind", "sleeping_dog")
    assert "2 customers" in asked("score:uplift.kind", "sleeping_dog", "persuadable")
    assert "1 customer " in asked("score:leaving_reason.kind", "price")
    assert "0 customers" in asked("score:leaving_reason.kind", "moved")
    rule = asked("score:uplift.kind", "sleeping_dog", page="rule")
    for told in ("Type for campaigns", "Likeliest reason of leaving", "persuadable", "sure thing", "lost cause", "sleeping dog"):
        assert told in rule
    document = {"all": [{"score": "leaving_reason", "part": "kind", "op": "is", "value": ["price"]}]}
    told = {"name": "Price", "rule": document}
    made = client.post("/api/v1/segments", json=told, headers={"X-Kith-Tenant": client.slug})
    assert made.status_code == 201, made.json
    refused = {"name": "None", "rule": {"all": [{"score": "churn", "part": "kind", "op": "is", "value": ["price"]}]}}
    assert client.post("/api/v1/segments", json=refused, headers={"X-Kith-Tenant": client.slug}).status_code == 422
    assert "Likeliest reason of leaving is price" in words(client.get(f"/c/{client.slug}/segments/{made.json['id']}").text)


def test_a_saved_segment_lists_its_members_with_reasons(staffed: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    form = {**FORM, "name": "Chinese", "about": "At home", "dynamic": "1"}
    saved = client.post(f"/c/{client.slug}/segments/new", data=form)
    assert saved.status_code == 302
    assert "being counted" in client.get(saved.location).get_data(as_text=True)
    staffed.rebuild()
    page = words(client.get(saved.location).get_data(as_text=True))
    assert "Lin" in page
    assert "Mei" in page
    assert "Max" not in page
    assert "Country is CN" in page
    listed = words(client.get(f"/c/{client.slug}/segments/").get_data(as_text=True))
    assert "Chinese At home 2 Country is CN" in listed
    again = client.get(saved.location + "/edit").get_data(as_text=True)
    assert 'value="CN"' in again
    there = saved.location.rsplit("/", 1)[1]
    narrowed = words(client.get(f"/c/{client.slug}/customers/?segment={there}").get_data(as_text=True))
    assert "2 customers" in narrowed
    assert "Max" not in narrowed


def test_who_came_and_left_is_told_with_what_was_true_then(staffed: Any, client_for: Callable[..., Any]) -> None:
    buyers = staffed.segment(
        "Buyers", {"all": [{"fact": "orders", "measure": "sum", "column": "net", "op": "at_least", "value": 99}]}
    )
    staffed.rebuild()
    staffed.buys("Mei", 120)
    staffed.rebuild()
    client = client_for("viewer")
    page = words(client.get(f"/c/{client.slug}/segments/{buyers.public_id}?tab=history").get_data(as_text=True))
    assert re.search(r"Mei .*came in .*Sum of Net amount over Orders: at least \$99.00: .*\$120.00", page)


def test_an_unfinished_rule_is_not_saved_and_nothing_typed_is_lost(client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    answer = client.post(f"/c/{client.slug}/segments/new", data={**FORM, "r.1.what": "", "name": "Half", "about": "Keep me"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Finish the marked conditions" in page
    assert 'id="e-r.1"' in page
    assert "Keep me" in page


def test_without_scripts_every_button_answers_with_the_whole_page(client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    answer = client.post(f"/c/{client.slug}/segments/new", data={**FORM, "edit": "add:r", "name": "Typed"})
    page = answer.get_data(as_text=True)
    assert 'name="r.1.what"' in page
    assert 'value="Typed"' in page


def test_the_export_holds_whom_one_may_see_and_is_written_down(staffed: Any, client_for: Callable[..., Any]) -> None:
    staffed.customers("=HYPERLINK(1)", country="CN")
    segment = staffed.segment("Chinese", CHINESE)
    staffed.rebuild()
    client = client_for("analyst")
    answer = client.post(f"/c/{client.slug}/segments/{segment.public_id}/members.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert sorted(row["name"] for row in rows) == ["'=HYPERLINK(1)", "Lin", "Mei"]
    with staffed.scope() as session:
        actions = set(session.execute(select(AuditEntry.action)).scalars())
    assert {"segment:created", "segment:exported"} <= actions
    assert client_for("agent").post(f"/c/{client.slug}/segments/{segment.public_id}/members.csv").status_code == 403
    narrow = client_for("analyst", reach="own")
    only = narrow.post(f"/c/{client.slug}/segments/{segment.public_id}/members.csv").get_data(as_text=True)
    assert len(only.splitlines()) == 1


def test_programs_make_count_and_remove_segments(staffed: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    head = {"X-Kith-Tenant": client.slug}
    made = client.post("/api/v1/segments", json={"name": "Chinese", "rule": CHINESE}, headers=head)
    assert made.status_code == 201
    staffed.rebuild()
    where = f"/api/v1/segments/{made.json['id']}"
    assert client.get(where, headers=head).json["size"] == 2
    members = client.get(f"{where}/members", headers=head).json["customers"]
    assert sorted(one["name"] for one in members) == ["Lin", "Mei"]
    counted = client.post("/api/v1/segments/count", json={"rule": CHINESE}, headers=head).json
    assert (counted["customers"], counted["exact"]) == (2, True)
    wrong = client.post("/api/v1/segments/count", json={"rule": {"all": [{"field": "x"}]}}, headers=head)
    assert wrong.status_code == 422
    changed = client.put(where, json={"name": "All", "rule": {"all": []}}, headers=head).json
    assert (changed["name"], changed["version"], changed["state"]) == ("All", 2, "waiting")
    assert client.delete(where, headers=head).status_code == 204
    assert client.get("/api/v1/segments", headers=head).json == {"segments": []}


def test_a_segment_that_another_asks_for_stays(staffed: Any, client_for: Callable[..., Any]) -> None:
    inner = staffed.segment("Inner", CHINESE)
    staffed.segment("Outer", {"all": [{"segment": str(inner.public_id)}]})
    client = client_for("analyst")
    refused = client.post(f"/c/{client.slug}/segments/{inner.public_id}/remove")
    assert refused.status_code == 409
    with staffed.scope() as session:
        assert [row.name for row in service.listed(session)] == ["Inner", "Outer"]
