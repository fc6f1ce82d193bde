"""Groups A to E and L (domain C3), from facts through a refresh to what lists read."""

from __future__ import annotations

import datetime as dt
from typing import Any

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
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        frozen = service.limits(session, "group")
    assert frozen is not None
    assert (frozen.quarter, frozen.until) == (D(2025, 10, 1), end)
    assert frozen.limits["frequency"] == 3
    assert round(frozen.limits["order_value"], 4) == 75.8333
