"""The printed vectors of customer experience (domain B3), from files to the API: who stays, who is won back, what they hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.facts.models import CustomerRecord
from kith_platform.predict.models import Score, ScoreMonth

MARCH, APRIL, MAY = "2026-03", "2026-04", "2026-05"


def subscription(who: str, kind: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{who}-{kind}-{day}",
        "customer": who,
        "happened_at": f"{day}T09:00:00Z",
        "kind": kind,
        "subscription": who,
    } | more


@pytest.fixture(scope="module")
def subscribers(vectors: Callable[..., Any]) -> Any:
    """200 subscribers in March, of whom 12 go by choice and 8 are ended; 150 of plan `basic`, of whom 12 move up."""
    made = vectors("analytics_cem", timezone="Asia/Shanghai")
    made.bring("products", [{"id": "basic", "name": "Basic"}, {"id": "plus", "name": "Plus"}])
    plans = ["basic"] * 150 + ["plus"] * 50
    events = [subscription(f"S{n}", "started", "2026-01-05", plan="basic", mrr=10, product=plan) for n, plan in enumerate(plans)]
    events += [subscription(f"S{n}", "cancelled", "2026-03-10", **({"reason": "price"} if n < 7 else {})) for n in range(12)]
    events += [subscription(f"S{n}", "ended", "2026-03-12", **({"reason": "unpaid"} if n < 20 else {})) for n in range(12, 20)]
    events += [subscription(f"S{n}", "upgraded", "2026-03-15", plan="plus", mrr=20) for n in range(30, 44)]
    events += [subscription(f"S{n}", "downgraded", "2026-04-20", plan="basic", mrr=10) for n in range(30, 32)]
    # At 23:30 UTC on 31 March it is April in Shanghai.
    events.append(
        {"id": "late", "customer": "S199", "happened_at": "2026-03-31T23:30:00Z", "kind": "cancelled", "subscription": "S199"}
    )
    made.bring("subscription_events", events)
    made.bring("events", [{"id": "E1", "customer": "S150", "happened_at": "2026-07-30T09:00:00Z", "name": "seen"}])
    made.compute(MARCH, APRIL, MAY)
    return made


def test_retention_of_200_with_12_by_choice_and_8_by_us(subscribers: Any) -> None:
    assert (subscribers.read("ret.rate", MARCH)["value"], subscribers.read("ret.rate", MARCH)["n"]) == (pytest.approx(0.90), 200)
    assert subscribers.read("ret.churn_vol", MARCH)["value"] == pytest.approx(0.06)
    assert subscribers.read("ret.churn_inv", MARCH)["value"] == pytest.approx(0.04)


def test_reasons_known_15_of_20(subscribers: Any) -> None:
    assert subscribers.read("ret.reason_known", MARCH)["value"] == pytest.approx(15 / 20)


def test_who_leaves_on_the_companys_next_day_leaves_in_the_next_month(subscribers: Any) -> None:
    assert subscribers.read("ret.rate", APRIL)["value"] == pytest.approx(179 / 180)


def test_nobody_who_left_gives_no_share_of_reasons(subscribers: Any) -> None:
    assert subscribers.read("ret.reason_known", MAY)["reason"] == "empty_denominator"


def test_upgrades_that_hold(subscribers: Any) -> None:
    """14 of 200 moved up, two of them back within 60 days."""
    assert subscribers.read("cem.upgrade_rate", MARCH)["value"] == pytest.approx(12 / 200)


def order(who: str, day: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{who}-{day}", "customer": who, "ordered_at": f"{day}T10:00:00Z", "net": 10} | more


def complaint(who: str, opened: str, resolved: str = "", **more: Any) -> dict[str, Any]:
    return {"id": f"T{who}", "customer": who, "opened_at": opened, "is_complaint": "true", "resolved_at": resolved} | more


@pytest.fixture(scope="module")
def shop(vectors: Callable[..., Any]) -> Any:
    """A shop in March: 180 first orders, complaints that were put right or not, wallets, values kept by month."""
    made = vectors("analytics_cem")
    made.bring("products", [{"id": f"P{n}", "name": f"Product {n}", "family": f"Family {n % 4}"} for n in range(8)])
    first = [order(f"N{n}", "2026-03-05", promised_on="2026-03-08", delivered_on="2026-03-08") for n in range(171)]
    first += [order(f"N{n}", "2026-03-05", promised_on="2026-03-08", delivered_on="2026-03-11") for n in range(171, 176)]
    first += [order(f"N{n}", "2026-03-05") for n in range(176, 180)]
    again = [order(f"N{n}", "2026-04-20") for n in range(36)]
    made.bring("orders", [*first, *again, order("LAST", "2026-07-20")])
    lines = [(n, k) for n in range(10) for k in range(3)]
    line = {"sold_at": "2026-03-05", "net": 5}
    made.bring("order_lines", [{"id": f"L{n}-{k}", "order": f"N{n}-2026-03-05", "product": f"P{k}"} | line for n, k in lines])
    tickets = [complaint(f"N{n}", "2026-03-20T09:00:00Z", "2026-03-20T11:00:00Z") for n in range(176, 180)]
    made.bring("tickets", [*tickets, {"id": "Q", "customer": "N1", "opened_at": "2026-03-21T09:00:00Z", "is_complaint": "false"}])
    answers = [
        {"id": f"A{n}", "customer": f"N{n}", "sent_at": "2026-03-21T09:00:00Z", "kind": "csat", "score": 5 if n < 179 else 2}
        for n in range(176, 180)
    ]
    meant = {"sent_at": "2026-05-02T09:00:00Z", "kind": "loyalty", "score": 8.2}
    answers += [{"id": f"I{n}", "customer": f"N{n}"} | meant for n in range(50)]
    made.bring("survey_responses", answers)
    made.bring(
        "wallets",
        [
            {"id": "W1", "customer": "N0", "measured_on": "2026-03-20", "amount": 40, "basis": "estimate"},
            {"id": "W2", "customer": "N0", "measured_on": "2026-03-01", "amount": 25, "basis": "procurement"},
            {"id": "W3", "customer": "N50", "measured_on": "2026-03-20", "amount": 5, "basis": "survey"},
        ],
    )
    _keep_values(made)
    made.compute(MARCH, APRIL, MAY)
    return made


def _keep_values(made: Any) -> None:
    """Lifetime values as a model would have left them: at the beginning of March and of April, and now."""
    from sqlalchemy import select

    with made.runtime.doors.tenant_scope(made.tenant.id) as session:
        rows = select(CustomerRecord.external_id, CustomerRecord.customer_id)
        people = dict(session.execute(rows).all())
        for external, value, expected in (("N0", 200.0, 10.0), ("N1", 50.0, None)):
            who = people[external]
            session.add(ScoreMonth(task="clv", month=dt.date(2026, 4, 1), customer_id=who, value=value, expected=expected))
        later = (("N0", 216.0, 12.0), ("N2", 30.0, None))
        for external, value, expected in later:
            who = people[external]
            session.add(ScoreMonth(task="clv", month=dt.date(2026, 5, 1), customer_id=who, value=value, expected=expected))
        now = {"task": "clv", "band": 1, "tier": "high", "as_of": dt.date(2026, 7, 20), "version": 1}
        session.add_all(
            Score(customer_id=people[external], value=value, **now) for external, value in (("N0", 216.0), ("N2", 200.0))
        )


def test_first_experience_171_of_180(shop: Any) -> None:
    """Five came late, four brought a complaint."""
    assert shop.read("cem.first_exp", MARCH)["value"] == pytest.approx(171 / 180)


def test_second_purchase_36_of_180(shop: Any) -> None:
    assert shop.read("cem.second_purchase", MARCH)["value"] == pytest.approx(36 / 180)


def test_complaints_per_thousand_orders(shop: Any) -> None:
    found = shop.read("cem.complaint_rate", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(1000 * 4 / 180), 180)
    assert shop.read("cem.complaint_rate", MAY)["reason"] == "empty_denominator"


def test_complaints_put_right(shop: Any) -> None:
    assert (shop.read("cem.recovery_rate", MARCH)["value"], shop.read("cem.recovery_rate", MARCH)["n"]) == (0.75, 4)
    assert shop.read("cem.recovery_rate", APRIL)["value"] is None


def test_complaints_take_two_business_hours(shop: Any) -> None:
    assert shop.read("cem.time_to_resolve", MARCH)["value"] == pytest.approx(2.0)


def test_loyalty_in_words_and_deeds(shop: Any) -> None:
    """Half of .82, half of 36 in 180 who bought again."""
    assert shop.read("cem.loyalty", MAY)["value"] == pytest.approx(0.5 * 0.82 + 0.5 * 36 / 180)


def test_families_per_customer(shop: Any) -> None:
    """Ten of 180 active customers hold three families each."""
    assert shop.read("cem.products_per_cust", MARCH)["value"] == pytest.approx(30 / 180)


def test_share_of_wallet_by_the_most_trusted_basis(shop: Any) -> None:
    """N0 spent 10 of 25 (purchasing data before the newer estimate); N50 spent 10 of 5, which counts as 10 of 10."""
    found = shop.read("cem.sow", MARCH)
    assert found["value"] == pytest.approx(20 / 35)
    assert "wallet_capped" in found["flags"]


def test_change_of_value_of_the_same_customers(shop: Any) -> None:
    """N 10 → 12 and M 20 → 18: +38 − 22 = +16; who came and went stands apart."""
    found = shop.read("cem.clv_delta", APRIL)
    told = {row["name"]: row["money"] for row in found["rows"]}
    assert found["value"] == pytest.approx(16.0)
    assert told["From more or fewer purchases"] == pytest.approx(38.0)
    assert told["From margin per purchase"] == pytest.approx(-22.0)
    assert (told["Value of customers who came"], told["Value of customers who went"]) == (30.0, 50.0)


def test_the_most_valuable_who_stay(shop: Any) -> None:
    """Of the two valued at the beginning of April one is the best tenth, rounded up; still active at its end."""
    found = shop.read("cem.mvc_stay", APRIL)
    assert (found["value"], found["n"]) == (1.0, 1)
    assert shop.read("cem.mvc_stay", MARCH)["reason"] == "not_kept"
