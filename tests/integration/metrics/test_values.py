"""From facts in the database, through the snapshot, to the values a page shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.metrics import service
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.periods import month
from kith_platform.placements import service as placements
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_platform.sdk.types import Period

D = dt.date
OCTOBER, SEPTEMBER = Period(D(2025, 10, 1), D(2025, 11, 1)), Period(D(2025, 9, 1), D(2025, 10, 1))


def test_repeat_rate_of_75_in_100(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cim")
    for number in range(100):
        who = company.customer()
        company.fact("sales_order", who, D(2025, 3, 1), net=10)
        if number < 75:
            company.fact("sales_order", who, D(2025, 10, 31), net=10)
    company.compute(OCTOBER)
    value = company.value("cim.loy.repeat", OCTOBER)
    assert (value.value, value.n, value.flags) == (0.75, 100, [])
    assert (round(value.low, 4), round(value.high, 4)) == (0.6570, 0.8245)


def test_a_company_without_data_is_told_what_to_import(company: Any) -> None:
    company.refresh()
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        rows = session.execute(select(MetricValue)).scalars().all()
    assert rows
    assert {row.value for row in rows} == {None}
    reasons = {row.key: row.reason for row in rows}
    assert reasons["cim.loy.repeat"] == "import:orders"
    assert reasons["cem.nps"] == "import:survey_responses"
    assert reasons["ret.rate"] == "import:orders|subscription_events"


def test_lifetime_value_waits_for_its_model(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cem")
    company.fact("sales_order", company.customer(), D(2025, 10, 31), net=10)
    company.compute(OCTOBER)
    assert company.value("cem.clv").reason == "train:clv"


def test_scores_give_lifetime_value_equity_and_the_most_valuable(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cem")
    whose = []
    for number in range(12):
        who = company.customer()
        company.fact("sales_order", who, D(2025, 10, 20), net=10 * (number + 1))
        whose.append(who)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        from kith_platform.facts.models import CustomerRecord

        people = dict(session.execute(select(CustomerRecord.id, CustomerRecord.customer_id)).all())
        for number, record in enumerate(whose):
            session.add(
                Score(
                    task="clv",
                    customer_id=people[record],
                    value=100.0 + number,
                    band=1,
                    tier="high",
                    as_of=D(2025, 10, 20),
                    version=1,
                )
            )
    company.compute(OCTOBER)
    assert company.value("cem.equity").value == sum(100 + number for number in range(12))
    assert company.value("cem.clv").value == pytest.approx(105.5)
    best = company.value("cem.mvc_set")
    assert best.value == 2.0
    assert [row["money"] for row in best.rows] == [111.0, 110.0]
    assert company.value("cem.mvc_share").value == pytest.approx((120 + 110) / 780)


def test_a_month_that_is_not_over_is_compared_with_the_same_days(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cim")
    who = company.customer()
    for day, net in ((D(2024, 10, 5), 100), (D(2024, 10, 20), 900), (D(2025, 10, 5), 110)):
        company.fact("sales_order", who, day, net=net)
    company.compute(OCTOBER)
    growth = company.value("cim.prf.sales_growth", OCTOBER)
    assert growth.value == pytest.approx(0.10)
    assert "partial" in growth.flags
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        found = service.offered(session, company.runtime.plugins, "cim.acq.new")
        [shown] = service.shown(session, [found], OCTOBER)
    month_ago = shown.compared["mom"]
    assert month_ago is not None
    assert (month_ago.period_start, month_ago.period_end) == (D(2025, 9, 1), D(2025, 9, 6))


def test_a_return_counts_on_the_day_it_came_back_and_a_full_one_undoes_the_purchase(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cim")
    who, other = company.customer(), company.customer()
    company.fact("sales_order", who, D(2024, 10, 5), net=100)
    order = company.fact("sales_order", who, D(2025, 9, 5), net=300)
    company.fact("return_line", who, D(2025, 10, 6), net=-50, order_id=order)
    company.fact("sales_order", who, D(2025, 10, 7), net=170)
    gone = company.fact("sales_order", other, D(2025, 10, 8), net=80)
    company.fact("return_line", other, D(2025, 10, 9), net=80, order_id=gone)
    company.fact("sales_order", other, D(2025, 10, 10), net=999, status="cancelled")
    company.fact("sales_order", who, D(2025, 10, 31), net=0)
    company.compute(OCTOBER)
    assert company.value("cim.prf.sales_growth", OCTOBER).value == pytest.approx((170 - 50 - 100) / 100)
    assert company.value("cim.acq.new", OCTOBER).value == 0  # the other's only orders were returned and cancelled


def test_money_of_two_currencies_is_told_in_the_companys(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cim", currency="EUR")
    who = company.customer()
    company.fact("fx_rate", None, D(2025, 10, 3), currency_from="USD", rate=0.9)
    company.fact("sales_order", who, D(2024, 10, 5), net=100)
    company.fact("sales_order", who, D(2025, 10, 5), net=50)
    company.fact("sales_order", who, D(2025, 10, 6), net=100, currency="USD")
    company.fact("sales_order", who, D(2025, 10, 6), net=700, currency="JPY")  # no rate: left out, and said so
    company.fact("sales_order", who, D(2025, 10, 31), net=0)
    company.compute(OCTOBER)
    value = company.value("cim.prf.sales_growth", OCTOBER)
    assert value.value == pytest.approx((50 + 90 - 100) / 100)
    assert value.coverage == pytest.approx(4 / 5)


def test_days_are_the_companys_on_the_day_the_clock_changes(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cim", timezone="Europe/Berlin")
    who, other = company.customer(), company.customer()
    last = dt.datetime(2025, 3, 31, 21, 59, tzinfo=dt.UTC)  # 23:59 in Berlin, on summer time since the day before
    company.fact("sales_order", who, last, net=10)
    company.fact("sales_order", other, last + dt.timedelta(minutes=2), net=10)  # the first of April there
    company.fact("sales_order", who, D(2025, 4, 30), net=10)
    company.compute(month(D(2025, 3, 1)), month(D(2025, 4, 1)))
    assert company.value("cim.acq.new", month(D(2025, 3, 1))).value == 1
    assert company.value("cim.acq.new", month(D(2025, 4, 1))).value == 1


def test_a_value_that_did_not_change_is_not_written_again(company: Any) -> None:
    who = company.customer()
    company.fact("sales_order", who, D(2025, 9, 5), net=10)
    company.fact("sales_order", who, D(2025, 10, 31), net=10)
    assert company.refresh()["metrics"] == "done"
    before = company.value("cim.acq.new", SEPTEMBER).computed_at
    assert company.refresh()["metrics"] == "skipped"
    company.fact("sales_order", company.customer(), D(2025, 10, 3), net=10)
    company.refresh()
    assert company.value("cim.acq.new", SEPTEMBER).computed_at == before
    assert company.value("cim.acq.new", OCTOBER).value == 1


def test_answers_and_complaints(company_in: Callable[..., Any]) -> None:
    company = company_in("analytics_cem")
    who = company.customer()
    for number in range(50):
        score = 10 if number < 30 else 8 if number < 42 else 3
        company.fact("survey_response", company.customer(), D(2025, 10, 2), kind="nps", score=score)
    for _ in range(4):
        company.fact("sales_order", who, D(2025, 10, 31), net=1)
    company.fact("ticket", who, D(2025, 10, 9), is_complaint=True)
    company.fact("ticket", who, D(2025, 10, 9), is_complaint=False)
    company.compute(OCTOBER)
    nps = company.value("cem.nps", OCTOBER)
    assert (nps.value, nps.n) == (pytest.approx(44.0), 50)
    assert company.value("cem.complaint_rate", OCTOBER).value == 250.0


def test_customers_are_placed_and_placed_anew(company: Any, other_tenant: Any) -> None:
    late, often = company.customer(), company.customer()
    company.fact("sales_order", late, D(2025, 2, 1), net=10)
    for day in (1, 10, 20):
        company.fact("sales_order", often, D(2025, 10, day), net=100)
    company.refresh()
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        cells = {cell.code: cell.customers for cell in placements.codes(session, "rfm")}
        ids = [row.customer_id for row in session.execute(select(placements.CustomerPlacement)).scalars()]
        found = placements.of_customers(session, ids)
    assert cells == {"111": 1, "000": 1}
    assert sorted(one["rfm"].sort for one in found.values()) == [0.0 + 10.0, 300.0]
    with company.runtime.doors.tenant_scope(other_tenant.id) as session:
        assert placements.codes(session, "rfm") == []
    for day in (21, 22, 23, 24, 25):
        company.fact("sales_order", late, D(2025, 10, day), net=1000)
    company.refresh()
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        assert {cell.code: cell.customers for cell in placements.codes(session, "rfm")} == {"111": 1, "000": 1}


def test_companies_see_their_own_values_alone(company: Any, company_in: Callable[..., Any]) -> None:
    other = company_in()
    for _ in range(3):
        company.fact("sales_order", company.customer(), D(2025, 10, 31), net=10)
    other.fact("sales_order", other.customer(), D(2025, 10, 31), net=10)
    company.refresh()
    other.refresh()
    assert company.value("cim.acq.new", OCTOBER).value == 3
    assert other.value("cim.acq.new", OCTOBER).value == 1


def test_another_month_is_computed_when_asked_for(runtime: Runtime, company: Any) -> None:
    from kith_platform.metrics import listing

    who = company.customer()
    company.fact("sales_order", who, D(2023, 5, 9), net=10)
    company.fact("sales_order", who, D(2025, 10, 31), net=10)
    company.refresh()
    told: list[str] = []
    for _ in range(2):
        found = listing.current(runtime, company.tenant, month(D(2023, 5, 1)), ["cim.acq.new"], say=told.append)
        assert [(one["key"], one["value"]) for one in found["metrics"]] == [("cim.acq.new", 1.0)]
    assert len(told) == 1  # the second time it was there
    found = listing.current(runtime, company.tenant, None, (), say=told.append)
    assert found["period"]["from"] == "2025-10-01"
    assert {one["key"] for one in found["metrics"]} >= {
        "cim.loy.repeat",
        "cem.second_purchase",
        "ret.rate",
        "cem.pareto",
        "cem.mvc_set",
    }
