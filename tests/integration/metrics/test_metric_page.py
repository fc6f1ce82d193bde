"""The page of one metric: any period, any grain it has, its formula, and its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MARCH = "2026-03"


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    """Three shoppers, two of them new in March on the web, one in a shop; complaints came by both."""
    made = vectors()
    made.bring("customers", [{"id": f"C{n}", "name": name} for n, name in enumerate(("Ada", "=HYPERLINK(1)", "陈莉"))])
    orders = [
        {"id": f"O{n}", "customer": f"C{n}", "ordered_at": "2026-03-05T10:00:00Z", "net": 10 * (n + 1), "channel": where}
        for n, where in enumerate(("web", "web", "shop"))
    ]
    made.bring("orders", [*orders, {"id": "later", "customer": "C0", "ordered_at": "2026-04-30T10:00:00Z", "net": 5}])
    made.compute(MARCH, "2026-Q1")
    made.compute(MARCH, grain="channel")
    made.compute(MARCH, grain="customer")
    return made


def page(company: Any, key: str, **asked: str) -> Any:
    return company.client.get(f"/c/{company.tenant.slug}/metrics/{key}", query_string=asked)


def test_new_customers_by_channel(company: Any) -> None:
    shown = page(company, "cim.acq.new", period=MARCH, by="channel")
    assert shown.status_code == 200
    assert "By channel" in shown.text
    assert {name: one["value"] for name, one in company.units("cim.acq.new", MARCH, "channel").items()} == {
        "web": 2.0,
        "shop": 1.0,
    }
    assert company.read("cim.acq.new", MARCH, "channel", "shop")["value"] == 1.0


def test_customers_have_their_names_and_pages(company: Any) -> None:
    shown = page(company, "csm.firm_value", period=MARCH, by="customer")
    assert "Ada" in shown.text
    assert "/customers/" in shown.text


def test_a_quarter_is_shown_as_one(company: Any) -> None:
    assert "3" in page(company, "cim.acq.new", period="2026-Q1").text
    assert company.read("cim.acq.new", "2026-Q1")["value"] == 3.0


def test_what_was_not_computed_can_be_asked_for(company: Any) -> None:
    assert "This period has not been computed." in page(company, "cim.acq.new", period="2025").text
    assert "This has not been computed for the period." in page(company, "cim.acq.new", period="2026-Q1", by="channel").text
    asked = {"period": "2026-Q1", "by": "channel", "key": "cim.acq.new"}
    answer = company.client.post(f"/c/{company.tenant.slug}/metrics/compute", data=asked)
    assert answer.status_code == 302
    assert "by=channel" in answer.location
    assert page(company, "cim.acq.new", period="nonsense").status_code == 422


def test_the_file_holds_the_units_and_no_formula(company: Any) -> None:
    got = company.client.get(
        f"/c/{company.tenant.slug}/metrics/csm.firm_value.csv", query_string={"period": MARCH, "by": "customer"}
    )
    assert got.mimetype == "text/csv"
    lines = got.text.splitlines()
    assert lines[0] == "\ufeffcustomer,from,to,value,n,low,high,flags"
    assert sorted(line.split(",")[0] for line in lines[1:]) == ["'=HYPERLINK(1)", "Ada", "陈莉"]
    months = company.client.get(f"/c/{company.tenant.slug}/metrics/cim.acq.new.csv", query_string={"period": MARCH})
    assert months.text.splitlines()[-1].startswith("2026-03-01,2026-03-31,3.0,3")
