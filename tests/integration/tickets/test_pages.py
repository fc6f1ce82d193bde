"""Tickets on their pages and for programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext


def opened(client: Any, **given: str) -> str:
    """Open a ticket by its form; gives its page's address."""
    answer = client.post(f"/c/{client.slug}/tickets/new", data={"subject": "Broken cup", "severity": "high", **given})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def test_a_ticket_goes_through_its_pages(client_for: Callable[..., Any]) -> None:
    client = client_for("agent", reach="all")
    root = f"/c/{client.slug}/tickets/"
    assert "No tickets here" in client.get(root).text
    wrong = client.post(root + "new?customer=unknown", data={"subject": "", "severity": "high", "description": "It <b>broke</b>"})
    assert wrong.status_code == 422
    assert "It &lt;b&gt;broke&lt;/b&gt;" in wrong.text
    url = opened(client, description="first line\nsecond line", is_complaint="1")
    page = client.get(url).text
    assert "first line<br>second line" in page
    assert re.search(r"First reply due <time [^>]*>in ", page)
    listed = client.get(root).text
    assert "Broken cup" in listed
    assert "Complaint" in listed
    assert client.post(url + "/say", data={"text": "", "direction": "out"}).status_code == 422
    assert client.post(url + "/say", data={"text": "On its way", "direction": "out", "then": "wait"}).status_code == 302
    page = client.get(url).text
    assert "On its way" in page
    assert "Waiting for the customer" in page
    assert "Broken cup" in client.get(root + "?show=waiting").text
    assert client.post(url + "/take", data={}).status_code == 302
    assert "Broken cup" in client.get(root + "?show=mine").text
    for what in ("resume", "solve", "close", "reopen", "solve", "nonsense"):
        assert client.post(f"{url}/do/{what}").status_code == 302
    assert client.post(f"{url}/do/wait").status_code == 409
    assert client.post(url + "/answer", data={"what": "ask"}).status_code == 302
    assert client.post(url + "/answer", data={"score": ""}).status_code == 422
    assert client.post(url + "/answer", data={"score": "5", "comment": "Thanks"}).status_code == 302
    assert "5, very content" in client.get(url).text
    assert client.get(url + "/edit").status_code == 200
    assert client.post(url + "/edit", data={"subject": "Broken glass", "severity": "low"}).status_code == 302
    assert "Broken glass" in client.get(root + "?show=solved&q=glass").text
    assert client.get(root + "?after=nonsense").status_code == 400


def test_who_only_looks_changes_nothing(client_for: Callable[..., Any]) -> None:
    url = opened(client_for("agent", reach="all"))
    viewer = client_for("viewer")
    assert "Write down what was said" not in viewer.get(url).text
    for path in ("/say", "/do/solve", "/take", "/answer", "/edit"):
        assert viewer.post(url + path, data={"text": "x"}).status_code == 403
    assert viewer.get(f"/c/{viewer.slug}/service-levels/").status_code == 403


def test_the_list_asks_as_much_for_many_tickets_as_for_one(client_for: Callable[..., Any], statements: Callable[[], Any]) -> None:
    client = client_for("agent", reach="all")
    root = f"/c/{client.slug}/tickets/"
    opened(client)
    with statements() as few:
        client.get(root)
    for number in range(4):
        opened(client, subject=f"Number {number}")
    with statements() as many:
        client.get(root)
    assert len(many) == len(few)


def test_service_levels_are_set_on_their_page(client_for: Callable[..., Any]) -> None:
    client = client_for("admin")
    url = f"/c/{client.slug}/service-levels/"
    page = client.get(url).text
    fields = dict(re.findall(r'name="((?:urgent|high|normal|low)_(?:reply|solve))" type="text" value="(\d+)"', page))
    assert fields["normal_solve"] == "1440"
    wrong = client.post(url, data={**fields, "low_solve": "soon"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text
    assert client.post(url, data={**fields, "low_solve": "4800"}).status_code == 302
    assert 'value="4800"' in client.get(url).text


def test_programs_open_answer_and_solve(client_for: Callable[..., Any], runtime: Runtime, other_tenant: TenantContext) -> None:
    client = client_for("agent", reach="all")
    headers = {"X-Kith-Tenant": client.slug}
    api = "/api/v1/tickets"
    made = client.post("/api/v1/customers", json={"name": "Lin"}, headers=headers).json
    given = {"subject": "No light", "severity": "urgent", "customer": made["id"], "channel": "chat"}
    row = client.post(api, json=given, headers=headers)
    assert (row.status_code, row.json["status"], row.json["customer_name"], row.json["overdue"]) == (201, "new", "Lin", False)
    one = f"{api}/{row.json['id']}"
    assert client.post(api, json={**given, "customer": row.json["id"]}, headers=headers).status_code == 422
    assert client.post(api, json={**given, "severity": "P1"}, headers=headers).status_code == 422
    said = client.post(f"{one}/messages", json={"text": "Press the switch"}, headers=headers)
    assert (said.status_code, said.json["kind"], said.json["direction"]) == (201, "chat", "out")
    for status in ("waiting", "open", "solved", "open", "solved", "closed"):
        assert client.post(f"{one}/status", json={"status": status}, headers=headers).json["status"] == status
    assert client.post(f"{one}/satisfaction", json={"score": 2}, headers=headers).json["score"] == 2.0
    whole = client.get(one, headers=headers).json
    assert [state["status"] for state in whole["states"]][:3] == ["new", "open", "waiting"]
    assert whole["contacts"] == 1
    assert client.patch(one, json={"topic": "lamp"}, headers=headers).json["topic"] == "lamp"
    client.post(api, json={"subject": "Second"}, headers=headers)
    first = client.get(f"{api}?limit=1", headers=headers).json
    assert [row["subject"] for row in first["tickets"]] == ["Second"]
    rest = client.get(f"{api}?limit=1&after={first['next']}", headers=headers).json
    assert ([row["subject"] for row in rest["tickets"]], rest["next"]) == (["No light"], None)
    level = {"severity": "low", "reply_minutes": 5, "solve_minutes": 50}
    assert client.put(f"{api}/levels", json={"levels": [level]}, headers=headers).status_code == 403
    admin = client_for("admin")
    assert level in admin.put(f"{api}/levels", json={"levels": [level]}, headers=headers).json["levels"]
    theirs = client_for("agent", tenant=other_tenant, reach="all")
    assert theirs.get(one, headers={"X-Kith-Tenant": theirs.slug}).status_code == 404
