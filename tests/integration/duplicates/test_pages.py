"""The review queue, merging and undoing on pages and through the API, as people with different rights meet them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from duplicates_company import Company

PAIR = """id,name,phone,email,city,date_of_birth
a,Xaver Featherstone,,x@acme.example,Bath,
b,Xaver Featherstone,,featherstone@home.example,Bath,1980-01-02
c,王小明,13800138000,,上海,
d,王小铭,13800138009,,上海,
"""


@pytest.fixture
def queue(company: Company) -> Company:
    company.load("customers", PAIR)
    company.find()
    return company


@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_the_queue_shows_both_sides(queue: Company, client_for: Callable[..., Any], language: str) -> None:
    client = client_for("analyst")
    client.set_cookie("kith_language", language)
    page = client.get(f"/c/{client.slug}/duplicates/")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "x@acme.example" in text
    assert "featherstone@home.example" in text
    for tab in ("merged", "shown"):
        assert client.get(f"/c/{client.slug}/duplicates/{tab}").status_code == 200


def test_merge_and_undo_by_clicks(queue: Company, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    base, one, other = f"/c/{client.slug}/duplicates", queue.customer("a"), queue.customer("b")
    assert client.get(f"{base}/{one}/{other}").status_code == 200
    assert client.post(f"{base}/{one}/{other}/merge").status_code == 302
    assert client.get(f"/c/{client.slug}/customers/{other}").location.endswith(str(one))
    customer = client.get(f"/c/{client.slug}/customers/{one}").get_data(as_text=True)
    assert "Take the chosen records out" in customer
    listed = client.get("/api/v1/duplicates/merges", headers={"X-Kith-Tenant": client.slug}).get_json()["merges"]
    assert [(row["survivor"], row["gone"], row["records"]) for row in listed] == [(str(one), str(other), 1)]
    assert client.post(f"{base}/merged/{listed[0]['id']}/undo").status_code == 302
    assert client.get(f"/c/{client.slug}/customers/{other}").status_code == 200
    assert queue.homes() == {name: name for name in "abcd"}


def test_programs_can_do_what_pages_do(queue: Company, client_for: Callable[..., Any]) -> None:
    client = client_for("admin")
    head, one, other = {"X-Kith-Tenant": client.slug}, queue.customer("a"), queue.customer("b")
    found = client.get("/api/v1/duplicates", headers=head).get_json()
    assert found["waiting"] == len(found["candidates"]) == 2
    assert client.post(f"/api/v1/duplicates/{one}/{other}/different", headers=head).status_code == 204
    assert client.get("/api/v1/duplicates", headers=head).get_json()["waiting"] == 1
    made = client.post(f"/api/v1/duplicates/{one}/{other}/merge", headers=head)
    assert made.status_code == 201
    assert client.post(f"/api/v1/duplicates/{one}/{other}/merge", headers=head).status_code == 409
    undone = client.post(f"/api/v1/duplicates/merges/{made.get_json()['id']}/undo", headers=head)
    assert undone.get_json()["undone_at"]


def test_which_value_is_shown_is_chosen_on_a_page(queue: Company, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    client.post(f"/c/{client.slug}/duplicates/{queue.customer('a')}/{queue.customer('b')}/merge")
    answer = client.post(f"/c/{client.slug}/duplicates/shown", data={"email": "filled", "sources": "file, nowhere"})
    assert answer.status_code == 302
    assert "featherstone@home.example" in client.get(f"/c/{client.slug}/customers/{queue.customer('a')}").get_data(as_text=True)


def test_agents_and_viewers_do_not_merge(queue: Company, client_for: Callable[..., Any]) -> None:
    for role in ("agent", "viewer"):
        client = client_for(role)
        assert client.get(f"/c/{client.slug}/duplicates/").status_code == 403
        assert client.post(f"/c/{client.slug}/duplicates/{queue.customer('a')}/{queue.customer('b')}/merge").status_code == 403


def test_who_sees_only_own_customers_finds_no_others_in_the_queue(queue: Company, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst", reach="own")
    assert client.get("/api/v1/duplicates", headers={"X-Kith-Tenant": client.slug}).get_json()["candidates"] == []
    assert client.post(f"/c/{client.slug}/duplicates/{queue.customer('a')}/{queue.customer('b')}/merge").status_code == 404
