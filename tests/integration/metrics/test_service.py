"""Service, from tickets in files to the values the API gives (domain B2 2c). The company opens from 9 to 17 in Berlin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

JANUARY, FEBRUARY, MARCH, APRIL = "2026-01", "2026-02", "2026-03", "2026-04"  # the data end on the third of April


def ticket(number: Any, opened: str, **given: Any) -> dict[str, Any]:
    return {"id": f"T{number}", "customer": f"C{number}", "opened_at": opened, **given}


def tickets() -> list[dict[str, Any]]:
    rows = []
    for number in range(100):  # January: 70 at once, 20 after three contacts, 10 that came back
        contacts, back = (3, "") if 70 <= number < 90 else (1, "2026-01-18T10:00:00+01:00" if number >= 90 else "")
        given = {"resolved_at": "2026-01-15T10:00:00+01:00", "contacts": contacts, "reopened_at": back}
        rows.append(ticket(f"j{number}", "2026-01-14T10:00:00+01:00", **given))
    for number in range(120):  # February: 6 came back within seven days, 3 on the ninth
        back = "2026-02-12T10:00:00+01:00" if number < 6 else "2026-02-19T10:00:00+01:00" if number < 9 else ""
        given = {"resolved_at": "2026-02-10T10:00:00+01:00", "reopened_at": back, "rep": "ana" if number < 12 else "ben"}
        rows.append(ticket(f"f{number}", "2026-02-09T10:00:00+01:00", **given))
    for number in range(200):  # March: 190 of 200 in time, seven answered late and three solved late
        given = {"first_reply_at": "2026-03-09T10:00:00+01:00", "resolved_at": "2026-03-10T15:00:00+01:00"}
        if number < 7:
            given["first_reply_at"] = "2026-03-09T11:30:00+01:00"
        elif number < 10:
            given["resolved_at"] = "2026-03-11T09:30:00+01:00"
        due = {"reply_due_at": "2026-03-09T11:00:00+01:00", "sla_due_at": "2026-03-10T17:00:00+01:00"}
        channel = "phone" if number < 40 else "mail"
        rows.append(ticket(f"m{number}", "2026-03-09T09:00:00+01:00", channel=channel, **due, **given))
    due = {"sla_due_at": "2026-04-01T12:00:00+02:00"}  # April: the clock of three tickets stood
    for name, solved in (("w1", "2026-04-02T11:00:00+02:00"), ("w2", "2026-04-02T16:00:00+02:00"), ("w3", "")):
        rows.append(ticket(name, "2026-03-27T10:00:00+01:00", resolved_at=solved, **due))
    rows.append(ticket("late", "2026-03-27T10:00:00+01:00", resolved_at="2026-04-02T11:00:00+02:00", **due))
    return rows


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Europe/Berlin")
    made.bring("tickets", tickets())
    # Eight opening hours, over the night in which the clock is put forward; one still waits.
    waits = [("w1", "2026-03-30"), ("w2", "2026-03-30")]
    states = [
        {"ticket": f"T{name}", "status": status, "changed_to_at": f"{day}T10:00:00+02:00"}
        for name, first in waits
        for status, day in (("waiting", first), ("open", "2026-03-31"))
    ]
    states.append({"ticket": "Tw3", "status": "waiting", "changed_to_at": "2026-03-31T10:00:00+02:00"})
    made.bring("ticket_statuses", [{"id": f"S{number}", **row} for number, row in enumerate(states)])
    made.bring("events", [{"id": "E", "customer": "Cm1", "happened_at": "2026-04-03T10:00:00+02:00", "name": "login"}])
    made.compute(JANUARY, FEBRUARY, MARCH, APRIL)
    made.compute(MARCH, grain="channel")
    return made


def test_190_of_200_tickets_in_time(company: Any) -> None:
    found = company.read("cim.svc.sla", MARCH)
    assert (found["value"], found["n"]) == (0.95, 200)
    assert company.units("cim.svc.sla", MARCH, "channel")["phone"]["value"] == pytest.approx(30 / 40)


def test_the_clock_stands_while_we_wait_for_the_customer(company: Any) -> None:
    """Seven opening hours late after a wait of eight is in time; twelve are not, nor seven without. Who waits is not due."""
    found = company.read("cim.svc.sla", APRIL)
    assert (found["value"], found["n"]) == (pytest.approx(1 / 3), 3)
    assert "low_confidence" in found["flags"]


def test_without_due_tickets_there_is_no_service_level(company: Any) -> None:
    found = company.read("cim.svc.sla", JANUARY)
    assert (found["value"], found["reason"]) == (None, "empty_denominator")


def test_70_of_100_solved_at_first_contact(company: Any) -> None:
    found = company.read("cim.svc.fcr", JANUARY)
    assert (found["value"], found["n"], found["flags"]) == (pytest.approx(0.70), 100, [])


def test_6_of_120_came_back_within_seven_days(company: Any) -> None:
    found = company.read("cim.svc.reopen", FEBRUARY)
    assert (found["value"], found["n"]) == (pytest.approx(0.05), 120)


def test_contacts_that_nobody_counted_are_no_first_contacts(company: Any) -> None:
    found = company.read("cim.svc.fcr", FEBRUARY)
    assert (found["value"], found["n"]) == (0.0, 6)  # known are only those that came back


def test_what_was_solved_this_week_may_still_come_back(company: Any) -> None:
    assert company.read("cim.svc.reopen", APRIL)["reason"] == "immature"
    assert company.read("cim.svc.fcr", APRIL)["reason"] == "immature"
