"""Customer experience, further vectors from files to the API: the most valuable, win-back against a control group, complaints
put right against customers like them, and indices over what was signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.auth import members
from kith_platform.facts.models import CustomerRecord
from kith_platform.predict.models import Score, ScoreMonth

FEBRUARY, MARCH = "2026-02", "2026-03"


def subscribed(number: int, kind: str, day: str) -> dict[str, Any]:
    who = f"S{number}"
    return {
        "id": f"{who}{kind}",
        "customer": who,
        "happened_at": f"{day}T09:00:00Z",
        "kind": kind,
        "subscription": who,
        "mrr": 10,
    }


def answer(number: int, day: str, score: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"A{number}{day}",
        "customer": f"S{number}",
        "sent_at": f"{day}T10:00:00Z",
        "kind": "csat",
        "score": score,
    } | more


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    """500 subscribers; 50 complained in February and were content afterwards. 400 shoppers who had long left were chosen for a
    win-back in March, 100 of them as a control group."""
    made = vectors()
    leaving = [*range(100, 107), *range(400, 490)]  # 7 of the 50 who complained, 90 of the 450 others
    events = [subscribed(number, "started", "2026-01-05") for number in range(500)]
    made.bring("subscription_events", [*events, *(subscribed(number, "cancelled", "2026-04-10") for number in leaving)])
    made.bring("events", [{"id": "last", "customer": "S499", "happened_at": "2026-07-30T09:00:00Z", "name": "seen"}])
    tickets = [
        {"id": f"T{number}", "customer": f"S{number}", "is_complaint": "true", "opened_at": "2026-02-09T09:00:00Z"}
        | {"resolved_at": "2026-02-10T09:00:00Z"}
        for number in range(100, 150)
    ]
    made.bring("tickets", tickets)
    made.bring(
        "survey_responses",
        [answer(number, "2026-02-12", 5, ticket=f"T{number}") for number in range(100, 150)]
        + [answer(number, "2026-03-12", 5 if number < 41 else 2) for number in range(50)]
        + [answer(number, "2026-03-12", 4 if number < 89 else 1) for number in range(50, 100)],
    )
    gone = [f"W{number}" for number in range(400)]
    came_back = [*gone[:24], *gone[300:303]]
    orders = [{"id": f"{who}-1", "customer": who, "ordered_at": "2025-06-01T10:00:00Z", "net": 10} for who in gone]
    again = [{"id": f"{who}-2", "customer": who, "ordered_at": "2026-04-01T10:00:00Z", "net": 10} for who in came_back]
    made.bring("orders", [*orders, *again])
    made.bring(
        "touches",
        [
            {"id": f"X{who}", "customer": who, "sent_at": "2026-03-10T09:00:00Z", "campaign": "back"}
            | {"arm": "control" if place >= 300 else "letter"}
            for place, who in enumerate(gone)
        ],
    )
    _value(made)
    _sign(made)
    made.compute(FEBRUARY, MARCH)
    return made


def _value(made: Any) -> None:
    """As a model would have left it: the lower the number of a subscriber, the more valuable, when March began."""
    with made.runtime.doors.tenant_scope(made.tenant.id) as session:
        people = dict(session.execute(select(CustomerRecord.external_id, CustomerRecord.customer_id)).all())
        march = {"task": "clv", "month": dt.date(2026, 3, 1), "expected": None}
        session.add_all(ScoreMonth(customer_id=people[f"S{n}"], value=1000.0 - n, **march) for n in range(500))
        now = {"task": "clv", "band": 1, "tier": "high", "as_of": dt.date(2026, 7, 30), "version": 1}
        session.add(Score(customer_id=people["S0"], value=1000.0, **now))


def _sign(made: Any) -> None:
    """Satisfaction from .5 to 1, the gap of the most valuable from 0 to .08."""
    headers = {"X-Kith-Tenant": made.tenant.slug}
    with made.runtime.doors.tenant_scope(made.tenant.id, read_only=True) as session:
        owner = str(members.by_id(session, made.client.member_id).public_id)
    for key, baseline, target in (("cim.sat.csat", 0.5, 1.0), ("cem.mvc_gap", 0.0, 0.08)):
        asked = {"key": key, "baseline": baseline, "baseline_reason": "agreed", "target": target, "sign": True}
        asked |= {"owner": owner, "due_on": "2027-12-31"}
        answered = made.client.post("/api/v1/criteria", json=asked, headers=headers)
        assert answered.status_code == 201, answered.text


def test_the_most_valuable_are_more_content(company: Any) -> None:
    """.82 of the most valuable tenth, .78 of the others."""
    found = company.read("cem.mvc_gap", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.04), 100)
    assert company.read("cem.mvc_gap", FEBRUARY)["value"] is None


def test_win_back_is_what_the_control_group_did_not_do(company: Any) -> None:
    """24 of 300 less 3 of 100."""
    assert company.read("cem.winback_rate", MARCH)["value"] == pytest.approx(0.05)
    assert company.read("cem.winback_rate", FEBRUARY)["reason"] == "empty_denominator"


def test_complaints_put_right_keep_customers(company: Any) -> None:
    """43 of 50 stayed; of customers of the same value and age without complaint 360 of 450."""
    found = company.read("cem.recovery_lift", FEBRUARY)
    assert found["value"] == pytest.approx(0.86 - 0.80)
    assert "grade_b" in found["flags"]


def test_indices_add_up_scores_against_what_was_signed(company: Any) -> None:
    """Satisfaction of .80 scores 80 with 35 of 217; the gap of .04 scores 75 with 25 of 100. Both lack 60 % of the weight."""
    for key, value, coverage in (("cim.index", 80.0, 35 / 217), ("cem.index", 75.0, 0.25)):
        found = company.read(key, MARCH)
        assert (found["value"], found["coverage"]) == (pytest.approx(value), pytest.approx(coverage))
        assert "provisional" in found["flags"]
