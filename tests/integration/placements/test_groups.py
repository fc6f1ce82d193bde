"""Groups A to E and L (domain C3), from facts through a refresh to what lists read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from kith_platform.auth.who import system
from kith_platform.placements import service

D, DAY = dt.date, dt.timedelta(days=1)


def every(first: dt.date, gap: int, times: int) -> list[dt.date]:
    return [first + gap * number * DAY for number in range(times)]


def test_four_buyers_lie_in_the_four_quadrants(company: Any) -> None:
    """TV: one order of 50; six of 180 in all; one of 200; four of 480 → f* = 3, AOV* = 75.8333 → B, C, D, E."""
    end = D(2025, 9, 30)
    known = company.people(["c2", "c3", "c4", "nobody"], since=end - 200 * DAY) | company.people(["c1"], since=end - 100 * DAY)
    company.orders(known["c1"], [end - 20 * DAY], 50)
    company.orders(known["c2"], every(end - 30 * DAY, 5, 6), 30)
    company.orders(known["c3"], [end - 10 * DAY], 200)
    company.orders(known["c4"], every(end - 60 * DAY, 20, 4), 120)
    company.fact("ticket", known["c1"], D(2025, 10, 2))
    company.refresh()
    assert company.codes("group") == {"c1": "B", "c2": "C", "c3": "D", "c4": "E", "nobody": "A"}
    frozen = company.limits("group")
    assert (frozen.quarter, frozen.until) == (D(2025, 10, 1), end)
    assert frozen.limits["frequency"] == 3
    assert round(frozen.limits["order_value"], 4) == 75.8333


@pytest.mark.parametrize(("axis", "first", "second"), [("frequency", "D", "E"), ("order_value", "C", "E")])
def test_a_change_waits_for_two_month_ends_unless_it_is_large_and_limits_stand_still(
    axis: str, first: str, second: str, company: Any
) -> None:
    """TV limit 3: 3.2 stays the first month and moves the second, 3.4 moves at once. Order values are these very numbers;
    purchase days are whole, so there everything is five times as much: 15, 16 and 17.
    """
    known = company.people(["weak", "strong", "seldom", "often"])
    for name in ("weak", "strong"):  # under contract, so that nobody leaves silently
        company.fact("subscription_event", known[name], D(2025, 9, 2), kind="started", subscription=name)
    october = [D(2025, 10, 8), D(2025, 10, 14), D(2025, 10, 20)]
    if axis == "frequency":
        for name, times in (("weak", 14), ("strong", 14), ("seldom", 14), ("often", 18)):
            company.orders(known[name], every(D(2025, 9, 2), 1, times), 10)
        more = {"weak": (october[:2], 10), "strong": (october, 10)}
        limits = {"frequency": 15.0, "order_value": 10.0}
    else:
        for name, net in (("weak", 2.8), ("strong", 2.8), ("seldom", 3.2), ("often", 3.2)):
            company.orders(known[name], every(D(2025, 9, 2), 1, 10), net)
        more = {"weak": (october[:1], 7.2), "strong": (october[:1], 9.4)}  # 35.2 and 37.4 in eleven orders
        limits = {"frequency": 10.0, "order_value": 3.0}
    company.fact("ticket", known["often"], D(2025, 10, 2))
    company.refresh()
    assert company.limits("group").limits == pytest.approx(limits)
    assert {name: company.codes("group")[name] for name in ("weak", "strong")} == {"weak": first, "strong": first}

    for name, (days, net) in more.items():
        company.orders(known[name], days, net)
    company.refresh()  # October is not over: a large change counts at once, a small one not at all
    assert {name: company.codes("group")[name] for name in ("weak", "strong")} == {"weak": first, "strong": second}
    company.fact("ticket", known["often"], D(2025, 11, 3))
    company.refresh()  # the first month-end that sees it
    assert company.codes("group")["weak"] == first
    company.fact("ticket", known["often"], D(2025, 12, 2))
    company.refresh()  # the second
    assert company.codes("group")["weak"] == second
    assert company.moves("group", "weak")[-1] == (D(2025, 11, 30), first, second)
    assert company.moves("group", "strong")[-1][1:] == (first, second)

    assert company.limits("group").limits == pytest.approx(limits)
    company.fact("ticket", known["often"], D(2026, 1, 2))
    company.refresh()
    assert company.limits("group").quarter == D(2026, 1, 1)
    assert company.limits("group").limits != pytest.approx(limits)


def test_limits_stay_for_the_quarter_when_history_arrives_late_until_somebody_asks_for_new_ones(company: Any) -> None:
    known = company.people(["a", "b"])
    company.orders(known["a"], every(D(2025, 9, 1), 10, 3), 10)
    company.fact("ticket", known["a"], D(2025, 10, 2))
    company.refresh()
    before = company.limits("group").limits
    company.orders(known["b"], every(D(2025, 9, 1), 2, 9), 500)
    company.refresh()
    assert company.limits("group").limits == before
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        service.thaw(session, system(), company.runtime.plugins, "group")
    assert company.refresh()["placements"] == "done"
    assert company.limits("group").limits["frequency"] == 6
    assert company.refresh()["placements"] == "skipped"


def test_who_returns_everything_has_not_bought_and_who_buys_after_a_lapse_came_back(company: Any) -> None:
    known = company.people(["regretful", "back", "gone"])
    order = company.fact("sales_order", known["regretful"], D(2025, 9, 20), net=80)
    for name in ("back", "gone"):
        company.orders(known[name], [D(2024, 12, 1), D(2025, 1, 1)], 20)
    company.refresh()
    assert company.codes("group") == {"regretful": "B", "back": "L", "gone": "L"}
    company.fact("return_line", known["regretful"], D(2025, 9, 25), net=80, order_id=order)
    company.orders(known["back"], [D(2025, 9, 26)], 20)
    company.refresh()
    places = company.places("group")
    assert {name: place["code"] for name, place in places.items()} == {"regretful": "A", "back": "E", "gone": "L"}
    assert places["back"]["flag"] == "regenerated"
    assert places["back"]["regenerated_on"] == "2025-09-26"
    assert company.moves("group", "regretful")[-1][1:] == ("B", "A")
    company.fact("ticket", known["gone"], D(2025, 9, 28))
    company.refresh()
    assert company.places("group")["back"]["flag"] == "regenerated"
