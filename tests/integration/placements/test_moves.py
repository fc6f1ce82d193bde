"""Who moved where (domain C3): the matrix between two days, its key shares and where it leads, from facts and kept moves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from kith_platform.auth.who import system
from kith_platform.placements import history
from kith_platform.placements.models import CustomerPlacement, PlacementMove
from kith_platform.sdk.types import PlacementShare

D, DAY = dt.date, dt.timedelta(days=1)
THEN, NOW = D(2025, 8, 31), D(2025, 9, 30)
CODES = "BCDEL"
# TV: rows B(.6, .15, .1, .05, .1) C(.1, .6, 0, .2, .1) D(.1, 0, .6, .2, .1) E(0, .05, .05, .85, .05) L(.05, 0, 0, 0, .95)
ROWS = {
    "B": (60, 15, 10, 5, 10),
    "C": (5, 30, 0, 10, 5),
    "D": (4, 0, 24, 8, 4),
    "E": (0, 2, 2, 34, 2),
    "L": (2, 0, 0, 0, 38),
}


@pytest.fixture
def moved(company: Any) -> Any:
    """A company whose customers moved as the rows say; 7 of them arrived in B meanwhile."""
    pairs = [(was, now) for was, row in ROWS.items() for now, count in zip(CODES, row, strict=True) for _ in range(count)]
    names = [f"{place}" for place in range(len(pairs) + 7)]
    company.people(names)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        from sqlalchemy import select

        from kith_platform.customers.models import Customer

        ids = list(session.execute(select(Customer.id).order_by(Customer.id)).scalars())
        for one, (was, now) in zip(ids, [*pairs, *[("", "B")] * 7], strict=True):
            session.add(CustomerPlacement(customer_id=one, key="group", code=now, sort=10.0))
            if was != now:
                session.add(
                    PlacementMove(
                        customer_id=one, key="group", moved_on=NOW, from_code=was, to_code=now, from_sort=30.0, to_sort=10.0
                    )
                )
    return company


AUGUST, LATE, SEPTEMBER = [D(2025, 8, 27), D(2025, 8, 28)], [D(2025, 9, 28)], [D(2025, 9, day) for day in range(21, 29)]
OFTEN = [D(2025, 8, day) for day in range(19, 29)]
YEAR_AGO, ONCE, JANUARY = [D(2024, 9, day) for day in range(3, 11)], [D(2024, 9, 5)], [D(2025, 1, day) for day in range(10, 18)]
# What somebody bought who was in the first group at the end of August, and in the second at the end of September: days, and the
# amount of each. What was bought a year ago counts in August and no more in September; who is silent for a month has lapsed.
BOUGHT = {
    "BB": [(AUGUST, 10), (LATE, 10)],
    "BC": [(AUGUST, 10), (SEPTEMBER, 10)],
    "BD": [(AUGUST, 10), (LATE, 1000)],
    "BE": [(AUGUST, 10), (SEPTEMBER, 1000)],
    "BL": [(AUGUST, 10)],
    "CB": [(YEAR_AGO, 10), (AUGUST, 10), (LATE, 10)],
    "CC": [(OFTEN, 10), (LATE, 10)],
    "CE": [(OFTEN, 10), (LATE, 20_000)],
    "CL": [(OFTEN, 10)],
    "DB": [(ONCE, 2000), (AUGUST, 10), (LATE, 10)],
    "DD": [(AUGUST, 1000), (LATE, 1000)],
    "DE": [(AUGUST, 1000), (SEPTEMBER, 1000)],
    "DL": [(AUGUST, 1000)],
    "EC": [(ONCE, 20_000), (OFTEN, 10), (LATE, 10)],
    "ED": [(YEAR_AGO, 1000), (AUGUST, 1000), (LATE, 1000)],
    "EE": [(OFTEN, 1000), (LATE, 1000)],
    "EL": [(OFTEN, 1000)],
    "LB": [(JANUARY[:1], 10), (LATE, 10)],
    "LL": [(JANUARY, 10)],
}


def test_the_matrix_of_what_was_bought_sums_to_one_and_leads_where_it_leads(company: Any) -> None:
    """TV π = (100, 50, 40, 10, 0) → (69, 45.5, 34.5, 31.5, 19.5), sum 200. The rows come from orders through a refresh; no
    company that has nobody in L has a row of L, so π is given.
    """
    names = [
        f"{was}{now}{number}"
        for was, row in ROWS.items()
        for now, count in zip(CODES, row, strict=True)
        for number in range(count)
    ]
    for name, record in company.people(names).items():
        days = [(day, net) for some, net in BOUGHT[name[:2]] for day in some]
        company.orders(record, [day for day, _ in days], [float(net) for _, net in days])
    company.fact("ticket", company.people(["ticket"])["ticket"], NOW)
    company.refresh()
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        found = history.matrix(session, "group", THEN, NOW, system())
    assert {code: [found.counts.get((code, now), 0) for now in CODES] for code in CODES} == {
        code: list(row) for code, row in ROWS.items()
    }
    rates = history.rates(found, CODES)
    assert [sum(row.values()) for row in rates.shares.values()] == pytest.approx([1.0] * 5)
    after = history.project(rates, {"B": 100, "C": 50, "D": 40, "E": 10, "L": 0}, {})
    assert [round(after[code], 4) for code in CODES] == [69, 45.5, 34.5, 31.5, 19.5]
    assert sum(after.values()) == pytest.approx(200)


def test_who_arrives_is_in_no_row_and_money_counts_as_it_stood_before_a_move(moved: Any) -> None:
    with moved.runtime.doors.tenant_scope(moved.tenant.id) as session:
        found = history.matrix(session, "group", THEN, NOW, system())
    assert found.arriving() == {"B": 7}
    assert sum(found.stock().values()) == 277
    by_money = history.rates(found, CODES, by_amount=True)
    assert by_money.shares["B"]["B"] == pytest.approx(600 / (600 + 40 * 30))


def test_key_shares_come_from_the_matrix_and_the_year(moved: Any) -> None:
    stays = PlacementShare(label="", start=("E",), end=("E",))
    best = PlacementShare(label="", start=("B",), end=("E",), within_year=True)
    with moved.runtime.doors.tenant_scope(moved.tenant.id) as session:
        found = history.matrix(session, "group", THEN, NOW)
        assert history.share(history.rates(found, CODES), stays) == 0.85
        assert history.reached(session, "group", best, D(2024, 9, 30), NOW) == (100, 5)
        before = history.matrix(session, "group", D(2025, 7, 31), THEN)
    assert before.counts == {(code, code): count for code, count in zip(CODES, (100, 50, 40, 40, 40), strict=True)}


def test_few_customers_lean_on_what_is_usual() -> None:
    few = history.Matrix(THEN, NOW, {("E", "E"): 5, ("E", "L"): 5}, {})
    usual = history.Matrix(D(2025, 7, 31), THEN, {("E", "E"): 90, ("E", "L"): 10}, {})
    rates = history.rates(few, ["E"], [usual])
    assert rates.shrunk == {"E"}
    assert rates.shares["E"]["E"] == pytest.approx((5 + 20 * 0.9) / 30)
    assert history.rates(few, ["E"]).shares["E"]["E"] == 0.5


def test_refreshes_leave_a_history_and_nothing_new_leaves_none(company: Any) -> None:
    known = company.people(["one", "other"])
    company.orders(known["one"], [D(2025, 9, 1), D(2025, 9, 10)], 10)
    company.orders(known["other"], [D(2025, 9, 1)], 10)
    assert company.refresh()["placements"] == "done"
    assert company.refresh()["placements"] == "skipped"
    company.people(["new"])
    company.orders(known["other"], [D(2025, 9, 12)], 900)
    assert company.refresh()["placements"] == "done"
    assert company.moves("group", "new") == [(D(2025, 9, 12), "", "A")]
    assert company.moves("group", "one") == []
    assert company.moves("rfm", "other")[-1][0] == D(2025, 9, 12)
