"""ABC–XYZ (domain C6), cohorts (C7) and RFM (C5), from facts through a refresh to what pages read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert

from kith_platform.placements import history

D, DAY = dt.date, dt.timedelta(days=1)
END = D(2025, 9, 30)


def figures(company: Any, key: str) -> dict[str, Any]:
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        found = history.track(session, key)
        assert found is not None
        return found.figures


def test_abc_goes_by_the_share_before_and_who_brings_nothing_is_c(company: Any) -> None:
    """TV 50, 20, 10, 6, 5, 4, 3, 2, 0, 0 → A×3, B×3, C×4."""
    amounts = {f"n{place}": amount for place, amount in enumerate((50, 20, 10, 6, 5, 4, 3, 2, 0, 0))}
    known = company.people(amounts)
    for name, amount in amounts.items():
        company.orders(known[name], [END], amount)
    company.refresh()
    letters = {name: code[0] for name, code in company.codes("abc_xyz").items()}
    assert [letters[name] for name in amounts] == list("AAABBBCCCC")
    curve = figures(company, "abc_xyz")["pareto"]
    assert {"x": 0.1, "y": 0.5} in curve
    assert curve[-1]["y"] == 1


def test_xyz_goes_by_the_variation_of_monthly_demand(company: Any) -> None:
    """TV 10, 11, 9, 10 → .0707 X; 10, 2, 14, 6 → .5590 Y; 0, 0, 20, 0 → 1.7321 Z."""
    demand = {"even": (10, 11, 9, 10), "varying": (10, 2, 14, 6), "once": (0, 0, 20, 0)}
    known = company.people(demand)
    for name, months in demand.items():
        days = [D(2025, month, 10) for month, amount in zip((6, 7, 8, 9), months, strict=True) if amount]
        company.orders(known[name], days, [float(amount) for amount in months if amount])
    company.fact("ticket", known["once"], END)
    company.refresh()
    places = company.places("abc_xyz")
    assert {name: place["variation"] for name, place in places.items()} == {"even": 0.0707, "varying": 0.559, "once": 1.7321}
    assert {name: place["code"][1] for name, place in places.items()} == {"even": "X", "varying": "Y", "once": "Z"}


def test_retention_of_a_hundred_is_62_and_48_and_the_month_that_is_not_over_has_no_cell(company: Any) -> None:
    """TV 100 → 62, 48 → .62, .48."""
    known = company.people(f"p{number}" for number in range(100))
    for number, record in enumerate(known.values()):
        days = [D(2025, 6, 10)]
        days += [D(2025, 7, 10)] if number < 62 else []
        days += [D(2025, 8, 10)] if number >= 52 else []
        company.orders(record, days, 10)
    company.fact("ticket", known["p0"], D(2025, 9, 5))
    company.refresh()
    rows = [row for row in figures(company, "cohort")["retention"] if row["cohort"] == "2025-06"]
    assert [(row["k"], row["share"]) for row in rows] == [(0, 1.0), (1, 0.62), (2, 0.48)]
    assert [row["amount"] for row in rows] == [1.0, 0.62, 0.48]
    assert [row["rolling"] for row in rows] == [1.0, 1.0, 0.48]
    assert set(company.codes("cohort").values()) == {"2025-06"}


def test_rfm_recency_of_fifty_buyers_is_scored_in_fifths(company: Any) -> None:
    """TV R days 2, 10, 30, 60, 200 → 5, 4, 3, 2, 1; here each of them ten times, so that there are fifty buyers."""
    ages = [2, 10, 30, 60, 200] * 10
    known = company.people(f"p{number}" for number in range(len(ages)))
    for age, record in zip(ages, known.values(), strict=True):
        company.orders(record, [END - age * DAY], 10)
    company.fact("ticket", known["p0"], END)
    company.refresh()
    places = company.places("rfm").values()
    assert {place["recency_days"]: place["r"] for place in places} == {2: 5, 10: 4, 30: 3, 60: 2, 200: 1}
    assert {place["code"] for place in places} == {"111", "011"}


def test_the_eight_cells_go_by_the_mean_score(company: Any) -> None:
    """R, F and M each split buyers in two halves; every combination is one cell."""
    known = company.people(f"{r}{f}{m}" for r in "01" for f in "01" for m in "01")
    for bits, record in known.items():
        often, days = bits[1] == "1", [END - (1 if bits[0] == "1" else 100) * DAY]
        days += [days[0] - 20 * number * DAY for number in range(1, 9)] if often else []
        company.orders(record, days, (90.0 if bits[2] == "1" else 9.0) / len(days))
    company.fact("ticket", known["000"], END)
    company.refresh()
    assert company.codes("rfm") == {name: name for name in known}


def test_what_goes_with_staying_is_found_among_earlier_customers_and_seen_again_among_later_ones(company: Any) -> None:
    known = company.people(f"p{number}" for number in range(200))
    for number, record in enumerate(known.values()):
        first = D(2024, 6, 1) + number * DAY
        back, stays = number % 2 == 0, number % 5 != 0 if number % 2 == 0 else number % 5 == 0
        days = [first, *([first + 5 * DAY] if back else []), *([first + 60 * DAY] if stays else [])]
        company.orders(record, days, 10, channel="app" if back else "shop")
    company.fact("ticket", known["p0"], END)
    company.refresh()
    [said, *more] = figures(company, "beginning")["factors"]
    assert [one["params"]["value"] for one in more if "value" in one["params"]] == ["app"]
    assert said["params"] == {"share": 80, "others": 20, "later": 80, "later_others": 20}
    place = company.places("beginning")["p1"]
    assert (place["code"], place["days_7"], place["stayed"]) == ("once", 1, 0)


def sell(company: Any, record: int, name: str, sold: dict[dt.date, float], net: float) -> None:
    """A product, and an order line of so many units on each day, for so much in all."""
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        row = company.runtime.facts.row("product")
        given = {"source": "shop", "external_id": name, "name": name, "currency": company.tenant.currency}
        product = session.execute(insert(row).values(given).returning(row.id)).scalar_one()
    for day, units in sold.items():
        order = company.fact("sales_order", record, day, net=net / len(sold))
        company.fact("order_line", record, day, order_id=order, product_id=product, quantity=units, net=net / len(sold))


def test_products_go_by_margin_and_by_the_variation_of_what_is_sold_each_month(company: Any) -> None:
    """The vectors of customers hold for products: margins 50, 20, 10, 6, 5, 4, 3, 2, 0, 0 and units 10, 11, 9, 10 and so on."""
    record = company.people(["buyer"])["buyer"]
    demand = {0: (10, 11, 9, 10), 1: (10, 2, 14, 6), 2: (0, 0, 20, 0)}
    for place, net in enumerate((50, 20, 10, 6, 5, 4, 3, 2, 0, 0)):
        months = zip((6, 7, 8, 9), demand.get(place, (1, 1, 1, 1)), strict=True)
        sell(company, record, f"n{place}", {D(2025, month, 10): float(units) for month, units in months if units}, float(net))
    company.fact("ticket", record, END)
    company.refresh()
    lines = figures(company, "abc_xyz")["products"]
    found = {item["name"]: (line["params"]["code"], item["variation"]) for line in lines for item in line["items"]}
    assert [found[f"n{place}"][0][0] for place in range(10)] == list("AAABBBCCCC")
    assert [(found[f"n{place}"][0][1], round(found[f"n{place}"][1], 4)) for place in range(3)] == [
        ("X", 0.0707),
        ("Y", 0.559),
        ("Z", 1.7321),
    ]
    (best,) = (line for line in lines if line["params"]["code"] == "AX")
    assert best["params"]["share"] == 50
    assert "98" in best["say"]["advice"]
