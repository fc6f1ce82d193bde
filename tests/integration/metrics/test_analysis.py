"""Reports, insights and forecasts, from files to the values the API gives (domain B2 1b)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

DEC, JAN, FEB, MARCH, APRIL = "2025-12", "2026-01", "2026-02", "2026-03", "2026-04"  # the data end on 15 April


def _reports() -> list[dict[str, Any]]:
    """120 due in March, 118 in time: one a minute late on the day the clocks go forward, one never. One was cancelled."""
    good = {"due_at": "2026-03-10T12:00:00+01:00", "delivered_at": "2026-03-10T12:00:00+01:00"}
    rows = [good] * 116
    rows += [
        {"due_at": "2026-03-12", "delivered_at": "2026-03-12T22:00:00+01:00"},  # due on that day, whenever
        {"due_at": "2026-03-31T23:30:00+02:00", "delivered_at": "2026-03-31T08:00:00+02:00"},
        {"due_at": "2026-03-29T03:30:00+02:00", "delivered_at": "2026-03-29T03:31:00+02:00"},
        {"due_at": "2026-03-11T12:00:00+01:00"},
        {"due_at": "2026-03-11T12:00:00+01:00", "cancelled": "true"},
        {"due_at": "2026-03-31T22:30:00+00:00"},  # Berlin's first of April
    ]
    return [{"id": number, "report": "Sales", **row} for number, row in enumerate(rows)]


def _insights() -> list[dict[str, Any]]:
    """60 of March: 28 acted on and 5 dismissed with a reason in time; 4 too late, 3 without a reason. April's is too young."""
    rows: list[dict[str, Any]] = [
        {"acted_at": "2026-03-19T09:00:00+01:00", "rep": "ana" if number < 6 else ""} for number in range(28)
    ]
    rows += [{"dismissed_at": "2026-03-06T09:00:00+01:00", "reason": "known"}] * 5
    rows += [{"acted_at": "2026-03-19T09:01:00+01:00", "rep": "ana"}] * 4
    rows += [{"dismissed_at": "2026-03-06T09:00:00+01:00", "reason": ""}] * 3
    rows += [{}] * 20
    rows = [{"issued_at": "2026-03-05T09:00:00+01:00", **row} for row in rows]
    young = {"issued_at": "2026-04-05T09:00:00+02:00", "acted_at": "2026-04-06T09:00:00+02:00"}
    return [{"id": number, "customer": "", "title": "x", **row} for number, row in enumerate([*rows, young])]


def _forecasts() -> list[dict[str, Any]]:
    """March 110, 100 and 90, said last in February; what was said before or in March does not count."""
    march = {"made_at": "2026-02-20T10:00:00+01:00", "for_month": "2026-03-01"}
    rows = [{**march, "product": name, "quantity": said} for name, said in (("A", 110), ("B", 100), ("C", 90))]
    rows += [
        {**march, "made_at": "2026-01-20T10:00:00+01:00", "product": "A", "quantity": 999},
        {**march, "made_at": "2026-03-01T00:30:00+01:00", "product": "A", "quantity": 100},
        {"made_at": "2026-01-20T10:00:00+01:00", "for_month": "2026-02-01", "product": "A", "quantity": 5},
        {"made_at": "2025-12-20T10:00:00+01:00", "for_month": "2026-01-01", "product": "A", "quantity": 10},
        {"made_at": "2025-11-20T10:00:00+01:00", "for_month": "2025-12-01", "amount": 1_000},
        {"made_at": "2026-03-20T10:00:00+01:00", "for_month": "2026-04-01", "product": "A", "quantity": 7},
    ]
    return [{"id": number, **row} for number, row in enumerate(rows)]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Europe/Berlin")
    made.bring("products", [{"id": name, "name": f"Product {name}"} for name in "ABC"])
    sold = [("2025-12-10", "B", 1, 800), ("2026-01-10", "A", 2, 1)]
    sold += [("2026-03-10", "A", 105, 1), ("2026-03-10", "B", 120, 1), ("2026-03-10", "C", 80, 1), ("2026-04-15", "A", 1, 1)]
    orders = [
        {"id": f"O{at}", "customer": "C", "ordered_at": f"{row[0]}T10:00:00+01:00", "net": row[3]} for at, row in enumerate(sold)
    ]
    made.bring("orders", orders)
    made.bring(
        "order_lines",
        [
            {"id": at, "order": f"O{at}", "customer": "C", "sold_at": orders[at]["ordered_at"]}
            | {"product": row[1], "quantity": row[2], "net": row[3]}
            for at, row in enumerate(sold)
        ],
    )
    back = {"customer": "C", "order": "O2", "product": "A", "quantity": 5, "net": 0}
    made.bring("returns", [{"id": "R", "returned_at": "2026-03-20T10:00:00+01:00", **back}])
    made.bring("report_deliveries", _reports())
    made.bring("insights", _insights())
    made.bring("forecasts", _forecasts())
    made.compute(DEC, JAN, FEB, MARCH, APRIL)
    made.compute(MARCH, grain="rep")
    made.compute(MARCH, grain="product")
    return made


def test_118_of_120_reports_came_in_time(company: Any) -> None:
    found = company.read("cim.ana.report_ontime", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(118 / 120), 120)


def test_a_report_due_after_midnight_of_the_companys_clock_is_of_the_next_month(company: Any) -> None:
    found = company.read("cim.ana.report_ontime", APRIL)
    assert (found["value"], found["n"]) == (0, 1)
    assert {"low_confidence", "partial"} <= set(found["flags"])


def test_33_of_60_insights_were_acted_on(company: Any) -> None:
    found = company.read("cim.ana.insight_action_rate", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.55), 60)
    assert [row["count"] for row in found["rows"]] == [28, 5]
    assert company.units("cim.ana.insight_action_rate", MARCH, "rep")["ana"]["value"] == pytest.approx(0.6)


def test_insights_younger_than_14_days_have_no_rate_yet(company: Any) -> None:
    assert company.read("cim.ana.insight_action_rate", APRIL)["reason"] == "immature"


def test_forecasts_were_off_by_40_of_300(company: Any) -> None:
    """|100−110| + |120−100| + |80−90| = 40: WAPE .1333. Five of product A came back."""
    found = company.read("cim.ana.forecast_accuracy", MARCH)
    assert found["value"] == pytest.approx(1 - 40 / 300)
    assert (found["n"], found["flags"]) == (3, ["low_confidence"])
    assert company.units("cim.ana.forecast_accuracy", MARCH, "product")["Product A"]["value"] == pytest.approx(0.9)


def test_a_forecast_may_be_worse_than_none(company: Any) -> None:
    """10 said, 2 sold: 1 − 8/2."""
    assert company.read("cim.ana.forecast_accuracy", JAN)["value"] == pytest.approx(-3)


def test_a_forecast_of_all_sales_is_held_against_all_sales(company: Any) -> None:
    """1,000 said, 800 sold."""
    assert company.read("cim.ana.forecast_accuracy", DEC)["value"] == pytest.approx(0.75)


def test_a_month_that_is_not_over_has_no_accuracy_yet(company: Any) -> None:
    assert company.read("cim.ana.forecast_accuracy", APRIL)["reason"] == "immature"


@pytest.mark.parametrize("key", ["report_ontime", "insight_action_rate", "forecast_accuracy"])
def test_a_month_without_any_is_no_data(company: Any, key: str) -> None:
    """In February something was forecast of which nothing was sold."""
    found = company.read(f"cim.ana.{key}", FEB)
    assert (found["value"], found["reason"]) == (None, "empty_denominator")
