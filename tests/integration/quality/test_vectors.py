"""The test vectors of domain B2 1a, through facts and a refresh: what the metrics say, not what a formula gives."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert

from kith_platform.auth.who import system
from kith_platform.facts.models import SalesOrder
from kith_platform.quality.required import choose

TODAY = dt.date(2026, 6, 30)
FIELDS = ("name", "email", "phone", "country", "city", "postcode", "birth_year", "gender", "language", "address")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def person(number: int) -> dict[str, Any]:
    """Somebody who resembles nobody else."""
    word = "".join(ALPHABET[(number * 7919 // 26**place) % 26] for place in range(5))
    return {
        "name": f"{word.title()} {word[::-1].title()}son",
        "email": f"{word}.{number}@kith.example",
        "phone": f"+49 {1500000000 + number * 7907}",
        "country": "DE",
        "city": f"{word.title()}stadt",
        "postcode": f"{10000 + number}",
        "birth_year": 1930 + number % 70,
        "gender": "f" if number % 2 else "m",
        "language": "de",
        "address": f"{word.title()}weg {number}",
    }


@pytest.fixture
def measured(company: Any) -> Any:
    """1,000 records of 10 required fields: 800 empty, 460 wrong, 30 duplicates, 100 comparisons of which 90 agree, 700 fresh."""
    people = [person(number) for number in range(950)]
    for number in range(550):
        people[number]["address" if number % 2 else "language"] = ("unknown", "N/A", "-", None)[number % 4]
    for number in range(460):
        people[number]["postcode"] = "somewhere"
    customers, records = company.people("shop", people[:920])
    # 30 records more of customers the shop has already: people were sure that they are one.
    again = [{**people[920 + turn], "customer_id": customers[600 + turn]} for turn in range(30)]
    company.records("shop", again)
    # 50 of them as the till knows them, in half of the fields: two can be compared, and ten birth years differ.
    till = []
    for turn in range(50):
        known = {name: people[700 + turn][name] for name in ("name", "address", "language", "birth_year", "gender")}
        known["birth_year"] += turn < 10
        till.append({**known, "customer_id": customers[700 + turn]})
    company.records("till", till)
    # The first 670 customers, who have 700 records, bought today, the others too long ago.
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        orders = [
            order(record, TODAY if number < 670 else TODAY - dt.timedelta(days=200)) for number, record in enumerate(records)
        ]
        session.execute(insert(SalesOrder), orders)
        choose(session, system(), FIELDS)
    company.refresh()
    return company


def order(record: int, day: dt.date) -> dict[str, Any]:
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    said = {"source": "shop", "external_id": f"o{record}", "record_id": record, "net": 10, "currency": "USD"}
    return {**said, "occurred_at": at, "occurred_on": day, "known_at": at}


def test_the_five_measures_and_their_index_are_those_of_the_vectors(measured: Any) -> None:
    expected = {
        "cim.dq.completeness": (0.92, 10_000),
        "cim.dq.validity": (0.95, 9_200),
        "cim.dq.uniqueness": (0.97, 1_000),
        "cim.dq.consistency": (0.90, 100),
        "cim.dq.freshness": (0.70, 1_000),
    }
    for key, (value, n) in expected.items():
        found = measured.value(key)
        assert (found.value, found.n) == (pytest.approx(value), n), key
        assert found.low < value < found.high
    assert measured.value("cim.dq.index").value == pytest.approx(0.9015)
    by_source = {row["source"]: row["value"] for row in measured.value("cim.dq.completeness").rows if not row["field"]}
    assert by_source == {"shop": pytest.approx(8950 / 9500), "till": pytest.approx(0.5)}
    phones = [row for row in measured.value("cim.dq.completeness").rows if (row["source"], row["field"]) == ("till", "phone")]
    assert [row["value"] for row in phones] == [0.0]


def test_a_second_refresh_without_news_measures_nothing_again(measured: Any) -> None:
    assert measured.refresh()["quality"] == "skipped"
