"""Saved views of the customer list: one's own or the company's, with filters, order and columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_a_view_keeps_filters_order_and_columns_but_no_page(company: Any, client_for: Callable[..., Any]) -> None:
    company.customers("Lin", country="CN")
    client = client_for("agent", reach="all")
    base = f"/c/{client.slug}/customers/"
    query = "country=CN&sort=-created&columns=email&columns=phone&after=x&Bad-Key=1"
    saved = client.post(f"{base}views/", data={"name": "Chinese", "query": query})
    assert saved.location == f"{base}?country=CN&sort=-created&columns=email&columns=phone"
    page = client.get(base).get_data(as_text=True)
    assert "?country=CN&amp;sort=-created&amp;columns=email&amp;columns=phone" in page
    assert client.get(saved.location).status_code == 200


def test_a_colleague_sees_shared_views_alone_and_removes_none(company: Any, client_for: Callable[..., Any]) -> None:
    mine, other = client_for("analyst"), client_for("viewer")
    base = f"/c/{mine.slug}/customers/"
    company.customers("Lin", country="CN")
    mine.post(f"{base}views/", data={"name": "Only mine", "query": "country=CN"})
    mine.post(f"{base}views/", data={"name": "For all", "query": "country=CN", "shared": "1"})
    own, seen = mine.get(base).get_data(as_text=True), other.get(base).get_data(as_text=True)
    assert "Only mine" in own
    assert "For all" in seen
    assert "Only mine" not in seen
    remove = next(part for part in own.split('action="') if "/remove" in part[:90]).split('"')[0]
    assert other.post(remove).status_code == 404
    assert mine.post(remove).status_code == 302


def test_a_view_needs_a_name(client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    assert client.post(f"/c/{client.slug}/customers/views/", data={"name": " ", "query": ""}).status_code == 422
