"""Attributes as people and programs meet them: pages, lists, the customer's page, segments, exports, the API and the rights."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.attributes import service
from kith_platform.audit.models import AuditEntry
from kith_platform.customers.models import Customer

HEAD = "customer_id,email,Seats,Health notes,Tier\n"
FILE = HEAD + "1,ann@x.org,12,asthma,Gold\n2,bob@x.org,many,,Tin\n3,cy@x.org,7,none,Gold\n"


@pytest.fixture
def filled(company: Any) -> Any:
    """A company with a plain and a sensitive attribute."""
    company.load(FILE)
    company.keep("Seats", "number")
    company.keep("Health notes", "text", sensitive=True)
    return company


@pytest.fixture
def client_for(client_for: Callable[..., Any]) -> Callable[..., Any]:
    """Browsers that say for which company they ask the API."""

    def make(role: str, **given: Any) -> Any:
        client = client_for(role, **given)
        client.environ_base["HTTP_X_KITH_TENANT"] = client.slug
        return client

    return make


def address(company: Any, path: str = "") -> str:
    return f"/c/{company.tenant.slug}/attributes/{path}"


def customer(company: Any, email: str) -> Any:
    with company.reading() as session:
        return session.execute(select(Customer.public_id).where(Customer.email == email)).scalar_one()


def test_one_click_keeps_a_column_and_its_page_says_how_full_it_is(company: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    assert "No attributes yet" in client.get(address(company)).text
    company.load(FILE)
    page = client.get(address(company)).text
    assert "Columns without a place" in page
    assert "12 · many · 7" in page
    kept = client.post(address(company, "keep"), data={"source": "shop", "column": "Tier"}, follow_redirects=True)
    assert kept.status_code == 200
    assert "is an attribute now" in kept.text
    company.work()
    listed = client.get(address(company)).text
    assert "100%" in listed
    assert ">Tier</th>" not in listed  # no longer among the columns without a place


def test_what_does_not_fit_is_shown_with_its_reason(filled: Any, client_for: Callable[..., Any]) -> None:
    page = client_for("analyst").get(address(filled, "seats/misfits")).text
    assert "<code>many</code>" in page
    assert "“many” is not a number" in page


def test_a_form_with_a_wrong_entry_says_so_and_keeps_what_was_typed(filled: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    answer = client.post(address(filled, "new"), data={"label": "Seats", "kind": "choice", "timing": "dated"})
    assert answer.status_code == 422
    assert "There is an attribute called &#39;Seats&#39; already." in answer.text
    assert "Give between 1 and 50 values to choose from." in answer.text
    made = client.post(
        address(filled, "new"),
        data={"label": "Size", "kind": "choice", "timing": "dated", "choices": "S\nM\n"},
        follow_redirects=True,
    )
    assert made.status_code == 200
    assert filled.attribute("size").choices == ["S", "M"]


def test_an_attribute_is_a_column_of_the_list_and_stands_on_the_customers_page(
    filled: Any, client_for: Callable[..., Any]
) -> None:
    client = client_for("owner")
    page = client.get(f"/c/{filled.tenant.slug}/customers/?columns=attribute.seats&columns=attribute.health_notes").text
    assert "Seats" in page
    assert '<td class="end">12</td>' in page
    assert "<td>asthma</td>" in page
    shown = client.get(f"/c/{filled.tenant.slug}/customers/{customer(filled, 'ann@x.org')}").text
    assert "<dt>Seats</dt><dd>12</dd>" in shown


def test_sensitive_values_are_hidden_from_whoever_has_no_right_to_them(filled: Any, client_for: Callable[..., Any]) -> None:
    filled.change("health_notes", timing="dated")
    client, slug, ann = client_for("analyst"), filled.tenant.slug, customer(filled, "ann@x.org")
    pages = [
        client.get(f"/c/{slug}/customers/?columns=attribute.health_notes"),
        client.get(f"/c/{slug}/customers/{ann}"),
        client.get(address(filled)),
        client.get(address(filled, "health_notes")),
        client.get("/api/v1/customers"),
        client.get(f"/api/v1/customers/{ann}"),
    ]
    assert [page.status_code for page in pages] == [200] * 6
    assert not [page.request.path for page in pages if "asthma" in page.text]
    assert client.get(address(filled, "health_notes/misfits")).status_code == 403
    assert pages[4].json["customers"][0]["attributes"] == {"seats": 12}
    assert client_for("owner").get(f"/api/v1/customers/{ann}").json["attributes"] == {"seats": 12, "health_notes": "asthma"}


def test_nobody_builds_a_segment_of_what_they_may_not_see(filled: Any, client_for: Callable[..., Any]) -> None:
    rule = {"all": [{"attribute": "health_notes", "op": "is", "value": ["asthma"]}]}
    refused = client_for("analyst").post("/api/v1/segments/count", json={"rule": rule})
    assert refused.status_code == 422
    allowed = client_for("owner").post("/api/v1/segments/count", json={"rule": rule})
    assert allowed.json["customers"] == 1


def test_choices_are_ticked_in_the_builder_and_a_comma_belongs_to_the_choice(
    company: Any, client_for: Callable[..., Any]
) -> None:
    company.load('customer_id,email,Desk\n1,a@x.org,"HR, Pay"\n2,b@x.org,Sales\n')
    company.keep("Desk", "choice", choices=["HR, Pay", "Sales"])
    client, slug = client_for("analyst"), company.tenant.slug
    form = {"r.mode": "all", "r.0.what": "attribute:desk", "r.0.was": "attribute:desk", "r.0.op": "is", "r.0.codes": "1"}
    shown = client.post(f"/c/{slug}/segments/rule", data=form).text
    assert 'value="HR, Pay"' in shown
    counted = client.post(f"/c/{slug}/segments/count", data={**form, "r.0.v1": "HR, Pay"}).text
    assert re.search(r'class="value">\s*1\s*<', counted), counted


def test_a_segments_export_carries_the_attributes_one_may_see(filled: Any, client_for: Callable[..., Any]) -> None:
    owner = client_for("owner")
    rule = {"all": [{"attribute": "seats", "op": "at_least", "value": 10}]}
    made = owner.post("/api/v1/segments", json={"name": "Large", "rule": rule})
    assert made.status_code == 201, made.text
    from kith_platform.jobs.models import Job

    with filled.reading() as session:
        job = session.execute(select(Job.id).where(Job.kind == "segments.fill")).scalar_one()
    filled.run(job)
    path = f"/c/{filled.tenant.slug}/segments/{made.json['id']}/members.csv"
    head, row = owner.post(path).text.lstrip("\ufeff").splitlines()
    assert head.endswith("since,Health notes,Seats")
    assert row.endswith(",asthma,12")
    head, row = client_for("analyst").post(path).text.lstrip("\ufeff").splitlines()
    assert head.endswith("since,Seats")
    assert row.endswith(",12")
    uses = owner.get("/api/v1/attributes/seats").json["uses"]
    assert uses == {"segments": ["Large"], "views": [], "models": []}


def test_an_attribute_in_use_by_a_segment_stays_and_the_page_says_which(filled: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("owner")
    rule = {"all": [{"attribute": "seats", "op": "at_least", "value": 10}]}
    client.post("/api/v1/segments", json={"name": "Large", "rule": rule})
    assert "Segments: Large" in client.get(address(filled, "seats/remove")).text
    assert client.delete("/api/v1/attributes/seats").status_code == 409
    assert client.post(address(filled, "health_notes/remove")).status_code == 302
    assert client.get("/api/v1/attributes/health_notes").status_code == 404


def test_programs_make_change_and_remove_attributes(filled: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    found = client.get("/api/v1/attributes/columns").json["columns"]
    assert [(one["source"], one["column"]) for one in found] == [("shop", "Tier")]
    columns = [{"source": "shop", "column": "Tier"}]
    made = client.post(
        "/api/v1/attributes", json={"label": "Tier", "kind": "choice", "choices": ["gold", "tin"], "columns": columns}
    )
    assert (made.status_code, made.json["key"]) == (201, "tier")
    filled.work()
    assert filled.shown()["1"]["tier"] == "gold"
    changed = client.patch("/api/v1/attributes/tier", json={"kind": "text"})
    assert changed.json["kind"] == "text"
    filled.work()
    assert filled.shown()["1"]["tier"] == "Gold"
    assert client.delete("/api/v1/attributes/tier").status_code == 204
    filled.work()
    assert "tier" not in filled.shown()["1"]


def test_only_who_may_see_a_sensitive_attribute_lets_models_learn_from_it_and_it_is_written_down(
    filled: Any, client_for: Callable[..., Any]
) -> None:
    assert client_for("analyst").patch("/api/v1/attributes/health_notes", json={"in_models": True}).status_code == 403
    assert client_for("analyst").patch("/api/v1/attributes/health_notes", json={"sensitive": False}).status_code == 403
    owner = client_for("owner")
    assert owner.patch("/api/v1/attributes/health_notes", json={"in_models": True}).status_code == 422
    assert owner.patch("/api/v1/attributes/health_notes", json={"timing": "fixed"}).status_code == 200
    page = owner.post(f"/c/{owner.slug}/attributes/health_notes/models", data={"in_models": "1", "purpose": "Care calls"})
    assert page.status_code == 422
    assert "Care calls" in page.text, "nothing typed is lost"
    said = {"in_models": True, "purpose": "Care calls", "consent": "Signed form"}
    assert owner.patch("/api/v1/attributes/health_notes", json=said).json["in_models"] is True
    with filled.reading() as session:
        found = session.execute(select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id.desc()).limit(1)).one()
        detail = session.execute(select(AuditEntry.detail).order_by(AuditEntry.id.desc()).limit(1)).scalar_one()
    assert tuple(found) == ("attribute:allowed", "attribute:health_notes")
    assert (detail["purpose"], detail["consent"]) == ("Care calls", "Signed form")


def test_whoever_sees_only_their_own_customers_gets_no_examples_of_others(company: Any, client_for: Callable[..., Any]) -> None:
    company.load(FILE)
    client = client_for("analyst", reach="own")
    page = client.get(address(company)).text
    assert "Keep as attribute" in page
    assert "many" not in page


def test_what_people_write_on_a_customer_wins_over_files_and_can_be_taken_back(
    filled: Any, client_for: Callable[..., Any]
) -> None:
    filled.change("seats", timing="dated")
    client, slug, bob = client_for("agent", reach="all"), filled.tenant.slug, customer(filled, "bob@x.org")
    url = f"/c/{slug}/customers/{bob}/edit"
    form = client.get(url).text
    assert 'name="attribute.seats"' in form
    assert 'name="attribute.health_notes"' not in form  # sensitive
    wrong = client.post(url, data={"email": "bob@x.org", "attribute.seats": "lots"})
    assert wrong.status_code == 422
    assert "“lots” is not a number" in wrong.text
    assert client.post(url, data={"email": "bob@x.org", "attribute.seats": "30"}).status_code == 302
    assert filled.shown()["2"]["seats"] == 30
    filled.load(FILE.replace("many", "8"))
    assert filled.shown()["2"]["seats"] == 30
    filled.change("seats", kind="text", timing="current")  # read anew: what was written by hand stays
    assert filled.shown()["2"]["seats"] == "30"
    assert client.post(url, data={"email": "bob@x.org", "attribute.seats": ""}).status_code == 302
    assert filled.shown()["2"]["seats"] == "8"


def test_viewers_do_not_get_at_the_attributes_page(filled: Any, client_for: Callable[..., Any]) -> None:
    assert client_for("viewer").get(address(filled)).status_code == 403
    assert client_for("viewer").post(address(filled, "keep"), data={"source": "shop", "column": "Tier"}).status_code == 403


def test_uses_name_the_views_that_show_it(filled: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("owner")
    client.post(f"/c/{filled.tenant.slug}/customers/views/", data={"name": "Seats first", "query": "columns=attribute.seats"})
    with filled.reading() as session:
        assert service.uses(session)["seats"].views == ("Seats first",)
