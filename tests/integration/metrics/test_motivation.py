"""Whether staff recommend the company and use the system, from files to the values the API gives (domain B2 2h)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

JAN, FEB, MARCH = "2026-01", "2026-02", "2026-03"
WORKING_DAYS = [day for day in range(1, 32) if day % 7 not in {0, 1}]  # of March 2026: 22


def _answers() -> list[dict[str, Any]]:
    """March: 12 who would recommend it, 5 in between, 3 who would not; five of the north, four of the south. February: four."""
    scores = [10] * 8 + [9] * 4 + [8] * 3 + [7] * 2 + [6, 3, 0]
    units = ["north"] * 5 + ["south"] * 4 + [""] * 11
    rows = [{"sent_at": "2026-03-10T10:00:00+01:00", "score": one, "unit": unit} for one, unit in zip(scores, units, strict=True)]
    rows += [{"sent_at": "2026-02-10T10:00:00+01:00", "score": 10, "unit": "north"}] * 4
    rows = [{"kind": "enps", **row} for row in rows]
    rows += [{"kind": "nps", "sent_at": "2026-01-10T10:00:00+01:00", "score": 0, "unit": ""}]
    return [{"id": at, "customer": "", **row} for at, row in enumerate(rows)]


def _staff() -> list[dict[str, Any]]:
    """50 with a licence; others have none, are on leave, or have left."""
    state = {"day": "2026-02-15", "fte": 1, "licensed": "true"}
    rows = [{**state, "employee": f"e{number}@x.example"} for number in range(50)]
    return [
        *rows,
        {**state, "employee": "guest", "licensed": "false"},
        {**state, "employee": "away", "on_leave": "true"},
        {**state, "employee": "gone", "left_on": "2026-03-20"},
    ]


def _written() -> list[dict[str, Any]]:
    """39 write on 14 of 22 days, which is more than three in five; one was away for ten and writes on eight of twelve. Ten write
    on 13 days only, whatever else was recorded by itself.
    """
    days = [14] * 39 + [8] + [13] * 10
    rows = [
        {"rep": f"E{who}@X.example", "started_at": f"2026-03-{day:02d}T10:00:00+02:00", "captured": "manual" if who % 2 else ""}
        for who, count in enumerate(days)
        for day in WORKING_DAYS[-count:]
    ]
    rows += [
        {"rep": "e45@x.example", "started_at": f"2026-03-{day:02d}T10:00:00+02:00", "captured": "automatic"}
        for day in WORKING_DAYS
    ]
    return [{"id": at, "customer": "C", "kind": "call", **row} for at, row in enumerate(rows)]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Europe/Berlin")
    made.bring("survey_responses", _answers())
    made.bring("employee_snapshots", _staff())
    leave = {"rep": "e39@x.example", "minutes": 0, "on_leave": "true"}
    made.bring("work_days", [{**leave, "day": f"2026-03-{day:02d}"} for day in WORKING_DAYS[:10]])
    made.bring("activities", _written())
    made.compute(JAN, FEB, MARCH)
    made.compute(MARCH, grain="unit")
    return made


def test_12_of_20_recommend_the_company_and_3_do_not(company: Any) -> None:
    found = company.read("cim.mot.enps", MARCH)
    assert (found["value"], found["n"], found["flags"]) == (pytest.approx(45), 20, ["low_confidence"])
    assert found["low"] < 45 < found["high"]


def test_fewer_than_five_answers_stay_with_those_who_gave_them(company: Any) -> None:
    found = company.read("cim.mot.enps", FEB)
    assert (found["value"], found["low"], found["reason"]) == (None, None, "few_staff")
    units = company.units("cim.mot.enps", MARCH, "unit")
    assert (units["north"]["value"], units["south"]["value"], units["south"]["reason"]) == (100, None, "few_staff")


def test_40_of_50_use_it_on_three_days_a_week(company: Any) -> None:
    found = company.read("cim.mot.active_use", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.80), 50)


def test_a_month_without_answers_or_licences_is_no_data(company: Any) -> None:
    for key in ("cim.mot.enps", "cim.mot.active_use"):
        found = company.read(key, JAN)
        assert (found["value"], found["reason"]) == (None, "empty_denominator"), key
