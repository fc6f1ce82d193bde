"""New customers and growth, from files to the values the API gives (domain B2 3c, 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"


def order(name: str, who: str, at: str, net: Any, **given: Any) -> dict[str, Any]:
    return {"id": name, "customer": who, "ordered_at": at if "T" in at else f"{at}T12:00:00+00:00", "net": net, **given}


ORDERS = (
    order("b1", "old", "2025-03-05", 400, store="A"),
    order("n1", "old", "2026-03-05", 300, store="A"),
    order("n2", "old", "2026-03-06", 90, store="B"),
    order("n3", "old", "2026-03-07", 100, store="B", currency="USD"),
    order("b4", "old", "2025-04-05", 20),
    order("n4", "old", "2026-04-05", 20),
    order("m1", "fresh1", "2026-05-05", 10, channel="web"),
    order("m2", "fresh2", "2026-05-06", 10, channel="web"),
    order("m3", "fresh3", "2026-05-07", 10),
    order("m4", "fresh4", "2026-05-08", 10, status="cancelled"),
    order("m5", "fresh5", "2026-05-31T22:30:00+00:00", 10),  # the first of June in Berlin
    order("m6", "old", "2026-06-15", 10),
)
LINES = (("b1", 400, 350), ("n1", 300, 280), ("n2", 90, 90), ("n3", 100, 0), ("b4", 20, 25), ("n4", 20, 10))


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Europe/Berlin", currency="EUR")
    rates = (("2025-03-01", 0.3), ("2025-03-31", 0.5), ("2026-03-07", 0.5))
    made.bring("fx_rates", [{"day": day, "currency_from": "USD", "rate": rate} for day, rate in rates])
    made.bring("products", [{"id": "P", "name": "Product"}])
    sold = {one["id"]: one for one in ORDERS}
    converted = [order(f"c{number}", f"lead{number}", "2025-12-10", 1) for number in range(50)]
    late = order("late", "lead50", "2026-02-20", 1)
    made.bring("orders", [*ORDERS, *converted, late])
    made.bring(
        "order_lines",
        [
            {"id": f"L{name}", "customer": "old", "order": name, "sold_at": sold[name]["ordered_at"], "product": "P", "net": net}
            | {"cost": cost, "currency": sold[name].get("currency", "")}
            for name, net, cost in LINES
        ],
    )
    back = (("m2", "fresh2", "2026-05-10"), ("m3", "fresh3", "2026-05-27"))
    made.bring(
        "returns",
        [
            {"id": f"R{name}", "customer": who, "order": name, "returned_at": f"{day}T12:00:00+00:00", "net": 10}
            for name, who, day in back
        ],
    )
    made.bring("costs", [{"id": "K", "spent_on": "2026-03-09", "pool": "direct", "amount": 10, "product": "P"}])
    leads = [
        {"id": f"L{n}", "customer": f"lead{n}", "created_at": "2025-11-10T12:00:00+01:00", "channel": "web"} for n in range(400)
    ]
    leads.append({"id": "new", "customer": "lead400", "created_at": "2026-06-10T12:00:00+02:00", "channel": "web"})
    made.bring("leads", leads)
    made.compute("2025-11", "2026-02", MARCH, APRIL, MAY, JUNE)
    made.compute(MARCH, grain="product")
    made.compute(MAY, grain="channel")
    return made


def figures(found: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: next(row[one] for one in ("share", "money", "count", "number") if one in row) for row in found["rows"]}


def test_sales_of_440_after_400(company: Any) -> None:
    """300 + 90 + 100 USD at 0.5. At the mean rate of a year before, 0.4, they were 430; store A alone fell to 300."""
    found = company.read("cim.prf.sales_growth", MARCH)
    assert found["value"] == pytest.approx(0.10)
    assert figures(found)["Growth at constant currency"] == pytest.approx(0.075)
    assert figures(found)["Growth like for like"] == pytest.approx(-0.25)


def test_growth_of_a_product_comes_from_its_lines(company: Any) -> None:
    assert company.units("cim.prf.sales_growth", MARCH, "product")["Product"]["value"] == pytest.approx(0.10)
    assert company.units("cim.prf.profit_growth", MARCH, "product")["Product"]["value"] == pytest.approx(0.20)


def test_a_year_before_without_sales_is_no_base(company: Any) -> None:
    assert company.read("cim.prf.sales_growth", "2026-02")["reason"] == "no_base"
    assert company.read("cim.prf.profit_growth", "2026-02")["reason"] == "no_base"


def test_a_running_month_is_compared_with_the_same_days(company: Any) -> None:
    assert "partial" in company.read("cim.acq.new", JUNE)["flags"]


def test_returns_count_on_the_day_they_came(company: Any) -> None:
    """Orders of 30 that stand, 20 came back."""
    assert figures(company.read("cim.prf.sales_growth", APRIL))["Net sales"] == pytest.approx(20)
    assert company.read("cim.prf.sales_growth", MAY)["reason"] == "no_base"


def test_profit_of_60_after_50(company: Any) -> None:
    """20 of 300, 0 of 90, 50 of the dollars, less 10 of direct cost."""
    assert company.read("cim.prf.profit_growth", MARCH)["value"] == pytest.approx(0.20)


def test_after_a_loss_only_the_change_is_told(company: Any) -> None:
    found = company.read("cim.prf.profit_growth", APRIL)
    assert (found["value"], found["reason"]) == (None, "no_base")
    assert figures(found)["Change in margin"] == pytest.approx(15)


def test_who_returns_everything_within_14_days_is_no_new_customer(company: Any) -> None:
    """Of five, one sent all back within 14 days, one cancelled, and one bought on the first of June by the company's clock."""
    assert company.read("cim.acq.new", MAY)["value"] == 2
    assert company.read("cim.acq.new", JUNE)["value"] == 1
    assert company.units("cim.acq.new", MAY, "channel")["web"]["value"] == 1


def test_50_of_400_leads_became_customers_in_90_days(company: Any) -> None:
    found = company.read("cim.acq.conv", "2025-11")
    assert (found["value"], found["n"]) == (pytest.approx(0.125), 400)


def test_leads_whose_90_days_are_not_over_and_months_without_leads(company: Any) -> None:
    assert company.read("cim.acq.conv", JUNE)["reason"] == "immature"
    assert company.read("cim.acq.conv", MAY)["reason"] == "empty_denominator"
