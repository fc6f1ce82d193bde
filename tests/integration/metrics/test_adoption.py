"""How customers use what they have, from files to the values the API gives (domain B4).

The company keeps the time of Berlin, where summer time began on 29 March 2026.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import pytest

JUNE, FEB, MARCH = "2025-06", "2026-02", "2026-03"
DAYS = [f"2026-03-{day:02}T12:00:00+02:00" for day in (5, 12, 20, 31)]


def _used(who: str, module: str, times: Iterable[str], **more: Any) -> list[dict[str, Any]]:
    return [{"customer": who, "name": "opened", "module": module, "happened_at": at, "user": "", **more} for at in times]


def _modules() -> list[dict[str, Any]]:
    """Of 8 modules C1 uses 6 on four days. One only on three (the fourth is in April, in Berlin), one by a bot alone."""
    rows = [row for number in range(6) for row in _used("C1", f"M{number}", DAYS)]
    rows += _used("C1", "M6", [*DAYS[:3], DAYS[2], "2026-04-01T00:30:00+02:00"])
    return rows + _used("C1", "M7", DAYS, bot="yes")


def _people() -> list[dict[str, Any]]:
    """45 people of C2 in 30 days, and one more on the day before these. 12 people of C3, who has 10 seats."""
    rows = [row for number in range(45) for row in _used("C2", "", DAYS[:1], user=f"u{number}")]
    rows += _used("C2", "", ["2026-03-01T23:30:00+01:00"], user="u99")
    return rows + [row for number in range(12) for row in _used("C3", "", DAYS[:1], user=f"u{number}")]


def _daily() -> list[dict[str, Any]]:
    """50 people of C4, each on 12 of the 30 days, twice on one of them: 600 days of use in 30 days, so 20 people a day."""
    first = dt.date(2026, 3, 2)
    rows = []
    for number in range(50):
        days = [first + dt.timedelta(days=(number + 2 * turn) % 30) for turn in range(12)]
        rows += _used("C4", "", [f"{day}T12:00:00+02:00" for day in [*days, days[0]]], user=f"u{number}")
    return rows


def _in_june() -> list[dict[str, Any]]:
    """One person on each of the 21 working days of June 2025, another on a Saturday alone."""
    june = [dt.date(2025, 6, day) for day in range(1, 31)]
    rows = _used("C5", "", [f"{day}T12:00:00+02:00" for day in june if day.weekday() < 5], user="one")
    return rows + _used("C5", "", ["2025-06-07T12:00:00+02:00"], user="two")


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_csm", timezone="Europe/Berlin")
    held = [{"customer": "C1", "module": f"M{number}", "starts_on": "2026-03-01"} for number in range(8)]
    held += [
        {"customer": "C1", "module": "M9", "starts_on": "2026-03-01", "ends_on": "2026-03-30"},
        {"customer": "C2", "seats": 60, "starts_on": "2026-03-01", "ends_on": "2026-03-31"},
        {"customer": "C3", "seats": 10, "starts_on": "2026-03-01"},
    ]
    made.bring("entitlements", [{"id": number, **row} for number, row in enumerate(held)])
    used = [*_modules(), *_people(), *_daily(), *_in_june(), *_used("C9", "", ["2026-05-20T12:00:00+02:00"])]
    made.bring("events", [{"id": number, **row} for number, row in enumerate(used)])
    made.compute(MARCH)
    made.compute(MARCH, grain="customer")
    made.set("analytics_csm", working_days_only="true")
    made.compute(JUNE)
    return made


@pytest.mark.parametrize(
    ("key", "who", "value", "n"),
    [
        ("csm.adopt_breadth", "C1", 6 / 8, 8),
        ("csm.adopt_depth", "C2", 45 / 60, 60),
        ("csm.stickiness", "C4", 20 / 50, 50),
    ],
)
def test_the_printed_vectors(company: Any, key: str, who: str, value: float, n: int) -> None:
    found = company.units(key, MARCH, "customer")[who]
    assert (found["value"], found["n"]) == (pytest.approx(value), n)


def test_the_company_has_all_customers_modules_and_seats_together(company: Any) -> None:
    assert company.read("csm.adopt_breadth", MARCH)["value"] == pytest.approx(6 / 8)
    assert company.read("csm.adopt_depth", MARCH)["value"] == pytest.approx((45 + 12) / 70)


def test_more_people_than_seats_are_told(company: Any) -> None:
    found = company.units("csm.adopt_depth", MARCH, "customer")["C3"]
    assert found["value"] == pytest.approx(1.2)
    assert "over_seats" in found["flags"]


def test_stickiness_by_working_days(company: Any) -> None:
    """21 days of use on 21 working days is one person a day; of two people in the month, a half. With all days: 22/30/2."""
    assert company.read("csm.stickiness", JUNE)["value"] == pytest.approx(0.5)


@pytest.mark.parametrize("key", ["csm.adopt_breadth", "csm.adopt_depth", "csm.stickiness"])
def test_where_nobody_has_or_uses_anything_there_is_no_value(company: Any, key: str) -> None:
    found = company.read(key, FEB)
    assert (found["value"], found["n"], found["reason"]) == (None, 0, "empty_denominator")
