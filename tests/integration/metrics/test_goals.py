"""Customers' goals and what was promised to them, from files to the values the API gives (domain B4).

The company keeps the time of Shanghai. March 2026 holds the printed vectors, February other cases, March 2025 nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

FEB, MARCH, MAY = "2026-02", "2026-03", "2026-05"
SAID = "2026-03-02T09:00:00+08:00"


def _goal(number: str, who: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "customer": who,
        "set_at": "2026-03-01T09:00:00+08:00",
        "goal": "Fewer days",
        "baseline": 10,
        "target": 6,
        "due_on": "2026-06-30",
        "confirmed_by": "",
        "confirmed_at": "",
        "actual": "",
        "measured_at": "",
        **more,
    }


def _agreed() -> list[dict[str, Any]]:
    """50 key customers; 40 confirmed a goal, 5 did not confirm theirs, 5 have none with a day."""
    sure = {"confirmed_by": "Ms Li", "confirmed_at": SAID}
    rows = [_goal(f"G{number}", f"K{number}", **sure) for number in range(40)]
    rows += [_goal(f"G{number}", f"K{number}") for number in range(40, 45)]
    return rows + [_goal(f"G{number}", f"K{number}", due_on="", **sure) for number in range(45, 50)]


def _reached() -> list[dict[str, Any]]:
    """Of customer R1 one goal at .75 that counts, one nobody confirmed, one that is due later; of R2 one that went too far."""
    done = {"due_on": "2026-03-20", "measured_at": "2026-03-21T09:00:00+08:00"}
    sure = {"confirmed_by": "Mr Wu", "confirmed_at": "2026-03-22T09:00:00+08:00"}
    return [
        _goal("R1", "R1", actual=7, **done, **sure),
        _goal("R2", "R1", actual=10, **done),
        _goal("R3", "R1", actual=10, measured_at="2026-03-21T09:00:00+08:00", **sure),
        # Reached 200 %: 1.2 at most. And one whose target is its baseline: it measures nothing.
        _goal("R4", "R2", actual=2, **{**done, "due_on": "2026-03-31"}, **sure),
        _goal("R5", "R2", actual=2, **{**done, "target": 10}, **sure),
        # Set in February and due in June: in February it is too early.
        _goal("R6", "R3", set_at="2026-02-01T09:00:00+08:00", confirmed_by="x", confirmed_at=SAID),
    ]


def _first_values() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Contracts with the first confirmed value after 10, 20 and 30 days, and two seen for 40 and 50 days without: to 31 March."""
    began = {"V10": (10, "2026-01-10"), "V20": (20, "2026-01-10"), "V30": (30, "2026-01-10")}
    events = [("V40", "2026-02-20"), ("V50", "2026-02-10"), *((who, day) for who, (_wait, day) in began.items())]
    goals = []
    for who, (wait, day) in began.items():
        seen = f"{dt.date.fromisoformat(day) + dt.timedelta(days=wait)}T12:00:00+08:00"
        told = {"set_at": f"{day}T01:00:00+08:00", "actual": 6, "measured_at": seen, "confirmed_by": "x", "confirmed_at": seen}
        goals.append(_goal(who, who, due_on="", **told))
    goals.append(_goal("V40", "V40", due_on="", actual=6, measured_at=SAID))  # not confirmed
    base = {"kind": "started", "mrr": 10}
    starts = [
        {"id": who, "customer": who, "happened_at": f"{day}T10:00:00+08:00", "subscription": who, **base} for who, day in events
    ]
    for start in starts:
        start["product"] = "LATER" if start["id"] in {"V40", "V50"} else "SOON"
    return starts, goals


def _steps() -> list[dict[str, Any]]:
    """20 steps of V40's contract of 20 February, due on 20 March: 17 done early, one at the last moment of day 30, one the moment
    after, one never. Two more are not counted: due after day 30; and in April, due but not ripe when the data end.
    """
    done = ["2026-03-10T10:00:00+08:00"] * 17
    done += ["2026-03-22T23:59:59+08:00", "2026-03-23T00:00:00+08:00", ""]
    rows = [
        {"id": f"S{number}", "customer": "V40", "due_at": "2026-03-20T10:00:00+08:00", "step": f"Step {number}", "done_at": at}
        for number, at in enumerate(done)
    ]
    rows.append({"id": "S90", "customer": "V40", "due_at": "2026-03-23T08:00:00+08:00", "step": "Late", "done_at": ""})
    # Whose start nobody knows has the day on which the step was due.
    rows.append({"id": "S91", "customer": "?", "due_at": "2026-02-20", "step": "x", "done_at": "2026-02-20T22:00:00+08:00"})
    return [*rows, {"id": "S92", "customer": "Z", "due_at": "2026-05-11", "step": "x", "done_at": ""}]


