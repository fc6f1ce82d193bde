"""Answering leads and the market, from files to the values the API gives (domain B2 2e)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

JANUARY, FEBRUARY, MARCH, APRIL = "2026-01", "2026-02", "2026-03", "2026-04"


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Asia/Shanghai")
    answered = ("10:05", "10:12", "10:30", "11:00", "14:00")
    leads: list[dict[str, Any]] = [
        {"created_at": "2026-03-10T10:00:00+08:00", "first_contact_at": f"2026-03-10T{clock}:00+08:00", "channel": "web"}
        for clock in answered
    ]
    # Friday ten to five until Monday ten past nine: twenty minutes of opening time.
    leads.append({"created_at": "2026-04-03T16:50:00+08:00", "first_contact_at": "2026-04-06T09:10:00+08:00", "rep": "ann"})
    leads += [{"created_at": "2026-04-07T10:00:00+08:00", "rep": "lazy"}] * 2
    leads.append({"created_at": "2026-02-10T10:00:00+08:00", "rep": "talks"})
    made.bring("leads", [{"id": f"L{number}", **lead} for number, lead in enumerate(leads)])
    talk = {"customer": "someone", "kind": "call", "direction": "out", "lead": "L8"}
    made.bring(
        "activities",
        [
            {"id": "A0", **talk, "started_at": "2026-02-10T10:05:00+08:00", "kind": "note"},
            {"id": "A1", **talk, "started_at": "2026-02-10T10:10:00+08:00"},
            {"id": "A2", **talk, "started_at": "2026-04-20T10:10:00+08:00", "lead": ""},
        ],
    )
    signals = [("2026-03-02", "2026-03-03"), ("2026-03-02", "2026-03-04"), ("2026-03-02", "2026-03-08"), ("2026-02-02", "")]
    made.bring(
        "market_signals",
        [
            {
                "id": f"M{number}",
                "seen_at": f"{seen}T09:00:00+08:00",
                "first_action_at": f"{acted}T09:00:00+08:00" if acted else "",
            }
            for number, (seen, acted) in enumerate(signals)
        ],
    )
    reasons = ["competitor"] * 15 + ["price"] * 32 + [""] * 5
    lost = {
        "opened_at": "2026-03-02T09:00:00+08:00",
        "closed_at": "2026-03-12T09:00:00+08:00",
        "status": "lost",
        "customer": "someone",
    }
    deals = [{"id": f"D{number}", **lost, "loss_reason": reason} for number, reason in enumerate(reasons)]
    deals += [{"id": f"R{number}", **lost, "competitor": "Rival"} for number in range(3)]
    deals.append({"id": "none", **lost, "closed_at": "2026-02-12T09:00:00+08:00"} | {"opened_at": "2026-02-02T09:00:00+08:00"})
    made.bring("opportunities", deals)
    left = [{"id": f"G{number}", "customer": f"gone{number}", "left_on": "2026-03-20", "reason": "moved"} for number in range(10)]
    made.bring("leavings", left)
    made.compute(JANUARY, FEBRUARY, MARCH, APRIL)
    made.compute(APRIL, grain="rep")
    return made


def test_leads_answered_in_5_12_30_60_and_240_minutes(company: Any) -> None:
    found = company.read("cim.rsp.lead_minutes", MARCH)
    assert found["value"] == pytest.approx(30)
    assert found["rows"][0]["share"] == pytest.approx(0.40)
    assert "low_confidence" in found["flags"]


def test_the_minutes_are_those_of_opening_hours(company: Any) -> None:
    assert company.units("cim.rsp.lead_minutes", APRIL, "rep")["ann"]["value"] == pytest.approx(20)


def test_leads_that_nobody_contacts_are_waiting_and_told_apart(company: Any) -> None:
    found = company.units("cim.rsp.lead_minutes", APRIL, "rep")["lazy"]
    assert (found["value"], found["reason"], found["n"]) == (None, "immature", 2)
    assert found["rows"][1]["count"] == 2


def test_the_first_call_is_a_contact_and_a_note_is_none(company: Any) -> None:
    assert company.read("cim.rsp.lead_minutes", FEBRUARY)["value"] == pytest.approx(10)


def test_signals_answered_after_1_2_and_6_days(company: Any) -> None:
    assert company.read("cim.rsp.signal_days", MARCH)["value"] == pytest.approx(2)
    assert company.read("cim.rsp.signal_days", FEBRUARY)["reason"] == "immature"
    assert company.read("cim.rsp.signal_days", JANUARY)["reason"] == "empty_denominator"


def test_18_of_60_losses_went_to_competitors(company: Any) -> None:
    """Fifteen for that reason and three that name one; ten customers left for another reason, five reasons are unknown."""
    found = company.read("cim.rsp.competitor_loss", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.30), 60)
    assert found["rows"][0]["share"] == pytest.approx(5 / 65)


def test_losses_of_which_no_reason_is_known_are_no_data(company: Any) -> None:
    assert company.read("cim.rsp.competitor_loss", FEBRUARY)["reason"] == "empty_denominator"
    assert company.read("cim.rsp.competitor_loss", JANUARY)["reason"] == "empty_denominator"
