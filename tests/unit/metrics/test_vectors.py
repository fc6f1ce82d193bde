"""The printed vectors of the metric catalogue, on the expressions that compute them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import ibis
import pyarrow as pa
import pytest

from kith_platform.frames.portable import spark_sql
from kith_platform.metrics.periods import change
from kith_platform.metrics.scope import days_of
from kith_platform.sdk import rhythm, staying
from kith_platform.sdk.types import Period, Reading
from kith_plugins.analytics_cem import leaving, rfm, value

JAN1 = dt.date(2026, 1, 1)


def day(number: int) -> dt.date:
    return JAN1 + dt.timedelta(days=number)


def during(start: int, end: int) -> Any:
    """The days [start, end) as the only period."""
    return days_of([Period(day(start), day(end))])


def test_a_share_carries_its_wilson_interval() -> None:
    reading = Reading.share(45, 60)
    assert reading.value == 0.75
    assert reading.low == pytest.approx(0.6277, abs=5e-5)
    assert reading.high == pytest.approx(0.8422, abs=5e-5)
    assert reading.flags == ()


def test_an_empty_whole_is_no_data_and_never_zero() -> None:
    for reading in (Reading.share(0, 0), Reading.share(None, None)):
        assert (reading.value, reading.reason, reading.n) == (None, "empty_denominator", 0)


def test_few_answers_are_flagged() -> None:
    assert Reading.share(20, 29).flags == ("low_confidence",)
    assert Reading.share(9, 100).flags == ("low_confidence",)


def test_growth_over_a_year_and_a_base_of_nothing() -> None:
    assert change(440, 400) == pytest.approx(0.10)
    assert change(-50, -100) == pytest.approx(0.5)
    assert change(1, 0) is None
    assert change(None, 1) is None


def test_rhythm_and_lateness(bought: Callable[..., Any]) -> None:
    """C4: gaps 30, 28, 35, 31 and a segment of 40 give τ 34.5714; 50 days are ρ 1.4463, 110 days 3.1818."""
    purchases = bought({1: [day(0), day(30), day(58), day(93), day(124)]})
    for since, late, left in ((50, 1.4463, False), (110, 3.1818, True)):
        [row] = rhythm.rhythm(purchases, rhythm.mark(day(124 + since + 1)), 40.0).to_pyarrow().to_pylist()
        assert row["tau"] == pytest.approx(34.5714, abs=5e-5)
        assert (row["since"], row["left"]) == (since, left)
        assert row["late"] == pytest.approx(late, abs=5e-5)


def test_the_usual_gap_is_the_companys_own_from_thirty_gaps_on(bought: Callable[..., Any], only: Callable[..., Any]) -> None:
    def own(count: int) -> float:
        return float(
            only(rhythm.tenant_gap(bought({1: [day(7 * i) for i in range(count + 1)]}), rhythm.mark(day(999)), 60.0))[
                "segment_gap"
            ]
        )

    assert own(29) == 60.0
    assert own(30) == 7.0


def test_repeat_rate_75_of_100(bought: Callable[..., Any], only: Callable[..., Any]) -> None:
    days = {who: [day(10), day(40)] if who <= 75 else [day(10)] for who in range(1, 101)}
    days[101] = [day(195)]  # came five days ago: could not have come back yet
    days[102] = [day(-400)]  # bought nothing in the twelve months
    rows = rhythm.repeated(bought(days), during(170, 200), 60.0)
    found = only(rows.aggregate(repeated=rows.repeated.sum(), buyers=rows.count()))
    assert (found["repeated"], found["buyers"]) == (75, 100)


def events(rows: list[tuple[int, str, int, str]]) -> Any:
    """(customer, subscription, day, kind)."""
    at = [dt.datetime.combine(day(when), dt.time(9), dt.UTC) for _, _, when, _ in rows]
    columns = {
        "id": pa.array(range(len(rows)), pa.int64()),
        "customer_id": pa.array([row[0] for row in rows], pa.int64()),
        "subscription": pa.array([row[1] for row in rows], pa.string()),
        "kind": pa.array([row[3] for row in rows], pa.string()),
        "occurred_at": pa.array(at, pa.timestamp("us", "UTC")),
        "occurred_on": pa.array([moment.date() for moment in at], pa.date32()),
    }
    return ibis.memtable(pa.table(columns))


def test_who_left_by_contract_and_who_silently(bought: Callable[..., Any]) -> None:
    purchases = bought({1: [day(0)], 2: [day(90)], 3: [day(0)]})
    contracts = events(
        [(3, "a", 0, "started"), (4, "b", 0, "started"), (4, "b", 50, "cancelled"), (5, "c", 0, "started"), (5, "d", 1, "ended")]
    )
    rows = staying.standing(purchases, contracts, rhythm.mark(day(100)), 30.0).to_pyarrow().to_pylist()
    found = {row["customer_id"]: (row["active"], row["how"]) for row in rows}
    assert found == {
        1: (False, "silent"),
        2: (True, None),
        3: (True, None),  # the contract runs, whatever the orders say
        4: (False, "cancelled"),
        5: (True, None),  # one of two subscriptions still runs
    }


def pareto(margins: list[float], ledger: Callable[..., Any]) -> tuple[float | None, float, float]:
    own = value.margins(ledger([(who, day(0), margin) for who, margin in enumerate(margins)]), during(0, 1))
    reading = value.concentrated(value.concentration(own).to_pyarrow().to_pylist())
    return reading.value, reading.rows[0]["share"], reading.rows[1]["number"]


def test_concentration(ledger: Callable[..., Any]) -> None:
    top, needed, _gini = pareto([50, 20, 10, 6, 5, 4, 3, 2, 0, 0], ledger)
    assert (top, needed) == (pytest.approx(0.70), pytest.approx(0.30))
    assert pareto([1, 1, 2, 6], ledger)[2] == pytest.approx(0.40)
    assert pareto([5, 5, 5, 5], ledger)[2] == pytest.approx(0.0)


def scores(values: list[float]) -> Any:
    return ibis.memtable(
        pa.table({"customer_id": pa.array(range(len(values)), pa.int64()), "value": pa.array(values, pa.float64())})
    )


def active(count: int) -> Any:
    return ibis.memtable(pa.table({"customer_id": pa.array(range(count), pa.int64())}))


def test_of_95_active_customers_ten_are_most_valuable() -> None:
    assert value.best_count(95) == 10
    assert value.best_count(100) == 10
    assert value.best_count(0) == 0


def test_the_most_valuable_are_active_and_ties_go_by_id() -> None:
    rows = value.worth(scores([5, 9, 9, 1, 99]), active(4)).order_by("place").to_pyarrow()["customer_id"].to_pylist()
    assert rows == [1, 2, 0, 3]


def test_most_valuable_customers_may_give_more_than_all_the_margin(ledger: Callable[..., Any], only: Callable[..., Any]) -> None:
    own = value.margins(ledger([(0, day(0), 120), (1, day(0), -20)]), during(0, 1))
    row = only(value.share_of_best(value.worth(scores([9, 1]), active(2)), own, 1))
    assert row["part"] / row["total"] == pytest.approx(1.20)


def test_equity_is_the_sum_over_active_customers(only: Callable[..., Any]) -> None:
    rows = value.worth(scores([200, 216, 999]), active(2))
    assert only(rows.aggregate(total=rows.clv.sum()))["total"] == 416


def people(since: list[int], days: list[int], margin: list[int]) -> Any:
    columns = {"since": since, "days": days, "margin": margin}
    ids = {"customer_id": pa.array(range(len(since)), pa.int64())}
    return ibis.memtable(pa.table(ids | {name: pa.array(values, pa.int64()) for name, values in columns.items()}))


def test_rfm_scores_go_by_how_many_are_worse_and_ties_are_equal() -> None:
    """C5: R days 2, 10, 30, 60, 200 → 5, 4, 3, 2, 1; here each of them ten times, so that there are fifty buyers."""
    since = [2, 10, 30, 60, 200] * 10
    rows = rfm.scored(people(since, [1] * 50, [1] * 50)).to_pyarrow().to_pylist()
    assert {row["since"]: row["r"] for row in rows} == {2: 5, 10: 4, 30: 3, 60: 2, 200: 1}
    assert {row["f"] for row in rows} == {1}


def test_fewer_than_fifty_buyers_are_scored_in_thirds() -> None:
    rows = rfm.scored(people([1, 2, 3], [3, 2, 1], [9, 9, 9])).order_by("customer_id").to_pyarrow().to_pylist()
    assert [(row["r"], row["f"], row["m"]) for row in rows] == [(3, 3, 1), (2, 2, 1), (1, 1, 1)]


def test_the_eight_cells_go_by_the_mean_score() -> None:
    since = [1, 100, 1, 100, 1, 100, 1, 100]
    days = [9, 9, 1, 1, 9, 9, 1, 1]
    margin = [9, 9, 9, 9, 1, 1, 1, 1]
    rows = rfm.scored(people(since, days, margin)).order_by("customer_id").to_pyarrow()["cell"].to_pylist()
    assert rows == ["111", "011", "101", "001", "110", "010", "100", "000"]


def test_every_expression_compiles_for_spark(bought: Callable[..., Any], ledger: Callable[..., Any]) -> None:
    purchases, book, contracts = bought({1: [day(0)]}), ledger([(1, day(0), 1)]), events([(1, "a", 0, "started")])
    best = value.worth(scores([1]), active(1))
    days = during(0, 9)
    own = value.margins(book, days)
    for expression in (
        rhythm.repeated(purchases, days, 30.0),
        leaving.stayed(staying.standing(purchases, contracts, leaving.ends(days), 30.0)),
        staying.standing(purchases, None, days, 30.0),
        value.concentration(own),
        value.share_of_best(best, own, 1),
        rfm.scored(people([1], [1], [1])),
    ):
        assert "SELECT" in spark_sql(expression)
