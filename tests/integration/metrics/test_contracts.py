"""Revenue and accounts that stay, and customers who speak for us, from files to the values the API gives (domain B4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FEB, MARCH, LAST_YEAR = "2026-02", "2026-03", "2025-03"


def _event(who: str, day: str, kind: str, mrr: object = "", *, of: str = "1", currency: str = "EUR") -> dict[str, Any]:
    return {
        "id": f"{who}-{of}-{kind}-{day}",
        "customer": who,
        "happened_at": f"{day}T10:00:00+01:00",
        "kind": kind,
        "subscription": f"{who}-{of}",
        "mrr": mrr,
        "currency": currency,
    }


def _moves() -> list[dict[str, Any]]:
    """100,000 a month at the start of March; in it +12,000, −3,000 and −5,000.

    C stops and comes back: lost, and new. D pays 50,000 dollars, 25,000 at the rate of 1 March, and moves to another contract on
    one day; later rates do not matter. G pays in francs, which have no rate. E is new, and counts nowhere.
    """
    begun = "2026-02-10"
    return [
        _event("A", begun, "started", 40_000),
        _event("A", "2026-03-10", "upgraded", 52_000),
        _event("A", "2026-03-11", "renewed"),
        _event("B", begun, "started", 30_000),
        _event("B", "2026-03-12", "downgraded", 27_000),
        _event("C", begun, "started", 5_000),
        _event("C", "2026-03-15", "cancelled", 5_000),
        _event("C", "2026-03-25", "started", 5_000, of="2"),
        _event("D", begun, "started", 50_000, currency="USD"),
        _event("D", "2026-03-20", "cancelled", currency="USD"),
        _event("D", "2026-03-20", "started", 50_000, of="2", currency="USD"),
        _event("E", "2026-03-05", "started", 8_000),
        _event("G", begun, "started", 1_000, currency="CHF"),
    ]


def _accounts() -> list[dict[str, Any]]:
    """45 more accounts at the start of March, of which the amounts are not known; four leave."""
    rows = [_event(f"N{number}", "2026-02-10", "started") for number in range(45)]
    return rows + [_event(f"N{number}", "2026-03-31", kind) for number, kind in enumerate(("cancelled", "ended") * 2)]


def _asked() -> list[dict[str, Any]]:
    """60 customers asked in twelve months. Eight gave something; one did so in April. Another was asked two years before."""
    rows = []
    for number in range(60):
        gave = "2026-03-30T12:00:00+02:00" if number < 8 else "2026-04-01T00:30:00+02:00" if number == 8 else ""
        kind = ("reference", "case_study", "review")[number % 3]
        rows.append({"customer": f"Q{number}", "asked_at": "2025-10-01T10:00:00+02:00", "given_at": gave, "kind": kind})
    rows.append({"customer": "Q99", "asked_at": "2024-03-31T23:30:00+02:00", "given_at": "", "kind": "review"})
    return [{"id": number, **row} for number, row in enumerate(rows)]


def _referred() -> list[dict[str, Any]]:
    """One whose friend became a customer, one who referred himself."""
    base = {"made_at": "2026-01-10T10:00:00+01:00", "converted_at": "2026-02-10T10:00:00+01:00"}
    return [{"id": 1, "customer": "Q20", **base, "void": "no"}, {"id": 2, "customer": "Q21", **base, "void": "yes"}]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_csm", timezone="Europe/Berlin", currency="EUR")
    rates = [("2026-02-10", 0.9), ("2026-03-01", 0.5), ("2026-03-20", 0.8)]
    made.bring("fx_rates", [{"day": day, "currency_from": "USD", "rate": rate} for day, rate in rates])
    made.bring("subscription_events", [*_moves(), *_accounts(), _event("Z", "2026-05-20", "started", 1)])
    made.bring("advocacies", _asked())
    made.bring("referrals", _referred())
    made.compute(MARCH)
    return made


@pytest.fixture(scope="module")
def shop(vectors: Callable[..., Any]) -> Any:
    """Without subscriptions: 100, 50 and 50 in the twelve months before the last twelve; 120, 30 and nothing in these."""
    made = vectors("analytics_csm", currency="EUR")
    bought = [("A", "2025-03-10", 100), ("B", "2025-02-10", 50), ("C", "2024-04-02", 50), ("A", "2026-03-10", 120)]
    bought += [("B", "2025-04-01", 30), ("D", "2026-03-11", 500), ("C", "2024-03-31", 900), ("Z", "2026-05-20", 1)]
    made.bring(
        "orders",
        [
            {"id": number, "customer": who, "ordered_at": f"{day}T10:00:00+00:00", "net": net, "currency": "EUR"}
            for number, (who, day, net) in enumerate(bought)
        ],
    )
    made.compute(MARCH)
    return made


@pytest.mark.parametrize(
    ("key", "value", "n"),
    [("csm.nrr", 1.04, 4), ("csm.grr", 0.92, 4), ("csm.logo_ret", 46 / 50, 50), ("csm.advocacy", 9 / 60, 60)],
)
def test_the_printed_vectors(company: Any, key: str, value: float, n: int) -> None:
    found = company.read(key, MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(value), n)


def test_the_movements_stand_behind_the_share(company: Any) -> None:
    found = {row["name"]: row["money"] for row in company.read("csm.nrr", MARCH)["rows"]}
    assert found == {"At the start": 100_000, "Expansion": 12_000, "Contraction": -3_000, "Lost": -5_000}


def test_amounts_without_an_exchange_rate_are_left_out_and_counted(company: Any) -> None:
    """Of the 11 days on which amounts of A, B, C, D and G changed, one has no rate."""
    assert company.read("csm.nrr", MARCH)["coverage"] == pytest.approx(10 / 11)


@pytest.mark.parametrize(("key", "value"), [("csm.nrr", 0.75), ("csm.grr", 0.65)])
def test_without_subscriptions_the_years_are_compared(shop: Any, key: str, value: float) -> None:
    assert shop.read(key, MARCH)["value"] == pytest.approx(value)


@pytest.mark.parametrize("key", ["csm.nrr", "csm.grr", "csm.logo_ret", "csm.advocacy"])
def test_without_customers_at_the_start_there_is_no_value(company: Any, key: str) -> None:
    found = company.read(key, FEB if key != "csm.advocacy" else LAST_YEAR)
    assert (found["value"], found["n"], found["reason"]) == (None, 0, "empty_denominator")
