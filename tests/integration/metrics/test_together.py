"""Working together for customers and keeping in touch, from files to the values the API gives (domain B2 2f, 2g)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

JAN, MARCH, APRIL = "2026-01", "2026-03", "2026-04"  # the data end on 8 April
BERLIN = "+02:00"


def _met(customer: str, at: str, department: str = "", **given: Any) -> dict[str, Any]:
    return {"customer": customer, "started_at": at, "department": department, "kind": "call", "direction": "out", **given}


def _departments() -> list[dict[str, Any]]:
    """24 key accounts: 18 seen by two departments. Of the others some had two by a note, some the second 91 days ago."""
    rows = []
    for number in range(24):
        rows.append(_met(f"K{number}", "2026-03-10T10:00:00+01:00", "sales"))
        if number < 18:
            rows.append(_met(f"K{number}", "2026-01-01T00:10:00+01:00", "service"))
        elif number < 20:
            rows.append(_met(f"K{number}", "2026-03-10T11:00:00+01:00", "service", kind="note"))
        elif number < 22:
            rows.append(_met(f"K{number}", "2025-12-31T10:00:00+01:00", "service"))
    return rows


def _handoffs() -> list[dict[str, Any]]:
    """40 due in March, 38 accepted in time; one due an hour into Berlin's April."""
    due = f"2026-03-31T23:30:00{BERLIN}"
    rows = [{"due_at": due, "accepted_at": f"2026-03-31T23:30:00{BERLIN}"}] * 38
    rows += [{"due_at": due, "accepted_at": f"2026-03-31T23:31:00{BERLIN}"}, {"due_at": due}]
    rows += [{"due_at": "2026-03-31T23:00:00+00:00", "accepted_at": "2026-03-31T22:00:00+00:00"}]
    return [{"id": at, "customer": "K0", "handed_at": "2026-03-02T10:00:00+01:00", **row} for at, row in enumerate(rows)]


def _plans() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """100 due every 30 days, 80 of them contacted since 2 March. Three refused marketing; a plan is over, one has just begun."""
    plan = {"starts_on": "2026-02-01", "every_days": 30, "rep": "ana"}
    plans = [{**plan, "customer": f"P{number}", "rep": "ana" if number % 2 else "ben"} for number in range(103)]
    plans += [{**plan, "customer": "P200", "ends_on": "2026-03-30"}, {**plan, "customer": "P201", "starts_on": "2026-03-20"}]
    plans += [{**plan, "customer": "P0", "starts_on": "2026-01-01", "every_days": 1}]  # an older one, replaced
    talks = [_met(f"P{number}", "2026-03-02T00:30:00+01:00") for number in range(80)]
    talks += [_met(f"P{number}", "2026-03-01T23:30:00+01:00") for number in range(80, 95)]
    talks += [_met("P99", "2026-04-01T09:00:00+02:00"), _met("P98", "2026-03-20T09:00:00+01:00", kind="task")]
    no = {"given_at": "2026-02-10T10:00:00+01:00", "channel": "email", "status": "refused"}
    refused = [{**no, "customer": f"P{number}"} for number in range(100, 103)]
    # Who refused mail and granted calls is still due.
    refused += [{**no, "customer": "P0"}, {**no, "customer": "P0", "channel": "phone", "status": "granted"}]
    return plans, talks, refused


def _messages() -> list[dict[str, Any]]:
    """200 came in March, four without a reply in a working day (eight hours open, Monday to Friday, nine to five)."""
    mail = {"kind": "mail", "direction": "in", "channel": "mail", "started_at": "2026-03-10T10:00:00+01:00"}
    friday = {**mail, "started_at": "2026-03-27T16:00:00+01:00"}  # the clocks go forward that weekend
    rows = [{**mail, "customer": f"W{number}", "replied_at": "2026-03-11T10:00:00+01:00"} for number in range(194)]
    rows += [
        {**friday, "customer": "F1", "replied_at": f"2026-03-30T16:00:00{BERLIN}"},
        {**mail, "customer": "F2"},
        _met("F2", "2026-03-10T15:00:00+01:00"),  # a call back is a reply
        {**friday, "customer": "L1", "replied_at": f"2026-03-30T16:01:00{BERLIN}"},
        {**mail, "customer": "L2"},
        {**mail, "customer": "L3"},
        _met("L3", "2026-03-13T15:00:00+01:00"),
        {**mail, "customer": "L4", "started_at": "2026-03-31T10:00:00+02:00"},
        {**mail, "customer": "L5", "kind": "visit"},  # answered while it lasted
        {**mail, "customer": "Y1", "started_at": f"2026-04-08T16:00:00{BERLIN}"},
    ]
    return rows


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Europe/Berlin")
    accounts = [{"id": f"K{number}", "key_account": "true"} for number in range(24)]
    made.bring("customers", [*accounts, {"id": "K99", "key_account": "false"}])
    plans, talks, refused = _plans()
    made.bring("contact_plans", [{"id": at, **row} for at, row in enumerate(plans)])
    made.bring("consents", [{"id": at, **row} for at, row in enumerate(refused)])
    made.bring("handoffs", _handoffs())
    rows = [*_departments(), *talks, *_messages()]
    made.bring("activities", [{"id": at, **row} for at, row in enumerate(rows)])
    made.compute("2024-05", JAN, MARCH, APRIL)
    made.compute(MARCH, grain="rep")
    made.compute(MARCH, grain="channel")
    return made


def test_18_of_24_key_accounts_saw_two_departments(company: Any) -> None:
    found = company.read("cim.col.cross_dept", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.75), 24)


def test_38_of_40_handoffs_were_accepted_in_time(company: Any) -> None:
    found = company.read("cim.col.handoff", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.95), 40)


def test_a_handoff_due_after_midnight_of_the_companys_clock_is_of_the_next_month(company: Any) -> None:
    found = company.read("cim.col.handoff", APRIL)
    assert (found["value"], found["n"]) == (1, 1)
    assert "low_confidence" in found["flags"]


def test_80_of_100_customers_were_contacted_as_planned(company: Any) -> None:
    found = company.read("cim.com.plan_coverage", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.80), 100)
    assert company.units("cim.com.plan_coverage", MARCH, "rep")["ana"]["value"] == pytest.approx(0.80)


def test_4_of_200_messages_had_no_reply_in_a_working_day(company: Any) -> None:
    found = company.read("cim.com.unanswered", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.02), 200)
    assert company.units("cim.com.unanswered", MARCH, "channel")["mail"]["value"] == pytest.approx(0.02)


def test_a_message_of_this_afternoon_is_not_unanswered_yet(company: Any) -> None:
    assert company.read("cim.com.unanswered", APRIL)["reason"] == "immature"


@pytest.mark.parametrize("key", ["cim.col.handoff", "cim.com.plan_coverage", "cim.com.unanswered"])
def test_a_month_without_any_is_no_data(company: Any, key: str) -> None:
    found = company.read(key, "2024-05")
    assert (found["value"], found["reason"]) == (None, "empty_denominator")


def test_key_accounts_that_nobody_saw_count(company: Any) -> None:
    assert company.read("cim.col.cross_dept", "2024-05")["value"] == 0