def _promises() -> list[dict[str, Any]]:
    """60 due in March, 57 kept: 55 before, one on the evening of a day without a time, one at the very minute; one after it, one
    on the day after, one never. And one cancelled. In Shanghai the first is due in March, in London it would be February.
    """
    due, whole = "2026-03-20T10:00:00+08:00", "2026-03-31"
    pairs = [("2026-03-01T07:00:00+08:00", "2026-03-01T06:00:00+08:00")]
    pairs += [(due, "2026-03-19T10:00:00+08:00")] * 54
    pairs += [(whole, "2026-03-31T21:00:00+08:00"), (due, due), (due, "2026-03-20T10:01:00+08:00")]
    pairs += [(whole, "2026-04-01T00:00:00+08:00"), (due, "")]
    rows = [
        {"due_at": until, "done_at": done, "rep": "li" if number < 40 else "wu", "cancelled": "no"}
        for number, (until, done) in enumerate(pairs)
    ]
    rows.append({"due_at": due, "done_at": "", "rep": "li", "cancelled": "yes"})
    rows.append({"due_at": "2026-02-28T23:59:00+08:00", "done_at": "2026-02-28T20:00:00+08:00", "rep": "li", "cancelled": ""})
    named = {"customer": "P1", "promised_at": "2026-01-05T10:00:00+08:00", "what": "Call back", "kind": "call_back"}
    return [{"id": f"P{number}", **named, **row} for number, row in enumerate(rows)]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_csm", timezone="Asia/Shanghai")
    made.bring("customers", [{"id": f"K{number}", "name": f"K{number}", "key_account": "yes"} for number in range(52)])
    made.bring("products", [{"id": "SOON", "name": "Soon"}, {"id": "LATER", "name": "Later"}])
    starts, goals = _first_values()
    # Contracts whose start is not known, and two key customers who left, one of them with a goal.
    known = {"kind": "renewed", "mrr": 10, "happened_at": SAID}
    starts += [{"id": f"K{one}", "customer": f"K{one}", "subscription": f"K{one}", **known} for one in range(52)]
    starts += [{"id": f"K{one}-", "customer": f"K{one}", "subscription": f"K{one}", **known, "kind": "ended"} for one in (50, 51)]
    # A contract of May is where the data end.
    begun = {"happened_at": "2026-05-20T09:00:00+08:00", "kind": "started", "subscription": "Z", "mrr": 10}
    made.bring("subscription_events", [*starts, {"id": "Z", "customer": "Z", **begun}])
    sure = {"confirmed_by": "Ms Li", "confirmed_at": SAID}
    made.bring("outcomes", [*_agreed(), _goal("G50", "K50", **sure), *_reached(), *goals])
    made.bring("onboarding_steps", _steps())
    made.bring("commitments", _promises())
    made.compute(MARCH, MAY)
    made.compute(MARCH, grain="rep")
    made.compute(MARCH, grain="customer")
    made.compute(MARCH, grain="product")
    return made


@pytest.mark.parametrize(
    ("key", "value", "n"),
    [
        ("csm.goal_set", 40 / 50, 50),
        ("csm.outcome", (0.75 + 1.2) / 2, 2),
        ("csm.ttv", 30, 5),
        ("csm.onboard", 18 / 20, 20),
        ("csm.promise_kept", 57 / 60, 60),
    ],
)
def test_the_printed_vectors(company: Any, key: str, value: float, n: int) -> None:
    found = company.read(key, MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(value), n)


def test_a_goal_from_10_to_6_that_came_to_7_is_three_quarters(company: Any) -> None:
    found = company.units("csm.outcome", MARCH, "customer")
    assert found["R1"]["value"] == pytest.approx(0.75)
    assert found["R2"]["value"] == pytest.approx(1.2)


def test_promises_by_who_made_them(company: Any) -> None:
    found = company.units("csm.promise_kept", MARCH, "rep")
    assert {name: one["value"] for name, one in found.items()} == {"li": 1.0, "wu": pytest.approx(17 / 20)}


def test_the_time_to_value_of_a_product_which_half_have_not_reached_lies_beyond_the_last_day(company: Any) -> None:
    found = company.units("csm.ttv", MARCH, "product")
    assert found["Soon"]["value"] == 20
    assert (found["Later"]["value"], found["Later"]["reason"], found["Later"]["n"]) == (None, "half_never", 2)


def test_who_still_waits_counts_with_the_days_waited_so_far(company: Any) -> None:
    """By 1 March 10, 20 and 30 days, and 9 and 19 days open: ¾ after 10, of the two left at 20 one ends: ⅜, so 20."""
    assert company.read("csm.ttv", FEB)["value"] == 20


@pytest.mark.parametrize("key", ["csm.goal_set", "csm.outcome", "csm.ttv", "csm.onboard", "csm.promise_kept"])
def test_where_there_is_nothing_to_count_there_is_no_value(company: Any, key: str) -> None:
    found = company.read(key, "2025-03")
    assert (found["value"], found["n"], found["reason"]) == (None, 0, "empty_denominator")


@pytest.mark.parametrize(("key", "period"), [("csm.outcome", FEB), ("csm.onboard", MAY)])
def test_what_is_due_later_is_too_early_to_judge(company: Any, key: str, period: str) -> None:
    found = company.read(key, period)
    assert (found["value"], found["reason"], found["n"]) == (None, "immature", 1)


@pytest.mark.parametrize("key", ["csm.onboard", "csm.promise_kept"])
def test_few_cases_are_flagged(company: Any, key: str) -> None:
    found = company.read(key, FEB)
    assert (found["value"], found["n"]) == (1.0, 1)
    assert "low_confidence" in found["flags"]
