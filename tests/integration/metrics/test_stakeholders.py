"""Giving and getting with suppliers, partners and staff, from files to the values the API gives (domain B4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FEB, MARCH, EMPTY = "2026-02", "2026-03", "2025-03"


def _deliveries() -> list[dict[str, Any]]:
    """100 lines promised for March of which 95 came whole and in time: two late, two short, one not at all. One of February."""
    base = {
        "kind": "delivery",
        "quantity": 10,
        "promised_on": "2026-03-31",
        "our_saving": 3,
        "their_margin": 1,
        "currency": "EUR",
    }
    good = {"delivered_on": "2026-03-31", "delivered_quantity": 10}
    bad = [{**good, "delivered_on": "2026-04-01"}] * 2 + [{**good, "delivered_quantity": 9.5}] * 2 + [{}]
    rows = [{"supplier": "Steel" if number < 50 else "Wood", **base, **good} for number in range(95)]
    rows += [{"supplier": "Wood", **base, **row} for row in bad]
    return [*rows, {"supplier": "Steel", **base, **good, "promised_on": "2026-02-28", "delivered_on": "2026-02-27"}]


def _bills() -> list[dict[str, Any]]:
    """50 of our bills due in March, 48 paid in time; one late, one not paid."""
    base = {"supplier": "Steel", "kind": "invoice", "due_on": "2026-03-15", "amount": 10, "currency": "EUR"}
    paid = ["2026-03-15"] * 48 + ["2026-03-16", ""]
    return [{**base, "paid_on": day} for day in paid]


def _deals() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """120 won in March: 20 by a partner named in the deal, 40 dollars at .25 by one named in a dealing, 90 without. Lost, open,
    duplicate deals and those of other months do not count; a deal of February was won without a partner. The dealings of March
    bring us 30 and the partner 20; of another the partner's margin is not known, and one gains nothing.
    """
    base = {
        "opened_at": "2026-01-05T10:00:00+01:00",
        "currency": "EUR",
        "status": "won",
        "closed_at": "2026-03-31T23:30:00+02:00",
    }
    deals = [
        {"id": "D1", "won_amount": 20, "partner": "Alpha"},
        {"id": "D2", "won_amount": 40, "currency": "USD"},
        {"id": "D3", "amount": 90},
        {"id": "D4", "won_amount": 500, "status": "lost", "partner": "Alpha"},
        {"id": "D5", "won_amount": 500, "duplicate": "yes", "partner": "Alpha"},
        {"id": "D6", "won_amount": 500, "closed_at": "2026-04-01T00:30:00+02:00", "partner": "Alpha"},
        {"id": "D7", "won_amount": 70, "closed_at": "2026-02-10T10:00:00+01:00"},
    ]
    at = "2026-03-10T10:00:00+01:00"
    dealings = [
        {"partner": "Beta", "opportunity": "D2", "our_margin": 30, "their_margin": 20},
        {"partner": "Gamma", "our_margin": 5},
        {"partner": "Delta", "our_margin": 5, "their_margin": -5},
        {"partner": "Eta", "our_margin": 20, "their_margin": 20, "currency": "USD"},
    ]
    rows = [{"customer": f"C{number}", **base, **row} for number, row in enumerate(deals)]
    return rows, [{"id": number, "happened_at": at, "currency": "EUR", **row} for number, row in enumerate(dealings)]


def _people() -> list[dict[str, Any]]:
    """Sales: six, of whom one had to leave; Office: five, of whom one left by choice. Sales gives 80 and gets 60."""
    rows = []
    scores = {"attainment": 90, "quality": 70, "pay_fit": 50, "training": 70}
    for number in range(11):
        who = {"employee": f"E{number}", "unit": "Sales" if number < 6 else "Office", "fte": 1, **scores}
        rows.append({"day": "2026-03-01", **who, "attainment": 10})  # the last state counts
        gone = {0: ("2026-03-15", "involuntary"), 6: ("2026-03-20", "voluntary")}.get(number)
        rows.append({"day": "2026-03-31", **who, **({"left_on": gone[0], "leaving_kind": gone[1]} if gone else {})})
    return rows


def _answers() -> list[dict[str, Any]]:
    """Two promoters, one detractor and two between: 20, which is 60 of 100."""
    base = {"sent_at": "2026-03-10T10:00:00+01:00", "answered_at": "2026-03-11T10:00:00+01:00", "kind": "enps", "unit": "Sales"}
    return [{"id": number, "customer": "staff", "score": score, **base} for number, score in enumerate((10, 9, 6, 7, 8))]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_csm", timezone="Europe/Berlin", currency="EUR")
    made.bring("fx_rates", [{"day": day, "currency_from": "USD", "rate": 0.25} for day in ("2026-03-10", "2026-03-31")])
    dealt = {"ordered_at": "2026-01-10T10:00:00+01:00"}
    made.bring("supplier_transactions", [{"id": n, **dealt, **row} for n, row in enumerate([*_deliveries(), *_bills()])])
    deals, dealings = _deals()
    made.bring("opportunities", deals)
    made.bring("partner_transactions", dealings)
    made.bring("employee_snapshots", _people())
    made.bring("survey_responses", _answers())
    made.bring("events", [{"id": 1, "customer": "C1", "name": "x", "happened_at": "2026-05-20T12:00:00+02:00"}])
    made.compute(MARCH)
    for grain in ("supplier", "partner", "unit"):
        made.compute(MARCH, grain=grain)
    return made


@pytest.mark.parametrize(
    ("key", "value", "n"),
    [
        ("csm.sup_otif", 95 / 100, 100),
        ("csm.sup_pay_ontime", 48 / 50, 50),
        ("csm.par_sourced", 30 / 120, 3),
        ("csm.emp_stay", 1 / 10, 10),
    ],
)
def test_the_printed_vectors(company: Any, key: str, value: float, n: int) -> None:
    """Of staff none is printed: 11 on the 1st and 9 on the 31st are 10 in the mean, and one left by choice."""
    found = company.read(key, MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(value), n)


@pytest.mark.parametrize(
    ("key", "grain", "of", "value"),
    [
        ("csm.par_balance", "partner", "Beta", 0.80),
        ("csm.par_balance", "partner", "Eta", 1.0),
        ("csm.emp_exchange", "unit", "Sales", 0.8571),
        ("csm.sup_otif", "supplier", "Steel", 1.0),
        ("csm.sup_otif", "supplier", "Wood", 45 / 50),
        ("csm.sup_pay_ontime", "supplier", "Steel", 48 / 50),
        ("csm.par_sourced", "partner", "Alpha", 20 / 120),
        ("csm.par_sourced", "partner", "Beta", 10 / 120),
        ("csm.emp_stay", "unit", "Sales", 0.0),
        ("csm.emp_stay", "unit", "Office", 1 / 4.5),
    ],
)
def test_of_one_of_them(company: Any, key: str, grain: str, of: str, value: float) -> None:
    assert company.units(key, MARCH, grain)[of]["value"] == pytest.approx(value, abs=5e-5)


def test_the_balance_with_a_supplier_stands_beside_its_deliveries(company: Any) -> None:
    """Of every four, three are ours: 1 − |2·.75 − 1| = .5."""
    [row] = company.units("csm.sup_otif", MARCH, "supplier")["Steel"]["rows"]
    assert row["share"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("key", "grain", "of", "reason"),
    [
        ("csm.par_balance", "partner", "Gamma", "one_unknown"),
        ("csm.par_balance", "partner", "Delta", "one_sided"),
        ("csm.emp_exchange", "unit", "Office", "few_staff"),
    ],
)
def test_where_a_side_is_not_known_or_too_few_there_is_no_value(company: Any, key: str, grain: str, of: str, reason: str) -> None:
    found = company.units(key, MARCH, grain)[of]
    assert (found["value"], found["reason"]) == (None, reason)


def test_nothing_won_through_partners_is_a_share_of_nought(company: Any) -> None:
    assert company.read("csm.par_sourced", FEB)["value"] == 0


def test_few_deliveries_are_flagged(company: Any) -> None:
    assert "low_confidence" in company.read("csm.sup_otif", FEB)["flags"]


@pytest.mark.parametrize(
    "key", ["csm.sup_otif", "csm.sup_pay_ontime", "csm.par_sourced", "csm.par_balance", "csm.emp_exchange", "csm.emp_stay"]
)
def test_without_facts_there_is_no_value(company: Any, key: str) -> None:
    found = company.read(key, EMPTY)
    assert (found["value"], found["n"], found["reason"]) == (None, 0, "empty_denominator")
