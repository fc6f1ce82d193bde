"""Wrong customers, health and balance of gains: on the page, in the list, in a segment; and no work where nothing changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

D, DAY = dt.date, dt.timedelta(days=1)
END = D(2025, 9, 30)


def test_a_wrong_customer_is_on_the_page_in_the_list_and_in_a_segment(company: Any, client_for: Callable[..., Any]) -> None:
    known = company.people(["Dear", "Good", "Plain"])
    at = dt.datetime(2025, 9, 1, 12, tzinfo=dt.UTC)
    for name, record in known.items():
        company.orders(record, [D(2025, 5, 5), D(2025, 8, 5)], 100)
        company.fact("outcome", record, at, goal="Save", value=900, own_cost=0, verified=True, measured_at=at)
        company.fact("cost", record, D(2025, 5, 6), pool="service", amount=500 if name == "Dear" else 1)
        company.fact("cost", record, D(2025, 8, 6), pool="service", amount=500 if name == "Dear" else 1)
        company.fact("survey_response", record, at, kind="nps", score=9, answered_at=at)
    company.fact("ticket", known["Plain"], END)
    company.refresh()
    assert company.codes("wrong_customers") == {"Dear": "wrong", "Good": "sound", "Plain": "sound"}
    assert company.codes("csm_balance") == {"Dear": "subsidised", "Good": "symbiotic", "Plain": "symbiotic"}
    assert company.places("csm_balance")["Good"]["fc"] == 198
    assert company.codes("csm_health") == dict.fromkeys(known, "unknown")
    assert company.refresh() == {"placements": "skipped"}

    client = client_for("analyst")
    page = client.get(f"/c/{client.slug}/placements/wrong_customers").text
    assert "1 of your customers, who cost 800 USD more" in page
    assert f"/c/{client.slug}/customers/?wrong_customers=wrong" in page
    for key in ("csm_health", "csm_balance", "profile"):
        assert client.get(f"/c/{client.slug}/placements/{key}").status_code == 200
    listed = client.get(f"/c/{client.slug}/customers/", query_string={"wrong_customers": "wrong"}).text
    assert "Dear" in listed
    assert "Plain" not in listed
    rule = {"rule": {"all": [{"placement": "csm_balance", "op": "is", "value": "subsidised"}]}}
    counted = client.post("/api/v1/segments/count", json=rule, headers={"X-Kith-Tenant": client.slug})
    assert (counted.status_code, counted.json["customers"]) == (200, 1)
