"""Lifecycle stages by each customer's own rhythm (domain C4), from facts through a refresh to what lists read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from kith_platform.auth.who import system
from kith_platform.calendar import service as calendar
from kith_platform.placements import history

D, DAY = dt.date, dt.timedelta(days=1)
END = D(2025, 9, 30)


def after(first: dt.date, gaps: Sequence[int]) -> list[dt.date]:
    days = [first]
    for gap in gaps:
        days.append(days[-1] + gap * DAY)
    return days


def test_a_rhythm_of_their_own_tells_who_is_late_and_when_they_left(company: Any) -> None:
    """TV: gaps 30, 28, 35, 31 and m_seg 40 → τ 34.5714; after 50 days ρ 1.4463, after 110 days 3.1818."""
    company.set(usual_gap_days="40")
    known = company.people(["one", "other"])
    bought = after(END - 174 * DAY, (30, 28, 35, 31))
    company.orders(known["one"], bought)
    company.fact("ticket", known["other"], END)
    company.refresh()
    place = company.places("lifecycle")["one"]
    assert (place["tau"], place["late"], place["code"]) == (34.5714, 1.4463, "mature")
    company.fact("ticket", known["other"], END + 60 * DAY)
    company.refresh()
    place = company.places("lifecycle")["one"]
    assert (place["late"], place["code"], place["reason"]) == (3.1818, "left", "unknown")
    assert place["last"] == bought[-1].isoformat()
    crossed = bought[-1] + 104 * DAY  # three rhythms are 103.7 days
    assert place["left_on"] == crossed.isoformat()
    assert company.moves("lifecycle", "one")[-1] == (crossed, "decline", "left")
    assert company.codes("lifecycle")["other"] == "acquisition"

    company.orders(known["one"], [END + 61 * DAY])
    company.refresh()
    place = company.places("lifecycle")["one"]
    assert (place["code"], place["flag"], place["left_on"]) == ("growth", "regenerated", None)
    assert company.moves("lifecycle", "one")[-2:] == [(crossed, "decline", "left"), (END + 61 * DAY, "left", "growth")]


def test_spending_less_than_before_is_a_decline_however_punctual(company: Any) -> None:
    """TV: 180 in the last 2τ, 900 in the 6τ before → mean 300 → .60."""
    company.set(usual_gap_days="30")
    known = company.people(["less", "same"])
    ages = [10 + 30 * number for number in range(10)]
    days = [END - age * DAY for age in ages]
    company.orders(known["less"], days, [90.0 if age < 60 else 150.0 for age in ages])
    company.orders(known["same"], days, 90)
    company.fact("ticket", known["same"], END)
    company.refresh()
    places = company.places("lifecycle")
    assert (places["less"]["spending"], places["less"]["code"]) == (0.6, "decline")
    assert (places["same"]["spending"], places["same"]["code"]) == (1.0, "mature")


def test_one_bad_week_is_no_decline(company: Any) -> None:
    company.set(usual_gap_days="30")
    known = company.people(["slipped"])
    # A week ago the 2τ still held the large order that has now become part of the 6τ before.
    ages = [3, 33, 63, 93, 123, 153, 183, 213, 243, 273]
    company.orders(known["slipped"], [END - age * DAY for age in ages], [50.0, 50.0, 150.0, *[60.0] * 7])
    company.fact("ticket", known["slipped"], END)
    company.refresh()
    place = company.places("lifecycle")["slipped"]
    assert place["spending"] < 0.7
    assert place["code"] == "mature"


@pytest.mark.parametrize(("waited", "stage"), [(90, "growth"), (91, "decline"), (180, "decline"), (181, "left")])
def test_the_edges_of_lateness(company: Any, waited: int, stage: str) -> None:
    company.set(usual_gap_days="60")
    known = company.people(["one"])
    company.orders(known["one"], [END - waited * DAY])
    company.fact("ticket", known["one"], END)
    company.refresh()
    assert company.codes("lifecycle") == {"one": stage}


def test_nobody_leaves_within_thirty_days(company: Any) -> None:
    company.set(usual_gap_days="5")
    known = company.people(["soon", "late"])
    company.orders(known["soon"], [END - 29 * DAY])
    company.orders(known["late"], [END - 30 * DAY])
    company.fact("ticket", known["late"], END)
    company.refresh()
    assert company.codes("lifecycle") == {"soon": "decline", "late": "left"}


def test_seasonal_customers_do_not_leave_out_of_season(company: Any) -> None:
    company.set(usual_gap_days="7")
    known = company.people(["skier", "regular"])
    winters = [D(year, month, day) for year in (2021, 2022, 2023, 2024) for month, day in ((12, 5), (12, 12), (12, 19), (12, 26))]
    company.orders(known["skier"], winters)
    company.orders(known["regular"], [D(2022, 12, 1) + 30 * number * DAY for number in range(26)])
    company.fact("ticket", known["regular"], D(2025, 9, 30))
    company.refresh()
    places = company.places("lifecycle")
    assert places["regular"]["code"] == "left"
    assert (places["skier"]["code"], places["skier"]["flag"]) == ("growth", "season")
    # In season the clock runs again: five days of last December and thirty-one of this one.
    company.fact("ticket", known["regular"], D(2025, 12, 31))
    company.refresh()
    place = company.places("lifecycle")["skier"]
    assert place["code"] == "left"
    assert place["late"] == pytest.approx(36 / place["tau"], abs=1e-3)


def test_contracts_tell_leaving_by_choice_from_being_ended(company: Any) -> None:
    known = company.people(["stays", "cancelled", "ended", "owing", "again"])
    for name, record in known.items():
        company.fact("subscription_event", record, END - 300 * DAY, kind="started", subscription=name)
    company.fact(
        "subscription_event", known["cancelled"], END - 9 * DAY, kind="cancelled", subscription="cancelled", reason="price"
    )
    company.fact("subscription_event", known["ended"], END - 8 * DAY, kind="ended", subscription="ended")
    company.fact("subscription_event", known["owing"], END - 7 * DAY, kind="cancelled", subscription="owing")
    company.fact("invoice", known["owing"], END - 150 * DAY, due_on=END - 120 * DAY, amount=100, status="open")
    company.fact("subscription_event", known["again"], END - 60 * DAY, kind="cancelled", subscription="again")
    company.orders(known["again"], [END - 2 * DAY])
    company.fact("ticket", known["stays"], END)
    company.refresh()
    places = company.places("lifecycle")
    assert {name: place["code"] for name, place in places.items()} == {
        "stays": "mature",
        "cancelled": "left_vol",
        "ended": "left_inv",
        "owing": "left_inv",
        "again": "growth",
    }
    assert (places["cancelled"]["reason"], places["cancelled"]["left_on"]) == ("price", (END - 9 * DAY).isoformat())


def test_who_did_something_before_buying_is_activated(company: Any) -> None:
    known = company.people(["idle", "registered", "verified"])
    for name in ("account.registered", "account.logged_in"):
        company.event(known["registered"], name)
    company.event(known["verified"], "account.verified")
    company.event(known["idle"], "account.registered")
    company.orders(company.people(["buyer"])["buyer"], [END])
    company.refresh()
    places = company.places("lifecycle")
    assert {name: place["flag"] for name, place in places.items() if place["code"] == "acquisition"} == {
        "idle": "",
        "registered": "activated",
        "verified": "activated",
    }


def test_days_on_which_nothing_is_sold_stop_the_clock(company: Any) -> None:
    """Of the module's setting and of the company's calendar, in season, too; what comes later moves no day of leaving."""
    company.set(usual_gap_days="10", closed_days="2025-09-01..2025-09-20")
    known = company.people(["one", "gone", "long gone", "skier"])
    company.orders(known["one"], [END - 36 * DAY])
    company.orders(known["gone"], [END - 60 * DAY])
    company.orders(known["long gone"], [D(2025, 7, 1)])
    winters = [D(year, month, day) for year in (2021, 2022, 2023, 2024) for month, day in ((12, 5), (12, 12), (12, 19))]
    company.orders(known["skier"], winters)
    company.fact("ticket", known["one"], END)
    company.refresh()
    places = company.places("lifecycle")
    assert (places["one"]["code"], places["one"]["late"]) == ("decline", 1.6)
    assert places["gone"]["code"] == "left"
    assert places["gone"]["left_on"] == D(2025, 9, 21).isoformat()  # 31 days after 1 August are 1 September: closed for 20
    assert places["long gone"]["left_on"] == D(2025, 8, 1).isoformat()
    assert company.refresh() == {"placements": "skipped"}

    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        calendar.close(session, system(), D(2025, 9, 29))
        calendar.close(session, system(), D(2025, 12, 8), D(2025, 12, 11))
    assert company.refresh() == {"placements": "done"}
    assert company.places("lifecycle")["one"]["late"] == 1.5
    company.fact("ticket", known["one"], D(2025, 12, 31))
    company.refresh()
    place = company.places("lifecycle")["skier"]
    assert place["late"] == pytest.approx((12 + 31 - 4) / place["tau"], abs=1e-3)  # Decembers alone, but for four days


def test_how_long_customers_stay_in_a_stage_counts_those_who_are_still_there(company: Any) -> None:
    """Growing for 28, 58 and 28 days until the next stage, and one who has just begun: half are over after 28 days."""
    company.set(usual_gap_days="10")
    known = company.people(["anchor", "short", "long", "steady", "new"])
    company.orders(known["anchor"], [D(2024, 9, 20)])
    company.orders(known["short"], [D(2025, 1, 30)])
    company.orders(known["long"], [D(2025, 1, 30), D(2025, 2, 27)])
    company.orders(known["steady"], [D(2025, 1, 30) + 8 * number * DAY for number in range(18)])
    company.orders(known["new"], [END - DAY])
    company.fact("ticket", known["anchor"], END)
    company.refresh()
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        track = history.track(session, "lifecycle")
        assert track is not None
        stays = {row["code"]: row for row in track.figures["stay"]}
    assert (stays["growth"]["value"], stays["growth"]["customers"], stays["growth"]["over"]) == (28.0, 4, 3)
