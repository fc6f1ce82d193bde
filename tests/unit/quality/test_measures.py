"""What counts as filled, valid, one customer, agreeing and fresh, over facts as a snapshot holds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.frames.portable import spark_sql
from kith_platform.quality import flags, measures
from kith_platform.quality.fields import FIELDS, REQUIRED

TODAY = dt.date(2026, 9, 30)
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Shop:
    """Records of people, given by what they say."""

    def __init__(self, company: Any) -> None:
        self.company, self.people = company, 0

    def person(self) -> int:
        self.people += 1
        self.company.thing("customer", is_test=False)
        return self.people

    def record(self, person: int, source: str = "shop", **said: Any) -> None:
        self.company.thing("customer_record", source=source, customer_id=person, **said)

    def has(self, plural: str) -> bool:
        names = {"orders": "sales_order", "events": "event", "payments": "payment", "tickets": "ticket"}
        return bool(self.company._rows.get(names.get(plural, plural)))

    def readings(self, required: tuple[str, ...] = REQUIRED) -> dict[tuple[str, str, str], tuple[float, float]]:
        tables = self.company.open().at(TODAY)
        found = measures.readings(tables, self.rows(tables), required, TODAY, self.has)
        return {(one.metric, one.source, one.field): (one.part, one.whole) for one in found}

    def rows(self, tables: Any) -> Any:
        return tables.keep("quality_records", measures.prepared(tables, TODAY, self.has))

    def flags(self, required: tuple[str, ...] = REQUIRED) -> dict[str, set[int]]:
        frames = self.company.open()
        found = flags.found(frames, self.rows(frames.at(TODAY)), required, TODAY, self.has)
        return {issue: set(ids.to_pylist()) for issue, ids in found if len(ids)}


@pytest.fixture
def shop(make_company: Callable[..., Any]) -> Shop:
    return Shop(make_company())


def test_words_that_say_nothing_are_not_filled(shop: Shop) -> None:
    for said in ("unknown", "N/A", " - ", "", None, "未知", "ann@kith.example"):
        shop.record(shop.person(), email=said)
    assert shop.readings()["completeness", "shop", "email"] == (1, 7)


def test_a_name_may_come_in_parts_and_namibia_is_a_country(shop: Shop) -> None:
    shop.record(shop.person(), given_name="Ana", family_name="Duarte", country="NA")
    shop.record(shop.person(), name="n/a", country="n/a")
    found = shop.readings()
    assert found["completeness", "shop", "name"] == (1, 2)
    assert found["completeness", "shop", "country"] == (1, 2)
    assert found["validity", "shop", "country"] == (1, 1)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("name", "李雷", "ann@kith.example"),
        ("email", "ann.b+x@mail.kith.example", "ann@kith"),
        ("email", "李@例子.公司", "a..b@kith.example"),
        ("phone", "+86 138 0013 8000", "0000000000"),
        ("phone", "(02) 9012-3456", "call me"),
        ("birth_year", 1980, 2031),
        ("gender", "女", "yes"),
        ("postcode", "SW1A 1AA", "London"),
        ("country", "中国", "Atlantis"),
        ("country", "EIRE", "ZZZ"),
        ("since", dt.date(2020, 2, 29), dt.date(1066, 10, 14)),
        ("city", "São Paulo", "12345"),
    ],
)
def test_each_field_has_a_rule(shop: Shop, field: str, good: Any, bad: Any) -> None:
    shop.record(shop.person(), **{field: good})
    shop.record(shop.person(), **{field: bad})
    shop.record(shop.person())
    assert shop.readings(required=(field,))["validity", "shop", field] == (1, 2)
    assert shop.flags(required=(field,)) == {f"invalid_{field}": {2}, f"missing_{field}": {3}}


def test_an_address_that_mail_came_back_from_is_not_valid(shop: Shop) -> None:
    for name in ("ann", "bob", "cyd"):
        shop.record(shop.person(), email=f"{name}@kith.example")
    at = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    shop.company.fact("event", at, record_id=1, name="Bounced", detail="ann@kith.example")
    shop.company.fact("event", at, record_id=2, name="bounce", detail="another@kith.example")
    shop.company.fact("event", at, record_id=3, name="email_bounced")
    assert shop.readings()["validity", "shop", "email"] == (1, 3)


def test_two_records_of_one_source_for_one_customer_are_a_duplicate_and_two_sources_are_not(shop: Shop) -> None:
    one, other = shop.person(), shop.person()
    shop.record(one, name="Ann")
    shop.record(one, name="Anne")
    shop.record(other, name="Bob")
    shop.record(one, source="till", name="Ann")
    found = shop.readings()
    assert found["uniqueness", "shop", ""] == (2, 3)
    assert found["uniqueness", "till", ""] == (1, 1)
    assert found["uniqueness", "", ""] == (3, 4)


def test_sources_are_compared_in_one_form(shop: Shop) -> None:
    person = shop.person()
    shop.record(
        person, email="Ann@Kith.example", phone="+44 20 7946 0018", country="United Kingdom", gender="female", birth_year=1980
    )
    shop.record(person, source="till", email="ann@kith.example", phone="020 79460018", country="GB", gender="F", birth_year=1981)
    shop.record(shop.person(), email="alone@kith.example")
    found = shop.readings()
    assert found["consistency", "", ""] == (4, 5)
    assert found["consistency", "", "birth_year"] == (0, 1)
    assert found["consistency", "till", ""] == (4, 5)
    assert shop.flags()["differing"] == {1}


def test_a_record_is_fresh_when_verified_or_its_customer_bought_within_180_days(shop: Shop) -> None:
    first = dt.datetime.combine(TODAY - dt.timedelta(days=179), dt.time(12), dt.UTC)
    late = first - dt.timedelta(days=1)
    for verified in (first, late, None, None):
        shop.record(shop.person(), verified_at=verified)
    shop.company.fact("sales_order", first, record_id=3, net=10)
    shop.company.fact("sales_order", late, record_id=4, net=10)
    assert shop.readings()["freshness", "shop", ""] == (2, 4)


def test_the_index_gives_the_weight_of_a_missing_part_to_the_others() -> None:
    whole = {"completeness": 0.92, "validity": 0.95, "uniqueness": 0.97, "consistency": 0.9, "freshness": 0.7}
    assert measures.index(whole) == pytest.approx(0.9015)
    assert measures.index({**whole, "consistency": None}) == pytest.approx((0.9015 - 0.135) / 0.85)
    assert measures.index({}) is None


def test_orders_that_cannot_be_and_people_without_any_are_flagged(shop: Shop) -> None:
    for _ in range(5):
        shop.record(shop.person(), name="Ann", email="a@kith.example", phone="+1 202 555 0143", country="US")
    shop.company.fact("sales_order", TODAY, record_id=1, net=10, delivered_on=TODAY - dt.timedelta(days=3))
    shop.company.fact("sales_order", TODAY + dt.timedelta(days=9), record_id=2, net=10)
    shop.company.fact("sales_order", TODAY, record_id=3, net=None)
    shop.company.fact("sales_order", TODAY, record_id=4, net=10, currency="EUR")
    found = shop.flags()
    assert found["impossible_dates"] == {1}
    assert found["future_orders"] == {2}
    assert found["no_amount"] == {3}
    assert found["no_rate"] == {4}
    assert 5 in found["no_order"]
    assert found["shared_email"] == found["shared_phone"] == {1, 2, 3, 4, 5}


def test_every_measure_also_runs_on_spark(shop: Shop) -> None:
    shop.record(shop.person(), name="Ann")
    tables = shop.company.open().at(TODAY)
    rows = measures.prepared(tables, TODAY, lambda _plural: True)
    assert "SELECT" in spark_sql(measures._counted(rows, tables, TODAY, lambda _plural: True))
    assert "SELECT" in spark_sql(measures._compared(rows))
    assert set(FIELDS) >= set(REQUIRED)
