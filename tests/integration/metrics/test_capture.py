"""What is known of customers and whom one may write to, from files to the values the API gives (domain B2 1c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FEB, MARCH, EMPTY = "2026-02", "2026-03", "2024-05"


def _activities() -> list[dict[str, Any]]:
    """800 contacts of March, 640 recorded by themselves; notes, and contacts of which nobody said how, do not count."""
    how = ["automatic"] * 640 + ["manual"] * 100 + ["missed"] * 60 + [""] * 20
    rows = [{"kind": "call", "captured": one, "channel": "web" if at % 8 == 0 else "phone"} for at, one in enumerate(how)]
    rows += [{"kind": "note", "captured": "manual"}] * 10
    return [{"id": at, "customer": "C0", "started_at": "2026-03-10T10:00:00+01:00", **row} for at, row in enumerate(rows)]


def _events() -> list[dict[str, Any]]:
    """1,000 of March, 450 of somebody known; bots do not count. Mail came back from five addresses in December."""
    rows = [{"customer": "C0" if at < 450 else "", "channel": "app" if at % 10 == 0 else "web"} for at in range(1_000)]
    rows += [{"customer": "", "bot": "true"}] * 50
    rows = [{"happened_at": "2026-03-31T23:30:00+02:00", "name": "visit", **row} for row in rows]
    bounce = {"happened_at": "2025-12-01T10:00:00+01:00", "name": "bounce"}
    rows += [{**bounce, "customer": f"C{number}", "detail": f"C{number}@x.example"} for number in range(80, 85)]
    return [{"id": at, **row} for at, row in enumerate(rows)]


def _customers() -> list[dict[str, Any]]:
    """All but 55–61 and 70–79 have an e-mail address, these a telephone number."""
    phones = {*range(55, 62), *range(70, 80)}
    return [
        {
            "id": f"C{number}",
            "email": "" if number in phones else f"C{number}@x.example",
            "phone": "+49 151 1234567" if number in phones else "",
        }
        for number in range(100)
    ]


def _consents() -> list[dict[str, Any]]:
    """62 hold in March: 55 by mail, 7 by text message. Eight were withdrawn that month, ten have no address, five bounced,
    five are not to marketing, five expired, five were never given.
    """
    mail = {"given_at": "2025-06-01T10:00:00+02:00", "channel": "email", "status": "granted"}
    rows = [{**mail, "customer": f"C{number}", "purpose": "marketing" if number % 2 else ""} for number in range(55)]
    rows += [{**mail, "customer": f"C{number}", "channel": "sms"} for number in range(55, 62)]
    rows += [{**mail, "customer": f"C{number}"} for number in [*range(62, 85)]]
    no = {"channel": "email", "status": "refused"}
    rows += [{**no, "customer": f"C{number}", "given_at": "2026-03-31T23:30:00+02:00"} for number in range(62, 70)]
    rows += [{**mail, "customer": f"C{number}", "purpose": "service"} for number in range(85, 90)]
    rows += [{**mail, "customer": f"C{number}", "given_at": "2023-06-01T10:00:00+02:00"} for number in range(90, 95)]
    rows += [{**no, "customer": "C0", "given_at": "2025-05-01T10:00:00+02:00"}]  # changed their mind since
    return [{"id": at, **row} for at, row in enumerate(rows)]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Europe/Berlin")
    made.set("analytics_cim", consent_months="24")
    made.bring("customers", _customers())
    began = {"happened_at": "2025-02-01T10:00:00+01:00", "kind": "started"}
    made.bring(
        "subscription_events",
        [{"id": at, "customer": f"C{at}", "subscription": f"S{at}", **began} for at in range(100)],
    )
    made.bring("activities", _activities())
    made.bring("events", _events())
    made.bring("consents", _consents())
    made.compute(EMPTY, FEB, MARCH)
    made.compute(MARCH, grain="channel")
    return made


def test_640_of_800_contacts_were_recorded_by_themselves(company: Any) -> None:
    found = company.read("cim.acqd.auto_capture", MARCH)
    assert (found["value"], found["n"], found["flags"]) == (pytest.approx(0.80), 800, [])
    assert [row["count"] for row in found["rows"]] == [100, 60]
    assert company.units("cim.acqd.auto_capture", MARCH, "channel")["web"]["value"] == pytest.approx(0.80)


def test_450_of_1000_events_are_of_known_customers(company: Any) -> None:
    found = company.read("cim.acqd.identity_rate", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.45), 1_000)
    assert company.units("cim.acqd.identity_rate", MARCH, "channel")["app"]["value"] == pytest.approx(0.45)


def test_62_of_100_active_customers_may_be_contacted(company: Any) -> None:
    found = company.read("cim.acqd.contactable", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(0.62), 100)


def test_before_eight_refused_they_could_be_contacted(company: Any) -> None:
    assert company.read("cim.acqd.contactable", FEB)["value"] == pytest.approx(0.70)


@pytest.mark.parametrize("key", ["cim.acqd.auto_capture", "cim.acqd.identity_rate", "cim.acqd.contactable"])
def test_a_month_without_any_is_no_data(company: Any, key: str) -> None:
    found = company.read(key, EMPTY)
    assert (found["value"], found["reason"]) == (None, "empty_denominator")


def test_without_key_accounts_nobody_can_look_after_them_together(company: Any) -> None:
    found = company.read("cim.col.cross_dept", MARCH)
    assert (found["value"], found["reason"]) == (None, "empty_denominator")
