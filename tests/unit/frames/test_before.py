"""What a cut-off hides: whatever had not happened, was not known, or was filled in later."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pytest

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.snapshots.manifest import AttributeShape

CUTOFF = dt.date(2026, 3, 10)


def utc(day: int, hour: int = 12, month: int = 3, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


def rows(tables: Any, plural: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tables.run(tables[plural]).to_pylist()
    return sorted(found, key=lambda row: row.get("id", row.get("customer_id")))


def test_an_order_after_the_cutoff_is_not_there(company: Any) -> None:
    who = company.customer(1)
    company.fact("sales_order", utc(9, 23), record_id=who, net=1)
    company.fact("sales_order", utc(10, 0), record_id=who, net=2)
    assert [row["net"] for row in rows(company.open().before(CUTOFF), "orders")] == [1]


def test_an_order_that_became_known_after_the_cutoff_is_not_there(company: Any) -> None:
    who = company.customer(1)
    company.fact("sales_order", utc(1), record_id=who, known_at=utc(11))
    frames = company.open()
    assert rows(frames.before(CUTOFF), "orders") == []
    assert len(rows(frames.before(utc(12)), "orders")) == 1


def test_a_ticket_resolved_after_the_cutoff_is_open_before_it(company: Any) -> None:
    who = company.customer(1)
    company.fact("ticket", utc(1), record_id=who, first_reply_at=utc(2), resolved_at=utc(10, 0))
    [ticket] = rows(company.open().before(CUTOFF), "tickets")
    assert ticket["first_reply_at"] == utc(2)
    assert ticket["resolved_at"] is None


def test_a_score_given_after_the_cutoff_is_unknown_before_it(company: Any) -> None:
    who = company.customer(1)
    company.fact("survey_response", utc(1), record_id=who, kind="nps", answered_at=utc(11), score=9.0, comment="good")
    frames = company.open()
    [asked] = rows(frames.before(CUTOFF), "survey_responses")
    assert (asked["answered_at"], asked["score"], asked["comment"]) == (None, None, None)
    [answered] = rows(frames.before(dt.date(2026, 3, 12)), "survey_responses")
    assert answered["score"] == 9.0


def test_a_status_overwritten_after_the_cutoff_is_unknown_before_it(company: Any) -> None:
    who = company.customer(1)
    company.fact("sales_order", utc(1), record_id=who, status="cancelled", status_at=utc(10, 0))
    company.fact("sales_order", utc(1), record_id=who, status="paid", status_at=utc(9))
    company.fact("sales_order", utc(1), record_id=who, status="paid", status_at=None)
    assert [row["status"] for row in rows(company.open().before(CUTOFF), "orders")] == [None, "paid", None]


def test_a_day_that_is_not_over_at_the_cutoff_is_unknown_before_it(company: Any) -> None:
    who = company.customer(1)
    company.fact("sales_order", utc(1), record_id=who, delivered_on=dt.date(2026, 3, 9), promised_on=dt.date(2026, 4, 1))
    company.fact("sales_order", utc(1), record_id=who, delivered_on=dt.date(2026, 3, 10))
    found = rows(company.open().before(CUTOFF), "orders")
    assert [row["delivered_on"] for row in found] == [dt.date(2026, 3, 9), None]
    assert found[0]["promised_on"] == dt.date(2026, 4, 1)  # a promise is known from the start


def test_a_day_without_time_has_happened_when_it_is_over(company: Any) -> None:
    who = company.customer(1)
    company.fact("sales_order", dt.date(2026, 3, 9), record_id=who)
    frames = company.open()
    assert rows(frames.before(utc(9, 18)), "orders") == []
    assert len(rows(frames.before(CUTOFF), "orders")) == 1


def test_columns_that_change_without_a_date_are_absent_before_a_cutoff(company: Any) -> None:
    company.thing("product", external_id="P1", family="tea", price=10, unit_cost=5)
    company.customer(1, since=dt.date(2026, 1, 1), city="Bern")
    frames = company.open()
    before, now = frames.before(CUTOFF), frames.at(dt.date(2026, 3, 31))
    assert {"price", "unit_cost"}.isdisjoint(before.products.columns)
    assert {"city", "country", "owner_id"}.isdisjoint(before.customers.columns)
    assert {"name", "email", "city"}.isdisjoint(before.records.columns)
    assert {"price", "unit_cost"} <= set(now.products.columns)
    assert rows(now, "customers")[0]["city"] == "Bern"


def test_a_time_without_a_zone_is_refused(company: Any) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        company.open().before(dt.datetime(2026, 3, 10))  # noqa: DTZ001


def test_an_order_just_after_midnight_in_shanghai_belongs_to_the_new_day(make_company: Any) -> None:
    company = make_company("Asia/Shanghai")
    who = company.customer(1)
    company.fact("sales_order", utc(9, 15, minute=59), record_id=who, net=1)  # 23:59 on the 9th in Shanghai
    company.fact("sales_order", utc(9, 16, minute=1), record_id=who, net=2)  # 00:01 on the 10th
    frames = company.open()
    assert [row["net"] for row in rows(frames.before(CUTOFF), "orders")] == [1]
    assert [row["net"] for row in rows(frames.during(CUTOFF, dt.date(2026, 3, 11)), "orders")] == [2]
    assert [row["net"] for row in rows(frames.at(dt.date(2026, 3, 9)), "orders")] == [1]
    assert rows(frames.at(CUTOFF), "orders")[1]["occurred_local"] == dt.datetime(2026, 3, 10, 0, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("America/New_York", dt.date(2026, 3, 8), utc(8, 5)),  # clocks go forward at 2:00, the day has 23 hours
        ("America/New_York", dt.date(2026, 3, 9), utc(9, 4)),
        ("America/New_York", dt.date(2026, 11, 2), utc(2, 5, month=11)),  # the day after the one with 25 hours
        ("Asia/Beirut", dt.date(2026, 3, 29), dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC)),  # midnight itself is skipped
    ],
)
def test_a_cutoff_is_the_companys_midnight_also_where_clocks_change(
    make_company: Any, zone: str, day: dt.date, start: dt.datetime
) -> None:
    company = make_company(zone)
    who = company.customer(1)
    company.fact("sales_order", start - dt.timedelta(seconds=1), record_id=who, net=1)
    company.fact("sales_order", start, record_id=who, net=2)
    frames = company.open()
    assert [row["net"] for row in rows(frames.before(day), "orders")] == [1]
    assert [row["net"] for row in rows(frames.during(day, day + dt.timedelta(days=1)), "orders")] == [2]


def test_a_customer_nobody_had_heard_of_is_not_among_the_customers(company: Any) -> None:
    early, late = company.customer(1, known_at=utc(20)), company.customer(2, known_at=utc(20))
    company.customer(3, known_at=utc(20), since=dt.date(2026, 3, 9))
    company.customer(4, known_at=utc(20), since=CUTOFF)
    company.customer(5, known_at=utc(9))
    company.fact("event", utc(9), record_id=early, name="login")
    company.fact("event", utc(10), record_id=late, name="login")
    assert [row["customer_id"] for row in rows(company.open().before(CUTOFF), "customers")] == [1, 3, 5]


def test_dated_attributes_are_as_they_were_and_undated_ones_absent(company: Any) -> None:
    company.attributes = [
        AttributeShape("plan", "text", "dated"),
        AttributeShape("seats", "number", "dated"),
        AttributeShape("born_in", "text", "fixed"),
        AttributeShape("mood", "text", "current"),
    ]
    who = company.customer(
        1, since=dt.date(2026, 1, 1), attribute_plan="gold", attribute_seats=9.0, attribute_born_in="Lima", attribute_mood="well"
    )
    company.fact("attribute_change", utc(1), record_id=who, attribute="plan", value="bronze")
    company.fact("attribute_change", utc(5), record_id=who, attribute="plan", value="silver")
    company.fact("attribute_change", utc(11), record_id=who, attribute="plan", value="gold")
    company.fact("attribute_change", utc(6), record_id=who, attribute="plan", value="late news", known_at=utc(11))
    company.fact("attribute_change", utc(2), record_id=who, attribute="seats", value="3")
    frames = company.open()
    [before] = rows(frames.before(CUTOFF), "customers")
    assert (before["attribute_plan"], before["attribute_seats"], before["attribute_born_in"]) == ("silver", 3.0, "Lima")
    assert "attribute_mood" not in before
    [now] = rows(frames.at(dt.date(2026, 3, 31)), "customers")
    assert (now["attribute_plan"], now["attribute_seats"], now["attribute_mood"]) == ("gold", 9.0, "well")


def test_what_happens_after_the_cutoff_changes_nothing_before_it(make_company: Any) -> None:
    def told(more: bool) -> dict[str, list[dict[str, Any]]]:
        company = make_company()
        who = company.customer(1)
        order = company.fact("sales_order", utc(1), record_id=who, net=100, status="paid", status_at=utc(1))
        if more:
            company.fact("return_line", utc(10), record_id=who, order_id=order, net=100)
            company.fact("order_status", utc(10), record_id=who, order_id=order, status="cancelled")
            company.fact("ticket", utc(10), record_id=who)
            company.fact("fx_rate", utc(10), currency_from="EUR", rate=2.0)
        before = company.open().before(CUTOFF)
        return {plural: rows(before, plural) for plural in ("orders", "returns", "tickets", "customers", "purchases", "fx_rates")}

    assert told(more=True) == told(more=False)


def test_what_is_only_due_or_is_of_nobody_does_not_say_how_far_the_data_reach(company: Any) -> None:
    record = company.customer(1)
    company.fact("event", dt.date(2024, 3, 5), record_id=record, name="login")
    company.fact("onboarding_step", dt.date(2024, 6, 1), record_id=record, step="Training")
    company.fact("cost", dt.date(2024, 7, 1), pool="project", amount=10_000)
    assert company.open().last_day == dt.date(2024, 3, 5)
    company.fact("cost", dt.date(2024, 5, 1), pool="service", amount=10_000, record_id=record)
    assert company.open().last_day == dt.date(2024, 5, 1)


def test_every_fact_can_be_seen_before_a_day_and_an_initiative_by_its_id(company: Any) -> None:
    company.fact("initiative", dt.date(2024, 3, 5), external_id="I1", name="Fewer returns", owner="Bo")
    company.fact("benefit", dt.date(2024, 3, 6), initiative="I1", amount=50_000, share_cim=0.2, share_cem=0.3, share_csm=0.5)
    frames = company.open()
    tables = frames.before(dt.date(2024, 4, 1))
    found = tables.initiatives.join(tables.benefits, tables.initiatives.external_id == tables.benefits.initiative)
    assert tables.run(found.select("name", "share_csm", "amount")).to_pylist() == [
        {"name": "Fewer returns", "share_csm": 0.5, "amount": 50_000}
    ]
    assert "owner" not in tables.initiatives.columns
    for fact in FactCatalogue():
        assert tables.run(tables[fact.plural]).num_rows in (0, 1)


def _spent(tables: Any, cutoff: Any) -> Any:
    """Of each customer seen before the cutoff: net of a month and of all, tickets still open, days since the last order."""
    orders, tickets = tables.orders, tables.tickets
    month = orders.occurred_on >= ibis.date(cutoff - dt.timedelta(days=30))
    paid = orders.group_by("customer_id").aggregate(
        month=orders.net.sum(where=month),
        whole=orders.net.sum(),
        pause=ibis.date(cutoff - dt.timedelta(days=1)).delta(orders.occurred_on.max(), unit="day"),
    )
    waiting = tickets.filter(tickets.resolved_at.isnull()).group_by("customer_id").aggregate(waiting=lambda rows: rows.count())
    joined = tables.customers.left_join(paid, "customer_id").drop("customer_id_right").left_join(waiting, "customer_id")
    return joined.select("customer_id", "month", "whole", "pause", "waiting").order_by("customer_id")


def test_what_is_asked_of_many_days_is_what_was_known_before_each(company: Any) -> None:
    for number in range(1, 6):
        who = company.customer(number, since=dt.date(2026, 3, number), known_at=utc(number))
        for day in range(number, 28, 5):
            company.fact("sales_order", utc(day, 23), record_id=who, net=day, known_at=utc(day + 2))
            company.fact("ticket", utc(day), record_id=who, resolved_at=utc(day + 3))
    frames = company.open()
    days = [dt.date(2026, 3, day) for day in (20, 4, 27, 4, 1, 12)]
    told = [frames.known(_spent, day).to_pylist() for day in days]
    tables = [frames.before(day) for day in days]
    assert told == [one.run(_spent(one, ibis.literal(day))).to_pylist() for one, day in zip(tables, days, strict=True)]
    assert told[1] == told[3] != told[0]
    assert [len(rows) for rows in told] == [5, 3, 5, 3, 0, 5]


def test_a_day_that_is_not_told_shows_nobody(company: Any) -> None:
    company.fact("sales_order", utc(1), record_id=company.customer(1), net=1)
    frames, seen = company.open(), []

    def asked(tables: Any, _cutoff: Any) -> Any:
        seen.append(tables)
        return tables.orders.select("id")

    assert frames.known(asked, CUTOFF).num_rows == 1
    everything = frames.at(CUTOFF)
    assert everything.run(seen[0].orders.select("id")).num_rows == 0
    assert everything.run(everything.orders).num_rows == 1
    with pytest.raises(TypeError, match="no day yet"):
        seen[0].run(seen[0].orders)
    with pytest.raises(TypeError, match="no day yet"):
        seen[0].keep("orders_kept", seen[0].orders)
