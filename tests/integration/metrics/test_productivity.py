"""Productivity, from files to the values the API gives (domain B2 2a)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MARCH, DAY, QUARTER = "2026-03", "2026-03-10", "2026-Q1"


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", currency="EUR")
    made.bring(
        "orders",
        [
            {"id": "O1", "customer": "A", "ordered_at": "2026-03-25T10:00:00+00:00", "net": 1_220_000},
            {"id": "J1", "customer": "A", "ordered_at": "2026-01-05T10:00:00+00:00", "delivered_on": "2026-01-15", "net": 1},
            {"id": "J2", "customer": "A", "ordered_at": "2026-01-05T10:00:00+00:00", "delivered_on": "2026-01-25", "net": 1},
            {"id": "J3", "customer": "A", "ordered_at": "2026-01-05T10:00:00+00:00", "delivered_on": "2026-02-04", "net": 1},
            {"id": "J4", "customer": "A", "ordered_at": "2026-02-19T10:00:00+00:00", "net": 1},
            {"id": "J5", "customer": "A", "ordered_at": "2026-02-09T10:00:00+00:00", "net": 1},
        ],
    )
    made.bring(
        "returns", [{"id": "R", "customer": "A", "order": "O1", "returned_at": "2026-03-31T10:00:00+00:00", "net": 20_000}]
    )
    staff = {"day": "2026-02-01", "customer_facing": "true", "fte": 1}
    made.bring("employee_snapshots", [{**staff, "employee": f"E{number}"} for number in range(8)])
    made.bring(
        "work_days",
        [{"day": DAY, "rep": "ana", "minutes": 480}, {"day": "2026-03-11", "rep": "ana", "minutes": 480, "on_leave": "true"}],
    )
    talk = {"customer": "A", "rep": "ana", "kind": "call"}
    made.bring(
        "activities",
        [
            {"id": "T1", **talk, "started_at": f"{DAY}T09:00:00+00:00", "ended_at": f"{DAY}T10:48:00+00:00"},
            {"id": "T2", **talk, "started_at": f"{DAY}T13:00:00+00:00", "ended_at": f"{DAY}T14:00:00+00:00"},
            {"id": "T3", **talk, "started_at": f"{DAY}T15:00:00+00:00", "ended_at": f"{DAY}T16:00:00+00:00", "kind": "note"},
        ],
    )
    tickets = (("K1", "2026-03-04", "2026-03-05"), ("K2", "2026-03-04", ""))
    made.bring(
        "tickets",
        [
            {
                "id": name,
                "customer": "A",
                "opened_at": f"{day}T10:00:00+00:00",
                "resolved_at": f"{end}T22:00:00+00:00" if end else "",
            }
            for name, day, end in tickets
        ],
    )
    made.compute(MARCH, QUARTER, DAY, "2026-01")
    made.compute(DAY, grain="rep")
    return made


def test_1_200_000_of_8_people_are_150_000_each(company: Any) -> None:
    """A return of 20,000 is taken off."""
    assert company.read("cim.prd.rev_per_fte", MARCH)["value"] == pytest.approx(150_000)


def test_before_anybody_was_counted_there_is_no_value_per_head(company: Any) -> None:
    assert company.read("cim.prd.rev_per_fte", "2026-01")["reason"] == "empty_denominator"


def test_168_of_480_minutes_with_customers(company: Any) -> None:
    found = company.units("cim.prd.selling_time", DAY, "rep")["ana"]
    assert found["value"] == pytest.approx(0.35)
    assert found["rows"][0]["share"] == pytest.approx(1)
    assert "low_confidence" in found["flags"]


def test_a_month_of_which_few_days_are_logged_is_unsure(company: Any) -> None:
    """One of the month's 22 working days, less one of leave."""
    found = company.read("cim.prd.selling_time", MARCH)
    assert (found["value"], found["rows"][0]["share"]) == (pytest.approx(0.35), pytest.approx(1 / 21))
    assert "low_confidence" in found["flags"]
    assert company.read("cim.prd.selling_time", "2026-01")["reason"] == "empty_denominator"


def test_orders_delivered_after_10_20_and_30_days_with_two_still_open(company: Any) -> None:
    found = company.read("cim.prd.cycle_days", QUARTER)
    assert found["value"] == pytest.approx(30)
    assert "low_confidence" in found["flags"]


def test_without_a_delivery_the_tickets_are_measured(company: Any) -> None:
    """One took a day and a half, one is open: half have ended by then."""
    assert company.read("cim.prd.cycle_days", MARCH)["value"] == pytest.approx(1.5)
    assert company.read("cim.prd.cycle_days", DAY)["reason"] == "empty_denominator"
