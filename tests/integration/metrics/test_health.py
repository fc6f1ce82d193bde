"""How healthy customers are, whether that tells who leaves, and the index of success, from files to the API (domain B4).

t − 90 days of March 2026 is 1 January: what 60 customers had done by then was the same but for their goals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.auth import members

FEB, MARCH, EMPTY = "2026-02", "2026-03", "2025-03"
AFTER = "2026-04-01T00:30:00+02:00"  # still 31 March in London
SIGNED = {"csm.health": (48.25, 88.25), "csm.outcome": (0.6, 0.8), "csm.nrr": (0.25, 0.5)}


def _goal(who: str, actual: float, measured: str, *, number: int = 1) -> dict[str, Any]:
    sure = {"confirmed_by": "x", "confirmed_at": measured, "measured_at": measured}
    base = {"set_at": "2025-10-01T10:00:00+02:00", "goal": "More", "baseline": 0, "target": 10}
    return {"id": f"{who}-{number}", "customer": who, "actual": actual, **base, **sure, "due_on": ""}


def _used(who: str, days: list[str], modules: int = 1) -> list[dict[str, Any]]:
    base = {"customer": who, "name": "opened", "user": "u", "bot": ""}
    return [{**base, "module": f"M{number}", "happened_at": f"{day}T12:00:00+01:00"} for day in days for number in range(modules)]


def _as_printed() -> dict[str, list[dict[str, Any]]]:
    """H1: adoption 80 (8 of 10 modules), goals 60 (6 of 10), sentiment 90 (9 of 10), service 50 (one of two tickets in time),
    payment 100, engagement 70 (use in four weeks of ten, calls in three more). What came after the month makes no difference.

    H2 answered and had a ticket, no more: .30 of the weight. H3 has goals 100, sentiment 50, service 0, payment 100: .60.
    """
    weeks = ["2026-03-05", "2026-03-12", "2026-03-20", "2026-03-31"]
    seen, due = "2026-03-20T10:00:00+01:00", "2026-03-12T10:00:00+01:00"
    goals = [_goal("H1", 6, seen), _goal("H1", 10, AFTER, number=2), _goal("H3", 10, seen)]
    goals[0]["due_on"] = "2026-03-20"
    said = [("H1", 9, "nps"), ("H2", 5, "csat"), ("H3", 4, "ces")]
    answers = [
        {"customer": who, "score": score, "kind": kind, "sent_at": "2026-03-02T10:00:00+01:00"} for who, score, kind in said
    ]
    answers.append({"customer": "H1", "score": 0, "kind": "nps", "sent_at": AFTER})
    in_time, late = "2026-03-11T10:00:00+01:00", "2026-03-13T10:00:00+01:00"
    solved = [("H1", in_time), ("H1", late), ("H2", in_time), ("H3", AFTER)]
    tickets = [
        {"customer": who, "opened_at": "2026-03-10T10:00:00+01:00", "sla_due_at": due, "resolved_at": at} for who, at in solved
    ]
    tickets.append({"customer": "H1", "opened_at": AFTER, "sla_due_at": AFTER, "resolved_at": ""})
    bills = [
        {"id": who, "customer": who, "issued_at": "2026-02-10T10:00:00+01:00", "due_on": "2026-03-10"} for who in ("H1", "H3")
    ]
    open_ = {"id": "H1-2", "customer": "H1", "issued_at": "2026-03-10T10:00:00+01:00", "due_on": "2026-04-01"}
    return {
        "entitlements": [{"customer": "H1", "module": f"M{number}", "starts_on": "2026-01-05"} for number in range(10)],
        "events": _used("H1", weeks, 8),
        "outcomes": goals,
        "survey_responses": [{"answered_at": row["sent_at"], **row} for row in answers],
        "tickets": tickets,
        "invoices": [{"amount": 10, "currency": "CNY", **row} for row in [*bills, open_]],
        "payments": [
            {"customer": who, "invoice": who, "paid_at": "2026-03-10T10:00:00+01:00", "amount": 10, "currency": "CNY"}
            for who in ("H1", "H3")
        ],
        "activities": [
            {"customer": "H1", "kind": "call", "started_at": f"{day}T10:00:00+01:00"}
            for day in ("2026-02-24", "2026-02-17", "2026-02-10", "2025-12-01")
        ],
    }


def _sixty() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """30 who leave on 10 March, 20 of them with a goal missed and 10 reached; 30 who stay, 10 and 20. The 20 reached theirs in
    January, too late to count on the 1st.
    """
    goals, used, bound = [], [], []
    for number in range(60):
        who, leaves = f"L{number}", number < 30
        low = number < 20 if leaves else number < 40
        goals.append(_goal(who, 0 if low else 10, "2025-11-15T10:00:00+01:00"))
        if leaves and low:
            goals.append(_goal(who, 10, "2026-01-15T10:00:00+01:00", number=2))
        used += _used(who, ["2025-11-20", "2025-12-20"])
        base = {"customer": who, "subscription": who, "mrr": 1}
        bound.append({"id": who, "happened_at": "2025-10-01T10:00:00+02:00", "kind": "started", **base})
        if leaves:
            bound.append({"id": f"{who}-", "happened_at": "2026-03-10T10:00:00+01:00", "kind": "cancelled", **base})
    return goals, used, bound


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_csm", timezone="Europe/Berlin")
    tables = _as_printed()
    goals, used, bound = _sixty()
    tables["outcomes"] += goals
    tables["events"] += used
    begun = {"happened_at": "2026-03-01T10:00:00+01:00", "kind": "started", "mrr": 1}
    bound += [{"id": who, "customer": who, "subscription": who, **begun} for who in ("H1", "H2", "H3")]
    bound.append({"id": "Z", "customer": "Z", "subscription": "Z", **begun, "happened_at": "2026-05-20T10:00:00+02:00"})
    for table, rows in {**tables, "subscription_events": bound}.items():
        made.bring(table, [{"id": number, **row} for number, row in enumerate(rows)])
    with made.runtime.doors.tenant_scope(made.tenant.id, read_only=True) as session:
        owner = str(members.by_id(session, made.client.member_id).public_id)
    for key, (baseline, target) in SIGNED.items():
        agreed = {"key": key, "baseline": baseline, "baseline_reason": "As it was", "target": target, "owner": owner}
        until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=90)
        answer = made.client.post(
            "/api/v1/criteria",
            json={**agreed, "due_on": until.isoformat(), "sign": True},
            headers={"X-Kith-Tenant": made.tenant.slug},
        )
        assert answer.status_code == 201, answer.text
    made.compute(MARCH)
    made.compute(MARCH, grain="customer")
    return made


def test_the_printed_vector(company: Any) -> None:
    """.3·80 + .2·60 + .15·90 + .15·50 + .1·100 + .1·70 = 74: amber, for green begins at 75."""
    found = company.units("csm.health", MARCH, "customer")["H1"]
    assert found["value"] == pytest.approx(74.0)
    told = {row["name"]: (row.get("number"), row.get("count")) for row in found["rows"]}
    assert {name: count for name, (_number, count) in told.items() if count is not None} == {"Green": 0, "Amber": 1, "Red": 0}
    signs = {name: round(number, 4) for name, (number, _count) in told.items() if number is not None}
    assert signs == {"Adoption": 80, "Goals": 60, "Sentiment": 90, "Service": 50, "Payment": 100, "Engagement": 70}


def test_what_is_known_shares_the_weight_from_60_percent_on(company: Any) -> None:
    """H3: (.2·100 + .15·50 + .15·0 + .1·100)/.6. H2: .30 of the weight is too little."""
    found = company.units("csm.health", MARCH, "customer")
    assert found["H3"]["value"] == pytest.approx(37.5 / 0.6)
    assert (found["H2"]["value"], found["H2"]["reason"]) == (None, "few_signs")


def test_the_company_has_the_mean_of_its_active_customers_with_the_weights_it_was_made_with(company: Any) -> None:
    found = company.read("csm.health", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx((74 + 62.5) / 2), 2)
    weights = [row["weight"] for row in found["rows"] if "weight" in row]
    assert weights == [0.3, 0.2, 0.15, 0.15, 0.1, 0.1]


def test_health_90_days_before_tells_who_left(company: Any) -> None:
    """Of 30·30 pairs the one who stayed was healthier in 20·20, as healthy in 20·10 + 10·20, which count half: 600/900. What they
    reached in January, after the day, would turn it round.
    """
    found = company.read("csm.health_valid", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(600 / 900), 60)
    assert found["flags"] == []


def test_fewer_than_30_losses_say_nothing(company: Any) -> None:
    found = company.read("csm.health_valid", FEB)
    assert (found["value"], found["n"], found["reason"]) == (None, 60, "few_losses")


def test_the_index_of_success_weighs_what_was_signed(company: Any) -> None:
    """Goals .6 as at the baseline: 50. Health 68.25, half of the way: 75. Of 60 a month 30 stay: .5, the target: 100."""
    found = company.read("csm.index", MARCH)
    assert found["value"] == pytest.approx(0.4 * 50 + 0.3 * 75 + 0.3 * 100)
    assert [row["number"] for row in found["rows"]] == [pytest.approx(50), pytest.approx(75), pytest.approx(100)]


def test_without_a_score_in_each_block_there_is_no_index(company: Any) -> None:
    assert (company.read("csm.index", FEB)["value"], company.read("csm.index", FEB)["reason"]) == (None, "uncovered")


@pytest.mark.parametrize(("key", "period"), [("csm.health", EMPTY), ("csm.health_valid", EMPTY)])
def test_without_customers_there_is_no_value(company: Any, key: str, period: str) -> None:
    found = company.read(key, period)
    assert (found["value"], found["n"], found["reason"]) == (None, 0, "empty_denominator")
